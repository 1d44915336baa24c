//! Words for people on the terminal. The one place that writes to it, so that a closed pipe is no panic.

use std::io::{IsTerminal, Write};

/// A line on standard output.
pub fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    // Whoever closed the pipe wants no more.
    let _ = writeln!(out, "{text}");
}

/// A line on standard error: what is meant for people and not for the next program in the pipe.
pub fn note(text: &str) {
    let mut out = std::io::stderr().lock();
    let _ = writeln!(out, "{text}");
}

/// What went wrong, on standard error.
pub fn error(text: &str) {
    note(&format!("switchyard: {text}"));
}

/// JSON on standard output.
pub fn json(value: &serde_json::Value) {
    line(&serde_json::to_string_pretty(value).unwrap_or_default());
}

/// Whether a person reads what `note` says.
pub fn to_a_person() -> bool {
    std::io::stderr().is_terminal()
}

/// Rows in columns, each as wide as its widest cell.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = header.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let lay = |cells: &[&str]| {
        let mut text = String::new();
        for (index, (cell, width)) in cells.iter().zip(&widths).enumerate() {
            if index > 0 {
                text.push_str("  ");
            }
            text.push_str(cell);
            let fill = width.saturating_sub(cell.chars().count());
            text.extend(std::iter::repeat_n(' ', fill));
        }
        text.trim_end().to_owned()
    };
    let mut lines = vec![lay(header)];
    for row in rows {
        let cells: Vec<&str> = row.iter().map(String::as_str).collect();
        lines.push(lay(&cells));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn columns_line_up() {
        let rows = [
            vec!["a".to_owned(), "long".to_owned()],
            vec!["bbb".to_owned(), "x".to_owned()],
        ];
        assert_eq!(table(&["id", "n"], &rows), "id   n\na    long\nbbb  x");
    }
}
