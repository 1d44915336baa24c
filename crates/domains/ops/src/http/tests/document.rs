//! What the API document says of every route, and that it is true.

use super::*;

#[tokio::test]
async fn the_document_names_permission_and_audit_of_every_route() {
    let house = house(MetricsAccess::Loopback);
    let document = house.get("/openapi.json", "").await.json();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() >= 18);
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().unwrap() {
            let permission = operation["x-permission"].as_str().unwrap_or_default();
            let public = operation["security"] == serde_json::json!([{}]);
            assert!(operation["x-audit"].is_string(), "{method} {path}");
            assert!(
                permission == "public" || permission.contains(':'),
                "{method} {path}"
            );
            assert_eq!(permission == "public", public, "{method} {path}");
        }
    }
    for name in ["ErrorBody", "Health", "BreakerView"] {
        assert!(
            document["components"]["schemas"][name].is_object(),
            "{name}"
        );
    }
}

#[tokio::test]
async fn every_route_with_a_permission_refuses_strangers() {
    let house = house(MetricsAccess::Key);
    let document = house.get("/openapi.json", "").await.json();
    let mut guarded = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            if operation["x-permission"] == "public" {
                continue;
            }
            guarded += 1;
            let path = path.replace("{name}", "p");
            let method: Method = method.to_uppercase().parse().unwrap();
            let ask = |scopes| house.call(method.clone(), &path, scopes, Body::empty());
            assert_eq!(ask("").await.status, 401, "{method} {path}");
            assert_eq!(ask("gateway:invoke").await.status, 403, "{method} {path}");
        }
    }
    assert!(guarded >= 9);
}
