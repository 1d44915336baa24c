//! What is sent and what must come back, byte for byte. The mock and the load generator both make it from here.

use bytes::Bytes;

/// The model that every request names.
pub const MODEL: &str = "gpt-5.5";

/// The header by which the load generator tells the mock how long to wait between two chunks, in microseconds.
pub const PACE_HEADER: &str = "x-bench-pace-us";

/// Content chunks of a stream.
const CONTENT_CHUNKS: usize = 64;

/// A request body of about this many bytes.
pub fn request(bytes: usize, stream: bool) -> Bytes {
    let options = if stream {
        r#""stream":true,"stream_options":{"include_usage":true},"#
    } else {
        ""
    };
    let head = format!(
        r#"{{"model":"{MODEL}",{options}"max_completion_tokens":256,"messages":[{{"role":"system","content":"You answer in one paragraph."}},{{"role":"user","content":""#
    );
    let tail = r#""}]}"#;
    let words = "The quick brown fox jumps over the lazy dog. ";
    let padding = bytes.saturating_sub(head.len() + tail.len());
    let prompt: String = words.chars().cycle().take(padding).collect();
    Bytes::from(format!("{head}{prompt}{tail}"))
}

/// The whole answer: about one kilobyte with its usage.
pub fn answer() -> Bytes {
    let text = "A gateway stands between those who ask and those who answer, and keeps the books. "
        .repeat(7);
    Bytes::from(format!(
        r#"{{"id":"chatcmpl-bench","object":"chat.completion","created":1760000000,"model":"{MODEL}","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}","refusal":null}},"logprobs":null,"finish_reason":"stop"}}],{},"service_tier":"default","system_fingerprint":null}}"#,
        usage()
    ))
}

/// The events of a stream, each as it is sent: 64 chunks of content, the end, the usage, the terminator.
pub fn chunks() -> Vec<Bytes> {
    let event = |choices: &str, more: &str| {
        Bytes::from(format!(
            "data: {{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1760000000,\"model\":\"{MODEL}\",\"choices\":[{choices}]{more}}}\n\n"
        ))
    };
    let mut events: Vec<Bytes> = (0..CONTENT_CHUNKS)
        .map(|index| {
            let choice = format!(r#"{{"index":0,"delta":{{"content":"word{index:02} and more "}},"finish_reason":null}}"#);
            event(&choice, "")
        })
        .collect();
    events.push(event(
        r#"{"index":0,"delta":{},"finish_reason":"stop"}"#,
        "",
    ));
    events.push(event("", &format!(",{}", usage())));
    events.push(Bytes::from_static(b"data: [DONE]\n\n"));
    events
}

/// A stream as one text.
pub fn stream() -> Bytes {
    Bytes::from(chunks().concat())
}

fn usage() -> &'static str {
    r#""usage":{"prompt_tokens":70,"completion_tokens":128,"total_tokens":198,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}"#
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_have_the_sizes_that_the_report_names() {
        assert!((900..1200).contains(&answer().len()), "{}", answer().len());
        assert_eq!(request(50_000, true).len(), 50_000);
        serde_json::from_slice::<serde_json::Value>(&answer()).unwrap();
        serde_json::from_slice::<serde_json::Value>(&request(300, false)).unwrap();
        assert_eq!(chunks().len(), CONTENT_CHUNKS + 3);
    }
}
