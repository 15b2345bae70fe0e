//! Whether a container's calls go through a guard, an external `flock`, and which file that is.
//! May use `model`, `rules`, `finding` and the earlier parts of `judge`.

use super::calls::{self, Contradiction, GUARD_LABEL, ProgramCalls, find_declaration};
use super::state_dir::StateDir;
use super::word_path::expand_word;
use crate::finding::Evidence;
use crate::judge::place::{MountLookup, MountedPath};
use crate::model::{
    Asks, Condition, Container, Content, FileLock, Invocation, Label, Sight, Test, Wait, Witness, Word, join,
    split_below,
};
use crate::rules::{Guard, GuardFault, Profile};
use crate::text::Span;

/// The guard that a container takes, and what is wrong with it taken alone.
#[derive(Debug, Clone)]
pub(crate) struct GuardFact<'a> {
    pub(crate) state: Guard,
    pub(crate) fault: GuardFault,
    /// What is wrong, as a clause.
    pub(crate) problem: String,
    /// Its path in the container.
    pub(crate) path: Option<String>,
    pub(crate) landing: Option<MountedPath<'a>>,
    /// The variable on which it hangs, where it is conditional.
    pub(crate) condition: Option<String>,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) contradiction: Option<Contradiction>,
    pub(crate) unreadable: Option<Evidence>,
    pub(crate) span: Option<Span>,
    /// A call that does not go through it.
    pub(crate) bare_call: Option<Span>,
    /// Where a text that was not read as shell names the program.
    pub(crate) unread: Option<Span>,
}

/// What the calls alone show.
enum Shown<'a> {
    /// A process runs without it.
    Bypassed(&'a Invocation, String),
    Held(&'a Invocation, &'a FileLock),
    Conditional(&'a FileLock, String),
    /// One call goes through it and another does not, and a variable decides which is made: this one is not.
    ConditionalCall(&'a Invocation, String),
    Absent(&'a Invocation, String),
    Unknown(String, Option<Span>),
}

impl<'a> GuardFact<'a> {
    fn of(state: Guard, evidence: Evidence) -> Self {
        let span = evidence.span;
        Self {
            state,
            fault: GuardFault::None,
            problem: String::new(),
            path: None,
            landing: None,
            condition: None,
            evidence: vec![evidence],
            contradiction: None,
            unreadable: None,
            span,
            bare_call: None,
            unread: None,
        }
    }
}

/// Reads calls and label together: what is seen wins over what is declared.
pub(crate) fn read_guard<'a>(
    container: &Container,
    profile: &Profile,
    calls: &ProgramCalls<'_>,
    state: &StateDir,
    mounts: &MountLookup<'a>,
) -> GuardFact<'a> {
    let label = find_declaration(container, GUARD_LABEL);
    let declared = label.map(|label| read_guard_label(label.label, container, profile, state));
    let mut fact = match shown_by_calls(container, profile, calls, state) {
        Shown::Bypassed(call, text) => {
            let mut fact = GuardFact::of(Guard::Bypassed, Evidence::seen(text, Some(call.span)));
            fact.bare_call = Some(call.span);
            fact
        }
        Shown::Held(call, lock) => guard_held(call, lock, container, profile, state, mounts),
        Shown::Conditional(lock, variable) => {
            let text = format!("its call goes through flock only if {variable} is set");
            let mut fact = GuardFact::of(Guard::Conditional, Evidence::seen(text, Some(lock.span)));
            fact.condition = Some(variable);
            fact.path = Some(lock.path.to_string());
            fact
        }
        Shown::ConditionalCall(call, variable) => {
            let text = format!("{} is called without flock if {variable} says so", profile.name);
            let mut fact = GuardFact::of(Guard::Conditional, Evidence::seen(text, Some(call.span)));
            fact.condition = Some(variable);
            fact.bare_call = Some(call.span);
            fact
        }
        Shown::Absent(call, text) => {
            let mut fact = GuardFact::of(Guard::Absent, Evidence::seen(text, Some(call.span)));
            fact.bare_call = Some(call.span);
            fact
        }
        Shown::Unknown(text, span) => {
            let mut fact = GuardFact::of(Guard::Unknown, Evidence::seen(text, span));
            fact.span = None;
            fact.unread = container.script.unseen_span.filter(|span| span.start != span.end);
            return apply_label(fact, label, declared, mounts);
        }
    };
    if let (Some(label), Some(declared)) = (label, declared) {
        let agrees = match (&declared, &fact.path) {
            (Declared::Path(path), Some(seen)) => path == seen,
            (Declared::None, seen) => seen.is_none(),
            (Declared::Path(_), None) => !matches!(fact.state, Guard::Absent | Guard::Bypassed),
            (Declared::Unreadable, _) => true,
        };
        if !agrees {
            let evidence = fact.evidence.first().cloned();
            fact.contradiction = evidence.map(|evidence| Contradiction { label: GUARD_LABEL, evidence });
        }
        fact.unreadable = unreadable_label(&declared, &label);
    }
    fact
}

/// What running processes show, which is more than words: one that is under no lock bypasses the guard, whatever the
/// words say; where all are under one, calls go through it.
fn shown_by_processes<'a>(profile: &Profile, calls: &ProgramCalls<'a>, state: &StateDir) -> Option<Shown<'a>> {
    let mut held = None;
    for call in calls.live.iter().copied().filter(|call| call.witness == Witness::Process) {
        let exclusive = || call.locks.iter().filter(|lock| lock.exclusive);
        // Of several locks it is the one in the state directory that guards it.
        let inside = exclusive().find(|lock| split_below(&lock.path, &state.path).is_some());
        match inside.or_else(|| exclusive().next()) {
            Some(lock) => held = held.or(Some(Shown::Held(call, lock))),
            None => {
                let text = match call.locks.first() {
                    Some(_) => format!("{} runs under a shared flock (-s), which excludes nobody", profile.name),
                    None => format!("{} runs under no flock", profile.name),
                };
                return Some(Shown::Bypassed(call, text));
            }
        }
    }
    held
}

fn shown_by_calls<'a>(
    container: &'a Container,
    profile: &Profile,
    calls: &ProgramCalls<'a>,
    state: &StateDir,
) -> Shown<'a> {
    let words = || shown_by_words(container, profile, calls);
    match shown_by_processes(profile, calls, state) {
        Some(Shown::Held(call, lock)) => match words() {
            // Words that show a call without it outweigh what happens to run now.
            bare @ (Shown::Absent(..) | Shown::Conditional(..) | Shown::ConditionalCall(..)) => bare,
            _ => Shown::Held(call, lock),
        },
        Some(bypassed) => bypassed,
        None => words(),
    }
}

fn shown_by_words<'a>(container: &'a Container, profile: &Profile, calls: &ProgramCalls<'a>) -> Shown<'a> {
    let script = &container.script;
    let outside =
        || format!("what it runs by itself was not seen to call {}: calls may come from outside", profile.name);
    let why = || script.unseen.clone().unwrap_or_else(outside);
    let mut first: Option<(&Invocation, &FileLock)> = None;
    let by_words = || calls.live.iter().copied().filter(|call| call.witness == Witness::Words);
    for call in by_words() {
        let bare = call.locks.iter().all(|lock| !lock.exclusive);
        if let Some(variable) = deciding_variable(call, by_words(), container).filter(|_| bare) {
            return Shown::ConditionalCall(call, variable);
        }
        match call.locks.iter().find(|lock| lock.exclusive) {
            Some(lock) => match condition_holds(lock, container) {
                Content::Filled => first = first.or(Some((call, lock))),
                Content::Unknown => return Shown::Conditional(lock, lock.condition.clone().unwrap_or_default()),
                Content::Empty => {
                    let variable = lock.condition.as_deref().unwrap_or_default();
                    return Shown::Absent(
                        call,
                        format!("its call goes through flock only if {variable} says so, and it does not"),
                    );
                }
            },
            None if script.sight == Sight::Whole || script.covered => {
                let text = match call.locks.first() {
                    Some(_) => format!("{} is called under a shared flock (-s), which excludes nobody", profile.name),
                    None => format!("{} is called without flock", profile.name),
                };
                return Shown::Absent(call, text);
            }
            None => {
                return Shown::Unknown(
                    format!("no flock is seen around {}, but {}", profile.name, why()),
                    Some(call.span),
                );
            }
        }
    }
    // What was not seen may call it too, under the lock that it runs under itself.
    let hiding = || {
        let mut hiding = script.invocations.iter().filter(|call| call.hides && script.covered);
        hiding.find_map(|call| Some((call, call.locks.iter().find(|lock| lock.exclusive)?)))
    };
    match first.or_else(hiding) {
        Some((call, lock)) if script.sight != Sight::Partial || script.covered => Shown::Held(call, lock),
        Some((_, lock)) => Shown::Unknown(format!("an flock is seen, but {}", why()), Some(lock.span)),
        None => Shown::Unknown(
            why(),
            script.unseen_span.or_else(|| {
                container.command.as_ref().or(container.entrypoint.as_ref()).map(|words| words.span).map(span_start)
            }),
        ),
    }
}

/// Commands may hold secrets: point at where they begin and show none of it.
fn span_start(span: Span) -> Span {
    Span { end: span.start, ..span }
}

/// The variable that decides whether this call without a lock is made, or another one under a lock in its place.
fn deciding_variable<'a>(
    call: &Invocation,
    mut calls: impl Iterator<Item = &'a Invocation>,
    container: &Container,
) -> Option<String> {
    let open = |condition: &&Condition| condition.holds(container).is_none();
    let conditions: Vec<&Condition> = call.when.iter().filter(open).collect();
    if conditions.is_empty() {
        return None;
    }
    let mut found = None;
    calls.any(|other| {
        let locked = other.locks.iter().any(|lock| lock.exclusive);
        let opposed = |condition: &&Condition| {
            let opposite = condition.test.opposite();
            conditions.iter().any(|own| own.variable == condition.variable && own.test == opposite)
        };
        found = other.when.iter().find(opposed).filter(|_| locked).map(|condition| condition.variable.clone());
        found.is_some()
    });
    found
}

/// Whether the condition of a lock holds, by what the container sets the variable to: filled where it does.
fn condition_holds(lock: &FileLock, container: &Container) -> Content {
    let Some(variable) = &lock.condition else { return Content::Filled };
    let test = lock.test.clone().unwrap_or(Test { default: None, asks: Asks::NotEmpty });
    let condition = Condition { variable: variable.clone(), test };
    match condition.holds(container) {
        Some(true) => Content::Filled,
        Some(false) => Content::Empty,
        None => Content::Unknown,
    }
}

fn guard_held<'a>(
    call: &Invocation,
    lock: &FileLock,
    container: &Container,
    profile: &Profile,
    state: &StateDir,
    mounts: &MountLookup<'a>,
) -> GuardFact<'a> {
    let path = if lock.outside {
        lock.path.known().map(str::to_owned)
    } else {
        expand_word(&lock.path, call, container, state.home.as_deref())
    };
    let Some(path) = path else {
        let text = "it goes through an flock, but the path of that depends on what is not known".to_owned();
        return GuardFact::of(Guard::Unknown, Evidence::seen(text, Some(lock.span)));
    };
    let how = if call.witness == Witness::Words { "is called" } else { "runs" };
    let what = match call.argv.first().filter(|_| call.hides) {
        Some(program) => format!("{program}, which may call {}, runs", profile.name),
        None => format!("{} {how}", profile.name),
    };
    let evidence = Evidence::seen(format!("{what} under flock on {path}"), Some(lock.span));
    let mut fact = GuardFact::of(Guard::Held, evidence);
    if call.witness == Witness::Words {
        // Where the three are written apart, each is shown.
        let apart = |span: &Span| (span.file, span.start.line) != (lock.span.file, lock.span.start.line);
        let opened = lock.opened.filter(apart).map(|span| Evidence::seen(format!("{path} is opened"), Some(span)));
        fact.evidence.splice(0..0, opened);
        let called = Some(call.span).filter(apart);
        fact.evidence.extend(called.map(|span| Evidence::seen(format!("{} is called", profile.name), Some(span))));
        fact.span = Some(lock.span);
    }
    let longest = f64::from(profile.guard.longest_call_seconds);
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
    fact.landing = Some(if lock.outside { MountedPath::on_host(&path) } else { mounts.land(&path) });
    fact.path = Some(path);
    fact
}

/// What the label says.
enum Declared {
    Path(String),
    None,
    Unreadable,
}

fn read_guard_label(label: &Label, container: &Container, profile: &Profile, state: &StateDir) -> Declared {
    let nowhere = Invocation {
        argv: Vec::new(),
        env: std::collections::BTreeMap::new(),
        locks: Vec::new(),
        conditional: false,
        when: Vec::new(),
        output: None,
        hides: false,
        at: None,
        witness: Witness::Words,
        span: label.span,
    };
    match label.value.text.as_str() {
        "none" | "no" | "false" => Declared::None,
        "yes" | "true" => Declared::Path(join(&state.path, &profile.guard.file)),
        "" => Declared::Unreadable,
        text if !text.contains('/') && !text.contains('$') => Declared::Path(join(&state.path, text)),
        text => expand_word(&Word::parse(text), &nowhere, container, state.home.as_deref())
            .map_or(Declared::Unreadable, Declared::Path),
    }
}

fn unreadable_label(declared: &Declared, label: &calls::Declared<'_>) -> Option<Evidence> {
    let text = || format!("{} is neither a path, nor yes, nor none", label.who());
    matches!(declared, Declared::Unreadable).then(|| Evidence::declared(text(), Some(label.span())))
}

fn apply_label<'a>(
    mut fact: GuardFact<'a>,
    label: Option<calls::Declared<'_>>,
    declared: Option<Declared>,
    mounts: &MountLookup<'a>,
) -> GuardFact<'a> {
    let (Some(label), Some(declared)) = (label, declared) else { return fact };
    fact.unreadable = unreadable_label(&declared, &label);
    let (state, text) = match &declared {
        Declared::Path(path) => (Guard::Held, format!("{} says it goes through flock on {path}", label.who())),
        Declared::None => (Guard::Absent, format!("{} says it takes none", label.who())),
        Declared::Unreadable => return fact,
    };
    fact.state = state;
    fact.evidence.push(Evidence::declared(text, Some(label.span())));
    fact.span = Some(label.span());
    if let Declared::Path(path) = declared {
        fact.landing = Some(mounts.land(&path));
        fact.path = Some(path);
    }
    fact
}
