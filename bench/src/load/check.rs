//! Reading an answer to its end. Anything but what must come ends the run.

use std::sync::OnceLock;
use std::time::Instant;

use anyhow::{Result, bail, ensure};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::Options;
use super::seen::Sample;
use super::told::Told;
use crate::fixture::Surface;

/// What must come.
pub enum Expected {
    /// These very bytes.
    Exactly(Bytes),
    /// An answer of another protocol in the caller's: read where it is the first, then compared by length, because
    /// ids in it differ.
    Translated {
        /// What the caller speaks.
        surface: Surface,
        /// Whether it comes as a stream.
        stream: bool,
        /// The length of the first.
        length: OnceLock<usize>,
    },
}

impl Expected {
    /// What requests of this kind must be answered with.
    pub fn of(options: &Options) -> Self {
        let (surface, stream) = (options.surface, options.stream);
        if options.translated {
            return Self::Translated {
                surface,
                stream,
                length: OnceLock::new(),
            };
        }
        Self::Exactly(if stream {
            surface.stream()
        } else {
            surface.answer()
        })
    }
}

/// What was read of an answer so far.
struct Reading<'e> {
    expected: &'e Expected,
    read: usize,
    /// The whole of it, where it has to be understood.
    kept: Option<Vec<u8>>,
}

/// Reads and compares.
pub async fn read(
    response: http::Response<Incoming>,
    expected: &Expected,
    begun: Instant,
) -> Result<Sample> {
    let status = response.status();
    let mut body = response.into_body();
    if status != http::StatusCode::OK {
        let body = body.collect().await?.to_bytes();
        bail!("answered {status}: {}", String::from_utf8_lossy(&body));
    }
    let mut reading = Reading::begin(expected);
    let (mut pieces, mut first_byte_us) = (0, None);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        first_byte_us.get_or_insert_with(|| micros(begun));
        pieces += 1;
        reading.take(&data)?;
    }
    let total_us = micros(begun);
    reading.end()?;
    Ok(Sample {
        first_byte_us: first_byte_us.unwrap_or_default(),
        total_us,
        pieces,
    })
}

impl<'e> Reading<'e> {
    fn begin(expected: &'e Expected) -> Self {
        let unknown =
            matches!(expected, Expected::Translated { length, .. } if length.get().is_none());
        Self {
            expected,
            read: 0,
            kept: unknown.then(Vec::new),
        }
    }

    fn take(&mut self, data: &Bytes) -> Result<()> {
        let end = self.read + data.len();
        if let Expected::Exactly(expected) = self.expected {
            ensure!(
                expected.get(self.read..end) == Some(data),
                "byte {} and after differ from what the upstream sent",
                self.read
            );
        }
        if let Some(kept) = &mut self.kept {
            kept.extend_from_slice(data);
        }
        self.read = end;
        Ok(())
    }

    fn end(self) -> Result<()> {
        let length = match self.expected {
            Expected::Exactly(expected) => expected.len(),
            Expected::Translated {
                surface,
                stream,
                length,
            } => {
                if let Some(kept) = &self.kept {
                    Told::by(*surface, *stream, kept)?.is_what_was_sent(*stream)?;
                }
                *length.get_or_init(|| self.read)
            }
        };
        ensure!(
            self.read == length,
            "the answer ended after {} of {length} bytes",
            self.read
        );
        Ok(())
    }
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}
