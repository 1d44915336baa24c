//! docs/configuration.md from the default settings file: its comments are the explanations, its values the defaults.

use std::fmt::Write as _;

const HEAD: &str = "\
# Configuration

<!-- Written by `cargo xtask docs` from crates/app/app/config.default.toml; edit that file. -->

Switchyard runs without any settings. What is set comes from these places, later ones winning:

1. the defaults below, compiled in;
2. the file given by `--config FILE`;
3. the usual environment variables: `PORT`, `DATABASE_URL`, `REDIS_URL`, `SECRET_KEY`, `CORS_ORIGINS`, `CACHE_TTL`, `LOG_LEVEL`,
   `ANTHROPIC_API_KEY`, `ANTHROPIC_MODEL`, `ANTHROPIC_MAX_TOKENS`, `OPENAI_API_KEY`, `GEMINI_API_KEY`, `DEEPSEEK_API_KEY`, `HTTPS_PROXY`;
4. `SWITCHYARD__SECTION__KEY`, for example `SWITCHYARD__GATEWAY__MAX_BODY_BYTES=1048576`;
5. flags of the command line.

A secret may be the text itself, `env:NAME` or `file:PATH`. An unknown key is refused with a suggestion, and all faults are listed
at once with file and line. `switchyard config check` checks without starting; `switchyard config show` prints the
settings in force and where each comes from, without secrets. A change of the file, or SIGHUP, swaps providers, models and prices
without touching streams under way; a file with a fault changes nothing and is reported.
";

/// The page for a default settings file.
pub fn page(defaults: &str) -> String {
    let mut page = HEAD.to_owned();
    let mut reader = Reader::default();
    for line in defaults.lines() {
        reader.line(line.trim_end(), &mut page);
    }
    reader.flush(&mut page);
    page
}

/// Reads the file line by line: comments wait for the setting or section that they explain.
#[derive(Default)]
struct Reader {
    section: String,
    comment: Vec<String>,
    open_table: bool,
}

impl Reader {
    fn line(&mut self, line: &str, page: &mut String) {
        if let Some(comment) = line.strip_prefix('#') {
            self.comment
                .push(comment.strip_prefix(' ').unwrap_or(comment).to_owned());
        } else if let Some(section) = section(line) {
            self.heading(section, page);
        } else if let Some((key, value)) = line.split_once('=') {
            self.setting(key.trim(), value.trim(), page);
        } else {
            self.flush(page);
        }
    }

    fn heading(&mut self, section: &str, page: &mut String) {
        self.section = section.to_owned();
        self.open_table = false;
        writeln!(page, "\n## `[{section}]`").ok();
        self.flush(page);
    }

    fn setting(&mut self, key: &str, value: &str, page: &mut String) {
        if !self.open_table {
            page.push_str("\n| setting | default | meaning |\n|---|---|---|\n");
            self.open_table = true;
        }
        let (value, trailing) = split_comment(value);
        let mut meaning: Vec<String> = std::mem::take(&mut self.comment);
        meaning.extend(trailing.map(str::to_owned));
        let name = if self.section.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.section)
        };
        writeln!(
            page,
            "| `{name}` | `{}` | {} |",
            cell(value),
            cell(&meaning.join(" "))
        )
        .ok();
    }

    /// Writes comments that explain no setting: prose, and examples as code.
    fn flush(&mut self, page: &mut String) {
        if self.comment.is_empty() {
            return;
        }
        self.open_table = false;
        page.push('\n');
        let mut example = false;
        for line in std::mem::take(&mut self.comment) {
            let code = is_toml(&line) || (example && line.starts_with(' '));
            if code != example {
                page.push_str(if code { "\n```toml\n" } else { "```\n\n" });
                example = code;
            }
            page.push_str(&line);
            page.push('\n');
        }
        if example {
            page.push_str("```\n");
        }
    }
}

/// `[gateway]` or `[[providers]]` as the name of a section.
fn section(line: &str) -> Option<&str> {
    line.strip_prefix('[')?
        .split(']')
        .next()
        .map(|name| name.trim_start_matches('['))
}

/// Whether a comment is an example of settings rather than prose.
fn is_toml(comment: &str) -> bool {
    if comment.starts_with('[') && comment.contains(']') {
        return true;
    }
    comment.split_once(" = ").is_some_and(|(key, _)| {
        !key.is_empty()
            && key
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || "_-.\"".contains(letter))
    })
}

/// The value and the comment behind it; a `#` inside quotes is neither.
fn split_comment(value: &str) -> (&str, Option<&str>) {
    let mut quoted = false;
    for (at, letter) in value.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            '#' if !quoted => return (value[..at].trim_end(), Some(value[at + 1..].trim())),
            _ => {}
        }
    }
    (value, None)
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_become_meanings_and_examples_become_code() {
        let page = page(
            "# The whole.\n\n[gateway]\n# Largest body.\n# In bytes.\nmax_body_bytes = 10 # since 0.1\nname = \"a#b\"\n\n\
             # Providers:\n# [[providers]]\n# name = \"x\"\n# Then prose.\n",
        );
        assert!(page.contains("\nThe whole.\n"));
        assert!(page.contains("## `[gateway]`"));
        assert!(
            page.contains(
                "| `gateway.max_body_bytes` | `10` | Largest body. In bytes. since 0.1 |"
            )
        );
        assert!(page.contains("| `gateway.name` | `\"a#b\"` |  |"));
        assert!(
            page.contains("Providers:\n\n```toml\n[[providers]]\nname = \"x\"\n```\n\nThen prose.")
        );
    }
}
