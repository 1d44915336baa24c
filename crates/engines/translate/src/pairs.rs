//! Every pair there is, a folder for each: how it goes, what is particular to it, and what becomes of each field.

mod messages_to_chat;

use crate::pair::Definition;

/// In the order of the page.
pub(crate) const ALL: &[&Definition] = &[&messages_to_chat::PAIR];
