//! The envelope that Bedrock and Vertex share for Claude: the model stands in the path, the version in the body.

use bytes::Bytes;
use guard::Glob;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use wire::splice::{Edits, value_of};

pub(super) const BETA: HeaderName = HeaderName::from_static("anthropic-beta");
pub(super) const VERSION: HeaderName = HeaderName::from_static("anthropic-version");

const NO_OBJECT: &str = "the body is no JSON object";

/// The betas that a provider takes; all where nothing is said.
#[derive(Debug)]
pub(super) struct Betas(Option<Vec<Glob>>);

impl Betas {
    pub fn new(globs: Option<&[String]>) -> Self {
        Self(globs.map(|globs| globs.iter().map(|glob| Glob::new(glob)).collect()))
    }

    fn takes(&self, beta: &str) -> bool {
        let globs = self.0.as_ref();
        globs.is_none_or(|globs| globs.iter().any(|glob| glob.matches(beta)))
    }

    /// Takes the header out: its betas that this provider takes, each once, and those that it does not.
    pub fn take(&self, headers: &mut HeaderMap) -> (Vec<String>, Vec<String>) {
        let (mut taken, mut dropped) = (Vec::new(), Vec::new());
        for value in headers.get_all(BETA) {
            let names = value.to_str().unwrap_or_default().split(',').map(str::trim);
            for name in names.filter(|name| !name.is_empty()) {
                self.sort(name, &mut taken, &mut dropped);
            }
        }
        headers.remove(BETA);
        (taken, dropped)
    }

    /// The same for the names that stand in a body already.
    pub fn sort(&self, name: &str, taken: &mut Vec<String>, dropped: &mut Vec<String>) {
        let to = if self.takes(name) { taken } else { dropped };
        if !to.iter().any(|known| known == name) {
            to.push(name.to_owned());
        }
    }

    /// Leaves those of the header that this provider takes; untouched where it takes all of them.
    pub fn filter(&self, headers: &mut HeaderMap) -> Vec<String> {
        if self.0.is_none() {
            return Vec::new();
        }
        let before: Vec<HeaderValue> = headers.get_all(BETA).iter().cloned().collect();
        let (taken, dropped) = self.take(headers);
        if dropped.is_empty() {
            for value in before {
                headers.append(BETA, value);
            }
        } else if let Ok(value) = HeaderValue::from_str(&taken.join(","))
            && !taken.is_empty()
        {
            headers.insert(BETA, value);
        }
        dropped
    }
}

/// The body with the version in it and without what the path says. Nothing else changes but the place of these members.
pub(super) fn body(body: &Bytes, version: &str, leave_out: &[&str]) -> Result<Bytes, String> {
    let mut names = vec!["anthropic_version"];
    names.extend(leave_out);
    let mut edits = Edits::new();
    let taken = edits.take_members(body, &names).ok_or(NO_OBJECT)?;
    edits.put_members(&taken, &format!("\"anthropic_version\":\"{version}\""));
    Ok(edits.apply(body))
}

/// The same with the header's betas in it, beside those that stand there. Gives the betas left out, too.
pub(super) fn body_with_betas(
    body: &Bytes,
    version: &str,
    leave_out: &[&str],
    betas: &Betas,
    headers: &mut HeaderMap,
) -> Result<(Bytes, Vec<String>), String> {
    let mut names = vec!["anthropic_version", "anthropic_beta"];
    names.extend(leave_out);
    let mut edits = Edits::new();
    let taken = edits.take_members(body, &names).ok_or(NO_OBJECT)?;
    let (mut wanted, mut dropped) = betas.take(headers);
    let mut members = format!("\"anthropic_version\":\"{version}\"");
    let own = taken
        .values
        .get(1)
        .cloned()
        .flatten()
        .and_then(|span| body.get(span));
    let listed: Option<Vec<String>> =
        own.map_or(Some(Vec::new()), |own| serde_json::from_slice(own).ok());
    match (listed, own) {
        (Some(listed), _) => {
            for name in listed {
                betas.sort(&name, &mut wanted, &mut dropped);
            }
            if !wanted.is_empty() {
                members.push_str(",\"anthropic_beta\":");
                members
                    .push_str(&serde_json::to_string(&wanted).map_err(|error| error.to_string())?);
            }
        }
        // Of a type that we do not know: the provider's to judge.
        (None, own) => {
            members.push_str(",\"anthropic_beta\":");
            members.push_str(&String::from_utf8_lossy(own.unwrap_or_default()));
        }
    }
    edits.put_members(&taken, &members);
    Ok((edits.apply(body), dropped))
}

/// The body with a bound on the answer where it has none: where tokens are counted by a rule made for calls. The bound
/// lies above that of thinking, as the rule wants.
pub(super) fn with_max_tokens(body: &Bytes) -> Result<Bytes, String> {
    #[derive(serde::Deserialize)]
    struct Thinking {
        #[serde(default)]
        budget_tokens: u64,
    }
    if value_of(body, "max_tokens").is_some() {
        return Ok(body.clone());
    }
    let thinking = value_of(body, "thinking").and_then(|span| body.get(span));
    let thinking: Option<Thinking> = thinking.and_then(|text| serde_json::from_slice(text).ok());
    let bound = thinking.map_or(1, |thinking| thinking.budget_tokens.saturating_add(1));
    let mut edits = Edits::new();
    let taken = edits.take_members(body, &[]).ok_or(NO_OBJECT)?;
    edits.put_members(&taken, &format!("\"max_tokens\":{bound}"));
    Ok(edits.apply(body))
}
