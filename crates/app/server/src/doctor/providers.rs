//! Whether each provider can be reached and takes its key. It asks for the list of models, which costs nothing.

use std::time::Duration;

use gateway::GatewayConfig;
use llm::ProviderKind;
use llm::config::{CredentialSource, ProviderConfig};
use reqwest::{Certificate, Client, Identity, Proxy, RequestBuilder, Url};

use super::Finding;

const PATIENCE: Duration = Duration::from_secs(8);

/// Asks all providers at once.
pub async fn providers(settings: &gateway::GatewaySettings) -> Vec<Finding> {
    if settings
        .providers
        .iter()
        .all(|p| p.kind == ProviderKind::Sim)
    {
        return vec![Finding::warning(
            "providers",
            "none but the simulated one",
            "set ANTHROPIC_API_KEY, OPENAI_API_KEY, DEEPSEEK_API_KEY or GEMINI_API_KEY, or add [[providers]] to the settings file",
        )];
    }
    let asked = settings
        .providers
        .iter()
        .filter(|provider| provider.kind != ProviderKind::Sim)
        .map(|provider| ask(provider, &settings.gateway));
    futures_util::future::join_all(asked).await
}

async fn ask(provider: &ProviderConfig, general: &GatewayConfig) -> Finding {
    let subject = format!("provider {}", provider.name);
    let is_cloud = matches!(
        provider.kind,
        ProviderKind::Azure | ProviderKind::Bedrock | ProviderKind::Vertex
    );
    let own = provider.base_url.as_deref().filter(|_| !is_cloud);
    let base = own.or(match provider.kind {
        ProviderKind::Anthropic => Some("https://api.anthropic.com"),
        ProviderKind::OpenAi => Some("https://api.openai.com/v1"),
        ProviderKind::DeepSeek => Some("https://api.deepseek.com/v1"),
        _ => None,
    });
    let Some(base) = base.map(|base| base.trim_end_matches('/')) else {
        return Finding::fine(
            subject,
            "is not asked: its kind has no list of models to ask for",
        );
    };
    let url = match provider.kind {
        ProviderKind::Anthropic => format!("{base}/v1/models"),
        _ => format!("{base}/models"),
    };
    let url = match Url::parse_with_params(&url, &provider.query) {
        Ok(url) => url,
        Err(error) => {
            let remedy = "base_url is an address such as https://api.openai.com/v1";
            return Finding::failure(subject, format!("base_url: {error}"), remedy);
        }
    };
    let client = match client(provider, general, url.host_str().unwrap_or_default()) {
        Ok(client) => client,
        Err(error) => {
            let remedy = "check proxy, ca_file and client_cert_file of this provider";
            return Finding::failure(subject, format!("{error:#}"), remedy);
        }
    };
    match headers(provider, client.get(url)).send().await {
        Ok(answer) => word(provider, subject, answer.status().as_u16()),
        Err(error) => {
            // The URL may carry a key in its query.
            let error = error.without_url();
            let reason = std::error::Error::source(&error)
                .map_or_else(|| error.to_string(), ToString::to_string);
            Finding::failure(
                subject,
                format!("{base} cannot be reached: {reason}"),
                "check base_url, the network, and proxy or ca_file where this company needs them",
            )
        }
    }
}

fn headers(provider: &ProviderConfig, mut request: RequestBuilder) -> RequestBuilder {
    if let Some(key) = &provider.api_key {
        request = match provider.kind {
            ProviderKind::Anthropic => request
                .header("x-api-key", key.expose())
                .header("anthropic-version", "2023-06-01"),
            _ => request.bearer_auth(key.expose()),
        };
    }
    for (name, value) in &provider.headers {
        request = request.header(name.as_str(), value.expose());
    }
    request
}

fn word(provider: &ProviderConfig, subject: String, status: u16) -> Finding {
    match status {
        200..=299 => Finding::fine(subject, "answers and takes the key"),
        401 | 403 if provider.credential == CredentialSource::Client => {
            Finding::fine(subject, "answers; callers bring their own key")
        }
        401 | 403 => Finding::failure(
            subject,
            format!("refuses the key ({status})"),
            "check api_key: that it is complete, of this provider, and not revoked",
        ),
        404 | 405 => Finding::fine(
            subject,
            "answers; it has no list of models, so the key is not tried",
        ),
        _ => Finding::warning(
            subject,
            format!("answers {status}"),
            "the provider has trouble, or base_url leads elsewhere",
        ),
    }
}

/// Goes the way that the gateway goes to this provider.
fn client(
    provider: &ProviderConfig,
    general: &GatewayConfig,
    host: &str,
) -> anyhow::Result<Client> {
    crate::api::tls();
    let mut client = Client::builder().timeout(PATIENCE).no_proxy();
    let (own, other) = (provider.proxy.as_ref(), general.proxy.as_ref());
    if let Some(proxy) = llm::transport::proxy_for(own, other, &general.no_proxy, host) {
        client = client.proxy(Proxy::all(proxy.expose())?);
    }
    if let (Some(chain), Some(key)) = (&provider.client_cert_file, &provider.client_key_file) {
        let pem = [std::fs::read(chain)?, b"\n".to_vec(), std::fs::read(key)?].concat();
        client = client.identity(Identity::from_pem(&pem)?);
    }
    let mut roots: Vec<Certificate> = webpki_root_certs::TLS_SERVER_ROOT_CERTS
        .iter()
        .filter_map(|root| Certificate::from_der(root).ok())
        .collect();
    if let Some(file) = &provider.ca_file {
        roots.extend(Certificate::from_pem_bundle(&std::fs::read(file)?)?);
    }
    Ok(client.tls_certs_only(roots).build()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    fn provider(base_url: &str) -> ProviderConfig {
        let text = format!("name = \"here\"\nkind = \"openai\"\nbase_url = \"{base_url}\"");
        toml::from_str(&text).unwrap()
    }

    async fn answering(status: &'static str) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0u8; 4_096];
            let _ = stream.read(&mut head).await;
            let answer =
                format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            let _ = stream.write_all(answer.as_bytes()).await;
        });
        format!("http://{address}/v1")
    }

    #[tokio::test]
    async fn what_a_provider_answers_is_put_in_words() {
        for (status, level) in [
            ("200 OK", Level::Fine),
            ("401 Unauthorized", Level::Failure),
            ("404 Not Found", Level::Fine),
            ("503 Service Unavailable", Level::Warning),
        ] {
            let found = ask(
                &provider(&answering(status).await),
                &GatewayConfig::default(),
            )
            .await;
            assert_eq!(found.level, level, "{found:?}");
        }
    }

    #[tokio::test]
    async fn a_provider_that_is_not_there_is_a_failure() {
        let found = ask(
            &provider("http://127.0.0.1:9/v1"),
            &GatewayConfig::default(),
        )
        .await;
        assert_eq!(found.level, Level::Failure);
        assert!(found.found.contains("cannot be reached"));
    }

    #[tokio::test]
    async fn a_general_proxy_is_gone_around_as_the_gateway_does() {
        let general = GatewayConfig {
            proxy: Some(config::Secret::plain("http://127.0.0.1:9")),
            ..GatewayConfig::default()
        };
        let found = ask(&provider(&answering("200 OK").await), &general).await;
        assert_eq!(found.level, Level::Fine, "{found:?}");
    }
}
