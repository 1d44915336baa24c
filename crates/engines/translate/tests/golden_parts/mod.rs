//! How a scenario's files are read, run and compared.

mod grammar;

use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde_json::Value;
use translate::{Dialect, Pair, PairState, RequestContext, Stream, TranslateError};
use wire::Protocol;

/// One folder of files.
pub struct Scenario {
    folder: PathBuf,
    pair: Pair,
    with: Value,
}

/// Every scenario below a folder.
pub fn scenarios(folder: &Path) -> Vec<Scenario> {
    let mut found = Vec::new();
    for pair in folders(folder) {
        for scenario in folders(&pair) {
            found.push(Scenario::open(&pair, scenario));
        }
    }
    found
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut folders: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

/// Tells a difference, or writes the file where `BLESS` is set.
pub fn compare(path: &Path, written: &[u8]) -> Option<String> {
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, written).unwrap();
        return None;
    }
    let kept = std::fs::read(path).unwrap_or_default();
    (kept != written).then(|| {
        format!(
            "{}: differs; BLESS=1 writes it\n--- kept\n{}\n--- written\n{}",
            path.display(),
            String::from_utf8_lossy(&kept),
            String::from_utf8_lossy(written)
        )
    })
}

impl Scenario {
    fn open(pair: &Path, folder: PathBuf) -> Self {
        let name = pair.file_name().unwrap().to_str().unwrap();
        let with = std::fs::read(folder.join("with.json"))
            .map_or(Value::Null, |with| serde_json::from_slice(&with).unwrap());
        let (caller, upstream) = name.split_once("_to_").unwrap();
        let caller = [
            Protocol::Chat,
            Protocol::Responses,
            Protocol::Messages,
            Protocol::Embeddings,
        ]
        .into_iter()
        .find(|protocol| protocol.as_str() == caller)
        .unwrap();
        // The last one of a protocol is the least one: `compatible` for chat.
        let dialect = Dialect::ALL
            .into_iter()
            .rev()
            .find(|dialect| match with["dialect"].as_str() {
                Some(asked) => dialect.as_str() == asked,
                None => dialect.upstream().as_str() == upstream,
            })
            .unwrap();
        let pair = Pair::find(caller, dialect).unwrap_or_else(|| panic!("no pair {name}"));
        assert_eq!(pair.name(), name, "{}", folder.display());
        Self { folder, pair, with }
    }

    fn file(&self, name: &str) -> Option<Vec<u8>> {
        std::fs::read(self.folder.join(name)).ok()
    }

    fn compare(&self, name: &str, written: &[u8]) -> Option<String> {
        compare(&self.folder.join(name), written)
    }

    /// Runs something with this scenario's context.
    fn with<T>(&self, run: impl FnOnce(&RequestContext<'_>) -> T) -> T {
        let signatures = self.with["signatures"].clone();
        let signature_of = move |id: &str| {
            signatures
                .get(id)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let model = self.with["model"].as_str().unwrap_or("upstream-model");
        let mut context = RequestContext::new(model, "0123");
        context.now_s = 1_700_000_000;
        context.signature_of = Some(&signature_of);
        context.facts.max_output_tokens = self.with["max_output_tokens"].as_u64();
        context.facts.reasons = self.with["reasons"].as_bool();
        context.facts.sees = self.with["sees"].as_bool();
        run(&context)
    }

    /// The state that the scenario's request leaves.
    fn state(&self) -> PairState {
        let bare = match self.pair.caller() {
            Protocol::Responses => r#"{"model":"m","input":"Hi","stream":true}"#,
            Protocol::Embeddings => r#"{"model":"m","input":"Hi"}"#,
            _ => {
                r#"{"model":"m","max_tokens":64,"stream":true,"messages":[{"role":"user","content":"Hi"}]}"#
            }
        };
        let request = self.file("request.in.json").unwrap_or_else(|| bare.into());
        let translated = self.with(|context| self.pair.request(&request, context));
        translated.unwrap().state
    }

    /// The request, upstream's way.
    pub fn request(&self) -> Vec<String> {
        let Some(request) = self.file("request.in.json") else {
            return Vec::new();
        };
        let translated = match self.with(|context| self.pair.request(&request, context)) {
            Ok(translated) => translated,
            Err(error) => {
                return self
                    .compare("refused.txt", &line(&error))
                    .into_iter()
                    .collect();
            }
        };
        let mut dropped: String = translated
            .dropped
            .iter()
            .map(|name| format!("{name}\n"))
            .collect();
        if dropped.is_empty() {
            dropped.push_str("(nothing)\n");
        }
        assert!(is_json(&translated.body));
        [
            self.compare("request.out.json", &lined(translated.body)),
            self.compare("dropped.txt", dropped.as_bytes()),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The whole answer, back.
    pub fn answer(&self) -> Vec<String> {
        let Some(answer) = self.file("answer.in.json") else {
            return Vec::new();
        };
        let fault = match self.state().answer(&answer) {
            Ok(answer) => {
                assert!(is_json(&answer.body));
                self.compare("answer.out.json", &lined(answer.body))
            }
            Err(error) => self.compare("failed.txt", &line(&error)),
        };
        fault.into_iter().collect()
    }

    /// The stream, back: the same in one block and event by event, and in the caller's grammar.
    pub fn stream(&self) -> Vec<String> {
        let Some(sse) = self.file("stream.in.sse") else {
            return Vec::new();
        };
        let sse = Bytes::from(sse);
        let whole = self.streamed(std::iter::once(sse.clone()));
        let events: Vec<Bytes> = wire::sse::events(&sse)
            .map(|event| sse.slice(event.range))
            .collect();
        let apart = self.streamed(events.iter().cloned());
        assert_eq!(
            String::from_utf8_lossy(&whole),
            String::from_utf8_lossy(&apart),
            "{}",
            self.folder.display()
        );
        grammar::check(self.pair.caller(), &whole);
        // Wherever the upstream dies, the caller's stream is whole events that end in an error.
        for end in 0..events.len() {
            grammar::check(
                self.pair.caller(),
                &self.streamed(events[..end].iter().cloned()),
            );
        }
        self.compare("stream.out.sse", &whole).into_iter().collect()
    }

    fn streamed(&self, blocks: impl Iterator<Item = Bytes>) -> Vec<u8> {
        let mut out = Vec::new();
        let mut stream = Stream::new(&self.state());
        let run = |stream: &mut Stream| -> Result<bool, TranslateError> {
            for block in blocks {
                stream.push(&block, &mut out)?;
            }
            stream.end(&mut out)
        };
        let error = match run(&mut stream) {
            Ok(true) => return out,
            Ok(false) => "the upstream ended early".to_owned(),
            Err(error) => error.to_string(),
        };
        let view = wire::ErrorView {
            kind: kernel::Kind::Upstream,
            code: "UPSTREAM_ENDED_EARLY",
            message: &error,
            param: None,
            request_id: "req_1",
        };
        stream.fail(&view, &mut out);
        assert!(stream.is_over());
        out
    }

    /// Error answers, back.
    pub fn errors(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for entry in std::fs::read_dir(&self.folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let status = name
                .strip_prefix("error.")
                .and_then(|rest| rest.strip_suffix(".in.json"));
            if let Some(status) = status {
                let body = self.file(&name).unwrap();
                let answer = self.pair.error(status.parse().unwrap(), &body, "req_1");
                let shown = format!(
                    "{}\n{}\n",
                    answer.status,
                    String::from_utf8_lossy(&answer.body)
                );
                faults.extend(self.compare(&format!("error.{status}.out.txt"), shown.as_bytes()));
            }
        }
        faults
    }

    /// Counting, both ways.
    pub fn counts(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if let Some(request) = self.file("count.in.json") {
            let body = if self.pair.counts() {
                let count = self.with(|context| self.pair.count(&request, context));
                count.unwrap().body
            } else {
                b"(estimated)".to_vec()
            };
            faults.extend(self.compare("count.out.json", &lined(body)));
        }
        if let Some(answer) = self.file("counted.in.json") {
            let body = self.pair.counted(&answer).unwrap();
            faults.extend(self.compare("counted.out.json", &lined(body)));
        }
        faults
    }
}

fn line(error: &TranslateError) -> Vec<u8> {
    use kernel::Failure as _;
    format!("{} {error}\n", error.code()).into_bytes()
}

/// Not as a value: half a surrogate pair is JSON, but no string of ours.
fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok()
}

fn lined(mut body: Vec<u8>) -> Vec<u8> {
    body.push(b'\n');
    body
}
