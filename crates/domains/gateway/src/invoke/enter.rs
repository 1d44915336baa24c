//! The way into a provider: the credential that it asks for, its breaker, a place among its calls.

use guard::{Pass, Slot};
use http::HeaderMap;
use llm::Upstream;
use llm::config::CredentialSource;

use crate::error::GatewayError;
use crate::headers;

/// Whether the caller's own credential goes upstream; it must then be there beside our key.
pub(crate) fn check_credential(
    upstream: &Upstream,
    headers: &HeaderMap,
) -> Result<bool, GatewayError> {
    if upstream.credential != CredentialSource::Client {
        return Ok(false);
    }
    if headers::has_client_credential(headers) {
        Ok(true)
    } else {
        Err(GatewayError::ClientCredentialMissing(
            upstream.name.to_string(),
        ))
    }
}

/// Passes the breaker and takes a place at the provider.
pub(crate) async fn enter(upstream: &Upstream) -> Result<(Pass, Slot), GatewayError> {
    let pass = upstream
        .breaker
        .try_acquire()
        .map_err(|open| GatewayError::BreakerOpen {
            provider: upstream.name.to_string(),
            retry_after_s: open.retry_after_ms.div_ceil(1_000).max(1),
        })?;
    let slot = upstream
        .bulkhead
        .acquire()
        .await
        .map_err(|_| GatewayError::Overloaded {
            provider: upstream.name.to_string(),
        })?;
    Ok((pass, slot))
}
