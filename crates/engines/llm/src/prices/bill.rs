//! What goes into a bill and what comes out of it.

use kernel::{Nano, Pico, Reported, Timestamp, Usage};
use smallvec::SmallVec;

use crate::ProviderKind;

/// What is to be priced.
#[derive(Debug, Clone, Copy)]
pub struct Bill<'a> {
    /// The kind of provider that answered.
    pub kind: ProviderKind,
    /// The provider's configured name.
    pub provider: &'a str,
    /// The model asked of it. It decides only where the answer names none, or one that is unknown.
    pub asked_model: &'a str,
    /// What the answer says.
    pub reported: &'a Reported,
    /// What we counted ourselves: used where the answer says nothing, and for the output of an answer that broke
    /// off (it has counts but no stop reason). A complete answer's own counts always stand.
    pub estimated_usage: Option<Usage>,
    /// When the request arrived: picks the price by date and hour.
    pub started: Timestamp,
    /// When the answer ended.
    pub ended: Timestamp,
}

/// What it costs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Priced {
    /// The cost. With `unpriced` it covers only the parts whose model is known.
    pub nano: Nano,
    /// All billed turns together.
    pub usage: Usage,
    /// No price is known for the model (or for the model of one of the turns).
    pub unpriced: bool,
    /// The cost may differ from the provider's own; `notes` say why.
    pub estimated: bool,
    /// The level that was billed: `standard`, `batch`, `flex`, `fast` or `ultrafast`.
    pub service: &'static str,
    /// The model that was billed.
    pub model: String,
    /// What the cost is made of, before rounding.
    pub lines: Vec<PriceLine>,
    /// Why it is estimated or unpriced.
    pub notes: SmallVec<[Note; 2]>,
}

/// One item of a bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceLine {
    /// A token class or a fee, under its price name.
    pub item: &'static str,
    /// The turn's own model, where it is not the answer's.
    pub model: Option<String>,
    /// Tokens or uses.
    pub units: u64,
    /// The price of one.
    pub rate: Pico,
    /// The region's multiplier, in thousandths.
    pub factor_thousandths: u32,
    /// The exact amount in femto-dollars (10⁻¹⁵ USD): `units × rate × factor`.
    pub femto: u128,
}

/// Why a cost is not certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// The answer gave no counts, or broke off before it gave the last ones.
    EstimatedUsage,
    /// The model is in no price list here.
    UnknownModel,
    /// A turn's own model is in no price list here.
    UnknownTurnModel,
    /// The answer names a service level that has no price for this model, or no clear meaning.
    UnclearService,
    /// The answer names a region that has no price for this model.
    UnclearRegion,
    /// The price changed between the request's arrival and the answer's end.
    CrossesPriceChange,
    /// The price hangs on a public holiday that is not certain yet.
    UncertainHoliday,
    /// The counts of the turns and of the whole do not fit.
    UnclearTurns,
    /// A tool was used whose fee is not known, or is charged by time.
    UnknownFee,
    /// Cached tokens of several kinds with different prices in one count.
    MixedCache,
}

impl Note {
    /// A sentence for records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EstimatedUsage => "token counts are estimated",
            Self::UnknownModel => "no price is known for the model",
            Self::UnknownTurnModel => "no price is known for the model of one turn",
            Self::UnclearService => "no price is known for the service level, billed as standard",
            Self::UnclearRegion => "no price is known for the region, billed without surcharge",
            Self::CrossesPriceChange => {
                "the price changed while the call ran, billed by its arrival"
            }
            Self::UncertainHoliday => "the price hangs on a public holiday that is not certain",
            Self::UnclearTurns => "the counts of the turns do not fit the whole",
            Self::UnknownFee => "a tool was used whose fee is not known",
            Self::MixedCache => "cached tokens of several prices stand in one count",
        }
    }
}
