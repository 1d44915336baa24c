//! What must hold for any body that seals are taken out of: JSON stays JSON, and nothing is left to take.

use serde_json::value::RawValue;
use wire::Protocol;

/// A body of any protocol.
pub fn unseal(data: &[u8]) {
    for caller in [Protocol::Chat, Protocol::Responses, Protocol::Messages] {
        let Some(left) = translate::unseal(caller, data) else {
            continue;
        };
        assert!(left.len() < data.len());
        assert!(serde_json::from_slice::<&RawValue>(&left).is_ok());
        assert!(translate::unseal(caller, &left).is_none());
    }
}
