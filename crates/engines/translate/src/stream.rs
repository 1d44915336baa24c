//! A stream in translation: whole events of the upstream in, whole events of the caller's grammar out. What the
//! upstream reports is read by `wire`'s meter, which knows nothing of the translation.

mod watch;

use bytes::Bytes;
use kernel::Reported;
use wire::{ErrorView, Phase, sse};

use crate::error::TranslateError;
use crate::neutral::{EventReader, EventWriter};
use crate::state::PairState;
use watch::Watch;
pub(crate) use watch::reported;

/// Translates one stream.
pub struct Stream {
    reader: Box<dyn EventReader>,
    writer: Box<dyn EventWriter>,
    watch: Watch,
    started: bool,
    semantic: bool,
    over: bool,
}

impl Stream {
    /// A stream for the answer to that request.
    #[must_use]
    pub fn new(state: &PairState) -> Self {
        let streams = state.pair.definition().streams(state);
        Self {
            reader: streams.reader,
            writer: streams.writer,
            watch: Watch::new(state.pair.upstream()),
            started: false,
            semantic: false,
            over: false,
        }
    }

    /// Takes a block of whole events, as `wire::sse::Splitter` gives them, and appends what the caller gets to see.
    /// After an error the stream is to be ended by `fail`.
    pub fn push(&mut self, block: &Bytes, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        for event in sse::events(block) {
            if self.over {
                return Ok(());
            }
            // One by one: what is written must not depend on how many events come at once.
            self.watch.observe(&block.slice(event.range));
            if event.data.is_empty() {
                continue;
            }
            // A string cut in the middle of a character is the upstream's fault, and no reason to end the stream.
            let data = String::from_utf8_lossy(&event.data);
            self.step(out, |reader, emit| reader.event(event.name, &data, emit))?;
        }
        Ok(())
    }

    /// The connection has ended. True where the caller now has a whole answer; where not, `fail` is to be called.
    pub fn end(&mut self, out: &mut Vec<u8>) -> Result<bool, TranslateError> {
        if self.over {
            return Ok(true);
        }
        if !self.watch.may_end_here() {
            return Ok(false);
        }
        self.step(out, |reader, emit| reader.end(emit))?;
        Ok(self.over)
    }

    /// Ends the stream as failed, in the caller's grammar. Nothing where it has ended already.
    pub fn fail(&mut self, error: &ErrorView<'_>, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.over, true) {
            self.writer.fail(error, out);
        }
    }

    /// A sign of life for a caller that waits: an event or a comment that its clients ignore.
    pub fn keep_alive(&self, out: &mut Vec<u8>) {
        if !self.over {
            self.writer.keep_alive(out);
        }
    }

    /// Whether a part of the answer itself has been written: before it another provider may be asked instead.
    #[must_use]
    pub fn is_semantic(&self) -> bool {
        self.semantic
    }

    /// Whether the caller's stream has ended, well or not; what comes later is not looked at.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// How far the upstream's stream has come; `Failed` holds its error as it spells it.
    #[must_use]
    pub fn phase(&self) -> &Phase {
        self.watch.phase()
    }

    /// What the upstream's answer says about itself so far.
    #[must_use]
    pub fn reported(&self) -> &Reported {
        self.watch.reported()
    }

    /// Whether the reported usage is that of the whole answer.
    #[must_use]
    pub fn has_final_usage(&self) -> bool {
        self.watch.has_final_usage()
    }

    /// Bytes of text, reasoning and tool input that have come, as they are escaped in JSON.
    #[must_use]
    pub fn output_bytes(&self) -> u64 {
        self.watch.output_bytes()
    }

    /// Tool call id and signature, where the caller's protocol has no place for it, since this was last asked. See
    /// `Answer::signatures`.
    pub fn take_signatures(&mut self) -> Vec<(String, String)> {
        self.writer.take_signatures()
    }

    fn step(
        &mut self,
        out: &mut Vec<u8>,
        read: impl FnOnce(
            &mut dyn EventReader,
            &mut crate::neutral::Emit<'_>,
        ) -> Result<(), TranslateError>,
    ) -> Result<(), TranslateError> {
        let Self {
            reader,
            writer,
            watch,
            started,
            semantic,
            over,
        } = self;
        let mut emit = |event: crate::neutral::Event<'_>| {
            use crate::neutral::Event;
            if *over {
                return Ok(());
            }
            // Writers count on one beginning, and upstreams leave theirs out or say it twice.
            let starts = matches!(event, Event::Start { .. });
            if starts && *started {
                return Ok(());
            }
            if !*started && !matches!(event, Event::Failed(_)) {
                *started = true;
                if !starts {
                    writer.event(Event::START, watch.reported(), out)?;
                }
            }
            *semantic |= event.is_semantic();
            *over = matches!(event, Event::End | Event::Failed(_));
            writer.event(event, watch.reported(), out)
        };
        read(reader.as_mut(), &mut emit)
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream")
            .field("phase", self.phase())
            .field("semantic", &self.semantic)
            .field("over", &self.over)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use wire::Protocol;

    use super::*;
    use crate::context::RequestContext;
    use crate::dialect::Dialect;
    use crate::pair::Pair;

    fn told(caller: Protocol, events: &str) -> String {
        let pair = Pair::find(caller, Dialect::Anthropic).unwrap();
        let body = match caller {
            Protocol::Responses => r#"{"model":"m","input":"Hi"}"#,
            _ => r#"{"model":"m","messages":[{"role":"user","content":"Hi"}]}"#,
        };
        let context = RequestContext::new("m", "1");
        let state = pair.request(body.as_bytes(), &context).unwrap().state;
        let mut out = Vec::new();
        let mut stream = Stream::new(&state);
        stream
            .push(&Bytes::from(events.to_owned()), &mut out)
            .unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_beginning_is_told_once_however_often_it_came() {
        let start = "data: {\"type\":\"message_start\",\"message\":{\"model\":\"served\"}}\n\n";
        let text = "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"Half\"}}\n\n";
        for (caller, beginning) in [
            (Protocol::Chat, r#""role":"assistant","content":"""#),
            (Protocol::Responses, "event: response.created"),
        ] {
            for events in [format!("{start}{start}{text}"), text.to_owned()] {
                let told = told(caller, &events);
                assert_eq!(told.matches(beginning).count(), 1, "{told}");
                assert!(told.find(beginning) < told.find("Half"), "{told}");
            }
        }
    }
}
