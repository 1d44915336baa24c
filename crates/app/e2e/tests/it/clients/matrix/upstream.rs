//! One provider behind the product, and what came to it.

use std::sync::Arc;

use doubles::Provider;
use doubles::provider::reply::Surface;

use super::{Calls, FIRST_WORDS, IDS, SEAL, THOUGHT, compact};
use crate::story::{self, Said};

/// One provider behind the product.
#[derive(Clone)]
pub struct Upstream {
    pub kind: &'static str,
    pub spoken: Surface,
    /// What callers call its model.
    pub model: String,
    pub double: Arc<Provider>,
    /// The calls that its model makes.
    pub calls: Calls,
}

impl Upstream {
    /// The kind of provider and what it speaks here.
    pub fn label(&self) -> String {
        match self.spoken {
            Surface::Messages => format!("{} (messages)", self.kind),
            Surface::Chat => format!("{} (chat)", self.kind),
            Surface::Responses => format!("{} (responses)", self.kind),
            _ => self.kind.to_owned(),
        }
    }

    /// The arguments as a client gets them: as they were written, but where the protocol holds an object, of which the
    /// double writes no space.
    pub fn given(&self) -> [String; 2] {
        self.calls.clone().map(|(_, arguments)| match self.spoken {
            Surface::Gemini => compact(&arguments),
            _ => arguments,
        })
    }

    /// The second request: the words before, both calls as they were made, each with its result.
    pub fn assert_came_back(&self, returned: fn(&str) -> String) {
        let requests = self.double.requests();
        let bodies = requests
            .iter()
            .map(|request| String::from_utf8_lossy(&request.body));
        let shown = || bodies.clone().collect::<Vec<_>>().join("\n");
        assert_eq!(requests.len(), 2, "{}", shown());
        let said = story::of(&requests[1]);
        assert!(
            said.contains(&Said::Assistant(FIRST_WORDS.to_owned())),
            "{said:#?}"
        );
        let calls: Vec<Said> = said
            .iter()
            .filter(|said| matches!(said, Said::Call { .. }))
            .cloned()
            .collect();
        let wanted = std::iter::zip(IDS, &self.calls).zip(self.given());
        let wanted = wanted.map(|((id, (name, _)), arguments)| Said::Call {
            id: id.to_owned(),
            name: name.clone(),
            arguments: returned(&arguments),
        });
        assert_eq!(calls, wanted.collect::<Vec<_>>(), "{}", shown());
        let mut answered: Vec<&str> = said
            .iter()
            .filter_map(|said| match said {
                Said::Result { id, .. } => Some(id.as_str()),
                _ => None,
            })
            .collect();
        // A client that runs its tools at the same time may send their results in either order.
        answered.sort_unstable_by_key(|id| *id != IDS[0]);
        assert_eq!(answered, IDS, "{}", shown());
    }

    /// Whether what was thought came back to who thought it, with what it was signed by.
    pub fn reasoning_came_back(&self) -> bool {
        let requests = self.double.requests();
        let said = story::of(&requests[1]);
        said.iter().any(|said| match (said, self.spoken) {
            (Said::Thought(text, None), Surface::Chat) => text == THOUGHT,
            // The signature stands at the first call.
            (Said::Thought(_, seal), Surface::Gemini) => seal.as_deref() == Some(SEAL),
            (Said::Thought(text, seal), _) => text == THOUGHT && seal.as_deref() == Some(SEAL),
            _ => false,
        })
    }

    /// The texts of the results that came back, in the order of their calls.
    pub fn results(&self) -> [String; 2] {
        let requests = self.double.requests();
        let said = story::of(&requests[1]);
        IDS.map(|wanted| {
            let text = said.iter().find_map(|said| match said {
                Said::Result { id, text } if id == wanted => Some(text.clone()),
                _ => None,
            });
            text.unwrap_or_default()
        })
    }
}
