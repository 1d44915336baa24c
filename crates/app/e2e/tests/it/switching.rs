//! One conversation of twenty turns, each put to another provider, or through another surface, than the one before. What
//! the next provider can use arrives there: words, calls with their results, and what it once thought itself with the
//! signature it gave. What another provider signed does not arrive, because it would be refused.

mod client;

use doubles::Provider;
use doubles::provider::reply::Surface;
use doubles::provider::{Recorded, Reply};
use serde_json::json;
use testkit::TestApp;

use crate::story::{self, Said};
use client::{Conversation, Maker};

/// Kinds of providers, their models, and who makes what they think.
const KINDS: [(&str, &str, Maker); 5] = [
    ("anthropic", "claude-opus-5-5", Maker::Anthropic),
    ("openai", "gpt-5.6-terra", Maker::OpenAi),
    ("gemini", "gemini-3.5-flash", Maker::Gemini),
    ("deepseek", "deepseek-reasoner", Maker::DeepSeek),
    ("openai-compatible", "its-own", Maker::Compatible),
];

/// Through which surface each turn is asked, and of whom.
const TURNS: [(Surface, &str); 20] = [
    (Surface::Messages, "anthropic"),
    (Surface::Messages, "openai-compatible"),
    (Surface::Chat, "anthropic"),
    (Surface::Responses, "anthropic"),
    (Surface::Chat, "gemini"),
    (Surface::Responses, "openai"),
    (Surface::Messages, "openai"),
    (Surface::Chat, "openai-compatible"),
    (Surface::Chat, "gemini"),
    (Surface::Messages, "anthropic"),
    (Surface::Responses, "openai-compatible"),
    (Surface::Chat, "anthropic"),
    (Surface::Messages, "gemini"),
    (Surface::Responses, "openai"),
    (Surface::Responses, "gemini"),
    (Surface::Chat, "openai"),
    (Surface::Messages, "deepseek"),
    (Surface::Chat, "deepseek"),
    (Surface::Responses, "deepseek"),
    (Surface::Messages, "anthropic"),
];

fn thought(turn: usize) -> String {
    format!("Thought number {turn:02}.")
}

/// Unique in a body, and base64 as all signatures are.
fn signature(turn: usize) -> String {
    format!("SIGNATURE{turn:03}")
}

fn maker(kind: &str) -> Maker {
    let found = KINDS.iter().find(|(name, ..)| *name == kind);
    found.unwrap().2
}

/// What a model says in this turn: two calls at once.
fn reply(turn: usize) -> Reply {
    let arguments = |city: &str| json!({"city": city, "turn": turn, "unit": "°C"}).to_string();
    Reply::text(&format!("Answer number {turn:02}."))
        .thinking(&thought(turn), &signature(turn))
        .and_tool(
            &format!("call_{turn}a"),
            "get_weather",
            &arguments("Zürich"),
        )
        .and_tool(
            &format!("call_{turn}b"),
            "get_weather",
            &arguments("Genève"),
        )
}

/// Where a kind of provider is asked by callers of a surface.
fn path(caller: Surface, kind: &str) -> &'static str {
    match (kind, caller) {
        ("anthropic", _) => Surface::Messages,
        ("gemini", _) => Surface::Gemini,
        ("openai", Surface::Messages | Surface::Responses) => Surface::Responses,
        _ => Surface::Chat,
    }
    .path()
}

#[tokio::test]
async fn a_conversation_of_twenty_turns_goes_from_provider_to_provider() {
    let double = Provider::start().await;
    let mut builder = TestApp::builder().env("SWITCHYARD__GATEWAY__RETRIES", "0");
    let mut models = String::new();
    for (kind, model, _) in KINDS {
        let url = match kind {
            "anthropic" | "gemini" => double.url(),
            _ => double.openai_url(),
        };
        builder = builder.provider(kind, kind, &url);
        models += &format!(
            "[[models]]\nid = \"over-{kind}\"\nroute = [{{ provider = \"{kind}\", model = \"{model}\" }}]\n"
        );
    }
    let app = builder.settings(&models).start().await;
    let key = app.key(json!({"name": "tests", "limits": {}})).await.key;
    let mut conversation = Conversation::default();
    let mut wrong = Vec::new();
    for (turn, (caller, kind)) in TURNS.into_iter().enumerate() {
        double.next(path(caller, kind), reply(turn));
        conversation.ask(&format!("Question number {turn:02}."));
        let body = conversation.request(caller, &format!("over-{kind}"));
        let answer = app.post(caller.path(), &key, &body).await;
        let answer = answer.expect(200).json();
        conversation.hear(caller, &answer, "Sunny, 21 °C.");
        let came = double.requests().pop().unwrap();
        for one in look(turn, &came, &conversation) {
            println!("wrong at {one}");
            wrong.push(one);
        }
    }
    assert!(wrong.is_empty(), "{} are wrong", wrong.len());
    println!(
        "proof: a conversation of {} turns over {} kinds of providers and 3 surfaces => words, calls and results whole, no foreign signature",
        TURNS.len(),
        KINDS.len()
    );
}

/// What is wrong with what came to the provider of this turn.
fn look(turn: usize, came: &Recorded, conversation: &Conversation) -> Vec<String> {
    let (caller, kind) = TURNS[turn];
    let at = format!("turn {turn}, {caller:?} over {kind}");
    let body = String::from_utf8_lossy(&came.body);
    let mut wrong = Vec::new();
    let mut spoken = story::of(came);
    spoken.retain(|said| !matches!(said, Said::Thought(..)));
    let wanted = conversation.story(turn);
    if spoken != wanted {
        let differs = std::iter::zip(&spoken, &wanted).find(|(one, other)| one != other);
        wrong.push(format!(
            "{at}: {} of {} said; {differs:?}",
            spoken.len(),
            wanted.len()
        ));
    }
    if body.contains("eyJzd2l0Y2h5YXJk") {
        wrong.push(format!("{at}: a seal"));
    }
    let asked = maker(kind);
    // Chat that passes through; what can be read of thoughts stands in it in plain words.
    let as_written = caller == Surface::Chat && came.path() == Surface::Chat.path();
    for (before, (surface, other)) in TURNS.into_iter().enumerate().take(turn) {
        let own = maker(other) == asked;
        let signed = body.contains(&signature(before));
        let said = body.contains(&thought(before));
        let of = format!("of turn {before}, {surface:?} over {other}");
        // What Google puts into a tool's call in chat passes to other chat servers as the client wrote it.
        if signed && !own && !(as_written && maker(other) == Maker::Gemini) {
            wrong.push(format!("{at}: the foreign signature {of}"));
        }
        let carried = conversation.carries(before, caller);
        let (signature_due, thought_due) = match asked {
            // Its signatures are also kept by the product itself, by the id of the call.
            Maker::Gemini => (own, false),
            Maker::Anthropic => (own && carried, own && carried),
            // Chat has no place for what Responses encrypted.
            Maker::OpenAi => (own && carried && !as_written, own && carried && !as_written),
            Maker::DeepSeek | Maker::Compatible => (false, own && carried),
        };
        if signature_due && !signed {
            wrong.push(format!("{at}: not the signature {of}"));
        }
        if thought_due && !said {
            wrong.push(format!("{at}: not the thought {of}"));
        }
        let refused = matches!(asked, Maker::Anthropic | Maker::OpenAi) && !as_written;
        if refused && said && !own {
            wrong.push(format!("{at}: the foreign thought {of}"));
        }
    }
    wrong
}
