//! Lines as they are written, levels as they are named.

use std::io::Write;

use tracing::Level;
use tracing::subscriber::with_default;

use super::*;

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn written(level: &str, pretty: bool, act: impl FnOnce()) -> String {
    let paper = Paper::default();
    let out = paper.clone();
    let filter = level::filter(level)
        .unwrap()
        .and(tracing_subscriber::filter::filter_fn(level::may_show));
    let lines = lines(pretty, false, move || out.clone());
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(filter));
    with_default(subscriber, act);
    let bytes = paper.0.lock().clone();
    String::from_utf8(bytes).unwrap()
}

fn inside_a_request(act: impl FnOnce()) {
    let outer = tracing::info_span!(
        "request",
        request.id = "req_1",
        key.id = tracing::field::Empty
    );
    outer.record("key.id", "key_1");
    outer.in_scope(|| tracing::info_span!("attempt", provider = "p").in_scope(act));
}

#[test]
fn every_json_line_carries_the_request_id() {
    let text = written("info", false, || {
        inside_a_request(|| tracing::info!(bytes = 7, "sent \"it\"\n"));
    });
    let line: serde_json::Value = serde_json::from_str(text.trim_end()).unwrap();
    assert_eq!(text.lines().count(), 1);
    assert_eq!(line["request.id"], "req_1");
    assert_eq!(line["key.id"], "key_1");
    assert_eq!(line["provider"], "p");
    assert_eq!(
        (&line["bytes"], &line["level"]),
        (&7.into(), &"info".into())
    );
    assert_eq!(line["message"], "sent \"it\"\n");
    assert!(kernel::Timestamp::parse(line["time"].as_str().unwrap()).is_ok());
}

#[test]
fn pretty_lines_carry_it_too() {
    let text = written("info", true, || inside_a_request(|| tracing::info!("sent")));
    assert!(text.contains("req_1") && text.contains("sent"), "{text}");
}

#[test]
fn fatal_lets_only_fatal_lines_through() {
    let text = written("fatal", false, || {
        tracing::error!("an error");
        crate::fatal!("the end");
    });
    assert!(text.contains("\"level\":\"fatal\"") && text.contains("the end"));
    assert!(!text.contains("an error"));
}

#[test]
fn no_level_makes_headers_or_statements_show() {
    let text = written("trace,h2=trace,hyper=trace", false, || {
        tracing::event!(target: "h2::codec", Level::TRACE, "authorization: canary");
        tracing::event!(target: "sqlx::query", Level::INFO, "select canary");
        tracing::event!(target: "gateway", Level::TRACE, "shown");
    });
    assert!(text.contains("shown") && !text.contains("canary"), "{text}");
}

#[test]
fn what_is_no_level_is_refused_with_the_choice() {
    for wrong in ["", "loud", "info,=x", "gateway=loud"] {
        let error = level::filter(wrong).unwrap_err();
        assert!(error.to_string().contains("fatal, error, warn"), "{wrong}");
    }
    assert!(level::filter("info,gateway=debug").is_ok() && level::filter("FATAL").is_ok());
}

#[test]
fn the_level_changes_while_running() {
    let logs = init(&LogSettings::default()).unwrap();
    let trace_shows = || tracing::enabled!(target: "gateway", Level::DEBUG);
    assert!(!trace_shows());
    logs.set_level("debug").unwrap();
    assert!(trace_shows());
    assert_eq!(logs.level(), "debug");
    assert!(logs.set_level("loud").is_err());
    assert_eq!(logs.level(), "debug");
}
