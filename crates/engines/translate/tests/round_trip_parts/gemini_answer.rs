//! The same answers as Gemini gives them.

use super::answer::{Answer, Picks, id};

impl Answer {
    /// As one body.
    pub fn gemini_whole(&self) -> String {
        let thought = self.thinking.as_deref().map(thought);
        let text = self.text.as_deref().map(text);
        let parts: Vec<String> = thought
            .into_iter()
            .chain(text)
            .chain(self.gemini_calls())
            .collect();
        self.chunk(&parts.join(","), true)
    }

    /// As a stream, cut as these numbers say.
    pub fn gemini_stream(&self, picks: u64) -> String {
        let mut picks = Picks(picks);
        let mut parts = Vec::new();
        for piece in self.thinking.iter().flat_map(|text| picks.cut(text)) {
            parts.push(thought(&piece));
        }
        for piece in self.text.iter().flat_map(|text| picks.cut(text)) {
            parts.push(text(&piece));
        }
        parts.extend(self.gemini_calls());
        let mut sse = String::new();
        while !parts.is_empty() {
            let count = 1 + picks.next(parts.len());
            let together: Vec<String> = parts.drain(..count).collect();
            sse.push_str(&format!(
                "data: {}\n\n",
                self.chunk(&together.join(","), false)
            ));
        }
        sse.push_str(&format!("data: {}\n\n", self.chunk("", true)));
        sse
    }

    fn gemini_calls(&self) -> impl Iterator<Item = String> {
        (0..).zip(&self.calls).map(|(number, (name, arguments))| {
            let id = id(number);
            format!(r#"{{"functionCall":{{"id":"{id}","name":"{name}","args":{arguments}}}}}"#)
        })
    }

    /// Usage counts up and is said again with each; thinking stands beside what was said, not in it.
    fn chunk(&self, parts: &str, is_last: bool) -> String {
        let (cached, reasoned) = (self.cached, self.reasoned);
        let said = if is_last { 30 - reasoned } else { 1 };
        let finish = if is_last {
            r#","finishReason":"STOP""#
        } else {
            ""
        };
        format!(
            r#"{{"candidates":[{{"content":{{"role":"model","parts":[{parts}]}}{finish}}}],"modelVersion":"m","usageMetadata":{{"promptTokenCount":60,"cachedContentTokenCount":{cached},"candidatesTokenCount":{said},"thoughtsTokenCount":{reasoned}}}}}"#
        )
    }
}

fn thought(text: &str) -> String {
    format!(
        r#"{{"text":{},"thought":true}}"#,
        serde_json::Value::from(text)
    )
}

fn text(text: &str) -> String {
    format!(r#"{{"text":{}}}"#, serde_json::Value::from(text))
}
