//! The use cases of this room, one file each.

pub(crate) mod calls;
pub(crate) mod query;
pub(crate) mod spent;
pub(crate) mod usage;
