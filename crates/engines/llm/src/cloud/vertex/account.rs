//! A Google service account as its JSON describes it, and the assertion that it signs to get a token.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Uri;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde::Deserialize;
use serde_json::json;

/// What tokens are asked for.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// The longest that an assertion may hold.
const LIFETIME_S: i64 = 3_600;

/// An account that can sign.
pub(in crate::cloud) struct ServiceAccount {
    pub project_id: Option<String>,
    pub token_uri: Uri,
    email: String,
    key_id: Option<String>,
    key: RsaKeyPair,
}

impl std::fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceAccount")
            .field("email", &self.email)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Written {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    project_id: Option<String>,
    #[serde(default)]
    private_key_id: Option<String>,
    private_key: String,
    client_email: String,
    #[serde(default)]
    token_uri: Option<String>,
}

impl ServiceAccount {
    /// Reads the JSON that Google gives out for an account. No part of it is in the reasons.
    pub fn read(text: &str) -> Result<Self, String> {
        let written: Written = serde_json::from_str(text).map_err(|error| {
            let place = (error.line(), error.column());
            format!(
                "this is no service account's JSON with type, client_email and private_key (line {}, column {})",
                place.0, place.1
            )
        })?;
        if written.kind != "service_account" {
            return Err(
                "its `type` is not service_account; other kinds of credential are not supported"
                    .to_owned(),
            );
        }
        let token_uri: Uri = written
            .token_uri
            .as_deref()
            .unwrap_or("https://oauth2.googleapis.com/token")
            .parse()
            .map_err(|_| "its `token_uri` is no URL".to_owned())?;
        if token_uri.host().is_none() || !matches!(token_uri.scheme_str(), Some("http" | "https")) {
            return Err("its `token_uri` is no http(s) URL".to_owned());
        }
        let der = PrivatePkcs8KeyDer::from_pem_slice(written.private_key.as_bytes())
            .map_err(|_| "its `private_key` is no PKCS #8 key in PEM".to_owned())?;
        let key = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der())
            .map_err(|_| "its `private_key` is no RSA key that can be used".to_owned())?;
        Ok(Self {
            project_id: written.project_id.filter(|id| !id.is_empty()),
            token_uri,
            email: written.client_email,
            key_id: written.private_key_id,
            key,
        })
    }

    /// The signed claim that a token is given for, made at this second. It computes for a millisecond or two.
    pub fn assertion(&self, now_s: i64) -> Result<String, String> {
        let mut header = json!({"alg": "RS256", "typ": "JWT"});
        if let Some(id) = &self.key_id {
            header["kid"] = json!(id);
        }
        let claims = json!({
            "iss": self.email,
            "scope": SCOPE,
            "aud": self.token_uri.to_string(),
            "iat": now_s,
            "exp": now_s + LIFETIME_S,
        });
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let to_sign = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                to_sign.as_bytes(),
                &mut signature,
            )
            .map_err(|_| "the account's key could not sign".to_owned())?;
        Ok(format!("{to_sign}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
