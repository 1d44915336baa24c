//! The route tag. Ids of stored responses and sealed reasoning can be used at the account that made them and nowhere
//! else; so they leave with a sealed word that names the provider and holds for one organisation. Any process of the
//! house reads it, and nothing is remembered.

mod answer;
mod passing;
mod request;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crypto::{Mark, Marker};
use kernel::OrgId;
use llm::config::CredentialSource;
use llm::{Catalogue, ProviderKind, Upstream};
use wire::Protocol;

pub(crate) use answer::Tagger;
pub(crate) use passing::Passing;
pub(crate) use request::{Ties, untie};

/// Characters of a tag: base64url of version, provider and mark.
const TAG: usize = 18;
const BYTES: usize = 1 + 4 + size_of::<Mark>();
const VERSION: u8 = 1;
/// Between an id and its tag.
const BEHIND_ID: &str = "-sy1";
/// What sealed content with a tag begins with; a dot follows the tag.
const BEFORE_CONTENT: &str = "sy1.";
/// So much of sealed content goes into its mark.
const CONTENT_HEAD: usize = 64;

/// What a tag is for.
#[derive(Debug, Clone, Copy)]
enum What<'a> {
    /// A response, by its provider's id.
    Id(&'a str),
    /// Sealed content, as it is written.
    Content(&'a [u8]),
}

impl<'a> What<'a> {
    fn parts(self) -> [&'a [u8]; 2] {
        match self {
            Self::Id(id) => [b"id", id.as_bytes()],
            Self::Content(text) => [b"content", &text[..text.len().min(CONTENT_HEAD)]],
        }
    }
}

/// Makes and reads the tags of one organisation.
#[derive(Debug, Clone)]
pub(crate) struct Sealer {
    marker: Arc<Marker>,
    org: [u8; 16],
}

impl Sealer {
    pub fn new(marker: &Arc<Marker>, org: OrgId) -> Self {
        Self {
            marker: marker.clone(),
            org: org.as_u128().to_be_bytes(),
        }
    }

    fn tag(&self, provider: &str, what: What<'_>) -> [u8; TAG] {
        let [kind, text] = what.parts();
        let mark = self
            .marker
            .mark(&[&self.org, provider.as_bytes(), kind, text]);
        let mut bytes = [VERSION; BYTES];
        bytes[1..5].copy_from_slice(&crypto::short_name(provider));
        bytes[5..].copy_from_slice(&mark);
        let mut tag = [0; TAG];
        let written = URL_SAFE_NO_PAD.encode_slice(bytes, &mut tag);
        debug_assert_eq!(written, Ok(TAG));
        tag
    }

    /// The provider that a tag names, if the tag was made here, for this and for the same organisation.
    fn provider<'c>(
        &self,
        catalogue: &'c Catalogue,
        tag: &[u8],
        what: What<'_>,
    ) -> Option<&'c Arc<Upstream>> {
        // The decoder asks for room in whole groups of three.
        let mut bytes = [0; BYTES + 2];
        let read = URL_SAFE_NO_PAD.decode_slice(tag, &mut bytes).ok()?;
        if read != BYTES || bytes[0] != VERSION {
            return None;
        }
        let mut mark = Mark::default();
        mark.copy_from_slice(&bytes[5..BYTES]);
        let [kind, text] = what.parts();
        catalogue.providers().find(|upstream| {
            let name = &upstream.name;
            crypto::short_name(name) == bytes[1..5]
                && self
                    .marker
                    .holds(mark, &[&self.org, name.as_bytes(), kind, text])
        })
    }

    /// The provider that keeps the response which callers know by this id, and the id that it has there.
    pub fn keeper<'c, 'i>(
        &self,
        catalogue: &'c Catalogue,
        id: &'i str,
    ) -> Option<(&'c Arc<Upstream>, &'i str)> {
        let (id, tag) = id.split_at_checked(id.len().checked_sub(TAG)?)?;
        let id = id.strip_suffix(BEHIND_ID)?;
        let upstream = self.provider(catalogue, tag.as_bytes(), What::Id(id))?;
        keeps_responses(upstream).then_some((upstream, id))
    }
}

/// Tag and content of what may be sealed content with a tag.
fn split_content(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (tag, rest) = text
        .strip_prefix(BEFORE_CONTENT.as_bytes())?
        .split_at_checked(TAG)?;
    Some((tag, rest.strip_prefix(b".")?))
}

/// Whether a provider keeps responses of its own.
pub(crate) fn keeps_responses(upstream: &Upstream) -> bool {
    upstream.kind != ProviderKind::Sim
        && llm::endpoint(upstream.kind, Protocol::Responses).is_some()
}

/// Whether what a provider keeps lies in our account, where callers of several organisations meet.
fn is_shared(upstream: &Upstream) -> bool {
    keeps_responses(upstream) && upstream.credential == CredentialSource::Key
}
