//! The two facts of every call as JSON, written field by field: the same bytes that serde makes of [`crate::Fact`], at a
//! quarter of the cost. A test holds both forms together; reading them is serde's work.

use std::collections::BTreeMap;
use std::io::Write as _;

use kernel::id::IdText;
use kernel::tokens::ServerTools;
use kernel::{Timestamp, Usage};
use serde::Serialize;

use crate::call::{Attempt, CallClosed, CallOpened, Cost};

/// Appends the JSON of an opened fact.
pub fn opened(fact: &CallOpened, out: &mut Vec<u8>) {
    let mut line = Line { out };
    line.raw(b"{\"fact\":\"opened\"");
    line.ids([
        fact.id.text(),
        fact.request.text(),
        fact.org.text(),
        fact.project.text(),
        fact.key.text(),
    ]);
    line.text(b",\"surface\":", fact.surface.as_str());
    line.text(b",\"requested_model\":", &fact.requested_model);
    line.text(b",\"provider\":", &fact.provider);
    line.text(b",\"upstream_model\":", &fact.upstream_model);
    line.flag(b",\"stream\":", fact.stream);
    line.time(b",\"at\":", fact.at);
    line.number(b",\"input_estimate\":", fact.input_estimate);
    line.signed(b",\"input_estimate_nano\":", fact.input_estimate_nano.0);
    line.signed(b",\"reserved_nano\":", fact.reserved_nano.0);
    line.flag(b",\"billed_by_client\":", fact.billed_by_client);
    line.flag(b",\"unpriced\":", fact.unpriced);
    line.tags(&fact.tags);
    line.optional(b",\"session\":", fact.session.as_deref());
    line.raw(b"}");
}

/// Appends the JSON of a closed fact.
pub fn closed(fact: &CallClosed, out: &mut Vec<u8>) {
    let mut line = Line { out };
    line.raw(b"{\"fact\":\"closed\"");
    line.ids([
        fact.id.text(),
        fact.request.text(),
        fact.org.text(),
        fact.project.text(),
        fact.key.text(),
    ]);
    line.text(b",\"surface\":", fact.surface.as_str());
    line.text(b",\"requested_model\":", &fact.requested_model);
    line.text(b",\"model\":", &fact.model);
    line.text(b",\"provider\":", &fact.provider);
    line.flag(b",\"stream\":", fact.stream);
    line.text(b",\"status\":", fact.status.as_str());
    line.number(b",\"http_status\":", fact.http_status.into());
    line.optional(b",\"error_code\":", fact.error_code.as_deref());
    line.optional(b",\"error\":", fact.error.as_deref());
    line.time(b",\"started_at\":", fact.started_at);
    line.number(b",\"duration_us\":", fact.duration_us);
    if let Some(first_byte_us) = fact.first_byte_us {
        line.number(b",\"first_byte_us\":", first_byte_us);
    }
    line.usage(&fact.usage);
    line.tools(&fact.tools);
    line.cost(&fact.cost);
    line.optional(b",\"service\":", fact.service.as_deref());
    line.optional(b",\"response_id\":", fact.response_id.as_deref());
    line.optional(b",\"stop_reason\":", fact.stop_reason.as_deref());
    line.number(b",\"request_bytes\":", fact.request_bytes);
    line.number(b",\"response_bytes\":", fact.response_bytes);
    line.tags(&fact.tags);
    line.optional(b",\"session\":", fact.session.as_deref());
    line.optional(b",\"client\":", fact.client.as_deref());
    line.optional(b",\"end_user\":", fact.end_user.as_deref());
    line.flag(b",\"captured\":", fact.captured);
    line.raw(b",\"attempts\":[");
    for (index, attempt) in fact.attempts.iter().enumerate() {
        line.attempt(index > 0, attempt);
    }
    line.raw(b"]}");
}

/// The bytes that stand for themselves in a JSON string.
static PLAIN: [bool; 256] = {
    let mut plain = [true; 256];
    let mut control = 0;
    while control < 0x20 {
        plain[control] = false;
        control += 1;
    }
    plain[b'"' as usize] = false;
    plain[b'\\' as usize] = false;
    plain
};

struct Line<'a> {
    out: &'a mut Vec<u8>,
}

/// Keys come as arrays: their lengths are then known where they are copied, and no copy is a call.
impl Line<'_> {
    fn raw<const N: usize>(&mut self, bytes: &[u8; N]) {
        self.out.extend_from_slice(bytes);
    }

    /// Who a call is of: the same five ids open every fact.
    fn ids(&mut self, [id, request, org, project, key]: [IdText; 5]) {
        self.id(b",\"id\":\"", &id);
        self.id(b",\"request\":\"", &request);
        self.id(b",\"org\":\"", &org);
        self.id(b",\"project\":\"", &project);
        self.id(b",\"key\":\"", &key);
    }

    fn id<const N: usize>(&mut self, key: &[u8; N], id: &IdText) {
        self.raw(key);
        self.out.extend_from_slice(id.as_bytes());
        self.out.push(b'"');
    }

    fn text<const N: usize>(&mut self, key: &[u8; N], text: &str) {
        self.raw(key);
        self.string(text);
    }

    fn string(&mut self, text: &str) {
        let plain = text.bytes().all(|byte| PLAIN[usize::from(byte)]);
        if plain {
            self.out.push(b'"');
            self.out.extend_from_slice(text.as_bytes());
            self.out.push(b'"');
        } else {
            self.value(&text);
        }
    }

    fn optional<const N: usize>(&mut self, key: &[u8; N], text: Option<&str>) {
        if let Some(text) = text {
            self.text(key, text);
        }
    }

    fn flag<const N: usize>(&mut self, key: &[u8; N], flag: bool) {
        self.raw(key);
        if flag {
            self.raw(b"true");
        } else {
            self.raw(b"false");
        }
    }

    fn number<const N: usize>(&mut self, key: &[u8; N], number: u64) {
        self.raw(key);
        self.digits(number);
    }

    fn signed<const N: usize>(&mut self, key: &[u8; N], number: i64) {
        self.raw(key);
        if number < 0 {
            self.out.push(b'-');
        }
        self.digits(number.unsigned_abs());
    }

    fn digits(&mut self, number: u64) {
        let mut digits = itoa::Buffer::new();
        self.out.extend_from_slice(digits.format(number).as_bytes());
    }

    fn time<const N: usize>(&mut self, key: &[u8; N], at: Timestamp) {
        self.raw(key);
        self.out.push(b'"');
        match at.text() {
            Some(text) => self.raw(&text),
            None => {
                // Writing into memory does not fail.
                let _ = write!(self.out, "{at}");
            }
        }
        self.out.push(b'"');
    }

    /// An object of counts; those that are zero are left out.
    fn counts<const N: usize>(&mut self, key: &[u8; N], counts: &[(&str, u64)]) {
        self.raw(key);
        let mut before = b'{';
        for (name, count) in counts.iter().filter(|(_, count)| *count != 0) {
            self.out.push(before);
            self.out.push(b'"');
            self.out.extend_from_slice(name.as_bytes());
            self.raw(b"\":");
            self.digits(*count);
            before = b',';
        }
        if before == b'{' {
            self.out.push(before);
        }
        self.out.push(b'}');
    }

    fn usage(&mut self, usage: &Usage) {
        self.counts(
            b",\"usage\":",
            &[
                ("input", usage.input),
                ("cache_read", usage.cache_read),
                ("cache_write_5m", usage.cache_write_5m),
                ("cache_write_1h", usage.cache_write_1h),
                ("cache_write_30m", usage.cache_write_30m),
                ("cache_write_12h", usage.cache_write_12h),
                ("audio_in", usage.audio_in),
                ("image_in", usage.image_in),
                ("output", usage.output),
                ("reasoning", usage.reasoning),
                ("audio_out", usage.audio_out),
                ("image_out", usage.image_out),
            ],
        );
    }

    fn tools(&mut self, tools: &ServerTools) {
        self.counts(
            b",\"tools\":",
            &[
                ("web_search", tools.web_search),
                ("web_fetch", tools.web_fetch),
                ("file_search", tools.file_search),
                ("code_execution", tools.code_execution),
            ],
        );
    }

    fn tags(&mut self, tags: &BTreeMap<String, String>) {
        if !tags.is_empty() {
            self.raw(b",\"tags\":");
            self.value(tags);
        }
    }

    fn cost(&mut self, cost: &Cost) {
        self.signed(b",\"cost\":{\"nano_usd\":", cost.nano_usd.0);
        self.flag(b",\"estimated\":", cost.estimated);
        self.flag(b",\"unpriced\":", cost.unpriced);
        self.flag(b",\"billed_by_client\":", cost.billed_by_client);
        self.out.push(b'}');
    }

    fn attempt(&mut self, follows: bool, attempt: &Attempt) {
        if follows {
            self.out.push(b',');
        }
        self.text(b"{\"provider\":", &attempt.provider);
        self.text(b",\"model\":", &attempt.model);
        self.number(b",\"started_us\":", attempt.started_us);
        self.number(b",\"duration_us\":", attempt.duration_us);
        if let Some(status) = attempt.http_status {
            self.number(b",\"http_status\":", status.into());
        }
        self.optional(b",\"error\":", attempt.error.as_deref());
        self.optional(
            b",\"upstream_request_id\":",
            attempt.upstream_request_id.as_deref(),
        );
        self.out.push(b'}');
    }

    /// What is rare is left to serde.
    fn value(&mut self, value: &impl Serialize) {
        // Plain values written into memory: neither can fail.
        let _ = serde_json::to_writer(&mut *self.out, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CallStatus, Fact, Surface};
    use kernel::{CallId, KeyId, Nano, OrgId, ProjectId, RequestId};
    use proptest::prelude::*;

    fn texts() -> impl Strategy<Value = String> {
        prop_oneof![
            Just("gpt-5".to_owned()),
            ".{0,12}",
            "[\"\\\\\n\u{7f}é🌍a]{0,8}"
        ]
    }

    fn maybe() -> impl Strategy<Value = Option<String>> {
        proptest::option::of(texts())
    }

    /// Zero as often as not.
    fn count() -> impl Strategy<Value = u64> {
        prop_oneof![Just(0), any::<u64>()]
    }

    prop_compose! {
        fn some_usage()(counts in proptest::array::uniform12(count())) -> Usage {
            let [input, cache_read, cache_write_5m, cache_write_1h, cache_write_30m, cache_write_12h, audio_in, image_in,
                output, reasoning, audio_out, image_out] = counts;
            Usage { input, cache_read, cache_write_5m, cache_write_1h, cache_write_30m, cache_write_12h, audio_in,
                image_in, output, reasoning, audio_out, image_out }
        }
    }

    prop_compose! {
        fn some_tools()(counts in proptest::array::uniform4(count())) -> ServerTools {
            let [web_search, web_fetch, file_search, code_execution] = counts;
            ServerTools { web_search, web_fetch, file_search, code_execution }
        }
    }

    prop_compose! {
        fn some_closed()(
            ids in any::<(u128, u128, u128)>(),
            names in (texts(), texts(), texts()),
            options in (maybe(), maybe(), maybe(), maybe(), maybe(), maybe()),
            counts in any::<(u64, u64, u64, u64, u16)>(),
            nano in any::<i64>(),
            flags in any::<(bool, bool, bool, bool, bool)>(),
            at in any::<i64>(),
            tags in proptest::collection::btree_map(texts(), texts(), 0..3),
            tries in 0..3usize,
            told in (some_usage(), some_tools()),
        ) -> CallClosed {
            let attempt = Attempt {
                provider: names.0.clone(),
                model: names.1.clone(),
                started_us: counts.0,
                duration_us: counts.1,
                http_status: flags.0.then_some(counts.4),
                error: options.0.clone(),
                upstream_request_id: options.1.clone(),
            };
            CallClosed {
                id: CallId::from_u128(ids.0),
                request: RequestId::from_u128(ids.1),
                org: OrgId::from_u128(ids.2),
                project: ProjectId::from_u128(ids.0),
                key: KeyId::from_u128(ids.1),
                surface: Surface::CountTokens,
                requested_model: names.0,
                model: names.1,
                provider: names.2,
                stream: flags.1,
                status: CallStatus::UpstreamFailed,
                http_status: counts.4,
                error_code: options.0,
                error: options.1,
                started_at: Timestamp(at),
                duration_us: counts.2,
                first_byte_us: flags.2.then_some(counts.3),
                usage: told.0,
                tools: told.1,
                cost: Cost {
                    nano_usd: Nano(nano),
                    estimated: flags.0,
                    unpriced: flags.1,
                    billed_by_client: flags.2,
                },
                service: options.2,
                response_id: options.3,
                stop_reason: options.4,
                request_bytes: counts.2,
                response_bytes: counts.3,
                tags,
                session: options.5.clone(),
                client: options.5.clone(),
                end_user: options.5,
                captured: flags.3,
                attempts: vec![attempt; tries],
            }
        }
    }

    proptest! {
        #[test]
        fn a_closed_fact_is_what_serde_makes_of_it(fact in some_closed()) {
            let mut out = Vec::new();
            closed(&fact, &mut out);
            let expected = serde_json::to_string(&Fact::Closed(Box::new(fact))).unwrap();
            prop_assert_eq!(String::from_utf8(out).unwrap(), expected);
        }

        #[test]
        fn an_opened_fact_is_what_serde_makes_of_it(from in some_closed(), nano in any::<i64>()) {
            let fact = CallOpened {
                id: from.id,
                request: from.request,
                org: from.org,
                project: from.project,
                key: from.key,
                surface: Surface::Chat,
                requested_model: from.requested_model,
                provider: from.provider,
                upstream_model: from.model,
                stream: from.stream,
                at: from.started_at,
                input_estimate: from.duration_us,
                input_estimate_nano: Nano(nano),
                reserved_nano: from.cost.nano_usd,
                billed_by_client: from.captured,
                unpriced: from.cost.unpriced,
                tags: from.tags,
                session: from.session,
            };
            let mut out = Vec::new();
            opened(&fact, &mut out);
            let expected = serde_json::to_string(&Fact::Opened(Box::new(fact))).unwrap();
            prop_assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
