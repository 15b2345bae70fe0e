//! Whether a container's calls go through a guard, an external `flock`, and which file that is.
//! May use `model`, `rules`, `finding` and the earlier parts of `judge`.

use std::cell::RefCell;

use super::call_guards::CallGuards;
use super::calls::{self, Contradiction, GUARD_LABEL, ProgramCalls, find_declaration};
use super::guard_fact::GuardFact;
use super::state_dir::StateDir;
use super::word_path::expand_word;
use crate::finding::Evidence;
use crate::judge::place::MountLookup;
use crate::model::{Container, Invocation, Label, Witness, Word, join};
use crate::rules::{Guard, Profile};

/// Reads calls and label together: what is seen wins over what is declared. `find_fault` says what is wrong with a guard's
/// path.
pub(crate) fn read_guard<'a>(
    container: &'a Container,
    profile: &Profile,
    calls: &ProgramCalls<'a>,
    state: &StateDir,
    mounts: &MountLookup<'a>,
    find_fault: &dyn Fn(&mut GuardFact<'a>),
) -> GuardFact<'a> {
    let label = find_declaration(container, GUARD_LABEL);
    let declared = label.map(|label| read_guard_label(label.label, container, profile, state));
    let reader = CallGuards { container, profile, state, mounts, find_fault, known: RefCell::default() };
    let mut fact = reader.read_all(calls);
    if fact.state == Guard::Unknown && fact.path.is_none() {
        return apply_label(fact, label, declared, mounts);
    }
    if let (Some(label), Some(declared)) = (label, declared) {
        let agrees = match (&declared, &fact.path) {
            (DeclaredGuard::Path(path), Some(seen)) => path == seen,
            (DeclaredGuard::None, seen) => seen.is_none(),
            (DeclaredGuard::Path(_), None) => !matches!(fact.state, Guard::Absent | Guard::Bypassed),
            (DeclaredGuard::Unreadable, _) => true,
        };
        if !agrees {
            let evidence = fact.evidence.first().cloned();
            fact.contradiction = evidence.map(|evidence| Contradiction { label: GUARD_LABEL, evidence });
        }
        fact.unreadable = unreadable_label(&declared, &label);
    }
    fact
}

/// What the label says.
enum DeclaredGuard {
    Path(String),
    None,
    Unreadable,
}

fn read_guard_label(label: &Label, container: &Container, profile: &Profile, state: &StateDir) -> DeclaredGuard {
    let nowhere = Invocation { argv: Vec::new(), witness: Witness::Words, span: label.span, ..Invocation::default() };
    match label.value.text.as_str() {
        "none" | "no" | "false" => DeclaredGuard::None,
        "yes" | "true" => DeclaredGuard::Path(join(&state.path, &profile.guard.file)),
        "" => DeclaredGuard::Unreadable,
        text if !text.contains('/') && !text.contains('$') => DeclaredGuard::Path(join(&state.path, text)),
        text => expand_word(&Word::parse(text), &nowhere, container, state.home.as_deref())
            .map_or(DeclaredGuard::Unreadable, DeclaredGuard::Path),
    }
}

fn unreadable_label(declared: &DeclaredGuard, label: &calls::Declared<'_>) -> Option<Evidence> {
    let text = || format!("{} is neither a path, nor yes, nor none", label.who());
    matches!(declared, DeclaredGuard::Unreadable).then(|| Evidence::declared(text(), Some(label.span())))
}

fn apply_label<'a>(
    mut fact: GuardFact<'a>,
    label: Option<calls::Declared<'_>>,
    declared: Option<DeclaredGuard>,
    mounts: &MountLookup<'a>,
) -> GuardFact<'a> {
    let (Some(label), Some(declared)) = (label, declared) else { return fact };
    fact.unreadable = unreadable_label(&declared, &label);
    let (state, text) = match &declared {
        DeclaredGuard::Path(path) => (Guard::Held, format!("{} says it goes through flock on {path}", label.who())),
        DeclaredGuard::None => (Guard::Absent, format!("{} says it takes none", label.who())),
        DeclaredGuard::Unreadable => return fact,
    };
    fact.state = state;
    fact.evidence.push(Evidence::declared(text, Some(label.span())));
    fact.span = Some(label.span());
    if let DeclaredGuard::Path(path) = declared {
        fact.landing = Some(mounts.land(&path));
        fact.path = Some(path);
    }
    fact
}
