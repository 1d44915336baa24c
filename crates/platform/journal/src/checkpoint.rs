//! How far the log is in the store, in a small file that is replaced as a whole. Losing it costs time, not facts.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::segment::Position;

const NAME: &str = "checkpoint";
const NEW: &str = "checkpoint.new";

/// The last position written whole; the beginning when there is none.
pub(crate) fn read(dir: &Path) -> Position {
    fs::read_to_string(dir.join(NAME))
        .ok()
        .and_then(|text| parse(&text))
        .unwrap_or_default()
}

fn parse(text: &str) -> Option<Position> {
    let mut words = text.split_ascii_whitespace();
    let position = Position {
        segment: words.next()?.parse().ok()?,
        offset: words.next()?.parse().ok()?,
    };
    let crc: u32 = words.next()?.parse().ok()?;
    (crc == sum(position)).then_some(position)
}

fn sum(position: Position) -> u32 {
    crc32fast::hash(format!("{} {}", position.segment, position.offset).as_bytes())
}

pub(crate) fn write(dir: &Path, position: Position) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(dir.join(NEW))?;
    let text = format!(
        "{} {} {}\n",
        position.segment,
        position.offset,
        sum(position)
    );
    file.write_all(text.as_bytes())?;
    fs::rename(dir.join(NEW), dir.join(NAME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_checkpoint_counts() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(dir.path()), Position::default());
        let at = Position {
            segment: 3,
            offset: 4_096,
        };
        write(dir.path(), at).unwrap();
        assert_eq!(read(dir.path()), at);
        let text = fs::read_to_string(dir.path().join(NAME)).unwrap();
        for cut in 0..text.len() - 1 {
            fs::write(dir.path().join(NAME), &text[..cut]).unwrap();
            assert_eq!(read(dir.path()), Position::default(), "{cut}");
        }
        fs::write(dir.path().join(NAME), text.replace('3', "4")).unwrap();
        assert_eq!(read(dir.path()), Position::default());
    }
}
