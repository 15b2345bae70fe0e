//! Chance that can be repeated: case N of seed S is the same project on every machine.

/// A random number generator that says what it is asked for.
pub(crate) struct Dice(fastrand::Rng);

impl Dice {
    /// The dice of one case: neighbours share nothing.
    pub(crate) fn of(seed: u64, case: u64) -> Self {
        let mixed = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ case.wrapping_mul(0xd6e8_feb8_6659_fd93);
        Self(fastrand::Rng::with_seed(mixed))
    }

    /// A number that is written into the project, for what is chosen when it is printed.
    pub(crate) fn salt(&mut self) -> u64 {
        self.0.u64(..)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0.usize(..end)
    }

    /// From `least` to `most`, both included.
    pub(crate) fn between(&mut self, least: usize, most: usize) -> usize {
        self.0.usize(least..=most)
    }

    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// Some of them, in any order, none twice.
    pub(crate) fn some<T: Copy>(&mut self, from: &[T], least: usize, most: usize) -> Vec<T> {
        let mut all = from.to_vec();
        self.0.shuffle(&mut all);
        let count = self.between(least, most.max(least));
        all.truncate(count);
        all
    }
}
