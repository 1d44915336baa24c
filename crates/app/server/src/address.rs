//! Where the running server of a data directory is: a file that the server writes and commands read, so that they find it
//! whatever flags it was started with.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context;

const FILE: &str = "server.address";

/// Tells where the server of this data directory is.
pub fn publish(data_dir: &Path, address: SocketAddr) -> anyhow::Result<()> {
    let file = data_dir.join(FILE);
    std::fs::write(&file, reachable(address).to_string())
        .with_context(|| format!("cannot write {}", file.display()))
}

/// The server has stopped.
pub fn withdraw(data_dir: &Path) {
    // One that is left behind is found out by whoever asks there.
    let _ = std::fs::remove_file(data_dir.join(FILE));
}

/// Where a client on this machine reaches the server: where it said that it is, else where the settings say. Nobody may
/// answer there.
pub fn url(settings: &app::Settings) -> String {
    let told = std::fs::read_to_string(settings.server.data_dir.join(FILE))
        .ok()
        .and_then(|text| text.trim().parse().ok());
    format!(
        "http://{}",
        reachable(told.unwrap_or_else(|| settings.listen()))
    )
}

/// An address that can be called; "all of this machine's" is none.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        let local: std::net::IpAddr = if address.is_ipv4() {
            std::net::Ipv4Addr::LOCALHOST.into()
        } else {
            std::net::Ipv6Addr::LOCALHOST.into()
        };
        address.set_ip(local);
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_addresses_are_called_at_this_machine_s_own() {
        for (given, called) in [
            ("0.0.0.0:80", "127.0.0.1:80"),
            ("[::]:80", "[::1]:80"),
            ("10.0.0.1:80", "10.0.0.1:80"),
        ] {
            assert_eq!(reachable(given.parse().unwrap()).to_string(), called);
        }
    }
}
