//! What must hold for any bytes that a provider sends in the place of an HTTP/1 answer. The fuzz target and an ordinary
//! test of `llm` over its corpus share this.

#[path = "pieces.rs"]
mod pieces;

use http::Method;
use llm::transport::ExchangeError;
use llm::transport::replay::{Replayed, replay};
use pieces::pieces;

/// An answer comes to the same whatever its cuts, and holds no more than was sent.
pub fn answer(data: &[u8]) {
    let (stream, pieces) = pieces(data);
    for method in [Method::POST, Method::HEAD] {
        let whole = replay(method.clone(), &[stream]);
        let cut = replay(method, &pieces);
        let said = |read: &Result<Replayed, _>| read.as_ref().err().map(ExchangeError::to_string);
        assert_eq!(said(&whole), said(&cut));
        if let (Ok(whole), Ok(cut)) = (whole, cut) {
            agree(&whole, &cut, stream);
        }
    }
}

fn agree(whole: &Replayed, cut: &Replayed, stream: &[u8]) {
    assert_eq!(whole.answer.status(), cut.answer.status());
    assert_eq!(whole.answer.headers(), cut.answer.headers());
    assert_eq!(whole.answer.body(), cut.answer.body());
    assert!(whole.answer.body().len() < stream.len());
    assert!(!whole.pieces.contains(&0) && !cut.pieces.contains(&0));
    let end = |read: &Replayed| read.end.as_ref().map_err(ToString::to_string).copied();
    assert_eq!(end(whole), end(cut));
}
