//! Which provider an id finds, what faults are listed, and what a rebuild keeps.

use std::time::Duration;

use config::Secret;
use guard::BreakerSettings;
use kernel::{SystemClock, Timestamp};

use super::*;
use crate::transport::Timeouts;

fn options() -> UpstreamOptions {
    let second = Duration::from_secs(1);
    UpstreamOptions {
        timeouts: Timeouts {
            connect: second,
            first_byte: second,
            idle: second,
            total: second,
        },
        proxy: None,
        no_proxy: String::new(),
        breaker: BreakerSettings::default(),
        max_idle: 8,
        max_concurrent: 8,
        queue_wait: second,
    }
}

fn breakers() -> Breakers {
    Breakers::new(Arc::new(SystemClock::new()))
}

fn provider(name: &str, kind: ProviderKind) -> ProviderConfig {
    ProviderConfig {
        base_url: Some("http://127.0.0.1:9/v1".into()),
        ..ProviderConfig::new(name, kind)
    }
}

fn models(text: &str) -> Vec<ModelConfig> {
    #[derive(serde::Deserialize)]
    struct File {
        models: Vec<ModelConfig>,
    }
    toml::from_str::<File>(text).unwrap().models
}

fn try_build(providers: &[ProviderConfig], text: &str) -> Result<Catalogue, Vec<String>> {
    let bundled = PriceBook::bundled().unwrap();
    let models = if text.is_empty() {
        Vec::new()
    } else {
        models(text)
    };
    Catalogue::build(providers, &models, &options(), &breakers(), &bundled, None)
        .map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

fn build(providers: &[ProviderConfig], text: &str) -> Catalogue {
    try_build(providers, text).unwrap()
}

fn asking<'a>(model: &'a str, session: Option<&'a str>) -> Asking<'a> {
    Asking {
        model,
        session,
        now: Timestamp::parse("2026-11-21T12:00:00Z").unwrap(),
    }
}

fn first(catalogue: &Catalogue, model: &str, session: Option<&str>) -> Option<Target> {
    Some(catalogue.plan(&asking(model, session))?[0].clone())
}

/// The providers in the order in which they are tried.
fn order(catalogue: &Catalogue, session: Option<&str>) -> Vec<String> {
    let plan = catalogue.plan(&asking("m", session)).unwrap();
    plan.iter()
        .map(|target| target.upstream.name.to_string())
        .collect()
}

/// Provider and the id asked of it.
fn found(catalogue: &Catalogue, model: &str) -> Option<(String, String)> {
    first(catalogue, model, None).map(|target| {
        let asked = target.model.as_deref().unwrap_or(model).to_owned();
        (target.upstream.name.to_string(), asked)
    })
}

fn pair(provider: &str, model: &str) -> Option<(String, String)> {
    Some((provider.to_owned(), model.to_owned()))
}

fn three() -> [ProviderConfig; 3] {
    [
        provider("anthropic", ProviderKind::Anthropic),
        provider("openai", ProviderKind::OpenAi),
        provider("second", ProviderKind::OpenAi),
    ]
}

#[test]
fn the_provider_then_the_exact_id_then_the_longest_glob_then_the_family() {
    let catalogue = build(
        &three(),
        r#"
        models = [
            { id = "gpt-*", route = [{ provider = "second" }] },
            { id = "gpt-5*", route = [{ provider = "second", model = "five" }] },
            { id = "*-5-mini", route = [{ provider = "anthropic" }] },
            { id = "gpt-5-nano", route = [{ provider = "second", model = "nano" }] },
            { id = "gpt-5-nano", route = [{ provider = "anthropic" }] },
            { id = "openai/gpt-5", route = [{ provider = "second" }] },
            { id = "org/gpt-oss", route = [{ provider = "second" }] },
        ]"#,
    );
    assert_eq!(found(&catalogue, "openai/gpt-5"), pair("openai", "gpt-5"));
    assert_eq!(found(&catalogue, "second/a/b"), pair("second", "a/b"));
    assert_eq!(
        found(&catalogue, "org/gpt-oss"),
        pair("second", "org/gpt-oss")
    );
    assert_eq!(found(&catalogue, "gpt-5-nano"), pair("second", "nano"));
    assert_eq!(
        found(&catalogue, "gpt-5-mini"),
        pair("anthropic", "gpt-5-mini")
    );
    assert_eq!(found(&catalogue, "gpt-5"), pair("second", "five"));
    assert_eq!(found(&catalogue, "gpt-4o"), pair("second", "gpt-4o"));
    assert_eq!(found(&catalogue, "o3"), pair("openai", "o3"));
    assert_eq!(found(&catalogue, "claude-x"), pair("anthropic", "claude-x"));
    assert_eq!(found(&catalogue, "nobody/gpt"), None);
    assert_eq!(found(&catalogue, "mistral"), None);
}

#[test]
fn globs_of_one_length_go_to_the_first_in_the_file() {
    let text = |first, second| {
        format!(
            r#"models = [{{ id = "{first}", route = [{{ provider = "anthropic" }}] }},
                          {{ id = "{second}", route = [{{ provider = "openai" }}] }}]"#
        )
    };
    let catalogue = build(&three(), &text("ab*", "*bc"));
    assert_eq!(found(&catalogue, "abc"), pair("anthropic", "abc"));
    let catalogue = build(&three(), &text("*bc", "ab*"));
    assert_eq!(found(&catalogue, "abc"), pair("anthropic", "abc"));
}

#[test]
fn a_provider_that_says_what_it_serves_serves_no_family() {
    let mut own = provider("own", ProviderKind::OpenAi);
    own.serves = Some(vec!["house-*".into()]);
    let catalogue = build(&[own, provider("openai", ProviderKind::OpenAi)], "");
    assert_eq!(found(&catalogue, "house-1"), pair("own", "house-1"));
    assert_eq!(found(&catalogue, "gpt-5"), pair("openai", "gpt-5"));
    let own = catalogue.provider("own").unwrap();
    assert!(catalogue.serves(own, "house-1") && !catalogue.serves(own, "gpt-5"));
}

#[test]
fn simulated_models_are_there_without_any_setting() {
    let catalogue = build(&[], "");
    for model in sim::MODELS {
        assert_eq!(found(&catalogue, model), pair("sim", model));
    }
    let mut other = sim_config();
    other.name = "play".into();
    let catalogue = build(&[other], "");
    assert_eq!(found(&catalogue, "play/echo"), pair("play", "sim/echo"));
    assert_eq!(catalogue.providers().count(), 2);
}

#[test]
fn budgets_know_a_model_without_its_providers_name() {
    let catalogue = build(&three(), "");
    assert_eq!(catalogue.bare("openai/gpt-5"), "gpt-5");
    assert_eq!(catalogue.bare("sim/echo"), "sim/echo");
    assert_eq!(catalogue.bare("org/model"), "org/model");
    assert_eq!(catalogue.bare("gpt-5"), "gpt-5");
}

/// How many of 6,000 draws went to each provider.
fn draws(catalogue: &Catalogue) -> BTreeMap<String, usize> {
    let mut drawn = BTreeMap::new();
    for _ in 0..6_000 {
        let target = first(catalogue, "m", None).unwrap();
        *drawn.entry(target.upstream.name.to_string()).or_insert(0) += 1;
    }
    drawn
}

const WEIGHED: &str = r#"models = [{ id = "m", route = [
    { provider = "anthropic", weight = 3 }, { provider = "openai", weight = 1 }, { provider = "second", weight = 0 }] }]"#;

#[test]
fn targets_are_drawn_by_weight() {
    let drawn = draws(&build(&three(), WEIGHED));
    assert_eq!(drawn.get("second"), None);
    // Six standard deviations around three quarters.
    assert!((4_300..=4_700).contains(&drawn["anthropic"]), "{drawn:?}");
    let huge = WEIGHED
        .replace("= 3 ", "= 4294967295 ")
        .replace("= 0 ", "= 4294967295 ");
    assert!(draws(&build(&three(), &huge)).len() >= 2);
}

#[test]
fn targets_that_rest_or_failed_are_passed_over_while_another_is_open() {
    let catalogue = build(&three(), WEIGHED);
    let breaker = |name: &str| catalogue.provider(name).unwrap().breaker.clone();
    breaker("anthropic").cool("m", Duration::from_secs(60));
    assert_eq!(draws(&catalogue).get("openai"), Some(&6_000));
    for _ in 0..5 {
        breaker("openai").try_acquire().unwrap().failure();
    }
    // None is open (the third takes no call at all): the caller hears of it from the one that is drawn.
    assert_eq!(draws(&catalogue).len(), 2);
    breaker("anthropic").warm("m");
    assert_eq!(draws(&catalogue).get("anthropic"), Some(&6_000));
}

#[test]
fn the_rest_of_the_route_and_then_the_fallback_come_behind() {
    let catalogue = build(
        &three(),
        r#"models = [{ id = "m", route = [{ provider = "openai" }], fallback = [
            { provider = "second", model = "other" }, { provider = "anthropic" }, { provider = "sim", model = "sim/echo" }] }]"#,
    );
    assert_eq!(
        order(&catalogue, None),
        ["openai", "second", "anthropic", "sim"]
    );
    let plan = catalogue.plan(&asking("m", None)).unwrap();
    assert_eq!(plan[1].model.as_deref(), Some("other"));
    let breaker = |name: &str| catalogue.provider(name).unwrap().breaker.clone();
    breaker("second").cool("other", Duration::from_secs(60));
    for _ in 0..5 {
        breaker("openai").try_acquire().unwrap().failure();
    }
    assert_eq!(
        order(&catalogue, None),
        ["anthropic", "sim", "openai", "second"]
    );
}

#[test]
fn a_session_stays_with_its_target_and_only_moves_from_one_that_is_closed() {
    let route = |weights: &str| format!(r#"models = [{{ id = "m", route = [{weights}] }}]"#);
    let even =
        route(r#"{ provider = "anthropic" }, { provider = "openai" }, { provider = "second" }"#);
    let catalogue = build(&three(), &even);
    let sessions: Vec<String> = (0..3_000)
        .map(|number| format!("session-{number}"))
        .collect();
    let before: Vec<Vec<String>> = sessions
        .iter()
        .map(|s| order(&catalogue, Some(s)))
        .collect();
    // Another process with the same settings agrees.
    let other = build(&three(), &even);
    assert!(
        sessions
            .iter()
            .zip(&before)
            .all(|(s, order_before)| order(&other, Some(s)) == *order_before)
    );
    let firsts = before.iter().filter(|order| order[0] == "openai").count();
    assert!((850..=1_150).contains(&firsts), "{firsts}");
    let breaker = catalogue.provider("openai").unwrap().breaker.clone();
    breaker.cool("m", Duration::from_secs(60));
    for (session, before) in sessions.iter().zip(&before) {
        let expected = before.iter().find(|name| *name != "openai").unwrap();
        assert_eq!(order(&catalogue, Some(session))[0], *expected);
    }
}

#[test]
fn the_least_loaded_and_the_cheapest_go_first() {
    let text = |strategy: &str| {
        format!(
            r#"models = [
            {{ id = "m", strategy = "{strategy}", route = [{{ provider = "openai", model = "a" }}, {{ provider = "second", model = "b" }}, {{ provider = "anthropic", model = "c" }}] }},
            {{ id = "a", price = {{ input = "3", output = "3" }} }},
            {{ id = "b", price = {{ input = "1", output = "9" }} }}]"#
        )
    };
    let catalogue = build(&three(), &text("cheapest"));
    assert_eq!(
        order(&catalogue, Some("s")),
        ["second", "openai", "anthropic"]
    );
    let catalogue = build(&three(), &text("least-loaded"));
    let held = |name: &str, count: usize| -> Vec<guard::Slot> {
        let bulkhead = catalogue.provider(name).unwrap().bulkhead.clone();
        (0..count)
            .map(|_| bulkhead.try_acquire().unwrap())
            .collect()
    };
    let _busy = (held("openai", 2), held("second", 1));
    assert_eq!(
        order(&catalogue, Some("s")),
        ["anthropic", "second", "openai"]
    );
}

#[test]
fn every_fault_is_listed_with_its_path() {
    let mut nameless = provider("a/b", ProviderKind::OpenAi);
    nameless.base_url = Some("ftp://host".into());
    let mut keyed = provider("twice", ProviderKind::OpenAi);
    keyed.api_key = Some(Secret::plain("k"));
    keyed.credential = crate::config::CredentialSource::Client;
    let mut half = provider("twice", ProviderKind::OpenAi);
    half.client_cert_file = Some("chain.pem".into());
    let mut broken = provider("key", ProviderKind::Anthropic);
    broken.api_key = Some(Secret::plain("two\nlines"));
    let mut open = provider("open", ProviderKind::OpenAi);
    open.base_url = Some("http://user:secret@host/v1".into());
    let mut homeless = provider("homeless", ProviderKind::OpenAiCompatible);
    homeless.base_url = None;
    let mut untrusted = provider("untrusted", ProviderKind::OpenAi);
    untrusted.ca_file = Some("/nonexistent/ca.pem".into());
    let providers = [nameless, keyed, half, broken, open, homeless, untrusted];
    let faults = try_build(
        &providers,
        r#"models = [
            { id = "", route = [{ provider = "sim" }] },
            { id = "bare" },
            { id = "lost", route = [{ provider = "sim" }, { provider = "nobody" }, { provider = "homeless" }] },
            { id = "idle", route = [{ provider = "sim", weight = 0 }] },
            { id = "back", route = [{ provider = "sim" }], fallback = [{ provider = "nowhere" }] },
            { id = "dear", price = { input = "a lot" } },
        ]"#,
    )
    .unwrap_err();
    let paths: Vec<&str> = faults
        .iter()
        .map(|fault| fault.split(": ").next().unwrap())
        .collect();
    assert_eq!(
        paths,
        [
            "providers[0].name",
            "providers[0].base_url",
            "providers[1].api_key",
            "providers[2].name",
            "providers[2].client_key_file",
            "providers[3].api_key",
            "providers[4].base_url",
            "providers[5].base_url",
            "providers[6].ca_file",
            "models[0].id",
            "models[1].route",
            "models[2].route[1].provider",
            "models[3].route",
            "models[4].fallback[0].provider",
            "models[5].price",
        ],
        "{faults:#?}"
    );
    assert!(!faults.concat().contains("secret"), "{faults:#?}");
    let twins = [
        provider("twin", ProviderKind::OpenAi),
        provider("twin", ProviderKind::Anthropic),
    ];
    let faults = try_build(&twins, "").unwrap_err();
    assert!(
        matches!(faults.as_slice(), [one] if one.starts_with("providers[1].name")),
        "{faults:?}"
    );
}

#[test]
fn a_rebuild_keeps_the_connections_of_providers_that_did_not_change() {
    let bundled = PriceBook::bundled().unwrap();
    let (breakers, mut providers) = (breakers(), three().to_vec());
    let first = Catalogue::build(&providers, &[], &options(), &breakers, &bundled, None).unwrap();
    providers[1].base_url = Some("http://127.0.0.1:10/v1".into());
    let mut other = options();
    other.breaker.failures = 9;
    let again =
        Catalogue::build(&providers, &[], &other, &breakers, &bundled, Some(&first)).unwrap();
    let same = |name: &str, one: &Catalogue, two: &Catalogue| {
        Arc::ptr_eq(one.provider(name).unwrap(), two.provider(name).unwrap())
    };
    assert!(same("anthropic", &first, &again) && same("sim", &first, &again));
    assert!(!same("openai", &first, &again));
    // Its breaker outlives its address.
    let breaker = |catalogue: &Catalogue| catalogue.provider("openai").unwrap().breaker.clone();
    assert!(Arc::ptr_eq(&breaker(&first), &breaker(&again)));
    other.timeouts.idle = Duration::from_secs(9);
    let third =
        Catalogue::build(&providers, &[], &other, &breakers, &bundled, Some(&again)).unwrap();
    assert!(!same("anthropic", &again, &third));
    assert_eq!(
        third.provider("openai").unwrap().timeouts.idle,
        Duration::from_secs(9)
    );
}

#[test]
fn prices_of_the_file_reach_the_book_for_every_target() {
    let catalogue = build(
        &three(),
        r#"models = [
            { id = "house", route = [{ provider = "openai", model = "gpt-5" }, { provider = "second" }], price = { input = "7", output = "9" } },
            { id = "claude-opus-5-5", price = { input = "1", output = "2" } },
        ]"#,
    );
    let now = Timestamp::parse("2026-11-21T12:00:00Z").unwrap();
    let quote = |kind, provider: &str, model: &str| {
        let quote = catalogue.prices().quote(kind, provider, model, now)?;
        Some((quote.input.0, quote.output.0))
    };
    use ProviderKind::{Anthropic, OpenAi};
    // Pico-dollars per token: a dollar per million is a million of them.
    let own = Some((7_000_000, 9_000_000));
    assert_eq!(quote(OpenAi, "openai", "gpt-5"), own);
    assert_eq!(quote(OpenAi, "second", "house"), own);
    assert_ne!(quote(OpenAi, "second", "gpt-5"), own);
    assert_eq!(
        quote(Anthropic, "anthropic", "claude-opus-5-5"),
        Some((1_000_000, 2_000_000))
    );
    assert!(catalogue.entries().contains_key("house"));
    assert!(!catalogue.entries().contains_key("claude-opus-5-5"));
}
