//! The price book: what each model costs, when, and how a call is billed from what its answer says.
//! The figures are data (`data/prices.toml`); nothing here knows a protocol, a budget or a record.

mod bill;
mod book;
mod bucket;
mod card;
mod charge;
mod error;
mod hours;
mod overrides;
mod row;
mod service;
mod show;
mod table;
mod turns;
mod vendor;

#[cfg(test)]
mod tests;

use std::sync::{Arc, LazyLock};

use kernel::{Pico, Timestamp};

pub use bill::{Bill, Note, PriceLine, Priced};
pub use book::{Modality, ModelFacts};
pub use error::PriceError;
pub use overrides::PriceOverride;
pub use show::{Capabilities, ModelInfo, PriceOrigin};
pub use table::{
    Decimal, HourTable, RateTable, ServiceTable, TierTable, Variation, VariationTable,
};

use crate::ProviderKind;
use book::Book;
use bucket::Bucket;
use charge::Found;
use overrides::Overrides;

/// The bundled book together with the operator's own prices. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct PriceBook {
    book: Arc<Book>,
    overrides: Arc<Overrides>,
}

/// What a reservation counts with: the base prices of the moment, before size, service and region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    /// Per fresh input token.
    pub input: Pico,
    /// Per output token.
    pub output: Pico,
}

impl PriceBook {
    /// The book that is compiled in; read once, then cheap.
    pub fn bundled() -> Result<Self, PriceError> {
        static BUNDLED: LazyLock<Result<PriceBook, PriceError>> =
            LazyLock::new(|| PriceBook::read(include_str!("../data/prices.toml")));
        BUNDLED.clone()
    }

    /// A book from the text of a data file.
    pub fn read(text: &str) -> Result<Self, PriceError> {
        Ok(Self {
            book: Arc::new(Book::read(text)?),
            overrides: Arc::default(),
        })
    }

    /// This book under the operator's own prices, in the order of their file. They replace any set before.
    pub fn with_overrides(&self, overrides: &[PriceOverride]) -> Result<Self, PriceError> {
        Ok(Self {
            book: Arc::clone(&self.book),
            overrides: Arc::new(Overrides::new(overrides, &self.book.calendars)?),
        })
    }

    /// The base prices of a model at an instant, for a reservation; `None` where no price is known. Allocates nothing
    /// for ids in their maker's spelling.
    #[must_use]
    pub fn quote(
        &self,
        kind: ProviderKind,
        provider: &str,
        model: &str,
        at: Timestamp,
    ) -> Option<Quote> {
        let found = self.find(kind, provider, model, None, at)?;
        let rates = found.row.base(at);
        Some(Quote {
            input: rates.of(Bucket::Input),
            output: rates.of(Bucket::Output),
        })
    }

    /// The price of `model`, which an answer names (or a caller asks for), at an instant.
    ///
    /// First a price that the operator set for it. Then one set for the id that was asked, where that id is the
    /// operator's own name, the same model by the book, or the answer's name means nothing here. Then the book.
    fn find(
        &self,
        kind: ProviderKind,
        provider: &str,
        model: &str,
        asked: Option<&str>,
        at: Timestamp,
    ) -> Option<Found<'_>> {
        let known = self.book.model(kind, model);
        let canonical = known.map(|model| &*model.id);
        let set = self
            .overrides
            .get(provider, model, canonical, at)
            .or_else(|| {
                let asked = asked.filter(|asked| *asked != model && !self.overrides.is_empty())?;
                let asked_canonical = self.book.model(kind, asked).map(|model| &*model.id);
                let its_price = asked_canonical.is_none()
                    || canonical.is_none()
                    || canonical == asked_canonical;
                its_price
                    .then(|| self.overrides.get(provider, asked, asked_canonical, at))
                    .flatten()
            });
        let listed = known
            .map(|model| self.book.billed_as(model, at))
            .and_then(|model| model.rows.iter().find(|row| row.holds(at)));
        let row = match set {
            Some(entry) => entry.row(at)?,
            None => listed?,
        };
        // An operator who sets token prices rarely lists tool fees: the book's stand unless named.
        let mut fees = row.fees;
        if let Some(listed) = listed {
            fees.web_search = fees.web_search.or(listed.fees.web_search);
            fees.file_search = fees.file_search.or(listed.fees.file_search);
        }
        Some(Found {
            row,
            crosses: false,
            fees,
            vendor: known.map(|model| model.vendor),
        })
    }
}
