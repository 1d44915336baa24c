//! A TCP relay before a server that can fall silent as a network does: connections stay open and nothing comes through, not
//! even word that they are dead.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub struct Relay {
    address: SocketAddr,
    silent: watch::Sender<bool>,
}

impl Relay {
    pub async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let relay = Self {
            address: listener.local_addr().unwrap(),
            silent: watch::Sender::new(false),
        };
        let silent = relay.silent.subscribe();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, server, silent.clone()));
            }
        });
        relay
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Nothing comes through from now on; connections that exist now never will carry anything again.
    pub fn fall_silent(&self) {
        self.silent.send_replace(true);
    }

    /// New connections are carried again.
    pub fn speak(&self) {
        self.silent.send_replace(false);
    }
}

async fn carry(mut client: TcpStream, server: SocketAddr, mut silent: watch::Receiver<bool>) {
    let Ok(mut server) = TcpStream::connect(server).await else {
        return;
    };
    tokio::select! {
        biased;
        _ = silent.wait_for(|silent| *silent) => {}
        _ = copy_bidirectional(&mut client, &mut server) => return,
    }
    // Both ends stay open, unread, for as long as there is a relay.
    let _ = silent.wait_for(|_| false).await;
}
