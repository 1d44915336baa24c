//! Builds and wires everything; the only place that sees all rooms. It decides nothing that a room could decide.

mod adapters;
mod boot;
mod door;
mod front;
pub mod offline;
mod reload;
mod router;
mod running;
pub mod settings;

pub use boot::{Boot, BootError, choose_cryptography};
pub use router::document;
pub use running::Running;
pub use settings::{Settings, sources};
