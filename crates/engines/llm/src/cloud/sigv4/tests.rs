//! Amazon's published test suite for header signatures, as far as it says something of requests like ours.

use super::*;

const TOKEN: &str = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";
const UNRESERVED: &str = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const DATE: &str = "20150830T123600Z";

fn keys() -> Keys {
    Keys {
        id: Secret::plain("AKIDEXAMPLE"),
        secret: Secret::plain("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        session_token: None,
    }
}

fn signature(method: &str, target: &str, more: &[(&str, &str)], body: &str) -> String {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers = vec![
        ("host", "example.amazonaws.com".into()),
        ("x-amz-date", DATE.into()),
    ];
    headers.extend(more.iter().map(|(name, value)| (*name, (*value).into())));
    let payload = payload(body.as_bytes());
    let signed = Signed {
        method,
        path,
        query,
        headers,
        payload: &payload,
    };
    let scope = Scope {
        region: "us-east-1",
        service: "service",
    };
    let value = authorization(&keys(), scope, DATE, &signed);
    let (head, signature) = value.rsplit_once("Signature=").unwrap();
    let expected = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=";
    assert!(head.starts_with(expected), "{head}");
    signature.to_owned()
}

#[test]
fn published_signatures_come_out() {
    let both = format!("/?{UNRESERVED}={UNRESERVED}");
    let path = format!("/{UNRESERVED}");
    for (name, method, target, headers, body, expected) in [
        (
            "get-utf8",
            "GET",
            "/ሴ",
            &[][..],
            "",
            "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
        ),
        (
            "get-space-unnormalized",
            "GET",
            "/example space/",
            &[],
            "",
            "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741",
        ),
        (
            "get-unreserved",
            "GET",
            &path,
            &[],
            "",
            "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
        ),
        (
            "get-vanilla-query-unreserved",
            "GET",
            &both,
            &[],
            "",
            "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
        ),
        (
            "get-vanilla-query-order-key-case",
            "GET",
            "/?Param2=value2&Param1=value1",
            &[],
            "",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        (
            "get-vanilla-query-order-encoded",
            "GET",
            "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
            &[],
            "",
            "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
        ),
        (
            "get-vanilla-utf8-query",
            "GET",
            "/?ሴ=bar",
            &[],
            "",
            "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
        ),
        (
            "get-vanilla-empty-query-key",
            "GET",
            "/?Param1=value1",
            &[],
            "",
            "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
        ),
        (
            "post-vanilla-empty-query-value",
            "POST",
            "/?Param1=value1",
            &[],
            "",
            "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
        ),
        (
            "get-header-key-duplicate",
            "GET",
            "/",
            &[
                ("my-header1", "value2"),
                ("my-header1", "value2"),
                ("my-header1", "value1"),
            ],
            "",
            "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
        ),
        (
            "get-header-value-multiline",
            "GET",
            "/",
            &[("my-header1", "value1\n  value2\n     value3")],
            "",
            "cfd34249e4b1c8d6b91ef74165d41a32e5fab3306300901bb65a51a73575eefd",
        ),
        (
            "get-header-value-trim",
            "GET",
            "/",
            &[("my-header1", " value1"), ("my-header2", " \"a   b   c\"")],
            "",
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        ),
        (
            "post-header-key-sort",
            "POST",
            "/",
            &[("my-header1", "value1")],
            "",
            "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
        ),
        (
            "post-sts-header-before",
            "POST",
            "/",
            &[("x-amz-security-token", TOKEN)],
            "",
            "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
        ),
        (
            "post-x-www-form-urlencoded",
            "POST",
            "/",
            &[
                ("content-type", "application/x-www-form-urlencoded"),
                ("content-length", "13"),
                (
                    "x-amz-content-sha256",
                    "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e",
                ),
            ],
            "Param1=value1",
            "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b",
        ),
    ] {
        assert_eq!(signature(method, target, headers, body), expected, "{name}");
    }
}

#[test]
fn an_escaped_path_is_escaped_once_more() {
    let canonical = |path| {
        let signed = Signed {
            method: "POST",
            path,
            query: "",
            headers: vec![
                ("x-amz-date", "20210511T154045Z".into()),
                ("host", "lambda.us-east-2.amazonaws.com".into()),
            ],
            payload: &payload(b""),
        };
        canonical_request(&signed).0
    };
    // Published as double-url-encode and double-encode-path.
    assert_eq!(
        canonical(
            "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-west-2%3A892717189312%3Afunction%3Amy-rusty-fun/invocations"
        ),
        "POST
/2015-03-31/functions/arn%253Aaws%253Alambda%253Aus-west-2%253A892717189312%253Afunction%253Amy-rusty-fun/invocations

host:lambda.us-east-2.amazonaws.com
x-amz-date:20210511T154045Z

host;x-amz-date
e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    let second = canonical("/test/@connections/JBDvjfGEIAMCERw%3D");
    assert_eq!(
        second.lines().nth(1),
        Some("/test/%40connections/JBDvjfGEIAMCERw%253D")
    );
    assert_eq!(canonical("").lines().nth(1), Some("/"));
}

#[test]
fn moments_are_written_as_amazon_reads_them() {
    let at = DateTime::from_timestamp(1_440_938_160, 0).unwrap();
    assert_eq!(amz_date(at), DATE);
}
