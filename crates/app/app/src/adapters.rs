//! Where one room's port meets another room's service. Each adapter says the same thing in the other's words.

pub(crate) mod acts;
pub(crate) mod health;
pub(crate) mod live;
pub(crate) mod payloads;
pub(crate) mod settings_view;
pub(crate) mod spent;
