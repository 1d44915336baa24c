//! Signatures that a provider gives with a tool call and wants back with it, kept for callers whose protocol has no place
//! for them. Bounded and of this process: what is forgotten costs the next answer some of its thought, never the call.

use std::time::Duration;

use kernel::OrgId;
use moka::sync::Cache;

/// Bytes of ids and signatures together.
const MAX_BYTES: u64 = 64 << 20;
/// After this long without use a conversation is over.
const KEPT: Duration = Duration::from_secs(6 * 3_600);

/// Signatures by organisation and tool call.
#[derive(Debug)]
pub(crate) struct Signatures {
    by_call: Cache<(OrgId, String), String>,
}

impl Default for Signatures {
    fn default() -> Self {
        Self {
            by_call: Cache::builder()
                .max_capacity(MAX_BYTES)
                .weigher(|(_, call): &(OrgId, String), signature: &String| {
                    u32::try_from(call.len() + signature.len()).unwrap_or(u32::MAX)
                })
                .time_to_idle(KEPT)
                .build(),
        }
    }
}

impl Signatures {
    pub fn keep(&self, org: OrgId, call: String, signature: String) {
        self.by_call.insert((org, call), signature);
    }

    pub fn of(&self, org: OrgId, call: &str) -> Option<String> {
        self.by_call.get(&(org, call.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_known_to_its_organisation_alone() {
        let (one, other) = (OrgId::new(), OrgId::new());
        let signatures = Signatures::default();
        signatures.keep(one, "call_1".to_owned(), "s".to_owned());
        assert_eq!(signatures.of(one, "call_1").as_deref(), Some("s"));
        assert_eq!(signatures.of(one, "call_2"), None);
        assert_eq!(signatures.of(other, "call_1"), None);
    }
}
