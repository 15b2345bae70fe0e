//! The guard of each call by itself, and of all of them together: a container is as sound as its worst call.
//! May use `model`, `rules`, `finding` and the earlier parts of `judge`.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use super::calls::{ProgramCalls, program_calls};
use super::guard_fact::GuardFact;
use super::state_dir::StateDir;
use super::word_path::expand_word;
use crate::finding::Evidence;
use crate::judge::place::{MountLookup, MountedPath, Place};
use crate::model::{
    Asks, Condition, Container, Content, FileLock, Invocation, Sight, Test, Wait, Witness, split_below,
};
use crate::rules::{Guard, GuardFault, Profile};
use crate::text::Span;

/// What is wrong with the path of a guard: the state, the fault and the clause that it leads to.
type PathFault = Option<(Guard, GuardFault, String)>;

/// The opposites of what calls with a lock depend on: conditions on variables, and sides of branches.
struct OpposedBranches {
    conditions: HashSet<Condition>,
    sides: HashSet<(usize, bool)>,
}

/// Reads the guards of one container's calls.
pub(super) struct CallGuards<'a, 'b> {
    pub(super) container: &'a Container,
    pub(super) profile: &'b Profile,
    pub(super) state: &'b StateDir,
    pub(super) mounts: &'b MountLookup<'a>,
    /// Says what is wrong with a guard's path.
    pub(super) find_fault: &'b dyn Fn(&mut GuardFact<'a>),
    /// What was said of a path.
    pub(super) known: RefCell<HashMap<String, PathFault>>,
}

impl<'a> CallGuards<'a, '_> {
    /// The guard that all calls go through, or what the worst of them does.
    pub(super) fn read_all(&self, calls: &ProgramCalls<'a>) -> GuardFact<'a> {
        let live = || calls.live.iter().copied();
        let running: Vec<_> = live().filter(|call| call.witness == Witness::Process).collect();
        let words: Vec<_> = live().filter(|call| call.witness == Witness::Words).collect();
        let of_words = self.of_words(&words);
        let Some(of_processes) = self.of_processes(&running, &of_words) else { return of_words };
        // Words that show a call without it outweigh what happens to run now; words that show nothing do not.
        let words_are_worse = soundness(&of_words) < soundness(&of_processes);
        if words_are_worse && of_words.state != Guard::Unknown { of_words } else { of_processes }
    }

    /// What running processes show, which is more than words: one that is under no lock takes no guard, whatever the
    /// words say. It goes past one only where there is one.
    fn of_processes(&self, running: &[&'a Invocation], of_words: &GuardFact<'a>) -> Option<GuardFact<'a>> {
        let guards = running.iter().map(|call| {
            let guards = self.of_locks(call);
            if guards.is_empty() {
                vec![GuardFact::without_flock(Guard::Bypassed, call, self.describe_bare(call, "runs"))]
            } else {
                guards
            }
        });
        let guards: Vec<_> = guards.collect();
        let is_taken = |fact: &GuardFact<'_>| !matches!(fact.state, Guard::Absent | Guard::Unknown | Guard::Bypassed);
        let is_somewhere = is_taken(of_words) || guards.iter().flatten().any(is_taken);
        let mut worst = join_calls(guards)?;
        worst.is_elsewhere = is_somewhere;
        Some(worst)
    }

    /// What the words show, as far as they are all that is run.
    fn of_words(&self, calls: &[&'a Invocation]) -> GuardFact<'a> {
        let script = &self.container.script;
        // People who work in it call the program as they like.
        let is_seen = (script.sight != Sight::Partial || script.covered) && self.container.workplace.is_none();
        let locked = calls.iter().filter(|call| call.locks.iter().any(|lock| lock.exclusive));
        let opposed = OpposedBranches {
            conditions: locked.clone().flat_map(|call| call.when.iter().map(Condition::opposite)).collect(),
            sides: locked.flat_map(|call| call.branches.iter().map(|(branch, side)| (*branch, !side))).collect(),
        };
        let mut guards: Vec<Vec<GuardFact<'a>>> = Vec::with_capacity(calls.len());
        for call in calls {
            let own = self.of_locks(call);
            guards.push(if own.is_empty() { vec![self.of_bare_call(call, &opposed)] } else { own });
        }
        let is_called = !guards.is_empty();
        // What was not seen may call it too, under the lock that it runs under itself.
        for call in script.invocations.iter().filter(|call| call.hides && script.covered) {
            let mut own = self.of_locks(call);
            if is_called && own.iter().all(|fact| fact.state != Guard::Held) {
                own = vec![self.unknown(format!("an flock is seen, but {}", self.why_unseen()), Some(call.span))];
            }
            guards.extend(Some(own).filter(|own| !own.is_empty()));
        }
        let is_somewhere = calls.iter().any(|call| call.locks.iter().any(|lock| lock.exclusive));
        let mut fact = match join_calls(guards) {
            Some(fact) if is_seen || !matches!(fact.state, Guard::Held | Guard::Broken) => fact,
            Some(fact) => self.unknown(format!("an flock is seen, but {}", self.why_unseen()), fact.span),
            None => self.unknown(self.why_unseen(), script.unseen_span.or_else(|| self.command_start())),
        };
        fact.is_elsewhere |= fact.state == Guard::Unknown && is_somewhere;
        fact
    }

    fn command_start(&self) -> Option<Span> {
        let container = self.container;
        if let Some(workplace) = &container.workplace {
            return Some(workplace.span);
        }
        let words = container.command.as_ref().or(container.entrypoint.as_ref())?;
        // Commands may hold secrets: point at where they begin and show none of it.
        Some(Span { end: words.span.start, ..words.span })
    }

    fn why_unseen(&self) -> String {
        let outside = || {
            let name = &self.profile.name;
            let calls = program_calls(self.container, self.profile);
            if calls.live.is_empty() && !calls.idle.is_empty() {
                format!(
                    "it calls {name} by itself only where that leaves the login alone: other calls may come from outside"
                )
            } else {
                format!("what it runs by itself was not seen to call {name}: calls may come from outside")
            }
        };
        if self.container.workplace.is_some() {
            return "people work in it, and what they call in their terminals is in no file".to_owned();
        }
        self.container.script.unseen.clone().unwrap_or_else(outside)
    }

    fn unknown(&self, text: String, span: Option<Span>) -> GuardFact<'a> {
        let mut fact = GuardFact::of(Guard::Unknown, Evidence::seen(text, span));
        fact.span = None;
        fact.unread = self.container.script.unseen_span.filter(|span| span.start != span.end);
        fact
    }

    fn describe_bare(&self, call: &Invocation, how: &str) -> String {
        let name = &self.profile.name;
        match call.locks.first() {
            Some(lock) if lock.exclusive => {
                let variable = lock.condition.as_deref().unwrap_or_default();
                format!("its call goes through flock only if {variable} says so, and it does not")
            }
            Some(_) => format!("{name} {how} under a shared flock (-s), which excludes nobody"),
            None => format!("{name} {how} {}", if how == "runs" { "under no flock" } else { "without flock" }),
        }
    }

    /// A call that takes no lock here. `opposed` are the opposites of what a call with one depends on.
    fn of_bare_call(&self, call: &'a Invocation, opposed: &OpposedBranches) -> GuardFact<'a> {
        let script = &self.container.script;
        let open = call.when.iter().filter(|condition| condition.holds(self.container).is_none());
        let mut deciding = open.filter(|condition| opposed.conditions.contains(condition));
        if let Some(condition) = deciding.next().filter(|_| call.locks.iter().all(|lock| !lock.exclusive)) {
            let text = format!("{} is called without flock if {} says so", self.profile.name, condition.variable);
            let mut fact = GuardFact::without_flock(Guard::Conditional, call, text);
            fact.condition = Some(condition.opposite().phrase());
            return fact;
        }
        if call.locks.is_empty() && call.branches.iter().any(|side| opposed.sides.contains(side)) {
            let text =
                format!("{} is called with flock or without it, and which of the two is not known", self.profile.name);
            return self.unknown(text, Some(call.span));
        }
        let decided = call.locks.iter().any(|lock| lock.exclusive);
        if decided || script.sight == Sight::Whole || script.covered {
            return GuardFact::without_flock(Guard::Absent, call, self.describe_bare(call, "is called"));
        }
        let text = format!("no flock is seen around this call of {}, but {}", self.profile.name, self.why_unseen());
        self.unknown(text, Some(call.span))
    }

    /// What each exclusive lock around a call is worth; one whose condition is known to fail is not taken.
    fn of_locks(&self, call: &'a Invocation) -> Vec<GuardFact<'a>> {
        let taken = call.locks.iter().filter(|lock| lock.exclusive);
        taken.filter_map(|lock| self.of_lock(call, lock)).collect()
    }

    fn of_lock(&self, call: &'a Invocation, lock: &'a FileLock) -> Option<GuardFact<'a>> {
        match condition_holds(lock, self.container) {
            Content::Filled => {
                let mut fact = self.held(call, lock);
                self.judge_path(&mut fact);
                Some(fact)
            }
            Content::Unknown => {
                let condition = condition_of(lock).map(|condition| condition.phrase()).unwrap_or_default();
                let text = format!("its call goes through flock only if {condition}");
                let mut fact = GuardFact::of(Guard::Conditional, Evidence::seen(text, Some(lock.span)));
                fact.condition = Some(condition);
                fact.path = Some(lock.path.to_string());
                Some(fact)
            }
            Content::Empty => None,
        }
    }

    /// Finds what is wrong with the path; each path once, since that looks through all calls.
    fn judge_path(&self, fact: &mut GuardFact<'a>) {
        let Some(path) = fact.path.clone().filter(|_| fact.fault == GuardFault::None) else {
            (self.find_fault)(fact);
            return;
        };
        if let Some(known) = self.known.borrow().get(&path) {
            if let Some((state, fault, problem)) = known {
                (fact.state, fact.fault, fact.problem) = (*state, *fault, problem.clone());
            }
            return;
        }
        (self.find_fault)(fact);
        let fault = (fact.fault != GuardFault::None).then(|| (fact.state, fact.fault, fact.problem.clone()));
        self.known.borrow_mut().insert(path, fault);
    }

    fn held(&self, call: &'a Invocation, lock: &'a FileLock) -> GuardFact<'a> {
        let path = if lock.outside {
            lock.path.known().map(str::to_owned)
        } else {
            expand_word(&lock.path, call, self.container, self.state.home.as_deref())
        };
        let Some(path) = path else {
            let text = "it goes through an flock, but the path of that depends on what is not known".to_owned();
            return GuardFact::of(Guard::Unknown, Evidence::seen(text, Some(lock.span)));
        };
        let name = &self.profile.name;
        if lock.perhaps {
            let text =
                format!("{name} is called under flock on {path} on some ways only, and which is taken is not known");
            return GuardFact::of(Guard::Unknown, Evidence::seen(text, Some(lock.span)));
        }
        let how = if call.witness == Witness::Words { "is called" } else { "runs" };
        let what = match call.argv.first().filter(|_| call.hides) {
            Some(program) => format!("{program}, which may call {name}, runs"),
            None => format!("{name} {how}"),
        };
        let evidence = Evidence::seen(format!("{what} under flock on {path}"), Some(lock.span));
        let mut fact = GuardFact::of(Guard::Held, evidence);
        if call.witness == Witness::Words {
            // Where the three are written apart, each is shown.
            let apart = |span: &Span| (span.file, span.start.line) != (lock.span.file, lock.span.start.line);
            let opened = lock.opened.filter(apart).map(|span| Evidence::seen(format!("{path} is opened"), Some(span)));
            fact.evidence.splice(0..0, opened);
            let called = Some(call.span).filter(apart);
            fact.evidence.extend(called.map(|span| Evidence::seen(format!("{name} is called"), Some(span))));
            fact.span = Some(lock.span);
        }
        let longest = f64::from(self.profile.guard.longest_call_seconds);
        match lock.wait {
            _ if lock.failure_ignored && call.witness != Witness::Words => {
                let problem = format!("{path} was replaced since it was locked, so that others lock another file");
                (fact.fault, fact.problem) = (GuardFault::Removed, problem);
                fact.state = Guard::Broken;
            }
            _ if lock.failure_ignored => {
                (fact.fault, fact.problem) = (GuardFault::Ignored, "its failure is ignored".to_owned());
                fact.state = Guard::Broken;
            }
            Wait::No => (fact.fault, fact.problem) = (GuardFault::NoWait, "it does not wait at all".to_owned()),
            Wait::Seconds(seconds) if seconds < longest => {
                let problem = format!("it waits {seconds} s, a call may last {longest} s");
                (fact.fault, fact.problem) = (GuardFault::ShortWait, problem);
            }
            Wait::Forever | Wait::Seconds(_) | Wait::Unknown => {}
        }
        fact.landing = Some(if lock.outside { MountedPath::on_host(&path) } else { self.mounts.land(&path) });
        fact.is_inside = split_below(&path, &self.state.path).is_some();
        fact.path = Some(path);
        fact
    }
}

/// What a lock is taken on.
fn condition_of(lock: &FileLock) -> Option<Condition> {
    let test = || lock.test.clone().unwrap_or(Test { default: None, asks: Asks::NotEmpty });
    lock.condition.clone().map(|variable| Condition { variable, test: test() })
}

/// Whether the condition of a lock holds, by what the container sets the variable to: filled where it does.
fn condition_holds(lock: &FileLock, container: &Container) -> Content {
    let Some(condition) = condition_of(lock) else { return Content::Filled };
    match condition.holds(container) {
        Some(true) => Content::Filled,
        Some(false) => Content::Empty,
        None => Content::Unknown,
    }
}

/// How sound a call's guard is; more is better.
fn soundness(fact: &GuardFact<'_>) -> u8 {
    match (fact.state, fact.fault) {
        (Guard::Bypassed, _) => 0,
        (Guard::Absent, _) => 1,
        (Guard::Broken, _) => 2,
        (Guard::Conditional, _) => 3,
        (Guard::Unknown, _) => 4,
        (Guard::Held, GuardFault::NoWait) => 5,
        (Guard::Held, GuardFault::ShortWait) => 6,
        (Guard::Held, GuardFault::None) => 8,
        // Whether others take it is nothing that a container's own calls show.
        (Guard::Held | Guard::OneSided, _) => 7,
    }
}

/// A call holds all its locks, so that the best of them counts; a lock inside the state directory before others.
fn best_of<'a>(guards: Vec<GuardFact<'a>>) -> Option<GuardFact<'a>> {
    let worth = |fact: &GuardFact<'_>| (soundness(fact), fact.is_inside);
    guards.into_iter().reduce(|best, other| if worth(&other) > worth(&best) { other } else { best })
}

/// The worst of several; of equal ones the first.
fn worst_of<'a>(guards: impl Iterator<Item = GuardFact<'a>>) -> Option<GuardFact<'a>> {
    guards.reduce(|worst, other| if soundness(&other) < soundness(&worst) { other } else { worst })
}

fn held_place<'f>(fact: &'f GuardFact<'_>) -> Option<&'f Place> {
    fact.landing.as_ref().filter(|_| fact.state == Guard::Held).map(|landing| &landing.place)
}

/// The guard that all calls have in common, else the worst call's; `None` where there is no call. `calls` are the guards
/// of each.
fn join_calls(mut calls: Vec<Vec<GuardFact<'_>>>) -> Option<GuardFact<'_>> {
    // A file that every call locks is the one that counts.
    let mut common: Option<HashSet<Place>> = None;
    for guards in &calls {
        let places = guards.iter().filter_map(held_place);
        common = Some(match common {
            None => places.cloned().collect(),
            Some(before) => places.filter(|place| before.contains(*place)).cloned().collect(),
        });
    }
    let common = common.unwrap_or_default();
    let has_common = !common.is_empty();
    if has_common {
        for guards in &mut calls {
            guards.retain(|fact| held_place(fact).is_some_and(|place| common.contains(place)));
        }
    }
    let of_calls: Vec<_> = calls.into_iter().filter_map(best_of).collect();
    let all_held = of_calls.iter().all(|fact| fact.state == Guard::Held);
    let other = of_calls.first().and_then(|first| {
        of_calls.iter().find(|fact| held_place(fact) != held_place(first)).and_then(|other| other.path.clone())
    });
    let mut worst = worst_of(of_calls.into_iter())?;
    if let (true, false, Some(other)) = (all_held, has_common, other) {
        let own = worst.path.clone().unwrap_or_default();
        let (one, two) = if own < other { (own, other) } else { (other, own) };
        worst.problem = format!("its calls take different files, {one} and {two}");
        (worst.state, worst.fault) = (Guard::Broken, GuardFault::Mismatch);
    }
    Some(worst)
}
