//! The gateway's part of the API document. Its routes stand outside the router that collects the others', so one
//! table describes them here; a test walks it against the running server.

use serde_json::json;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem, PathsBuilder,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::{
    ContentBuilder, InfoBuilder, ObjectBuilder, OpenApi, OpenApiBuilder, Required, ResponseBuilder,
    ResponsesBuilder, Type,
};

use HttpMethod::{Delete, Get, Post};

/// Method, path, operation, permission, what it does.
type Row = (
    HttpMethod,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const INVOKE: &str = "gateway:invoke";
const MODELS: &str = "models:read";
const PASS: &str = "gateway:passthrough";

const OPERATIONS: &[Row] = &[
    (
        Post,
        "/v1/chat/completions",
        "create_chat_completion",
        INVOKE,
        "OpenAI chat completions",
    ),
    (
        Post,
        "/v1/messages",
        "create_message",
        INVOKE,
        "Anthropic messages",
    ),
    (
        Post,
        "/v1/messages/count_tokens",
        "count_message_tokens",
        INVOKE,
        "Count a message's tokens; never billed",
    ),
    (
        Post,
        "/v1/responses",
        "create_response",
        INVOKE,
        "OpenAI Responses",
    ),
    (
        Post,
        "/v1/responses/input_tokens",
        "count_response_tokens",
        INVOKE,
        "Count input tokens; never billed",
    ),
    (
        Get,
        "/v1/responses/{id}",
        "get_response",
        INVOKE,
        "A stored response",
    ),
    (
        Delete,
        "/v1/responses/{id}",
        "delete_response",
        INVOKE,
        "Delete a stored response",
    ),
    (
        Post,
        "/v1/responses/{id}/cancel",
        "cancel_response",
        INVOKE,
        "Cancel a background response",
    ),
    (
        Get,
        "/v1/responses/{id}/input_items",
        "list_response_input_items",
        INVOKE,
        "What a stored response was given",
    ),
    (
        Post,
        "/v1/embeddings",
        "create_embedding",
        INVOKE,
        "OpenAI embeddings",
    ),
    (
        Get,
        "/v1/models",
        "list_models",
        MODELS,
        "Models, in one body that OpenAI's and Anthropic's clients accept",
    ),
    (
        Get,
        "/v1/models/capabilities",
        "list_capabilities",
        MODELS,
        "Context windows, modalities, tools and prices",
    ),
    (Get, "/v1/models/{id}", "get_model", MODELS, "One model"),
    (
        Get,
        "/providers/{name}/{path}",
        "get_native",
        PASS,
        "A provider's own route",
    ),
    (
        Post,
        "/providers/{name}/{path}",
        "post_native",
        PASS,
        "A provider's own route",
    ),
    (
        Delete,
        "/providers/{name}/{path}",
        "delete_native",
        PASS,
        "A provider's own route",
    ),
];

/// The gateway's operations.
#[must_use]
pub fn document() -> OpenApi {
    let mut paths = PathsBuilder::new();
    for (method, path, operation, permission, summary) in OPERATIONS {
        paths = paths.path(
            *path,
            describe(method, path, operation, permission, summary),
        );
    }
    OpenApiBuilder::new()
        .info(InfoBuilder::new().title("gateway").version("1").build())
        .paths(paths.build())
        .build()
}

fn describe(
    method: &HttpMethod,
    path: &str,
    operation: &str,
    permission: &str,
    summary: &str,
) -> PathItem {
    let json_object = || ObjectBuilder::new().schema_type(Type::Object).build();
    let answer = |text: &str| {
        let content = ContentBuilder::new().schema(Some(json_object())).build();
        ResponseBuilder::new()
            .description(text)
            .content("application/json", content)
            .build()
    };
    let responses = ResponsesBuilder::new()
        .response(
            "200",
            answer("The provider's answer, byte for byte; a stream where one was asked for"),
        )
        .response(
            "4XX",
            answer("Refused, in the error shape of the caller's protocol"),
        )
        .response(
            "5XX",
            answer("The provider failed or cannot be reached, in the same shape"),
        )
        .build();
    let mut built = OperationBuilder::new()
        .operation_id(Some(operation))
        .tag("gateway")
        .summary(Some(summary))
        .responses(responses)
        .extensions(Some(
            ExtensionsBuilder::new()
                .add("x-permission", json!(permission))
                .add("x-audit", json!("none"))
                .build(),
        ));
    for name in path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    {
        let schema = ObjectBuilder::new().schema_type(Type::String).build();
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .schema(Some(schema))
            .build();
        built = built.parameter(parameter);
    }
    if *method == Post && !path.contains("{id}") {
        let content = ContentBuilder::new().schema(Some(json_object())).build();
        built = built.request_body(Some(
            RequestBodyBuilder::new()
                .description(Some(
                    "As the protocol's provider documents it; unknown fields pass through",
                ))
                .content("application/json", content)
                .required(Some(Required::True))
                .build(),
        ));
    }
    PathItem::new(method.clone(), built.build())
}
