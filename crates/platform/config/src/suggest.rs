//! "Did you mean": the known name that lies closest to a wrong one.

/// The closest of `known` to `word`, where one is close enough to be meant.
#[must_use]
pub fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let bound = (word.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|name| (distance(word, name), name))
        .filter(|(distance, name)| *distance <= bound || is_part(word, name))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// `timeout` is meant for `timeout_ms`, `listen_address` for `listen`.
fn is_part(word: &str, name: &str) -> bool {
    let (short, long) = if word.len() < name.len() {
        (word, name)
    } else {
        (name, word)
    };
    short.len() >= 4 && long.starts_with(short) && long[short.len()..].starts_with('_')
}

/// Edits (insert, delete, replace, swap of neighbours) between two words.
fn distance(from: &str, to: &str) -> usize {
    let from: Vec<char> = from.chars().take(64).collect();
    let to: Vec<char> = to.chars().take(64).collect();
    let mut rows = vec![vec![0; to.len() + 1]; from.len() + 1];
    for (index, row) in rows.iter_mut().enumerate() {
        row[0] = index;
    }
    for (index, cell) in rows[0].iter_mut().enumerate() {
        *cell = index;
    }
    for i in 1..=from.len() {
        for j in 1..=to.len() {
            let replace = rows[i - 1][j - 1] + usize::from(from[i - 1] != to[j - 1]);
            let mut best = replace.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_strangers_are_not() {
        let known = ["listen", "data_dir", "timeout_ms", "level"];
        assert_eq!(closest("lisetn", known), Some("listen"));
        assert_eq!(closest("datadir", known), Some("data_dir"));
        assert_eq!(closest("timeout", known), Some("timeout_ms"));
        assert_eq!(closest("colour", known), None);
    }
}
