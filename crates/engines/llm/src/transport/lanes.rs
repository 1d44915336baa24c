//! One slot for each thread that serves calls, so that what a thread uses most is not shared. A slot is a matter of
//! cost only: whatever lies in it may be used from anywhere.

use std::cell::Cell;

/// Threads beyond this share slots.
const MOST: usize = 64;

thread_local! {
    static MINE: Cell<usize> = const { Cell::new(0) };
}

/// Gives this thread the slots of a number: threads that serve calls take 0, 1, 2 and so on. Others use those of 0.
pub fn take_lane(number: usize) {
    MINE.set(number);
}

/// As many slots as there are cores.
#[derive(Debug)]
pub(super) struct Lanes<T>(Box<[T]>);

impl<T: Default> Default for Lanes<T> {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self((0..cores.min(MOST)).map(|_| T::default()).collect())
    }
}

impl<T> Lanes<T> {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// This thread's slot and its number.
    pub fn own(&self) -> (usize, &T) {
        let number = MINE.get() % self.0.len();
        (number, &self.0[number])
    }

    /// A slot by its number.
    pub fn get(&self, number: usize) -> &T {
        &self.0[number % self.0.len()]
    }

    /// All slots, beginning with this one.
    pub fn from(&self, first: usize) -> impl Iterator<Item = (usize, &T)> {
        let count = self.0.len();
        (first..first + count).map(move |number| (number % count, self.get(number)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn a_thread_keeps_its_slot_and_sees_the_others_after_it() {
        let lanes: Lanes<AtomicUsize> = Lanes::default();
        take_lane(lanes.count() - 1);
        let (own, slot) = lanes.own();
        slot.store(7, Ordering::Relaxed);
        assert_eq!(own, lanes.count() - 1);
        let order: Vec<usize> = lanes.from(own).map(|(number, _)| number).collect();
        assert_eq!(order[0], own);
        assert_eq!(order.len(), lanes.count());
        assert_eq!(lanes.get(own).load(Ordering::Relaxed), 7);
    }
}
