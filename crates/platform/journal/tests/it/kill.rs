//! `kill -9` for real: a process of its own appends and says what it has appended, and is killed at it.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;

use facts::CallStatus;

use super::support::{Recorder, closed, drain, id, open, opened, options, progress};

/// The folder that the child writes in.
const DIR: &str = "JOURNAL_KILL_TEST_DIR";
const POINTS: usize = 10;

fn small(dir: &std::path::Path) -> journal::Options {
    journal::Options {
        // Segments end and go all the time, so that kills fall between those steps too.
        segment_bytes: 16 << 10,
        ..options(dir)
    }
}

#[test]
fn what_was_appended_before_a_kill_is_there_after_it() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for point in 0..POINTS {
        let dir = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::child", "--ignored", "--nocapture"])
            .env(DIR, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut closed = HashSet::new();
        let mut opened = HashSet::new();
        let mut note = |line: String| {
            if let Some((what, number)) = line.split_once(' ')
                && let Ok(number) = number.parse::<u64>()
            {
                match what {
                    "opened" => opened.insert(number),
                    "closed" => closed.insert(number),
                    _ => false,
                };
            }
        };
        // Somewhere between the first appends and many segments on.
        for line in lines.by_ref().take(3 + point * point * 37) {
            note(line.unwrap());
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it still had said before it died.
        lines.map_while(Result::ok).for_each(&mut note);

        let sink = Recorder::new();
        runtime.block_on(drain(small(dir.path()), &sink));
        let delivered = std::fs::read_to_string(dir.path().join("store")).unwrap_or_default();
        let delivered: HashSet<&str> = delivered.lines().collect();
        for number in &closed {
            let stored = sink.status(*number);
            let earlier = delivered.contains(id(*number).to_string().as_str());
            assert!(
                stored == Some(CallStatus::Ok) || (stored.is_none() && earlier),
                "call {number} was closed before kill {point} and is {stored:?}"
            );
        }
        for number in opened.difference(&closed) {
            let earlier = delivered.contains(id(*number).to_string().as_str());
            assert!(
                sink.status(*number).is_some() || earlier,
                "call {number} was open"
            );
        }
        assert_eq!(sink.again(), 0);
    }
}

/// The store of the child: a file of call ids, one a line, appended to in one write a batch.
struct FileStore(std::fs::File);

#[async_trait::async_trait]
impl journal::Sink for FileStore {
    async fn deliver(&self, batch: &[journal::Delivery]) -> Result<(), journal::BoxError> {
        let lines: String = batch
            .iter()
            .map(|delivery| format!("{}\n", delivery.call.id))
            .collect();
        Ok((&self.0).write_all(lines.as_bytes())?)
    }
}

#[test]
#[ignore = "the child of the kill test; it appends until it is killed"]
fn child() {
    let Some(dir) = std::env::var_os(DIR) else {
        return;
    };
    let dir = std::path::PathBuf::from(dir);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _entered = runtime.enter();
    let (journal, _) = open(small(&dir));
    let store = std::fs::File::options()
        .append(true)
        .create(true)
        .open(dir.join("store"))
        .unwrap();
    let running = journal.start(Arc::new(FileStore(store)));
    std::thread::scope(|scope| {
        for thread in 0..4u64 {
            let journal = &journal;
            scope.spawn(move || {
                // Directly, so that the harness holds nothing back.
                let say = |what: &str, number: u64| {
                    std::io::stdout()
                        .write_all(format!("{what} {number}\n").as_bytes())
                        .unwrap();
                    std::io::stdout().flush().unwrap();
                };
                for step in 0.. {
                    let number = step * 4 + thread;
                    journal.append(&opened(number)).unwrap();
                    say("opened", number);
                    // Some stay open for a while, some for ever.
                    if step % 5 == 1 {
                        journal.append(&progress(number, step)).unwrap();
                    } else if step % 50 != 0 {
                        journal.append(&closed(number)).unwrap();
                        say("closed", number);
                    }
                    if step % 5 == 0 && step >= 5 && (step - 4) % 50 != 0 {
                        let earlier = (step - 4) * 4 + thread;
                        journal.append(&closed(earlier)).unwrap();
                        say("closed", earlier);
                    }
                }
            });
        }
    });
    drop(running);
}
