//! Calls as lines of CSV (RFC 4180), safe to open in a spreadsheet.

use super::call_view::CallRow;

/// The first line.
pub(super) const HEADER: &str = "id,started_at,status,http_status,error_code,error,surface,stream,requested_model,model,provider,project,key,session,end_user,client,tags,input_tokens,output_tokens,reasoning_tokens,cache_read_tokens,cache_write_tokens,cost_usd,cost_nano_usd,estimated,unpriced,billed_by_client,duration_ms,first_byte_ms,slow,attempts,request_id\r\n";

/// Appends one call.
pub(super) fn line(out: &mut String, call: &CallRow) {
    let tags: Vec<String> = call
        .tags
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    let fields = [
        call.id.to_string(),
        call.started_at.to_string(),
        call.status.to_owned(),
        call.http_status.to_string(),
        optional(&call.error_code),
        optional(&call.error),
        call.surface.to_owned(),
        call.stream.to_string(),
        call.requested_model.clone(),
        call.model.clone(),
        call.provider.clone(),
        call.project.to_string(),
        call.key.to_string(),
        optional(&call.session),
        optional(&call.end_user),
        optional(&call.client),
        tags.join(";"),
        call.input_tokens.to_string(),
        call.output_tokens.to_string(),
        call.reasoning_tokens.to_string(),
        call.cache_read_tokens.to_string(),
        call.cache_write_tokens.to_string(),
        optional(&call.cost_usd),
        call.cost_nano_usd
            .map(|nano| nano.to_string())
            .unwrap_or_default(),
        call.estimated.to_string(),
        call.unpriced.to_string(),
        call.billed_by_client.to_string(),
        call.duration_ms.to_string(),
        call.first_byte_ms
            .map(|ms| ms.to_string())
            .unwrap_or_default(),
        call.slow.to_string(),
        call.attempt_count.to_string(),
        call.request_id.to_string(),
    ];
    for (index, text) in fields.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        field(out, text);
    }
    out.push_str("\r\n");
}

/// Writes a field, quoted where it must be. A text that a spreadsheet would run as a formula gets an apostrophe before it.
fn field(out: &mut String, text: &str) {
    let formula =
        text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err();
    if !formula && !text.contains([',', '"', '\n', '\r']) {
        out.push_str(text);
        return;
    }
    out.push('"');
    if formula {
        out.push('\'');
    }
    out.push_str(&text.replace('"', "\"\""));
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_and_never_formulas() {
        let written = |text| {
            let mut out = String::new();
            field(&mut out, text);
            out
        };
        assert_eq!(written("plain"), "plain");
        assert_eq!(written("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(written("=cmd()"), "\"'=cmd()\"");
        assert_eq!(written("-5.2"), "-5.2");
    }
}
