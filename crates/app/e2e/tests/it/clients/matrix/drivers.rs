//! Clients that are libraries: a driver script of ours around each, streaming with two tools in one turn.

use std::path::PathBuf;

use doubles::provider::reply::Surface;
use serde_json::{Value, json};

use super::{
    FIRST, FIRST_WORDS, IDS, LAST, LAST_WORDS, Matrix, THOUGHT, Upstream, compact, spaced,
};
use crate::clients::{Desk, Installed, lines};

/// Odd spaces and escapes on purpose: libraries that hold strings must give and return them as they were.
const CITIES: [&str; 2] = [
    r#"{"city": "Zürich", "unit":"\u00b0C"}"#,
    r#"{ "city":"Genève 🌍"}"#,
];

/// A library that is asked through one of its surfaces.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Library {
    Openai,
    Anthropic,
    LangChain,
    AiSdk,
}

impl Library {
    fn named(self, installed: &Installed, caller: Surface) -> String {
        let package = |package: &str| installed.python_version("venv", package);
        let chained = |package: &str| installed.python_version("langchain", package);
        let surface = name(caller);
        match self {
            Self::Openai => format!("openai-python {}, {surface}", package("openai")),
            Self::Anthropic => format!("anthropic-sdk-python {}", package("anthropic")),
            Self::LangChain if caller == Surface::Messages => {
                format!("langchain-anthropic {}", chained("langchain_anthropic"))
            }
            Self::LangChain => format!(
                "langchain-openai {}, {surface}",
                chained("langchain_openai")
            ),
            Self::AiSdk => {
                let family = if caller == Surface::Messages {
                    "anthropic"
                } else {
                    "openai"
                };
                let package = format!("@ai-sdk/{family}");
                let version = installed.npm_version("ai-sdk", &package);
                let ai = installed.npm_version("ai-sdk", "ai");
                match caller {
                    Surface::Messages => format!("AI SDK {ai}, {package} {version}"),
                    _ => format!("AI SDK {ai}, {package} {version}, {surface}"),
                }
            }
        }
    }

    /// The program and what goes before the address.
    fn command(
        self,
        installed: &Installed,
        caller: Surface,
        desk: &Desk,
    ) -> (PathBuf, Vec<String>) {
        let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/clients");
        let script = |name: &str| format!("{scripts}/{name}");
        let surface = name(caller).to_owned();
        match self {
            Self::Openai => (installed.python(), vec![script("openai_sdk.py"), surface]),
            Self::Anthropic => (installed.python(), vec![script("anthropic_messages.py")]),
            Self::LangChain => {
                let script = script("langchain/converse.py");
                (installed.langchain(), vec![script, surface])
            }
            Self::AiSdk => {
                // Node looks for modules beside the script.
                let folder = desk.work();
                std::fs::copy(script("ai-sdk/converse.mjs"), folder.join("converse.mjs")).unwrap();
                let modules = installed.ai_sdk_modules();
                std::os::unix::fs::symlink(modules, folder.join("node_modules")).unwrap();
                (installed.node(), vec!["converse.mjs".to_owned(), surface])
            }
        }
    }

    /// How it writes arguments when it sends them back: the strings that came, or anew what it parsed.
    fn returned(self, caller: Surface) -> fn(&str) -> String {
        match (self, caller) {
            (Self::Openai, _) | (Self::LangChain, Surface::Responses) => str::to_owned,
            (Self::LangChain, Surface::Chat) => spaced,
            _ => compact,
        }
    }

    fn outcome(self, said: Value) -> Value {
        match self {
            Self::Openai | Self::Anthropic => unified(&said),
            _ => said,
        }
    }
}

const fn name(caller: Surface) -> &'static str {
    match caller {
        Surface::Chat => "chat",
        Surface::Responses => "responses",
        _ => "messages",
    }
}

/// What the scripts of the SDKs print, in the form of the others.
fn unified(said: &Value) -> Value {
    let usage = said["usage"].as_array().unwrap_or_else(|| panic!("{said}"));
    let usage = usage.iter().map(|usage| {
        let number = |path: &str| usage.pointer(path).and_then(Value::as_u64);
        let cached = number("/prompt_tokens_details/cached_tokens")
            .or(number("/input_tokens_details/cached_tokens"));
        match (cached, number("/cache_read_input_tokens")) {
            (Some(cached), _) => {
                let input = number("/prompt_tokens").or(number("/input_tokens"));
                let output = number("/completion_tokens").or(number("/output_tokens"));
                json!([input, cached, output])
            }
            (None, cached) => {
                let cached = cached.unwrap_or_default();
                let input = number("/input_tokens").map(|input| input + cached);
                json!([input, cached, number("/output_tokens")])
            }
        }
    });
    let thinking = said["thinking"].as_array();
    let thinking = thinking.and_then(|thinking| thinking.first());
    json!({
        "texts": said["texts"],
        "calls": said["tools"],
        "usage": usage.collect::<Vec<Value>>(),
        "thinking": thinking.map_or(json!(""), |first| first["thinking"].clone()),
    })
}

/// One run of the script asks every model in turn; gives what it printed of each.
async fn drive(
    library: Library,
    installed: &Installed,
    caller: Surface,
    matrix: &Matrix,
) -> Vec<Value> {
    let desk = Desk::new();
    let (program, before) = library.command(installed, caller, &desk);
    let url = match library {
        Library::Openai => format!("{}/v1", matrix.url()),
        _ => matrix.url().to_owned(),
    };
    let models = matrix.upstreams.iter().map(|upstream| &upstream.model);
    let output = desk
        .run(&program, |command| {
            command
                .args(before)
                .args([&url, &matrix.key])
                .args(models)
                .env("PYTHONDONTWRITEBYTECODE", "1");
        })
        .await;
    lines(&output)
}

/// Looks at what the library understood.
fn look(library: Library, caller: Surface, said: Value, upstream: &Upstream) -> Vec<&'static str> {
    let seen = library.outcome(said);
    assert_eq!(seen["texts"], json!([FIRST_WORDS, LAST_WORDS]), "{seen}");
    let calls = std::iter::zip(IDS, upstream.given());
    let calls: Vec<Value> = calls
        .map(|(id, arguments)| json!({"id": id, "name": "get_weather", "arguments": arguments}))
        .collect();
    assert_eq!(seen["calls"], json!(calls), "{seen}");
    let usage = [FIRST, LAST]
        .map(|usage| json!([usage.total_input(), usage.cache_read, usage.total_output()]));
    assert_eq!(seen["usage"], json!(usage), "{seen}");
    for result in upstream.results() {
        assert!(result.contains("Sunny"), "{result}");
    }
    let mut features = vec!["streamed text", "parallel tool calls", "usage"];
    let shown = seen["thinking"] == THOUGHT;
    let returned = upstream.reasoning_came_back();
    // OpenAI's chat shows no reasoning, so what is written for it may leave aside what others show there.
    assert!(caller == Surface::Chat || (shown && returned), "{seen}");
    assert!(upstream.kind != "gemini" || returned, "{seen}");
    if shown {
        features.push("reasoning shown");
    }
    if returned {
        features.push("reasoning returned");
    }
    features
}

/// Does the work over every provider, through each of the surfaces.
async fn over_every_provider(library: Library, callers: &[Surface]) {
    let Some(installed) = Installed::find() else {
        return;
    };
    let mut broken = Vec::new();
    for caller in callers.iter().copied() {
        let stem = match caller {
            Surface::Messages => "claude-opus-5-5",
            _ => "gpt-5.6-terra",
        };
        let calls = CITIES.map(|arguments| ("get_weather", arguments));
        let matrix = Matrix::start(caller, stem, calls).await;
        let said = drive(library, &installed, caller, &matrix).await;
        assert_eq!(said.len(), matrix.upstreams.len(), "{said:#?}");
        let mut said = said.into_iter();
        let client = library.named(&installed, caller);
        let work = |upstream: Upstream| {
            let said = said.next().unwrap();
            async move { look(library, caller, said, &upstream) }
        };
        broken.extend(matrix.each(&client, library.returned(caller), work).await);
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openai_python_streams_with_tools_over_every_provider() {
    over_every_provider(Library::Openai, &[Surface::Chat, Surface::Responses]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anthropic_python_streams_with_tools_over_every_provider() {
    over_every_provider(Library::Anthropic, &[Surface::Messages]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn langchain_streams_with_tools_over_every_provider() {
    over_every_provider(Library::LangChain, &Surface::STREAMING).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ai_sdk_streams_with_tools_over_every_provider() {
    over_every_provider(Library::AiSdk, &Surface::STREAMING).await;
}
