//! Usage in OpenAI's words: input includes what was cached, output includes reasoning.

use kernel::Usage;

use crate::json::Object;

/// Writes the value of `usage`.
pub(super) fn write(object: &mut Object<'_>, usage: &Usage) {
    let (input, output) = (usage.total_input(), usage.total_output());
    let mut out = object.object("usage");
    out.number("prompt_tokens", input);
    out.number("completion_tokens", output);
    out.number("total_tokens", input.saturating_add(output));
    {
        let mut details = out.object("prompt_tokens_details");
        details.number("cached_tokens", usage.cache_read);
        number_if(&mut details, "cache_write_tokens", usage.cache_writes());
        number_if(&mut details, "audio_tokens", usage.audio_in);
        number_if(&mut details, "image_tokens", usage.image_in);
    }
    let mut details = out.object("completion_tokens_details");
    details.number("reasoning_tokens", usage.reasoning);
    number_if(&mut details, "audio_tokens", usage.audio_out);
    number_if(&mut details, "image_tokens", usage.image_out);
}

fn number_if(object: &mut Object<'_>, key: &str, count: u64) {
    if count > 0 {
        object.number(key, count);
    }
}
