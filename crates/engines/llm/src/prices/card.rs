//! Prices by size, from text to whole pico-dollars: every multiplier applied, every gap filled.

use kernel::Pico;
use kernel::money::InvalidAmount;

use super::bucket::{BUCKETS, Bucket};
use super::error::PriceError;
use super::table::{Decimal, TierTable, Variation};

/// A price per token for every class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rates {
    /// As written.
    pub(super) listed: [Option<Pico>; BUCKETS],
    /// With every gap filled by the class it falls back to.
    effective: [Pico; BUCKETS],
}

impl Rates {
    fn new(listed: [Option<Pico>; BUCKETS], path: &str) -> Result<Self, PriceError> {
        for required in [Bucket::Input, Bucket::Output] {
            if listed[required as usize].is_none() {
                return Err(PriceError::invalid(
                    format!("{path}.{}", required.as_str()),
                    "must be given; \"0\" where it costs nothing",
                ));
            }
        }
        let mut effective = [Pico(0); BUCKETS];
        for bucket in Bucket::ALL {
            let mut from = Some(bucket);
            while let Some(class) = from {
                if let Some(rate) = listed[class as usize] {
                    effective[bucket as usize] = rate;
                    break;
                }
                from = class.falls_back_to();
            }
        }
        Ok(Self { listed, effective })
    }

    pub(super) const fn of(&self, bucket: Bucket) -> Pico {
        self.effective[bucket as usize]
    }

    fn times(&self, factor: Factor, path: &str) -> Result<Self, PriceError> {
        let mut listed = self.listed;
        for rate in listed.iter_mut().flatten() {
            *rate = factor.of(*rate).ok_or_else(|| {
                PriceError::invalid(
                    path,
                    format!("{factor} times {} per million is not a whole number of pico-dollars; name the prices one by one", rate.to_per_million()),
                )
            })?;
        }
        Self::new(listed, path)
    }
}

/// A multiplier, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Factor(pub(super) u32);

impl Factor {
    /// No change.
    pub(super) const ONE: Self = Self(1_000);

    pub(super) fn read(text: &Decimal, path: &str) -> Result<Self, PriceError> {
        let millionths = Pico::per_million(&text.0).map_err(|_| {
            PriceError::invalid(
                path,
                format!("expected a multiplier such as \"0.5\", got {:?}", text.0),
            )
        })?;
        u32::try_from(millionths.0 / 1_000)
            .ok()
            .filter(|thousandths| *thousandths > 0 && millionths.0 % 1_000 == 0)
            .map(Self)
            .ok_or_else(|| {
                PriceError::invalid(
                    path,
                    "a multiplier is above 0 and has at most three decimal places",
                )
            })
    }

    fn of(self, rate: Pico) -> Option<Pico> {
        let product = rate.0.checked_mul(u64::from(self.0))?;
        (product % 1_000 == 0).then_some(Pico(product / 1_000))
    }
}

impl std::fmt::Display for Factor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&Pico(u64::from(self.0) * 1_000).to_per_million())
    }
}

/// The price of a larger request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tier {
    pub(super) above: u64,
    pub(super) rates: Rates,
}

/// The prices of one service level, by size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Card {
    pub(super) base: Rates,
    pub(super) tiers: Vec<Tier>,
}

impl Card {
    pub(super) fn new(
        tokens: [Option<&Decimal>; BUCKETS],
        tiers: &[TierTable],
        path: &str,
    ) -> Result<Self, PriceError> {
        let mut card = Self {
            base: rates(tokens, path)?,
            tiers: Vec::with_capacity(tiers.len()),
        };
        for (place, tier) in tiers.iter().enumerate() {
            let path = format!("{path}.tiers[{place}]");
            let floor = card.tiers.last().map_or(0, |tier| tier.above);
            if tier.above <= floor {
                return Err(PriceError::invalid(
                    format!("{path}.above"),
                    format!("must be greater than {floor}: tiers stand in rising order"),
                ));
            }
            card.tiers.push(Tier {
                above: tier.above,
                rates: rates(tier.tokens(), &path)?,
            });
        }
        Ok(card)
    }

    pub(super) fn times(&self, factor: Factor, path: &str) -> Result<Self, PriceError> {
        Ok(Self {
            base: self.base.times(factor, path)?,
            tiers: self
                .tiers
                .iter()
                .map(|tier| {
                    Ok(Tier {
                        above: tier.above,
                        rates: tier.rates.times(factor, path)?,
                    })
                })
                .collect::<Result<_, PriceError>>()?,
        })
    }

    /// These prices as a variation changes them.
    pub(super) fn varied(&self, variation: &Variation, path: &str) -> Result<Self, PriceError> {
        match variation {
            Variation::Multiplier(factor) => self.times(Factor::read(factor, path)?, path),
            Variation::Table(table) => match &table.multiplier {
                Some(factor) => {
                    named_beside_multiplier(&table.tokens(), &table.tiers, path)?;
                    self.times(Factor::read(factor, &format!("{path}.multiplier"))?, path)
                }
                None => Self::new(table.tokens(), &table.tiers, path),
            },
        }
    }

    /// The bound of the tier that a request of this size falls into; 0 for the base.
    pub(super) fn tier_of(&self, size: u64) -> u64 {
        self.tiers
            .iter()
            .rev()
            .map(|tier| tier.above)
            .find(|above| size > *above)
            .unwrap_or(0)
    }

    /// The prices of the tier with this bound; `None` where it is not sold.
    pub(super) fn tier(&self, above: u64) -> Option<&Rates> {
        if above == 0 {
            return Some(&self.base);
        }
        self.tiers
            .iter()
            .find(|tier| tier.above == above)
            .map(|tier| &tier.rates)
    }
}

/// A multiplier beside prices leaves open which of them is meant.
pub(super) fn named_beside_multiplier(
    tokens: &[Option<&Decimal>; BUCKETS],
    tiers: &[TierTable],
    path: &str,
) -> Result<(), PriceError> {
    if tokens.iter().all(Option::is_none) && tiers.is_empty() {
        return Ok(());
    }
    Err(PriceError::invalid(
        format!("{path}.multiplier"),
        "stands beside prices; give one or the other",
    ))
}

fn rates(tokens: [Option<&Decimal>; BUCKETS], path: &str) -> Result<Rates, PriceError> {
    let mut listed = [None; BUCKETS];
    for bucket in Bucket::ALL {
        if let Some(text) = tokens[bucket as usize] {
            listed[bucket as usize] = Some(amount(
                text,
                &format!("{path}.{}", bucket.as_str()),
                Pico::per_million,
            )?);
        }
    }
    Rates::new(listed, path)
}

/// Reads one figure.
pub(super) fn amount(
    text: &Decimal,
    field: &str,
    read: fn(&str) -> Result<Pico, InvalidAmount>,
) -> Result<Pico, PriceError> {
    read(&text.0).map_err(|source| PriceError::Amount {
        field: field.to_owned(),
        source,
    })
}
