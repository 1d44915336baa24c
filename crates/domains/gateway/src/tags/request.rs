//! The tags of a request: read, taken out, and followed.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use crypto::Marker;
use facts::Surface;
use llm::{Plan, Upstream};
use wire::Protocol;
use wire::splice::Edits;

use super::answer::Tagger;
use super::{BEFORE_CONTENT, Sealer, What, is_shared, split_content};
use crate::error::GatewayError;
use crate::gateway::State;
use crate::plan::Request;

/// What a request's tags said, and what of its answer is to be tagged.
#[derive(Debug, Default)]
pub(crate) struct Ties {
    /// Takes the tags out of the body.
    pub edits: Edits,
    /// `None` where nothing of an answer is tagged.
    sealer: Option<Sealer>,
    /// The answer's id is of use later.
    ids: bool,
    /// Another account could be asked next time.
    contents: bool,
    /// What the answer goes on from, by its provider's id.
    previous: Option<String>,
}

/// Reads the tags of a request and leaves those targets in the plan that can follow them. On a native route callers
/// see the provider's own ids.
pub(crate) fn untie(
    marker: &Arc<Marker>,
    state: &State,
    request: &Request<'_>,
    body: &[u8],
    is_native: bool,
    plan: &mut Plan,
) -> Result<Ties, GatewayError> {
    let mut ties = Ties::default();
    if request.way.protocol != Protocol::Responses {
        return Ok(ties);
    }
    let sealer = &Sealer::new(marker, request.caller.principal.org);
    if !is_native {
        ties.sealer = Some(sealer.clone());
        ties.ids =
            request.way.surface != Surface::CountTokens && request.envelope.store != Some(false);
        let first = plan.first().map(|target| target.upstream.name.clone());
        ties.contents = plan
            .iter()
            .any(|target| Some(&target.upstream.name) != first.as_ref());
    }
    let sealed_by = take_contents(sealer, state, body, &mut ties.edits);
    ties.follow(sealer, state, request, is_native, plan)?;
    if let Some(maker) = sealed_by
        && plan.iter().any(|target| target.upstream.name == maker.name)
    {
        plan.retain(|target| target.upstream.name == maker.name);
    }
    Ok(ties)
}

/// Takes the tags off all sealed contents; gives the maker of the last one whose tag is sound.
fn take_contents<'s>(
    sealer: &Sealer,
    state: &'s State,
    body: &[u8],
    edits: &mut Edits,
) -> Option<&'s Arc<Upstream>> {
    memchr::memmem::find(body, BEFORE_CONTENT.as_bytes())?;
    let mut last = None;
    for Range { start, end } in wire::retag::encrypted_contents(body) {
        if let Some((tag, content)) = split_content(&body[start..end]) {
            edits.replace(start..end - content.len(), Bytes::new());
            let maker = sealer.provider(&state.catalogue, tag, What::Content(content));
            last = maker.or(last);
        }
    }
    last
}

impl Ties {
    /// Goes where the previous response is.
    fn follow(
        &mut self,
        sealer: &Sealer,
        state: &State,
        request: &Request<'_>,
        is_native: bool,
        plan: &mut Plan,
    ) -> Result<(), GatewayError> {
        let envelope = request.envelope;
        let (Some(id), Some(span)) = (
            &envelope.previous_response_id,
            &envelope.previous_response_id_span,
        ) else {
            return Ok(());
        };
        if let Some((keeper, own_id)) = sealer.keeper(&state.catalogue, id) {
            plan.retain(|target| target.upstream.name == keeper.name);
            if plan.is_empty() {
                return Err(GatewayError::KeptElsewhere {
                    provider: keeper.name.to_string(),
                    model: envelope.model.clone(),
                });
            }
            // Only words are tagged, so nothing in it needs an escape.
            self.edits.replace(span.clone(), format!("\"{own_id}\""));
            self.previous = Some(own_id.to_owned());
        } else if !is_native && plan.iter().any(|target| is_shared(&target.upstream)) {
            // Not made here for this caller; other accounts may know it.
            plan.retain(|target| {
                !is_shared(&target.upstream)
                    && llm::endpoint(target.upstream.kind, Protocol::Responses).is_some()
            });
            if plan.is_empty() {
                return Err(GatewayError::unknown_response(
                    id,
                    Some("previous_response_id"),
                ));
            }
        }
        Ok(())
    }

    /// What tags the answer of this provider in the caller's own protocol.
    pub fn tagger(&self, upstream: &Upstream) -> Option<Box<Tagger>> {
        let sealer = self.sealer.as_ref().filter(|_| is_shared(upstream))?;
        if !self.ids && !self.contents && self.previous.is_none() {
            return None;
        }
        let mut tagger = Tagger::new(sealer.clone(), upstream.name.clone());
        tagger.learns_id = self.ids;
        tagger.contents = self.contents;
        if let Some(id) = &self.previous {
            tagger.goes_on_from(id);
        }
        Some(Box::new(tagger))
    }
}
