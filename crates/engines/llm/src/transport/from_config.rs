//! What the settings of a provider mean for the way to it: its address, credential, headers, query and proxy.
//! Errors are sentences without a path prefix and without secrets; the caller names the setting.

use std::borrow::Cow;
use std::path::Path;

use base64::Engine as _;
use config::Secret;
use http::Uri;
use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use http::uri::Authority;
use hyper_util::client::proxy::matcher::Matcher;

use super::connect::Proxy;
use super::upstream::UpstreamOptions;
use crate::cloud;
use crate::config::{CredentialSource, ProviderConfig};
use crate::kind::ProviderKind;

/// Where a provider is.
pub(super) fn base_url(config: &ProviderConfig) -> Result<Uri, String> {
    let public = match config.kind {
        ProviderKind::Anthropic => Some("https://api.anthropic.com".into()),
        ProviderKind::OpenAi => Some("https://api.openai.com/v1".into()),
        ProviderKind::DeepSeek => Some("https://api.deepseek.com/v1".into()),
        ProviderKind::Gemini => Some("https://generativelanguage.googleapis.com".into()),
        ProviderKind::Sim => Some("http://sim.invalid".into()),
        ProviderKind::Bedrock | ProviderKind::Vertex => cloud::default_base(config),
        ProviderKind::OpenAiCompatible | ProviderKind::Azure => None,
    };
    let own = config.base_url.as_deref().map(|base| match config.kind {
        ProviderKind::Azure => cloud::azure_resource(base),
        _ => base,
    });
    let Some(text) = own.map(Cow::Borrowed).or(public) else {
        return Err(format!(
            "a provider of kind {} needs its address here",
            config.kind.as_str()
        ));
    };
    let uri: Uri = text
        .parse()
        .map_err(|_| "this is no URL; expected http(s)://host[:port][/path]".to_owned())?;
    match (uri.scheme_str(), uri.authority(), uri.query()) {
        (_, Some(authority), _) if authority.as_str().contains('@') => {
            Err("an address holds no credential; use api_key or headers".to_owned())
        }
        (Some("http" | "https"), Some(_), None) => Ok(uri),
        _ => Err(
            "this is no base URL; expected http(s)://host[:port][/path] without a query".to_owned(),
        ),
    }
}

/// The region that decides the price: a cloud's own region decides its address.
pub(super) fn priced_region(config: &ProviderConfig) -> Option<String> {
    let is_address = matches!(config.kind, ProviderKind::Bedrock | ProviderKind::Vertex);
    config.region.clone().filter(|_| !is_address)
}

/// The credential as this kind of provider takes it.
pub(super) fn auth_header(
    config: &ProviderConfig,
) -> Result<Option<(HeaderName, HeaderValue)>, String> {
    let Some(key) = &config.api_key else {
        return Ok(None);
    };
    if config.credential == CredentialSource::Client {
        return Err("credential = \"client\" sends the caller's own; leave the key out".to_owned());
    }
    let (name, value) = match config.kind {
        ProviderKind::Anthropic => (
            HeaderName::from_static("x-api-key"),
            HeaderValue::from_str(key.expose()),
        ),
        ProviderKind::Gemini => (
            HeaderName::from_static("x-goog-api-key"),
            HeaderValue::from_str(key.expose()),
        ),
        ProviderKind::Azure => {
            let (name, value) = cloud::azure_key_header(key.expose());
            (name, HeaderValue::from_str(&value))
        }
        _ => (
            AUTHORIZATION,
            HeaderValue::from_str(&format!("Bearer {}", key.expose())),
        ),
    };
    let mut value = value.map_err(|_| {
        "the key holds characters that no header may hold; is there a line break at its end?"
            .to_owned()
    })?;
    value.set_sensitive(true);
    Ok(Some((name, value)))
}

/// The headers that go with every request; a fault comes with the header's name.
pub(super) fn headers(config: &ProviderConfig) -> Result<HeaderMap, (&str, String)> {
    let mut headers = HeaderMap::new();
    for (name, value) in &config.headers {
        let header: HeaderName = name
            .parse()
            .map_err(|_| (name.as_str(), "this is no valid header name".to_owned()))?;
        let mut value = HeaderValue::from_str(value.expose()).map_err(|_| {
            let reason = "the value holds characters that no header may hold".to_owned();
            (name.as_str(), reason)
        })?;
        value.set_sensitive(true);
        headers.insert(header, value);
    }
    Ok(headers)
}

/// The query that goes with every request, encoded.
pub(super) fn query(config: &ProviderConfig) -> String {
    let mut encoder = url::form_urlencoded::Serializer::new(String::new());
    encoder.extend_pairs(&config.query);
    let query = encoder.finish();
    // Amazon's signatures know only one way to write a space.
    if config.kind == ProviderKind::Bedrock {
        return query.replace('+', "%20");
    }
    query
}

/// The files of the client's certificate and its key; a fault comes with the setting that is missing.
pub(super) fn client_certificate(
    config: &ProviderConfig,
) -> Result<Option<(&Path, &Path)>, (&'static str, String)> {
    match (&config.client_cert_file, &config.client_key_file) {
        (Some(chain), Some(key)) => Ok(Some((chain, key))),
        (None, None) => Ok(None),
        (Some(_), None) => Err((
            "client_key_file",
            "is needed beside client_cert_file".into(),
        )),
        (None, Some(_)) => Err((
            "client_cert_file",
            "is needed beside client_key_file".into(),
        )),
    }
}

/// The proxy on the way to `target`.
pub(super) fn proxy(
    config: &ProviderConfig,
    options: &UpstreamOptions,
    target: &Authority,
) -> Result<Option<Proxy>, String> {
    let general = options.proxy.as_ref();
    proxy_for(
        config.proxy.as_ref(),
        general,
        &options.no_proxy,
        target.host(),
    )
    .map(read_proxy)
    .transpose()
}

/// The URL of the proxy on the way to a provider at `host`: its own, where it names one (`none` is the direct way), else the
/// general one. That is for the world outside: never for this machine, nor for what `no_proxy` lists.
#[must_use]
pub fn proxy_for<'a>(
    own: Option<&'a Secret>,
    general: Option<&'a Secret>,
    no_proxy: &str,
    host: &str,
) -> Option<&'a Secret> {
    match own {
        Some(own) => Some(own).filter(|own| own.expose() != "none"),
        None => general.filter(|_| !is_loopback(host) && !is_exempt(host, no_proxy)),
    }
}

/// Whether a list as in `NO_PROXY` holds the host: names with all below them, addresses, networks, or `*`.
fn is_exempt(host: &str, no_proxy: &str) -> bool {
    let Ok(target) = format!("http://{host}/").parse::<Uri>() else {
        return false;
    };
    // The matcher wants a proxy to exempt from; which one does not matter.
    let matcher = Matcher::builder().all("http://proxy").no(no_proxy).build();
    matcher.intercept(&target).is_none()
}

fn read_proxy(text: &Secret) -> Result<Proxy, String> {
    const EXPECTED: &str = "expected http://[name:password@]host[:port]";
    let url = url::Url::parse(text.expose())
        .map_err(|error| format!("this is no proxy URL ({error}); {EXPECTED}"))?;
    if url.scheme() != "http" {
        return Err(format!("only http:// proxies are supported; {EXPECTED}"));
    }
    let host = url
        .host_str()
        .ok_or_else(|| format!("the proxy URL names no host; {EXPECTED}"))?;
    let address: Uri = format!("http://{host}:{}", url.port().unwrap_or(80))
        .parse()
        .map_err(|_| format!("the proxy URL names no usable host; {EXPECTED}"))?;
    let authorization = if url.username().is_empty() {
        None
    } else {
        let pair = [
            percent_decoded(url.username()),
            b":".to_vec(),
            percent_decoded(url.password().unwrap_or("")),
        ]
        .concat();
        let basic = base64::engine::general_purpose::STANDARD.encode(pair);
        let mut value = HeaderValue::from_str(&format!("Basic {basic}"))
            .map_err(|_| "the proxy's credential cannot be sent".to_owned())?;
        value.set_sensitive(true);
        Some(value)
    };
    Ok(Proxy {
        address,
        authorization,
    })
}

/// Names and passwords stand percent-encoded in a URL.
fn percent_decoded(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let code = after
            .get(..2)
            .filter(|_| byte == b'%')
            .and_then(|two| std::str::from_utf8(two).ok())
            .and_then(|two| u8::from_str_radix(two, 16).ok());
        out.push(code.unwrap_or(byte));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    out
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
