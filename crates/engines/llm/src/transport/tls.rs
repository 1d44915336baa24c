//! TLS settings of one provider: public authorities, a company's own, a client certificate.

use std::path::Path;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A file that TLS cannot be set up with.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// Of the authorities.
    #[error("{0}")]
    Authorities(String),
    /// Of the client's certificate.
    #[error("{0}")]
    Certificate(String),
    /// Of the client's key.
    #[error("{0}")]
    Key(String),
}

impl TlsError {
    /// The setting that names the file.
    pub const fn setting(&self) -> &'static str {
        match self {
            Self::Authorities(_) => "ca_file",
            Self::Certificate(_) => "client_cert_file",
            Self::Key(_) => "client_key_file",
        }
    }
}

/// Builds the client side of TLS. `client_cert` is the chain and its key.
pub fn client_config(
    ca_file: Option<&Path>,
    client_cert: Option<(&Path, &Path)>,
) -> Result<ClientConfig, TlsError> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    if let Some(path) = ca_file {
        let found = certificates(path).map_err(TlsError::Authorities)?;
        let (_, ignored) = roots.add_parsable_certificates(found);
        if ignored > 0 {
            return Err(TlsError::Authorities(format!(
                "{} holds {ignored} certificates that cannot be read",
                path.display()
            )));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Authorities(error.to_string()))?
        .with_root_certificates(roots);
    match client_cert {
        None => Ok(builder.with_no_client_auth()),
        Some((chain, key)) => {
            let key = PrivateKeyDer::from_pem_file(key).map_err(|error| {
                let key = key.display();
                TlsError::Key(format!("{key} holds no readable private key: {error}"))
            })?;
            let chain = certificates(chain).map_err(TlsError::Certificate)?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| TlsError::Certificate(error.to_string()))
        }
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| format!("{} cannot be read as PEM: {error}", path.display()))?;
    if found.is_empty() {
        return Err(format!("{} holds no certificate", path.display()));
    }
    Ok(found)
}
