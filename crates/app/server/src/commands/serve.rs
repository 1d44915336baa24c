//! `switchyard serve`: starts the product, says where it is, stops it in order.

use std::process::ExitCode;

use anyhow::Context;
use kernel::ExposeSecret;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::environment::Environment;
use crate::{address, print};

/// Serves until it is told to stop. A second signal ends live calls at once, a third one the process.
pub async fn serve(environment: &Environment) -> anyhow::Result<ExitCode> {
    crate::api::tls();
    let mut stop = Signals::listen()?;
    let running = app::Boot::new(environment.sources.clone(), None)
        .start()
        .await?;
    // The settings held a moment ago.
    let settings = environment.settings()?.settings;
    let data_dir = &settings.server.data_dir;
    address::publish(data_dir, running.address())?;
    greet(&running, &settings).await;
    while let Told::Reload = stop.next().await {
        running.reload();
    }
    print::note("stopping: live calls may finish; a second signal ends them at once");
    let code = finish(running, stop).await;
    address::withdraw(data_dir);
    Ok(code)
}

async fn finish(running: app::Running, mut stop: Signals) -> ExitCode {
    let (hurry, mut hurried) = watch::channel(false);
    let hurried = async move {
        // The sender outlives the stop.
        let _ = hurried.wait_for(|hurried| *hurried).await;
    };
    let mut stopping = Box::pin(running.stop_or_hurry(hurried));
    tokio::select! {
        () = &mut stopping => return ExitCode::SUCCESS,
        () = stop.stopped_again() => {}
    }
    hurry.send_replace(true);
    tokio::select! {
        () = stopping => ExitCode::SUCCESS,
        () = stop.stopped_again() => ExitCode::FAILURE,
    }
}

/// Where it is and how to try it. The admin key is shown to a person only, once.
async fn greet(running: &app::Running, settings: &app::Settings) {
    let url = format!("http://{}", running.address());
    print::note(&format!(
        "switchyard {} serves on {url}",
        env!("CARGO_PKG_VERSION")
    ));
    let file = settings.server.data_dir.join("admin.key");
    let made = running.new_admin_key();
    if made.is_some() {
        print::note(&format!(
            "an admin key was made; it stands in {}",
            file.display()
        ));
    }
    let is_set = settings.security.admin_key.is_some();
    // A hint that is refused is worse than none: the file is named only where its key holds.
    let is_in_file = made.is_some()
        || !is_set && Box::pin(app::offline::admin_key_file_holds(settings)).await == Some(true);
    let key = match made {
        Some(key) if print::to_a_person() => key.expose_secret().to_owned(),
        _ if is_set => "$SWITCHYARD_ADMIN_KEY".to_owned(),
        _ if is_in_file => format!("$(cat {})", file.display()),
        _ => "YOUR_ADMIN_KEY".to_owned(),
    };
    print::note(&format!(
        "try it:\n\n  curl {url}/v1/chat/completions -H \"Authorization: Bearer {key}\" \\\n    \
         -H 'content-type: application/json' \\\n    \
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
