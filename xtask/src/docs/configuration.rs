//! docs/configuration.md from the default settings file: its comments are the explanations, its values the defaults.

use std::fmt::Write as _;

const HEAD: &str = "\
# Configuration

<!-- Written by `cargo xtask docs` from crates/app/app/config.default.toml; edit that file. -->

Switchyard runs without any settings. What is set comes from these places, later ones winning:

1. the defaults below, compiled in;
2. the file given by `--config FILE`;
3. the usual environment variables: `PORT`, `DATABASE_URL`, `SECRET_KEY`, `SWITCHYARD_ADMIN_KEY`, `CORS_ORIGINS`, `LOG_LEVEL`,
   `ANTHROPIC_MODEL`, `HTTPS_PROXY`, `NO_PROXY`, and provider keys, each of which makes a provider by itself: `ANTHROPIC_API_KEY`,
   `OPENAI_API_KEY`, `DEEPSEEK_API_KEY`, `GEMINI_API_KEY`;
4. `SWITCHYARD__SECTION__KEY`, for example `SWITCHYARD__GATEWAY__MAX_BODY_BYTES=1048576`;
5. flags of the command line.

A secret may be the text itself, `env:NAME` or `file:PATH`. An unknown key is refused with a suggestion, and all faults are listed
at once with file and line. `switchyard config check` checks without starting; `switchyard config show` prints the
settings in force and where each comes from, without secrets. A change of the file, or SIGHUP, swaps `[[providers]]`, `[[models]]`
with their prices, `[gateway]`, `[budgets]` and `[limits.default]` without touching streams under way. All other settings are read
at the start only: one that was changed stays as it was and is named in a warning. A file with a fault, or one that is gone,
changes nothing and is reported; `switchyard_settings_reloads_total` in `/metrics` counts reloads by `result`, `ok` or `refused`.
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
    /// Lines of settings that stand in comments below a `[[section]]` of their own.
    example: Vec<String>,
    open_table: bool,
}

impl Reader {
    fn line(&mut self, line: &str, page: &mut String) {
        let Some(comment) = line.strip_prefix('#') else {
            return self.setting_or_section(line, page);
        };
        let comment = comment.strip_prefix(' ').unwrap_or(comment);
        if !self.example.is_empty() && !comment.is_empty() {
            self.example.push(comment.to_owned());
        } else if section(comment).is_some() && comment.ends_with(']') && !comment.contains(' ') {
            self.flush(page);
            self.example.push(comment.to_owned());
        } else if let Some((key, value)) = unset(comment).filter(|_| !self.section.is_empty()) {
            let value = split_comment(value);
            self.row(
                key,
                &format!("unset; e.g. `{}`", cell(value.0)),
                value.1,
                page,
            );
        } else if comment.is_empty() {
            self.flush(page);
        } else {
            self.comment.push(comment.to_owned());
        }
    }

    fn setting_or_section(&mut self, line: &str, page: &mut String) {
        if let Some(section) = section(line) {
            self.flush(page);
            self.section = section.to_owned();
            self.open_table = false;
            writeln!(page, "\n## `[{section}]`").ok();
        } else if let Some((key, value)) = line.split_once('=') {
            let (value, more) = split_comment(value.trim());
            self.row(key.trim(), &format!("`{}`", cell(value)), more, page);
        } else {
            self.flush(page);
        }
    }

    fn row(&mut self, key: &str, default: &str, more: Option<&str>, page: &mut String) {
        if !self.open_table {
            page.push_str("\n| setting | default | meaning |\n|---|---|---|\n");
            self.open_table = true;
        }
        let mut meaning = std::mem::take(&mut self.comment);
        meaning.extend(more.map(str::to_owned));
        let name = if self.section.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.section)
        };
        writeln!(
            page,
            "| `{name}` | {default} | {} |",
            cell(&meaning.join(" "))
        )
        .ok();
    }

    /// Writes what explains no setting: prose, and examples as code.
    fn flush(&mut self, page: &mut String) {
        let prose = std::mem::take(&mut self.comment);
        let example = std::mem::take(&mut self.example);
        self.open_table &= prose.is_empty() && example.is_empty();
        if !prose.is_empty() {
            writeln!(page, "\n{}", prose.join("\n")).ok();
        }
        if !example.is_empty() {
            writeln!(page, "\n```toml\n{}\n```", example.join("\n")).ok();
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

/// `key = value` in a comment: a setting that has no default.
fn unset(comment: &str) -> Option<(&str, &str)> {
    let (key, value) = comment.split_once(" = ")?;
    let plain =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    (!key.is_empty() && key.chars().all(plain)).then_some((key, value))
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
            "# The whole.\n\n[gateway]\n# Largest body.\n# In bytes.\nmax_body_bytes = 10 # since 0.1\nname = \"a#b\"\n\
             # Where from.\n# url = \"x\"\n# Then.\nlast = 1\n\n\
             # Providers.\n#\n# [[providers]]\n# name = \"x\"\n#\n# Then prose.\n",
        );
        assert!(page.contains("\nThe whole.\n\n## `[gateway]`\n"), "{page}");
        assert!(
            page.contains(
                "| `gateway.max_body_bytes` | `10` | Largest body. In bytes. since 0.1 |"
            )
        );
        assert!(page.contains("| `gateway.name` | `\"a#b\"` |  |"));
        assert!(page.contains("| `gateway.url` | unset; e.g. `\"x\"` | Where from. |"));
        assert!(page.contains("| `gateway.last` | `1` | Then. |"));
        assert!(
            page.contains(
                "\nProviders.\n\n```toml\n[[providers]]\nname = \"x\"\n```\n\nThen prose.\n"
            ),
            "{page}"
        );
    }
}
