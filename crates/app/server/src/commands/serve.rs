//! `switchyard serve`: starts the product, says where it is, stops it in order.

use std::process::ExitCode;

use anyhow::Context;
use kernel::ExposeSecret;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::environment::Environment;
use crate::print;

/// Serves until it is told to stop. A second signal ends it at once.
pub async fn serve(environment: &Environment) -> anyhow::Result<ExitCode> {
    crate::api::tls();
    let mut stop = Signals::listen()?;
    let running = app::Boot::new(environment.sources.clone(), None)
        .start()
        .await?;
    greet(&running);
    loop {
        match stop.next().await {
            Told::Reload => running.reload(),
            Told::Stop => break,
        }
    }
    print::note("stopping: live calls may finish; once more ends them at once");
    tokio::select! {
        () = running.stop() => Ok(ExitCode::SUCCESS),
        () = stop.stopped_again() => Ok(ExitCode::FAILURE),
    }
}

/// Where it is and how to try it.
fn greet(running: &app::Running) {
    let url = format!("http://{}", running.address());
    print::note(&format!(
        "switchyard {} serves on {url}",
        env!("CARGO_PKG_VERSION")
    ));
    let Some(key) = running.new_admin_key() else {
        return;
    };
    if !print::to_a_person() {
        print::note("an admin key was made: it stands in admin.key in the data directory");
        return;
    }
    let key = key.expose_secret();
    print::note(&format!(
        "\nadmin key (shown this once, kept in admin.key): {key}\n\nTry it:\n"
    ));
    print::note(&format!(
        "  curl {url}/v1/chat/completions -H \"Authorization: Bearer {key}\" -H 'content-type: application/json' \\\n    \
         -d '{{\"model\":\"sim/echo\",\"messages\":[{{\"role\":\"user\",\"content\":\"hello\"}}]}}'\n"
    ));
}

enum Told {
    Stop,
    Reload,
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    fn listen() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen for signals");
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hangup: listen(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Told {
        tokio::select! {
            _ = self.interrupt.recv() => Told::Stop,
            _ = self.terminate.recv() => Told::Stop,
            _ = self.hangup.recv() => Told::Reload,
        }
    }

    async fn stopped_again(&mut self) {
        while matches!(self.next().await, Told::Reload) {}
    }
}
