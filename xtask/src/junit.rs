//! Reads the JUnit report that nextest writes: one case per test, with what it printed. No general XML reader.

/// One test of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The test binary.
    pub suite: String,
    /// The test's path in it.
    pub name: String,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// Whether it passed.
    pub passed: bool,
    /// What it wrote on standard output.
    pub output: String,
}

/// The cases of a report, in its order.
pub fn cases(report: &str) -> Vec<Case> {
    report
        .split("<testcase ")
        .skip(1)
        .map(|rest| {
            let (head, tail) = rest.split_once('>').unwrap_or((rest, ""));
            let body = if head.ends_with('/') {
                ""
            } else {
                tail.split("</testcase>").next().unwrap_or_default()
            };
            Case {
                suite: attribute(head, "classname"),
                name: attribute(head, "name"),
                seconds: attribute(head, "time").parse().unwrap_or_default(),
                passed: !body.contains("<failure") && !body.contains("<error"),
                output: body
                    .split_once("<system-out>")
                    .and_then(|(_, rest)| rest.split_once("</system-out>"))
                    .map(|(text, _)| unescape(text))
                    .unwrap_or_default(),
            }
        })
        .collect()
}

fn attribute(head: &str, name: &str) -> String {
    let wanted = format!("{name}=\"");
    head.match_indices(&wanted)
        // `name` must not be found inside `classname`.
        .find(|(at, _)| *at == 0 || head.as_bytes()[at - 1] == b' ')
        .and_then(|(at, _)| head[at + wanted.len()..].split_once('"'))
        .map(|(value, _)| unescape(value))
        .unwrap_or_default()
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&#10;", "\n")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"<testsuites name="nextest-run" tests="2">
        <testsuite name="e2e"><testcase name="kill::a" classname="e2e" timestamp="t" time="1.5">
        <system-out>proof: 100 &lt; 101
</system-out></testcase>
        <testcase name="kill::b" classname="e2e" time="0.25"><failure message="m">x</failure></testcase>
        <testcase name="c" classname="e2e" time="0.1"/></testsuite></testsuites>"#;

    #[test]
    fn cases_are_read_with_their_output_and_result() {
        let cases = cases(REPORT);
        assert_eq!(cases.len(), 3);
        assert_eq!(cases[0].name, "kill::a");
        assert_eq!(cases[0].output, "proof: 100 < 101\n");
        assert!((cases[0].seconds - 1.5).abs() < f64::EPSILON);
        assert_eq!(
            cases.iter().map(|case| case.passed).collect::<Vec<_>>(),
            [true, false, true]
        );
    }
}
