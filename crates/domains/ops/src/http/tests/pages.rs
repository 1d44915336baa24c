//! The front door, the page of the API, and the figures.

use std::net::IpAddr;

use super::*;

#[tokio::test]
async fn metrics_are_for_keys_and_for_this_machine() {
    let from = |ip: &str, proxied: bool| {
        let mut request = Request::builder().uri("/metrics");
        if proxied {
            request = request.header("x-forwarded-for", "203.0.113.9");
        }
        let mut request = request.body(Body::empty()).unwrap();
        let ip: IpAddr = ip.parse().unwrap();
        let context = RequestContext::new(ip, request.headers());
        request.extensions_mut().insert(context);
        request
    };
    let house_of = house;
    let house = house_of(MetricsAccess::Loopback);
    let breaker = house
        .breakers
        .ensure("p", "sim", BreakerSettings::default());
    drop(breaker);
    let answer = house.send(from("127.0.0.1", false)).await;
    assert_eq!(answer.status, 200);
    assert!(
        answer.body.contains("breaker_state{name=\"p\"} 0\n"),
        "{}",
        answer.body
    );
    assert!(
        answer
            .header("content-type")
            .starts_with("text/plain; version=0.0.4")
    );
    assert_eq!(
        house.send(from("::ffff:127.0.0.1", false)).await.status,
        200
    );
    assert_eq!(house.send(from("127.0.0.1", true)).await.status, 401);
    assert_eq!(house.send(from("10.0.0.1", false)).await.status, 401);
    assert_eq!(house.get("/metrics", "ops:read").await.status, 200);
    assert_eq!(house.get("/metrics", "keys:read").await.status, 403);

    let house = house_of(MetricsAccess::Key);
    assert_eq!(house.send(from("127.0.0.1", false)).await.status, 401);
    let house = house_of(MetricsAccess::Open);
    assert_eq!(house.send(from("10.0.0.1", true)).await.status, 200);
}

#[tokio::test]
async fn the_page_of_the_api_needs_nothing_from_elsewhere() {
    let house = house(MetricsAccess::Loopback);
    let answer = house.get("/docs", "").await;
    assert_eq!((answer.status, answer.header("location")), (307, "/docs/"));
    let page = house.get("/docs/", "").await;
    assert!(page.header("content-type").starts_with("text/html"));
    let policy = page.header("content-security-policy");
    assert!(policy.contains("script-src 'self'") && policy.contains("frame-ancestors 'none'"));
    assert!(
        !page.body.contains("<script>"),
        "inline scripts would be refused by the policy"
    );

    let sources = page
        .body
        .split(['"', '\''])
        .filter(|part| part.contains('.'));
    let files: Vec<&str> = sources
        .filter(|part| {
            [".js", ".css", ".png"]
                .iter()
                .any(|end| part.ends_with(end))
        })
        .collect();
    assert!(files.len() >= 5, "{files:?}");
    for name in files {
        assert!(!name.contains("//"), "{name} comes from elsewhere");
        let path = format!("/docs/{}", name.trim_start_matches("./"));
        assert_eq!(house.get(&path, "").await.status, 200, "{path}");
    }
    let script = house.get("/docs/swagger-initializer.js", "").await;
    assert!(script.body.contains("/openapi.json") && !script.body.contains("petstore"));
    assert_eq!(house.get("/docs/nothing.js", "").await.status, 404);
}

#[tokio::test]
async fn the_front_door_speaks_to_programs_and_people() {
    let house = house(MetricsAccess::Loopback);
    let index = house.get("/", "").await.json();
    assert_eq!(
        (&index["name"], &index["version"]),
        (&"switchyard".into(), &"1.2.3".into())
    );
    let request = Request::builder()
        .uri("/")
        .header("accept", "text/html,*/*");
    let page = house.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(page.status, StatusCode::OK.as_u16());
    assert!(page.body.contains("href=\"/docs/\"") && !page.body.contains("http://"));
}
