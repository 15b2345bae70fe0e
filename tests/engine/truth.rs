//! Which locks really exclude: each is taken in one container and tried in the others.

use std::fmt;

use super::container::{Probe, Refusal};
use super::raise::Raised;

/// The locks that are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Lock {
    /// A directory beside the state directory.
    Sibling,
    /// A directory in it.
    Inside,
    /// An `flock` on the guard.
    Guard,
}

impl Lock {
    pub(crate) const ALL: [Self; 3] = [Self::Sibling, Self::Inside, Self::Guard];

    fn take(self, probe: &mut Probe, at: &Paths) -> Result<(), Refusal> {
        self.order(probe, at, ["mkdir-sibling", "mkdir", "flock"])
    }

    fn release(self, probe: &mut Probe, at: &Paths) {
        let done = self.order(probe, at, ["rmdir-sibling", "rmdir", "unflock"]);
        done.unwrap_or_else(|refusal| panic!("{}: {self:?} cannot be released: {refusal:?}", probe.name));
    }

    fn order(self, probe: &mut Probe, at: &Paths, orders: [&str; 3]) -> Result<(), Refusal> {
        let [sibling, inside, guard] = orders;
        let words = match self {
            Self::Sibling => [sibling, &at.state],
            Self::Inside => [inside, &at.inside],
            Self::Guard => [guard, &at.guard],
        };
        probe.ask(&words).map(|_| ())
    }
}

/// The paths of one container's locks.
struct Paths {
    state: String,
    inside: String,
    guard: String,
}

/// What became of a lock between two containers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Who has it keeps the other out, both ways.
    Excludes,
    /// Both have it at the same time.
    Passes,
    /// One of them, or both, cannot make it: no exclusion, whatever its place is.
    CannotBeMade(String),
}

/// The truth of a lock between two containers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    pub(crate) one: usize,
    pub(crate) other: usize,
    pub(crate) lock: Lock,
    pub(crate) outcome: Outcome,
    /// Whether the kernel numbers what would be locked the same in both.
    pub(crate) same: bool,
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let same = if self.same { "one place" } else { "two places" };
        write!(f, "containers {} and {}, {:?}: {:?}, {same}", self.one, self.other, self.lock, self.outcome)
    }
}

/// `EEXIST` and `EWOULDBLOCK`: somebody has it.
fn is_taken(refusal: &Refusal) -> bool {
    [17, 11].contains(&refusal.number)
}

/// What a try to take a lock shows.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Try {
    Got,
    Taken,
    Refused(String),
}

fn attempt(lock: Lock, probe: &mut Probe, at: &Paths) -> Try {
    match lock.take(probe, at) {
        Ok(()) => Try::Got,
        Err(refusal) if is_taken(&refusal) => Try::Taken,
        Err(refusal) => {
            assert!(refusal.number != 0, "{}: {}", probe.name, refusal.text);
            Try::Refused(refusal.text)
        }
    }
}

/// Tries every lock between every two containers, each way.
pub(crate) fn measure(raised: &mut Raised<'_>) -> Vec<Fact> {
    let member_paths = |member: &super::layout::Member| Paths {
        state: member.state(),
        inside: format!("{}/.oauth_refresh.lock", member.state()),
        guard: member.guard(),
    };
    let paths: Vec<Paths> = raised.layout.members.iter().map(member_paths).collect();
    // The guard is a file that stays: whoever can makes it first, so that it matters no longer who comes when.
    for (probe, at) in raised.probes.iter_mut().zip(&paths) {
        let _ = probe.ask(&["flock", &at.guard]).map(|_| Lock::Guard.release(probe, at));
    }
    let asked = |(probe, at): (&mut Probe, &Paths)| probe.must(&["places", &at.state, &at.guard]);
    let places: Vec<Vec<String>> = raised.probes.iter_mut().zip(&paths).map(asked).collect();
    let mut facts = Vec::new();
    for (number, lock) in Lock::ALL.into_iter().enumerate() {
        let tries = all_ways(lock, &mut raised.probes, &paths);
        for one in 0..paths.len() {
            for other in one + 1..paths.len() {
                let outcome = outcome(&tries, one, other);
                let same = places[one][number] == places[other][number];
                facts.push(Fact { one, other, lock, outcome, same });
            }
        }
    }
    facts
}

/// For each container, what it got alone and what the others got meanwhile: `tries[holder][other]`, and
/// `tries[holder][holder]` for the holder itself.
fn all_ways(lock: Lock, probes: &mut [Probe], paths: &[Paths]) -> Vec<Vec<Try>> {
    let mut tries = Vec::new();
    for holder in 0..probes.len() {
        let own = attempt(lock, &mut probes[holder], &paths[holder]);
        assert!(own != Try::Taken, "{}: nobody has {lock:?}, and yet it is taken", probes[holder].name);
        let mut meanwhile = vec![own.clone(); probes.len()];
        if own == Try::Got {
            for other in (0..probes.len()).filter(|other| *other != holder) {
                meanwhile[other] = attempt(lock, &mut probes[other], &paths[other]);
                if meanwhile[other] == Try::Got {
                    lock.release(&mut probes[other], &paths[other]);
                }
            }
            lock.release(&mut probes[holder], &paths[holder]);
        }
        tries.push(meanwhile);
    }
    tries
}

fn outcome(tries: &[Vec<Try>], one: usize, other: usize) -> Outcome {
    for alone in [one, other] {
        if let Try::Refused(why) = &tries[alone][alone] {
            return Outcome::CannotBeMade(format!("container {alone}: {why}"));
        }
    }
    match (&tries[one][other], &tries[other][one]) {
        (Try::Taken, Try::Taken) => Outcome::Excludes,
        (Try::Got, Try::Got) => Outcome::Passes,
        ways => panic!("containers {one} and {other} do not see each other alike: {ways:?}"),
    }
}
