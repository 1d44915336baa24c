//! Usage in Anthropic's words: input leaves the cache out, output includes thinking.

use kernel::{Reported, Usage};

use crate::json::Object;

/// Writes what is known as the value of `usage`. SDKs want the two main counts to be there.
pub(super) fn write(object: &mut Object<'_>, reported: &Reported) {
    let usage = reported.usage.unwrap_or_default();
    let mut out = object.object("usage");
    out.number("input_tokens", fresh(&usage));
    out.number("cache_creation_input_tokens", usage.cache_writes());
    out.number("cache_read_input_tokens", usage.cache_read);
    if usage.cache_writes() > 0 {
        let long = usage.cache_write_1h.saturating_add(usage.cache_write_12h);
        let mut split = out.object("cache_creation");
        split.number("ephemeral_5m_input_tokens", usage.cache_writes() - long);
        split.number("ephemeral_1h_input_tokens", long);
    }
    out.number("output_tokens", usage.total_output());
    if usage.reasoning > 0 {
        out.object("output_tokens_details")
            .number("thinking_tokens", usage.reasoning);
    }
    if reported.tools.web_search > 0 {
        out.object("server_tool_use")
            .number("web_search_requests", reported.tools.web_search);
    }
}

/// Input that is neither from a cache nor written to one.
fn fresh(usage: &Usage) -> u64 {
    usage
        .total_input()
        .saturating_sub(usage.cache_read)
        .saturating_sub(usage.cache_writes())
}
