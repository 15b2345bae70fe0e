//! What a shell process has at one point of a text: variables, descriptors, locks; and how two ways to that point
//! are joined. Uses `traced`, `doubt` and `syntax`.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::certainty::Certainty;
use super::limits;
use super::list_item::{self, ListItem};
use crate::model::{Condition, Wait};
use crate::source::shell::parse::syntax::Statement;
use crate::text::Span;
use crate::text::TracedText;

/// Names an open file: what descriptors refer to, and what a lock belongs to.
pub(super) type OpenFileId = usize;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum VariableValue {
    Text(TracedText),
    /// A text on some ways, nothing on the others.
    Maybe(TracedText, Certainty),
    List(Vec<ListItem>),
    /// Set in more than one way, or by what only runs.
    Unclear,
    /// Taken away.
    Unset,
    /// What the container's environment says.
    Inherited,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct ShellVariable {
    pub(super) value: VariableValue,
    pub(super) exported: bool,
}

/// Something known on one side of a branch, and its opposite on the other.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct BranchFact {
    /// Names the branch.
    pub(super) site: usize,
    /// Which side this is.
    pub(super) side: bool,
    /// The variable that decides, with what is asked of it, where it is one variable of the environment.
    pub(super) asks: Option<Rc<Condition>>,
}

/// An `flock` that was asked for on an open file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct HeldLock {
    /// Its place in the order of locking.
    pub(super) order: usize,
    pub(super) exclusive: bool,
    pub(super) wait: Wait,
    /// Whether it was got. On a way where it was not, this remains to be joined with ways where it was.
    pub(super) got: bool,
    /// Whether nothing ran since it was not got.
    pub(super) fresh: bool,
    /// Whether some way here goes on without it.
    pub(super) ignored: bool,
    pub(super) certainty: Certainty,
    pub(super) span: Span,
}

/// A descriptor's open file, and whether it surely is open. No file: it may be one of several.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Descriptor {
    pub(super) file: Option<OpenFileId>,
    pub(super) certainty: Certainty,
}

/// Where relative paths start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WorkingDirectory {
    /// The container's working directory.
    Initial,
    At(TracedText),
    Unclear,
}

#[derive(Debug, Clone)]
pub(super) struct ShellState {
    pub(super) vars: Rc<BTreeMap<String, ShellVariable>>,
    pub(super) functions: Rc<BTreeMap<String, Vec<Rc<Statement>>>>,
    /// The functions that a bash started from here has too (`export -f`).
    pub(super) handed: Rc<BTreeSet<String>>,
    pub(super) fds: Rc<BTreeMap<u32, Descriptor>>,
    /// Files that processes above hold open for as long as this one runs.
    pub(super) above: Rc<Vec<OpenFileId>>,
    pub(super) locks: Rc<BTreeMap<OpenFileId, HeldLock>>,
    pub(super) facts: Rc<Vec<BranchFact>>,
    /// `$0`, `$1`, ...; nothing where they are not known.
    pub(super) args: Option<Rc<Vec<ListItem>>>,
    pub(super) cwd: Rc<WorkingDirectory>,
    pub(super) conditional: bool,
    pub(super) errexit: bool,
    pub(super) allexport: bool,
    pub(super) pipefail: bool,
}

impl ShellState {
    pub(super) fn new() -> Self {
        Self {
            vars: Rc::default(),
            functions: Rc::default(),
            handed: Rc::default(),
            fds: Rc::default(),
            above: Rc::default(),
            locks: Rc::default(),
            facts: Rc::default(),
            args: None,
            cwd: Rc::new(WorkingDirectory::Initial),
            conditional: false,
            errexit: false,
            allexport: false,
            pipefail: false,
        }
    }

    /// Sets a variable; `export` makes it part of the environment too. Says whether there was room.
    pub(super) fn set_variable(&mut self, name: &str, value: VariableValue, export: bool) -> bool {
        let full = self.vars.len() >= limits::VARIABLES && !self.vars.contains_key(name);
        if !full {
            let exported = export || self.allexport || self.vars.get(name).is_some_and(|old| old.exported);
            Rc::make_mut(&mut self.vars).insert(name.to_owned(), ShellVariable { value, exported });
        }
        !full
    }

    /// A process started from here; in the foreground this one keeps its files open meanwhile.
    pub(super) fn child_process(&self, foreground: bool) -> Self {
        let mut child = self.clone();
        if foreground {
            let mut above: Vec<OpenFileId> = self.above.to_vec();
            above.extend(self.fds.values().filter_map(|fd| fd.file));
            above.sort_unstable();
            above.dedup();
            if above != *self.above {
                child.above = Rc::new(above);
            }
        } else {
            // Those above wait for this process, and not for what it leaves behind.
            child.above = Rc::default();
        }
        child
    }

    /// This process after a child ended in `child`: a lock belongs to the open file, not to who asked for it.
    pub(super) fn after_child(&self, child: &Self) -> Self {
        let mut after = self.clone();
        after.locks = Rc::clone(&child.locks);
        after.facts = Rc::clone(&child.facts);
        after.drop_closed();
        after
    }

    /// Forgets the locks of files that nobody here has open any more.
    pub(super) fn drop_closed(&mut self) {
        let open = |file: OpenFileId| self.above.contains(&file) || self.fds.values().any(|fd| fd.file == Some(file));
        let closed: Vec<OpenFileId> = self.locks.keys().copied().filter(|file| !open(*file)).collect();
        if !closed.is_empty() {
            let locks = Rc::make_mut(&mut self.locks);
            for file in closed {
                locks.remove(&file);
            }
        }
    }

    /// This way was taken on purpose after something failed: a lock not got is now known and passed over.
    pub(super) fn pass_over_failed_locks(mut self) -> Self {
        if self.locks.values().any(|held| held.fresh) {
            for held in Rc::make_mut(&mut self.locks).values_mut() {
                held.fresh = false;
            }
        }
        self
    }

    /// Whether this way exists only because an `flock` failed that waits for ever.
    pub(super) fn is_unlikely(&self) -> bool {
        self.locks.values().any(|held| held.fresh && !held.got && held.wait == Wait::Forever)
    }

    /// The conditions on the way here that ask one variable of the environment.
    pub(super) fn conditions(&self) -> Vec<Condition> {
        self.facts.iter().filter_map(|fact| fact.asks.as_deref().cloned()).collect()
    }

    pub(super) fn learn_fact(&mut self, fact: BranchFact) {
        Rc::make_mut(&mut self.facts).push(fact);
    }
}

/// Joins two ways to one point.
pub(super) fn join_states(a: Option<ShellState>, b: Option<ShellState>) -> Option<ShellState> {
    match (a, b) {
        (Some(a), Some(b)) => Some(join_both(a, &b)),
        (a, b) => a.or(b),
    }
}

fn join_both(mut a: ShellState, b: &ShellState) -> ShellState {
    let common = a.facts.iter().zip(b.facts.iter()).take_while(|(x, y)| x == y).count();
    let only = |state: &ShellState| state.facts.get(common..).unwrap_or_default().to_vec();
    let (only_a, only_b) = (only(&a), only(b));
    if !Rc::ptr_eq(&a.vars, &b.vars) && a.vars != b.vars {
        let doubts = (difference(&only_a, &only_b), difference(&only_b, &only_a));
        a.vars = Rc::new(join_vars(&a.vars, &b.vars, &doubts));
    }
    if !Rc::ptr_eq(&a.functions, &b.functions) {
        let functions = Rc::make_mut(&mut a.functions);
        for (name, bodies) in b.functions.iter() {
            let known = functions.entry(name.clone()).or_default();
            for body in bodies {
                if !known.iter().any(|other| Rc::ptr_eq(other, body)) {
                    known.push(Rc::clone(body));
                }
            }
        }
    }
    if a.handed != b.handed {
        Rc::make_mut(&mut a.handed).extend(b.handed.iter().cloned());
    }
    if !Rc::ptr_eq(&a.fds, &b.fds) && a.fds != b.fds {
        a.fds = Rc::new(join_fds((&a.fds, &only_a), (&b.fds, &only_b)));
    }
    if !Rc::ptr_eq(&a.locks, &b.locks) && a.locks != b.locks {
        a.locks = Rc::new(join_locks((&a.locks, &only_a), (&b.locks, &only_b)));
    }
    if a.cwd != b.cwd {
        a.cwd = Rc::new(WorkingDirectory::Unclear);
    }
    if a.args != b.args {
        a.args = None;
    }
    if a.facts.len() > common {
        Rc::make_mut(&mut a.facts).truncate(common);
    }
    a.conditional &= b.conditional;
    a.errexit &= b.errexit;
    a.allexport |= b.allexport;
    a.pipefail &= b.pipefail;
    a
}

fn join_vars(
    a: &BTreeMap<String, ShellVariable>,
    b: &BTreeMap<String, ShellVariable>,
    doubts: &(Certainty, Certainty),
) -> BTreeMap<String, ShellVariable> {
    let none = ShellVariable { value: VariableValue::Inherited, exported: false };
    let mut vars = a.clone();
    for (name, there) in b {
        let here = vars.entry(name.clone()).or_insert_with(|| none.clone());
        if here != there {
            let value = join_values(&here.value, &there.value, doubts);
            *here = ShellVariable { value, exported: here.exported || there.exported };
        }
    }
    for (name, here) in &mut vars {
        if !b.contains_key(name) {
            here.value = join_values(&here.value, &VariableValue::Inherited, doubts);
        }
    }
    vars
}

/// What a variable holds where it may have come from either side. The environment holds no lists.
fn join_values(a: &VariableValue, b: &VariableValue, (only_a, only_b): &(Certainty, Certainty)) -> VariableValue {
    let maybe = |text: &TracedText, before: &Certainty, certainty: &Certainty| {
        VariableValue::Maybe(text.clone(), before.clone().or(certainty.clone()))
    };
    let joined = match (a, b) {
        _ if a == b => return a.clone(),
        (VariableValue::List(a), VariableValue::List(b)) => list_item::join_lists(a, b, only_a, only_b),
        (VariableValue::List(a), VariableValue::Unset | VariableValue::Inherited) => {
            list_item::join_lists(a, &[], only_a, only_b)
        }
        (VariableValue::Unset | VariableValue::Inherited, VariableValue::List(b)) => {
            list_item::join_lists(&[], b, only_a, only_b)
        }
        (VariableValue::Text(text), empty) if is_nothing(empty) => return maybe(text, &Certainty::Sure, only_a),
        (empty, VariableValue::Text(text)) if is_nothing(empty) => return maybe(text, &Certainty::Sure, only_b),
        (VariableValue::Maybe(text, before), empty) if is_nothing(empty) => return maybe(text, before, only_a),
        (empty, VariableValue::Maybe(text, before)) if is_nothing(empty) => return maybe(text, before, only_b),
        _ => return VariableValue::Unclear,
    };
    if joined.len() > limits::WORDS { VariableValue::Unclear } else { VariableValue::List(joined) }
}

fn is_nothing(value: &VariableValue) -> bool {
    match value {
        VariableValue::Text(text) => text.is_empty(),
        value => *value == VariableValue::Unset,
    }
}

/// Why something on the way with the facts `here` is not on the way with the facts `there`.
fn difference(here: &[BranchFact], there: &[BranchFact]) -> Certainty {
    let opposite = |fact: &&BranchFact| there.iter().any(|other| other.site == fact.site && other.side != fact.side);
    match here.iter().find(opposite).and_then(|fact| fact.asks.clone()) {
        Some(condition) => Certainty::When(condition),
        None => Certainty::Perhaps,
    }
}

type Side<'a, T> = (&'a BTreeMap<T, Descriptor>, &'a [BranchFact]);

fn join_fds(a: Side<'_, u32>, b: Side<'_, u32>) -> BTreeMap<u32, Descriptor> {
    let mut fds = BTreeMap::new();
    for (number, here) in a.0 {
        let both = match b.0.get(number) {
            Some(there) if there.file == here.file => {
                Descriptor { file: here.file, certainty: here.certainty.clone().or(there.certainty.clone()) }
            }
            Some(_) => Descriptor { file: None, certainty: Certainty::Perhaps },
            None => Descriptor { file: here.file, certainty: here.certainty.clone().or(difference(a.1, b.1)) },
        };
        fds.insert(*number, both);
    }
    for (number, there) in b.0.iter().filter(|(number, _)| !a.0.contains_key(number)) {
        fds.insert(
            *number,
            Descriptor { file: there.file, certainty: there.certainty.clone().or(difference(b.1, a.1)) },
        );
    }
    fds
}

type Locks<'a> = (&'a BTreeMap<OpenFileId, HeldLock>, &'a [BranchFact]);

fn join_locks(a: Locks<'_>, b: Locks<'_>) -> BTreeMap<OpenFileId, HeldLock> {
    let mut locks = BTreeMap::new();
    for (file, here) in a.0 {
        let held = match b.0.get(file) {
            Some(there) => join_held(here, there),
            None => lock_of_one_way(here, a.1, b.1),
        };
        locks.insert(*file, held);
    }
    for (file, there) in b.0.iter().filter(|(file, _)| !a.0.contains_key(file)) {
        locks.insert(*file, lock_of_one_way(there, b.1, a.1));
    }
    locks
}

/// A lock of which the other way knows nothing.
fn lock_of_one_way(held: &HeldLock, here: &[BranchFact], there: &[BranchFact]) -> HeldLock {
    let mut held = held.clone();
    held.fresh = false;
    if held.got {
        held.certainty = held.certainty.or(difference(here, there));
    }
    held
}

fn join_held(a: &HeldLock, b: &HeldLock) -> HeldLock {
    let (got, other) = if a.got || !b.got { (a, b) } else { (b, a) };
    let mut held = got.clone();
    held.fresh = a.fresh && b.fresh;
    held.ignored |= other.ignored;
    if got.got != other.got {
        held.ignored = true;
        return held;
    }
    held.certainty = a.certainty.clone().or(b.certainty.clone());
    held.exclusive &= other.exclusive;
    if held.wait != other.wait {
        held.wait = Wait::Unknown;
    }
    held
}
