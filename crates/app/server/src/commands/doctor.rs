//! `switchyard doctor`.

use std::process::ExitCode;

use serde_json::json;

use crate::cli::DoctorArgs;
use crate::doctor::{self, Finding, Level};
use crate::environment::Environment;
use crate::print;

/// Looks at everything; fails where something does not work.
pub async fn doctor(environment: &Environment, args: &DoctorArgs) -> anyhow::Result<ExitCode> {
    let findings = examine(environment, args.offline).await;
    if args.json {
        print::json(&json!({ "data": findings }));
    } else {
        for finding in &findings {
            print::line(&finding.text());
        }
    }
    let worst = findings.iter().map(|finding| finding.level).max();
    Ok(if worst == Some(Level::Failure) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

async fn examine(environment: &Environment, offline: bool) -> Vec<Finding> {
    let mut findings = vec![Finding::fine("version", env!("CARGO_PKG_VERSION"))];
    let loaded = match app::settings::load(&environment.sources) {
        Ok(loaded) => loaded,
        Err(faults) => {
            // Without settings there is nothing to look at but this machine.
            findings.push(Finding::failure(
                "settings",
                faults.to_string(),
                "mend these; `switchyard config check` lists them again",
            ));
            findings.push(doctor::limits());
            return findings;
        }
    };
    let settings = &loaded.settings;
    let file = environment.sources.file.as_ref();
    findings.push(Finding::fine(
        "settings",
        file.map_or("defaults and environment".to_owned(), |file| {
            file.display().to_string()
        }),
    ));
    findings.extend(doctor::data_dir(&settings.server.data_dir));
    findings.push(doctor::server(settings).await);
    let store = doctor::store(settings).await;
    let is_reachable = store.level != Level::Failure;
    findings.push(store);
    if is_reachable {
        findings.extend(doctor::admin_key(settings).await);
    }
    findings.push(doctor::journal(&settings.server.data_dir.join("journal")));
    findings.push(doctor::limits());
    if !offline {
        let gateway = settings.gateway(&environment.sources.env);
        findings.extend(doctor::providers(&gateway).await);
    }
    findings
}
