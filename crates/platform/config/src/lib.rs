//! Layered settings: compiled-in defaults, file, environment, flags; every fault listed at once. It knows no setting by name:
//! rooms own their settings types, the application composes them. Nothing here reads the process environment by itself.

pub mod fault;
pub mod load;
pub mod mistake;
pub mod origin;
pub mod reader;
pub mod secret;
pub mod show;
pub mod suggest;
pub mod tree;
pub mod validate;

pub use fault::{Fault, Faults};
pub use load::{Loaded, Sources, load};
pub use origin::Origin;
pub use secret::Secret;
pub use validate::{Check, Validate};
