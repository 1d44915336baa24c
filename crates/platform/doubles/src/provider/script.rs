//! Scripts: what a provider answers to one request, step by step, with every fault a network can add.
//! Timing is never a pause: a step waits for a [`Gate`] that the test opens, or for the client to leave.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{Semaphore, watch};

/// How a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// An orderly close (FIN) in the middle of the answer.
    Fin,
    /// A reset (RST).
    Reset,
}

/// A door that scripts wait at until the test lets them through.
#[derive(Debug, Clone)]
pub struct Gate {
    permits: Arc<Semaphore>,
    arrivals: watch::Sender<usize>,
}

impl Gate {
    /// A closed gate.
    #[must_use]
    pub fn closed() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(0)),
            arrivals: watch::Sender::new(0),
        }
    }

    /// Lets everybody through from now on.
    pub fn open(&self) {
        self.permits.close();
    }

    /// Lets one waiter through, the next one if nobody waits yet.
    pub fn let_one_through(&self) {
        self.permits.add_permits(1);
    }

    /// Resolves once `count` scripts have come to this gate, whether they went through or not.
    pub async fn arrivals_at_least(&self, count: usize) {
        let mut arrivals = self.arrivals.subscribe();
        crate::patience::expect("scripts to come to a gate", async {
            // The sender lives in `self`, so the channel cannot close under us.
            let _ = arrivals.wait_for(|seen| *seen >= count).await;
        })
        .await;
    }

    pub(super) async fn pass(self) {
        self.arrivals.send_modify(|seen| *seen += 1);
        if let Ok(permit) = self.permits.acquire().await {
            permit.forget();
        }
    }
}

/// One step of an answer.
#[derive(Debug, Clone)]
pub enum Step {
    /// Status and headers go out.
    Head {
        /// The status.
        status: u16,
        /// Name and value, in the order they are sent.
        headers: Vec<(String, String)>,
    },
    /// Bytes of the body, in a write of their own.
    Chunk(Bytes),
    /// Nothing until the test opens the gate.
    Wait(Gate),
    /// The connection is cut.
    Cut(Cut),
    /// Nothing any more; ends when the client leaves.
    Hang,
}

/// An answer as a sequence of steps.
#[derive(Debug, Clone, Default)]
pub struct Script {
    pub(super) steps: Vec<Step>,
    /// Whether the answer announces its length (else it is chunked).
    pub(super) announces_length: bool,
}

impl Script {
    /// An answer that starts with this status and no header; add body, gates and faults.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self {
            steps: vec![Step::Head {
                status,
                headers: Vec::new(),
            }],
            announces_length: false,
        }
    }

    /// A whole JSON answer with its length.
    #[must_use]
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::whole(status, "application/json", body.to_string())
    }

    /// A whole answer with its length.
    #[must_use]
    pub fn whole(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        let mut script = Self::status(status)
            .header("content-type", content_type)
            .chunk(body);
        script.announces_length = true;
        script
    }

    /// An event stream, one write per piece.
    #[must_use]
    pub fn stream(pieces: impl IntoIterator<Item = Bytes>) -> Self {
        Self::status(200)
            .header("content-type", "text/event-stream; charset=utf-8")
            .header("cache-control", "no-cache")
            .chunks(pieces)
    }

    /// No answer at all: the connection stays open until the client leaves.
    #[must_use]
    pub fn never() -> Self {
        Self {
            steps: vec![Step::Hang],
            announces_length: false,
        }
    }

    /// The connection is cut before any answer.
    #[must_use]
    pub fn refuse(cut: Cut) -> Self {
        Self {
            steps: vec![Step::Cut(cut)],
            announces_length: false,
        }
    }

    /// Adds a header to the head.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        for step in &mut self.steps {
            if let Step::Head { headers, .. } = step {
                headers.push((name.to_owned(), value.to_owned()));
            }
        }
        self
    }

    /// Adds bytes, sent in a write of their own.
    #[must_use]
    pub fn chunk(mut self, bytes: impl Into<Bytes>) -> Self {
        self.steps.push(Step::Chunk(bytes.into()));
        self
    }

    /// Adds several pieces, each in a write of its own.
    #[must_use]
    pub fn chunks(mut self, pieces: impl IntoIterator<Item = Bytes>) -> Self {
        self.steps.extend(pieces.into_iter().map(Step::Chunk));
        self
    }

    /// Waits here for the gate.
    #[must_use]
    pub fn wait(mut self, gate: &Gate) -> Self {
        self.steps.push(Step::Wait(gate.clone()));
        self
    }

    /// Waits for the gate before anything is sent.
    #[must_use]
    pub fn wait_first(mut self, gate: &Gate) -> Self {
        self.steps.insert(0, Step::Wait(gate.clone()));
        self
    }

    /// Waits for the gate after the `count`th piece of the body.
    #[must_use]
    pub fn wait_after(mut self, count: usize, gate: &Gate) -> Self {
        let at = self.position_after(count);
        self.steps.insert(at, Step::Wait(gate.clone()));
        self
    }

    /// Stalls here for good; only the client's leaving ends it.
    #[must_use]
    pub fn hang(mut self) -> Self {
        self.steps.push(Step::Hang);
        self
    }

    /// Stalls for good after the `count`th piece of the body.
    #[must_use]
    pub fn hang_after(mut self, count: usize) -> Self {
        let at = self.position_after(count);
        self.steps.truncate(at);
        self.hang()
    }

    /// Cuts the connection here.
    #[must_use]
    pub fn cut(mut self, cut: Cut) -> Self {
        self.steps.push(Step::Cut(cut));
        self
    }

    /// Sends the first `count` bytes of the body, then cuts the connection.
    #[must_use]
    pub fn cut_after_bytes(mut self, count: usize, cut: Cut) -> Self {
        let mut left = count;
        let mut steps = Vec::new();
        for step in self.steps {
            match step {
                Step::Chunk(bytes) if bytes.len() > left => {
                    if left > 0 {
                        steps.push(Step::Chunk(bytes.slice(..left)));
                    }
                    break;
                }
                Step::Chunk(bytes) => {
                    left -= bytes.len();
                    steps.push(Step::Chunk(bytes));
                }
                other => steps.push(other),
            }
        }
        self.steps = steps;
        self.cut(cut)
    }

    /// The same body, cut into writes at these offsets (ascending; those out of range are ignored).
    /// Gates, stalls and cuts in between are dropped.
    #[must_use]
    pub fn split_at(self, offsets: &[usize]) -> Self {
        let body = self.body();
        let mut steps: Vec<Step> = self.steps.into_iter().filter(is_head).collect();
        let mut from = 0;
        for &to in offsets.iter().chain(std::iter::once(&body.len())) {
            if to > from && to <= body.len() {
                steps.push(Step::Chunk(body.slice(from..to)));
                from = to;
            }
        }
        Self {
            steps,
            announces_length: self.announces_length,
        }
    }

    /// The same answer with its whole body changed and sent in one write.
    #[must_use]
    pub fn map_body(self, change: impl FnOnce(Bytes) -> Bytes) -> Self {
        let body = change(self.body());
        let mut steps: Vec<Step> = self.steps.into_iter().filter(is_head).collect();
        steps.push(Step::Chunk(body));
        Self {
            steps,
            announces_length: self.announces_length,
        }
    }

    /// The same answer encoded with gzip, whatever the client asked for.
    #[must_use]
    pub fn gzip(self) -> Self {
        self.header("content-encoding", "gzip").map_body(|body| {
            use std::io::Write;
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(&body).expect("memory takes every write");
            encoder.finish().expect("memory takes every write").into()
        })
    }

    /// The whole body that the script would send.
    #[must_use]
    pub fn body(&self) -> Bytes {
        let pieces: Vec<&Bytes> = self
            .steps
            .iter()
            .filter_map(|step| match step {
                Step::Chunk(bytes) => Some(bytes),
                _ => None,
            })
            .collect();
        match pieces.as_slice() {
            [one] => (*one).clone(),
            many => many
                .iter()
                .flat_map(|bytes| bytes.iter().copied())
                .collect(),
        }
    }

    /// How many pieces the body has.
    #[must_use]
    pub fn pieces(&self) -> usize {
        let chunks = self.steps.iter();
        chunks.filter(|step| matches!(step, Step::Chunk(_))).count()
    }

    fn position_after(&self, count: usize) -> usize {
        let mut seen = 0;
        for (position, step) in self.steps.iter().enumerate() {
            if matches!(step, Step::Chunk(_)) {
                if seen == count {
                    return position;
                }
                seen += 1;
            }
        }
        self.steps.len()
    }
}

fn is_head(step: &Step) -> bool {
    matches!(step, Step::Head { .. })
}
