//! What a pair is made of: two sides joined over the neutral model, or work of its own.

use kernel::Reported;
use wire::Protocol;

use crate::context::RequestContext;
use crate::dialect::{Dialect, Upstream};
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::fields::Field;
use crate::names::Names;
use crate::neutral::{EventReader, EventWriter, Request};
use crate::pair::{Answer, Pair, Translated};
use crate::side::{Caller, Count, Served, Write};
use crate::state::PairState;

/// One pair. Each pair's folder holds one.
pub(crate) struct Definition {
    /// As its folder and its golden files are called.
    pub name: &'static str,
    /// What becomes of each field of a request that fares as it does over this upstream only.
    pub fields: &'static [Field],
    pub work: Work,
}

/// How a pair goes about it.
pub(crate) enum Work {
    Joined(Joined),
    Own(Own),
}

/// Two sides over the neutral model.
pub(crate) struct Joined {
    pub caller: &'static Caller,
    pub upstream: &'static Served,
    /// What is particular to the pair.
    pub adapt: Option<Adapt>,
}

/// Adapts what the caller asks to what the upstream makes of it, before it is written.
pub(crate) type Adapt =
    fn(&mut Request<'_>, Dialect, &RequestContext<'_>, &mut Dropped) -> Result<(), TranslateError>;

/// What the neutral model has no word for.
pub(crate) struct Own {
    pub caller: Protocol,
    pub upstream: Upstream,
    pub request: fn(Pair, &str, &RequestContext<'_>) -> Result<Translated, TranslateError>,
    pub answer: fn(&PairState, &str, Reported) -> Result<Answer, TranslateError>,
    pub streams: fn() -> Streams,
}

/// A reader of the upstream's stream and a writer of the caller's.
pub(crate) struct Streams {
    pub reader: Box<dyn EventReader>,
    pub writer: Box<dyn EventWriter>,
}

impl Definition {
    /// What becomes of each field of a request, by path.
    pub(crate) fn all_fields(&self) -> Vec<Field> {
        let alike = match &self.work {
            Work::Joined(joined) => joined.caller.fields,
            Work::Own(_) => &[],
        };
        let mut fields = [alike, self.fields].concat();
        fields.sort_by_key(|field| field.path);
        fields
    }

    pub(crate) fn caller(&self) -> Protocol {
        match &self.work {
            Work::Joined(joined) => joined.caller.protocol,
            Work::Own(own) => own.caller,
        }
    }

    pub(crate) fn upstream(&self) -> Upstream {
        match &self.work {
            Work::Joined(joined) => joined.upstream.protocol,
            Work::Own(own) => own.upstream,
        }
    }

    pub(crate) fn request(
        &self,
        pair: Pair,
        body: &str,
        context: &RequestContext<'_>,
    ) -> Result<Translated, TranslateError> {
        match &self.work {
            Work::Joined(joined) => {
                joined.request(pair, body, context, joined.upstream.write_request)
            }
            Work::Own(own) => (own.request)(pair, body, context),
        }
    }

    pub(crate) fn answer(
        &self,
        state: &PairState,
        body: &str,
        reported: Reported,
    ) -> Result<Answer, TranslateError> {
        match &self.work {
            Work::Joined(Joined {
                caller, upstream, ..
            }) => {
                let answer = (upstream.read_answer)(body, state.pair.dialect())?;
                Ok((caller.write_answer)(&answer, state, reported))
            }
            Work::Own(own) => (own.answer)(state, body, reported),
        }
    }

    pub(crate) fn streams(&self, state: &PairState) -> Streams {
        match &self.work {
            Work::Joined(Joined {
                caller, upstream, ..
            }) => Streams {
                reader: (upstream.events_in)(state.pair.dialect(), caller),
                writer: (caller.events_out)(state),
            },
            Work::Own(own) => (own.streams)(),
        }
    }

    /// The two sides and how the upstream counts, where it does.
    pub(crate) fn counted(&self) -> Option<(&Joined, &'static Count)> {
        match &self.work {
            Work::Joined(joined) => Some((joined, joined.upstream.count.as_ref()?)),
            Work::Own(_) => None,
        }
    }
}

impl Joined {
    /// A request in one of the forms that the upstream takes.
    pub(crate) fn request(
        &self,
        pair: Pair,
        body: &str,
        context: &RequestContext<'_>,
        write: Write,
    ) -> Result<Translated, TranslateError> {
        let dialect = pair.dialect();
        let mut dropped = Dropped::default();
        let mut names = Names::default();
        let mut request = (self.caller.read_request)(body, context, &mut dropped)?;
        if let Some(why) = self.upstream.deaf
            && request.has_sound()
        {
            let field = self.caller.sound;
            return Err(TranslateError::NotTranslatable { field, why });
        }
        if let Some(adapt) = self.adapt {
            adapt(&mut request, dialect, context, &mut dropped)?;
        }
        let body = write(&mut request, dialect, context, &mut names, &mut dropped)?;
        Ok(Translated {
            body,
            dropped,
            state: PairState::new(pair, &request, names, context),
        })
    }
}
