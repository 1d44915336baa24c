//! A provider to point a client at by hand: answers every surface and writes each request it saw to standard output.
//! With `--tool NAME JSON` the first request of each conversation is answered by a call of that tool.

use std::io::Write;
use std::time::Duration;

use doubles::Provider;
use doubles::provider::{Answer, Reply};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let provider = Provider::start().await;
    for path in ["/v1/messages", "/v1/responses", "/v1/chat/completions"] {
        let arguments = arguments.clone();
        let answer = Answer::from_request(move |request| {
            let text = String::from_utf8_lossy(&request.body);
            let answered = [
                "\"tool_result\"",
                "function_call_output",
                "\"role\":\"tool\"",
            ];
            let first = !answered.iter().any(|mark| text.contains(mark));
            match arguments.as_slice() {
                [flag, name, json] if flag == "--tool" && first => {
                    Reply::tool("call_1", name, json).script(request)
                }
                _ => Reply::text("All done.").script(request),
            }
        });
        provider.on(path, answer);
    }
    writeln!(out, "{}", provider.url())?;
    let mut shown = 0;
    let mut look = tokio::time::interval(Duration::from_millis(100));
    loop {
        look.tick().await;
        for request in provider.requests().iter().skip(shown) {
            shown += 1;
            writeln!(out, "\n{} {}", request.method, request.target)?;
            for (name, value) in &request.headers {
                writeln!(out, "{name}: {}", String::from_utf8_lossy(value))?;
            }
            writeln!(out, "\n{}", String::from_utf8_lossy(&request.body))?;
        }
        out.flush()?;
    }
}
