//! The first start on an empty folder: the admin key goes to a private file and to a person, and no death on the way loses it.

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal};

use super::ask;
use crate::binary::{ADMIN_KEY, LOOK_EVERY, Place};

/// The mode of a file, and what stands in it.
fn private(place: &Place, name: &str) -> (u32, String) {
    let path = place.data_dir().join(name);
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    let text = std::fs::read_to_string(path).unwrap();
    (mode & 0o777, text.trim().to_owned())
}

#[tokio::test]
async fn a_first_start_keeps_the_admin_key_to_a_private_file() {
    let place = Place::new("")
        .without("SWITCHYARD_ADMIN_KEY")
        .without("SECRET_KEY");
    let product = place.start().await;
    let (mode, key) = private(&place, "admin.key");
    assert_eq!(mode, 0o600);
    assert_eq!(private(&place, "secret.key").0, 0o600);
    let (status, answer) = ask(&product, &key, "sim/echo").await;
    assert_eq!(status, 200, "{answer}");
    product.says("admin.key").await;
    assert!(!product.log().contains(&key), "the key went to a pipe");
    product.stop().await;

    // A later start makes no other.
    let product = place.start().await;
    product.says("Bearer $(cat ").await;
    assert_eq!(private(&place, "admin.key").1, key);
    assert_eq!(ask(&product, &key, "sim/echo").await.0, 200);
    product.stop().await;
}

#[tokio::test]
async fn a_set_admin_key_takes_the_file_away_and_no_hint_names_a_dead_key() {
    let place = Place::new("").without("SWITCHYARD_ADMIN_KEY");
    let product = place.start().await;
    product.says("Bearer $(cat ").await;
    product.stop().await;

    let place = place.env("SWITCHYARD_ADMIN_KEY", ADMIN_KEY);
    let product = place.start().await;
    product.says("Bearer $SWITCHYARD_ADMIN_KEY").await;
    product.says("removed the file of the admin key").await;
    assert!(!place.data_dir().join("admin.key").exists());
    assert_eq!(ask(&product, ADMIN_KEY, "sim/echo").await.0, 200);
    product.stop().await;

    let place = place.without("SWITCHYARD_ADMIN_KEY");
    let product = place.start().await;
    product.says("Bearer YOUR_ADMIN_KEY").await;
    assert_eq!(ask(&product, ADMIN_KEY, "sim/echo").await.0, 200);
    product.stop().await;
}

#[tokio::test]
async fn a_first_start_at_a_terminal_shows_the_admin_key_once() {
    let place = Place::new("")
        .without("SWITCHYARD_ADMIN_KEY")
        .without("SECRET_KEY");
    let shown = place.home().join("shown");
    for first in [true, false] {
        let inner = place.command(&["serve"]);
        let inner = inner.as_std();
        let mut line = vec![inner.get_program().to_string_lossy().into_owned()];
        line.extend(
            inner
                .get_args()
                .map(|word| word.to_string_lossy().into_owned()),
        );
        // `script` gives it a terminal; the shell says which process it is.
        let line = format!("echo $$ > pid; exec {}", line.join(" "));
        let mut terminal = tokio::process::Command::new("script");
        terminal
            .args(["--quiet", "--flush", "--return", "--command", &line])
            .arg(&shown)
            .env_clear()
            .envs(
                inner
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .current_dir(inner.get_current_dir().unwrap())
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .kill_on_drop(true);
        let mut terminal = terminal.spawn().unwrap();
        let text = doubles::patience::expect("the greeting at the terminal", async {
            let mut look = tokio::time::interval(LOOK_EVERY);
            loop {
                look.tick().await;
                let text = std::fs::read_to_string(&shown).unwrap_or_default();
                if text.contains("hello") {
                    return text;
                }
            }
        })
        .await;
        let pid = std::fs::read_to_string(inner.get_current_dir().unwrap().join("pid")).unwrap();
        let pid = Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
        rustix::process::kill_process(pid, Signal::TERM).unwrap();
        let ended = doubles::patience::expect("the terminal to end", terminal.wait()).await;
        assert!(ended.unwrap().success(), "{text}");
        let (_, key) = private(&place, "admin.key");
        assert_eq!(text.contains(&key), first, "{text}");
        assert!(text.contains("curl http://127.0.0.1:"), "{text}");
        std::fs::remove_file(&shown).unwrap();
    }
}

/// What a first start makes, in about this order.
const MADE: [&str; 7] = [
    "lock",
    "switchyard.db",
    "switchyard.db-wal",
    "journal",
    "payloads",
    "secret.key",
    "admin.key",
];

#[tokio::test]
async fn a_first_start_that_dies_on_the_way_is_made_up_for() {
    for made in MADE {
        let place = Place::new("")
            .without("SWITCHYARD_ADMIN_KEY")
            .without("SECRET_KEY");
        let mut dying = place.command(&["serve"]);
        let mut dying = dying
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let file = place.data_dir().join(made);
        let mut look = tokio::time::interval(Duration::from_millis(1));
        doubles::patience::expect(made, async {
            while !file.exists() {
                look.tick().await;
            }
        })
        .await;
        dying.kill().await.unwrap();

        let product = place.start().await;
        let (mode, key) = private(&place, "admin.key");
        assert_eq!(mode, 0o600, "killed at {made}");
        let (status, answer) = ask(&product, &key, "sim/echo").await;
        assert_eq!(status, 200, "killed at {made}: {answer}");
        product.stop().await;
    }
}
