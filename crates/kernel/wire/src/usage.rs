//! Usage objects of each protocol, brought into buckets that never overlap. What a bucket costs is `llm`'s business.

pub(crate) mod anthropic;
pub(crate) mod openai;
