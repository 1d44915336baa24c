//! Where a payload lies: `payloads/ORG/2026-11-21/CALL.json.zst`. Days sort as text, so that old ones go first.

use kernel::{CallId, OrgId, Timestamp};
use object_store::path::Path;

/// The folder of all payloads.
pub(crate) const ROOT: &str = "payloads";

/// Whose payload, of which call, begun when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// The tenant.
    pub org: OrgId,
    /// The call.
    pub call: CallId,
    /// When it was admitted; its day in UTC is part of the path.
    pub at: Timestamp,
}

impl Key {
    pub(crate) fn path(&self) -> Path {
        Path::from_iter([
            ROOT.to_owned(),
            self.org.to_string(),
            day(self.at),
            format!("{}.json.zst", self.call),
        ])
    }
}

/// The day of an instant in UTC.
pub(crate) fn day(at: Timestamp) -> String {
    at.to_utc().format("%Y-%m-%d").to_string()
}

/// The day of a folder below a tenant's.
pub(crate) fn day_of(folder: &Path) -> Option<&str> {
    let day = folder.filename()?;
    let shape: String = day
        .chars()
        .map(|char| if char.is_ascii_digit() { '0' } else { char })
        .collect();
    (shape == "0000-00-00").then_some(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_hold_tenant_day_and_call() {
        let key = Key {
            org: OrgId::from_u128(1),
            call: CallId::from_u128(2),
            at: Timestamp::parse("2026-11-21T23:59:59Z").unwrap(),
        };
        assert_eq!(
            key.path().as_ref(),
            "payloads/org_00000000000000000000000001/2026-11-21/call_00000000000000000000000002.json.zst"
        );
        assert_eq!(
            day_of(&Path::from("payloads/org_1/2026-11-21")),
            Some("2026-11-21")
        );
        assert_eq!(day_of(&Path::from("payloads/org_1/lost+found")), None);
    }
}
