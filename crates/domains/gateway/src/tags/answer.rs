//! Tags in an answer: whole or block by block, spliced in; a block without them passes without a copy.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use wire::retag::{self, QuotedId};
use wire::splice::Edits;

use crate::headers;

use super::{BEFORE_CONTENT, BEHIND_ID, Sealer, TAG, What};

/// Tags what passes of one answer.
#[derive(Debug)]
pub(crate) struct Tagger {
    sealer: Sealer,
    provider: Arc<str>,
    /// The answer's own id is tagged once it is known.
    pub(super) learns_id: bool,
    /// Sealed contents are tagged.
    pub(super) contents: bool,
    own: Option<Tagged>,
    previous: Option<Tagged>,
    /// What the response goes on from is told by its key, at this depth.
    previous_at: Option<u32>,
}

/// An id, and what goes behind it.
#[derive(Debug)]
struct Tagged {
    id: QuotedId,
    tag: Bytes,
}

impl Tagged {
    /// Whether it stands there at all.
    fn put(&self, block: &[u8], edits: &mut Edits) -> bool {
        let mut is_there = false;
        for end in self.id.ends(block) {
            edits.insert(end, self.tag.clone());
            is_there = true;
        }
        is_there
    }
}

impl Tagger {
    pub(super) fn new(sealer: Sealer, provider: Arc<str>) -> Self {
        Self {
            sealer,
            provider,
            learns_id: false,
            contents: false,
            own: None,
            previous: None,
            previous_at: None,
        }
    }

    /// For what a provider tells of a response that it keeps.
    pub fn stored(sealer: Sealer, provider: Arc<str>, id: &str) -> Self {
        let mut tagger = Self::new(sealer, provider);
        tagger.own = tagger.tagged(id);
        tagger.previous_at = Some(1);
        tagger
    }

    pub(crate) fn in_events(mut self) -> Self {
        self.previous_at = self.previous_at.map(|_| 2);
        self
    }

    pub(super) fn goes_on_from(&mut self, id: &str) {
        self.previous = self.tagged(id);
    }

    fn tagged(&self, id: &str) -> Option<Tagged> {
        Some(Tagged {
            tag: self.behind(id),
            id: QuotedId::new(id)?,
        })
    }

    fn behind(&self, id: &str) -> Bytes {
        let tag = self.sealer.tag(&self.provider, What::Id(id));
        let mut behind = Vec::with_capacity(BEHIND_ID.len() + TAG);
        behind.extend_from_slice(BEHIND_ID.as_bytes());
        behind.extend_from_slice(&tag);
        behind.into()
    }

    /// What the caller gets of whole events, or of a whole answer. `id` is the answer's own, as soon as it is known.
    pub fn pass(&mut self, block: Bytes, id: Option<&str>) -> Bytes {
        if self.learns_id
            && let Some(id) = id
        {
            self.learns_id = false;
            self.own = self.tagged(id);
            // A provider that gives one id to all is tagged once.
            self.previous
                .take_if(|previous| previous.id.is(id.as_bytes()));
        }
        let mut edits = Edits::new();
        let own_is_there = self
            .own
            .as_ref()
            .is_none_or(|own| own.put(&block, &mut edits));
        // Both stand in the same object.
        if own_is_there && let Some(previous) = &self.previous {
            previous.put(&block, &mut edits);
        }
        if own_is_there && let Some(depth) = self.previous_at {
            for span in retag::previous_ids(&block, depth) {
                let is_own = |own: &Tagged| own.id.is(&block[span.clone()]);
                if let Ok(id) = std::str::from_utf8(&block[span.clone()])
                    && QuotedId::new(id).is_some()
                    && !self.own.as_ref().is_some_and(is_own)
                {
                    edits.insert(span.end, self.behind(id));
                }
            }
        }
        if self.contents {
            for span in retag::encrypted_contents(&block).filter(|span| !span.is_empty()) {
                let content = What::Content(&block[span.clone()]);
                let tag = self.sealer.tag(&self.provider, content);
                let mut before = Vec::with_capacity(BEFORE_CONTENT.len() + TAG + 1);
                before.extend_from_slice(BEFORE_CONTENT.as_bytes());
                before.extend_from_slice(&tag);
                before.push(b'.');
                edits.insert(span.start, before);
            }
        }
        if edits.is_empty() {
            return block;
        }
        edits.apply(&block)
    }

    /// The same for an answer that is here whole; `None` where it stays as it is. One that came encoded leaves plain.
    pub fn whole(&mut self, headers: &HeaderMap, bytes: &Bytes, max_bytes: usize) -> Option<Bytes> {
        let plain = match headers::encoding(headers) {
            None => bytes.clone(),
            Some(name) => wire::encoding::decode(name, bytes, max_bytes).ok()?,
        };
        let id = retag::top_id(&plain).map(str::to_owned);
        let before = plain.len();
        let tagged = self.pass(plain, id.as_deref());
        (tagged.len() > before).then_some(tagged)
    }
}
