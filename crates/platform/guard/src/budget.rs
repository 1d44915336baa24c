//! Money of one key: reserved before a call, topped up while it streams, settled after it, each in one step.
//! Prices are told by the caller; what had been spent before this process began is loaded by `identity`.

mod exceeded;
mod period;
mod spec;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use kernel::{Nano, Timestamp};
use parking_lot::Mutex;
use smallvec::SmallVec;

use crate::glob::Glob;
pub use exceeded::BudgetExceeded;
pub use period::Period;
pub use spec::{BudgetSpec, BudgetState, SpentWindow};

/// Budgets that a key may have at most.
pub const MAX_BUDGETS: usize = 32;

/// One window of one budget.
#[derive(Debug, Clone, Copy)]
struct Ledger {
    starts_at: Timestamp,
    spent: Nano,
    reserved: Nano,
    /// Reservations not yet settled; a past window is kept as long as it has one.
    open: u32,
}

#[derive(Debug)]
struct Line {
    /// Never used twice, so that a reservation finds its budget after an edit or finds none.
    id: u32,
    spec: BudgetSpec,
    models: Vec<Glob>,
    /// The current window is the last; past ones stay while calls that began in them run.
    ledgers: SmallVec<[Ledger; 1]>,
}

impl Line {
    fn new(id: u32, spec: BudgetSpec, spent: Option<SpentWindow>) -> Self {
        let ledgers = spent
            .map(|window| Ledger {
                starts_at: spec.period.start(window.starts_at),
                spent: window.spent,
                reserved: Nano::ZERO,
                open: 0,
            })
            .into_iter()
            .collect();
        let mut line = Self {
            id,
            models: Vec::new(),
            spec,
            ledgers,
        };
        line.models = line
            .spec
            .models
            .iter()
            .map(|text| Glob::new(text))
            .collect();
        line
    }

    /// Whether a budget counts the same calls, whatever its amount.
    fn counts_as(&self, spec: &BudgetSpec) -> bool {
        self.spec.period == spec.period && self.spec.models == spec.models
    }

    fn covers(&self, model: &str) -> bool {
        self.models.is_empty() || self.models.iter().any(|glob| glob.matches(model))
    }

    /// The window of `now`. A clock that steps back stays in the window it had reached: else an amount could be
    /// spent twice.
    fn current(&mut self, now: Timestamp) -> &mut Ledger {
        let starts_at = self.spec.period.start(now);
        if self
            .ledgers
            .last()
            .is_none_or(|last| last.starts_at < starts_at)
        {
            self.ledgers.retain(|ledger| ledger.open > 0);
            self.ledgers.push(Ledger {
                starts_at,
                spent: Nano::ZERO,
                reserved: Nano::ZERO,
                open: 0,
            });
        }
        let last = self.ledgers.len() - 1;
        &mut self.ledgers[last]
    }

    fn ledger(&mut self, starts_at: Timestamp) -> Option<&mut Ledger> {
        self.ledgers
            .iter_mut()
            .rev()
            .find(|ledger| ledger.starts_at == starts_at)
    }

    /// Whether `asked` fits; `call` is what the call would hold in all then.
    fn check(
        &self,
        index: usize,
        ledger: &Ledger,
        now: Timestamp,
        (asked, call): (Nano, Nano),
    ) -> Result<(), BudgetExceeded> {
        if !self.spec.hard || ledger.spent + ledger.reserved + asked <= self.spec.amount {
            return Ok(());
        }
        let resets_at = self.spec.period.end(ledger.starts_at);
        Err(BudgetExceeded {
            index,
            amount: self.spec.amount,
            period: self.spec.period,
            spent: ledger.spent,
            reserved: ledger.reserved,
            asked,
            call,
            resets_at,
            resets_in_s: resets_at
                .and_then(|at| u64::try_from(at.since(now)).ok())
                .map(|us| us.div_ceil(1_000_000)),
        })
    }
}

#[derive(Debug, Default)]
struct Book {
    next_id: u32,
    lines: Vec<Line>,
}

impl Book {
    fn line(&mut self, id: u32) -> Option<(usize, &mut Line)> {
        self.lines
            .iter_mut()
            .enumerate()
            .find(|(_, line)| line.id == id)
    }
}

const SOME: u8 = 1;
const HARD: u8 = 2;

/// The budgets of one key with what is spent and held, behind one short lock.
#[derive(Debug)]
pub struct Budgets {
    has: AtomicU8,
    book: Mutex<Book>,
}

impl Budgets {
    /// Budgets and, in the same order, what had been spent in the current window of each; a missing one is zero.
    #[must_use]
    pub fn new(specs: Vec<BudgetSpec>, spent: Vec<SpentWindow>) -> Self {
        let this = Self {
            has: AtomicU8::new(0),
            book: Mutex::default(),
        };
        this.reconfigure(specs, spent);
        this
    }

    /// No budget at all; reserving costs nothing.
    #[must_use]
    pub fn none() -> Self {
        Self::new(Vec::new(), Vec::new())
    }

    /// Sets other budgets. One with the same period and models keeps what is spent and held, whatever its amount;
    /// `spent` counts for the others ([`Budgets::unknown`]), in their order.
    pub fn reconfigure(&self, specs: Vec<BudgetSpec>, spent: Vec<SpentWindow>) {
        let has = (u8::from(!specs.is_empty()) * SOME)
            | (u8::from(specs.iter().any(|spec| spec.hard)) * HARD);
        let mut spent = spent.into_iter();
        let mut book = self.book.lock();
        let mut old = std::mem::take(&mut book.lines);
        for spec in specs {
            let known = old.iter().position(|line| line.counts_as(&spec));
            let line = if let Some(at) = known {
                let mut line = old.remove(at);
                line.spec = spec;
                line
            } else {
                book.next_id += 1;
                Line::new(book.next_id, spec, spent.next())
            };
            book.lines.push(line);
        }
        self.has.store(has, Ordering::Release);
    }

    /// Those of `specs` that nothing is counted for yet: what had been spent in their windows must be told when they are
    /// set.
    #[must_use]
    pub fn unknown(&self, specs: &[BudgetSpec]) -> Vec<BudgetSpec> {
        let book = self.book.lock();
        let mut known: Vec<&Line> = book.lines.iter().collect();
        let mut unknown = Vec::new();
        for spec in specs {
            match known.iter().position(|line| line.counts_as(spec)) {
                Some(at) => {
                    known.remove(at);
                }
                None => unknown.push(spec.clone()),
            }
        }
        unknown
    }

    /// The budgets as they are set.
    #[must_use]
    pub fn specs(&self) -> Vec<BudgetSpec> {
        let book = self.book.lock();
        book.lines.iter().map(|line| line.spec.clone()).collect()
    }

    /// Corrects what was told too low when these budgets were set: in these windows at least this much was spent.
    pub fn raise(&self, specs: &[BudgetSpec], spent: &[SpentWindow]) {
        let mut book = self.book.lock();
        for (spec, window) in specs.iter().zip(spent) {
            let starts_at = spec.period.start(window.starts_at);
            for line in &mut book.lines {
                if line.counts_as(spec)
                    && let Some(ledger) = line.ledger(starts_at)
                {
                    ledger.spent = ledger.spent.max(window.spent);
                }
            }
        }
    }

    /// Whether any budget refuses calls.
    #[must_use]
    pub fn has_hard(&self) -> bool {
        self.has.load(Ordering::Acquire) & HARD != 0
    }

    /// Whether a budget refuses calls of this model: it must have a price then.
    #[must_use]
    pub fn has_hard_for(&self, model: &str) -> bool {
        self.has_hard()
            && (self.book.lock().lines)
                .iter()
                .any(|line| line.spec.hard && line.covers(model))
    }

    /// Whether there is no budget.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.has.load(Ordering::Acquire) & SOME == 0
    }

    /// Takes `nano` from every budget that counts `model`, or from none where a hard one has too little left.
    pub fn reserve(
        self: &Arc<Self>,
        now: Timestamp,
        model: &str,
        nano: Nano,
    ) -> Result<Reservation, BudgetExceeded> {
        let mut reservation = Reservation {
            budgets: Arc::clone(self),
            at: now,
            reserved: nano,
            held: SmallVec::new(),
            settled: false,
        };
        if self.is_empty() {
            return Ok(reservation);
        }
        let mut book = self.book.lock();
        for (index, line) in book.lines.iter_mut().enumerate() {
            if line.covers(model) {
                let ledger = *line.current(now);
                line.check(index, &ledger, now, (nano, nano))?;
            }
        }
        for line in book.lines.iter_mut().filter(|line| line.covers(model)) {
            let id = line.id;
            let ledger = line.current(now);
            ledger.reserved += nano;
            ledger.open += 1;
            reservation.held.push((id, ledger.starts_at));
        }
        drop(book);
        Ok(reservation)
    }

    /// How each budget stands at `now`.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> Vec<BudgetState> {
        let mut book = self.book.lock();
        let state = |line: &mut Line| {
            let ledger = *line.current(now);
            BudgetState {
                spent: ledger.spent,
                reserved: ledger.reserved,
                starts_at: ledger.starts_at,
                resets_at: line.spec.period.end(ledger.starts_at),
                spec: line.spec.clone(),
            }
        };
        book.lines.iter_mut().map(state).collect()
    }
}

/// Money held for one call. Belongs to the windows in which it was made, however long the call runs. Dropped without
/// being settled, all that it holds counts as spent: the safe side.
#[derive(Debug)]
#[must_use = "a reservation dropped unsettled counts as spent"]
pub struct Reservation {
    budgets: Arc<Budgets>,
    at: Timestamp,
    reserved: Nano,
    held: SmallVec<[(u32, Timestamp); 2]>,
    settled: bool,
}

impl Reservation {
    /// What is held now.
    #[must_use]
    pub const fn reserved(&self) -> Nano {
        self.reserved
    }

    /// Takes `nano` more from the same windows, or nothing where a hard budget has too little left.
    pub fn top_up(&mut self, nano: Nano) -> Result<(), BudgetExceeded> {
        if !self.held.is_empty() {
            let mut book = self.budgets.book.lock();
            for (id, starts_at) in &self.held {
                if let Some((index, line)) = book.line(*id)
                    && let Some(ledger) = line.ledger(*starts_at).copied()
                {
                    line.check(index, &ledger, self.at, (nano, self.reserved + nano))?;
                }
            }
            for (id, starts_at) in &self.held {
                if let Some(ledger) = book.line(*id).and_then(|(_, line)| line.ledger(*starts_at)) {
                    ledger.reserved += nano;
                }
            }
        }
        self.reserved += nano;
        Ok(())
    }

    /// Turns what is held into what was really spent, more or less.
    pub fn settle(mut self, actual: Nano) {
        self.close(actual);
    }

    fn close(&mut self, spent: Nano) {
        if std::mem::replace(&mut self.settled, true) || self.held.is_empty() {
            return;
        }
        let mut book = self.budgets.book.lock();
        for (id, starts_at) in &self.held {
            let Some((_, line)) = book.line(*id) else {
                continue;
            };
            if let Some(ledger) = line.ledger(*starts_at) {
                ledger.reserved = ledger.reserved - self.reserved;
                ledger.spent += spent;
                ledger.open = ledger.open.saturating_sub(1);
            }
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.close(self.reserved);
    }
}
