//! Every pair there is, a folder for each: how it goes, what is particular to it, and what becomes of each field.

mod chat_to_converse;
mod chat_to_gemini;
mod chat_to_messages;
mod chat_to_responses;
mod embeddings_to_gemini;
mod messages_to_chat;
mod messages_to_converse;
mod messages_to_gemini;
mod messages_to_responses;
mod responses_to_chat;
mod responses_to_converse;
mod responses_to_gemini;
mod responses_to_messages;
mod structure;

use crate::definition::Definition;

/// In the order of the page.
pub(crate) const ALL: &[&Definition] = &[
    &messages_to_chat::PAIR,
    &messages_to_responses::PAIR,
    &messages_to_gemini::PAIR,
    &messages_to_converse::PAIR,
    &chat_to_messages::PAIR,
    &chat_to_converse::PAIR,
    &chat_to_responses::PAIR,
    &chat_to_gemini::PAIR,
    &responses_to_messages::PAIR,
    &responses_to_chat::PAIR,
    &responses_to_gemini::PAIR,
    &responses_to_converse::PAIR,
    &embeddings_to_gemini::PAIR,
];

#[cfg(test)]
pub(crate) use embeddings_to_gemini::KNOWN_FIELDS as EMBEDDINGS_FIELDS;
