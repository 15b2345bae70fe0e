//! What a shell process has at one point of a text: variables, descriptors, locks; and how two ways to that point
//! are joined. Uses `shell_variables`, `certainty`, `parse` and `model`.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::alternatives::JoinPoint;
use super::arguments::Arguments;
use super::certainty::{Certainty, OneSided};
use super::left_calls::LeftCalls;
use super::limits;
use super::shell_variables::{ShellVariables, TouchNotes};
use super::variable_value::{ShellVariable, VariableValue, join_variable};
use crate::input::shell::parse::syntax::FunctionBody;
use crate::model::{Condition, Inherits, TakenVariables, Wait};
use crate::text::{Span, TracedText};

/// Names an open file: what descriptors refer to, and what a lock belongs to.
pub(super) type OpenFileId = usize;

/// Something known on one side of a branch, and its opposite on the other.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct BranchFact {
    /// Names the branch.
    pub(super) site: usize,
    /// Which side this is.
    pub(super) side: bool,
    /// The condition that decides, where it asks one variable of the environment.
    pub(super) asks: Option<Rc<Condition>>,
}

impl BranchFact {
    /// The branch, and which side of it this is.
    pub(super) fn side(&self) -> (usize, bool) {
        (self.site, self.side)
    }
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

/// The number of the descriptor by which a command has the file that `flock` holds for it: nothing else uses it.
pub(super) fn own_number(file: OpenFileId) -> u32 {
    u32::MAX - u32::try_from(file).unwrap_or_default()
}

/// Where relative paths start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WorkingDirectory {
    /// The container's working directory.
    Initial,
    At(TracedText),
    /// One that is not known, by the words that name it: absolute, or below `$PWD`.
    Named(TracedText),
    Unclear,
}

impl WorkingDirectory {
    /// Whether it may be any.
    pub(super) fn is_unclear(&self) -> bool {
        matches!(self, Self::Named(_) | Self::Unclear)
    }
}

#[derive(Debug, Clone)]
pub(super) struct ShellState {
    pub(super) vars: ShellVariables,
    /// The values that the variables of loops have in turn.
    pub(super) choices: Rc<BTreeMap<String, Vec<TracedText>>>,
    pub(super) functions: Rc<BTreeMap<String, Vec<Rc<FunctionBody>>>>,
    /// The functions that a bash started from here has too (`export -f`).
    pub(super) handed: Rc<BTreeSet<String>>,
    pub(super) fds: Rc<BTreeMap<u32, Descriptor>>,
    /// Files that processes above hold open for as long as this one runs.
    pub(super) above: Rc<Vec<OpenFileId>>,
    pub(super) locks: Rc<BTreeMap<OpenFileId, HeldLock>>,
    /// What runs beside it, and was not waited for.
    pub(super) left: Rc<Vec<LeftCalls>>,
    /// The containers that may run still of those that a loop left running, or whose ids are in files, each by its start.
    pub(super) running: Rc<BTreeSet<usize>>,
    pub(super) facts: Rc<Vec<BranchFact>>,
    /// `$0`, `$1`, ...; nothing where they are not known.
    pub(super) args: Option<Arguments>,
    pub(super) cwd: Rc<WorkingDirectory>,
    /// What of the container's environment is there beside `vars`.
    pub(super) inherits: Inherits,
    /// What of it is there all the same, where `inherits` says that it is not.
    pub(super) keeps: Rc<BTreeSet<String>>,
    /// What was taken out of it.
    pub(super) taken: Rc<Vec<TakenVariables>>,
    /// Variables of it that are not empty, since the script ends where they are (`${NAME:?}`).
    pub(super) demanded: Rc<BTreeSet<String>>,
    /// The user, by name or number; nothing where that is not known.
    pub(super) user: Option<Rc<str>>,
    pub(super) conditional: bool,
    pub(super) errexit: bool,
    pub(super) allexport: bool,
    pub(super) pipefail: bool,
}

impl ShellState {
    /// A state in which nothing is known.
    pub(super) fn new(notes: &TouchNotes) -> Self {
        Self {
            vars: ShellVariables::new(notes),
            choices: Rc::default(),
            functions: Rc::default(),
            handed: Rc::default(),
            fds: Rc::default(),
            above: Rc::default(),
            locks: Rc::default(),
            left: Rc::default(),
            running: Rc::default(),
            facts: Rc::default(),
            args: None,
            cwd: Rc::new(WorkingDirectory::Initial),
            inherits: Inherits::All,
            keeps: Rc::default(),
            taken: Rc::default(),
            demanded: Rc::default(),
            user: None,
            conditional: false,
            errexit: false,
            allexport: false,
            pipefail: false,
        }
    }

    /// The variable that a name means in the end.
    pub(super) fn target_of(&self, name: &str) -> String {
        let mut name = name;
        for _ in 0..limits::REFERENCES {
            match self.vars.value(name) {
                Some(VariableValue::NameOf(target)) => name = target,
                _ => break,
            }
        }
        name.to_owned()
    }

    /// Sets a variable; `export` makes it part of the environment too. Says whether there was room.
    pub(super) fn set_variable(&mut self, name: &str, value: VariableValue, export: bool) -> bool {
        if self.choices.contains_key(name) {
            Rc::make_mut(&mut self.choices).remove(name);
        }
        let old = self.vars.get(name);
        let full = self.vars.len() >= limits::VARIABLES && old.is_none();
        if !full {
            let exported = export || self.allexport || old.is_some_and(|old| old.exported);
            let withheld = !exported && old.is_some_and(|old| old.withheld);
            self.vars.set(name, ShellVariable { withheld, ..ShellVariable::new(value, exported) });
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
        after.running = Rc::clone(&child.running);
        after.drop_closed();
        after
    }

    /// The same state, as one that is reached under a condition only.
    pub(super) fn on_condition(self) -> Self {
        Self { conditional: true, ..self }
    }

    /// Whether this process, or one above that waits for it, has a file open.
    pub(super) fn has_open(&self, file: OpenFileId) -> bool {
        self.above.contains(&file) || self.fds.values().any(|fd| fd.file == Some(file))
    }

    /// Forgets the locks of files that nobody here has open any more.
    pub(super) fn drop_closed(&mut self) {
        let closed: Vec<OpenFileId> = self.locks.keys().copied().filter(|file| !self.has_open(*file)).collect();
        if !closed.is_empty() {
            let locks = Rc::make_mut(&mut self.locks);
            for file in closed {
                locks.remove(&file);
            }
        }
    }

    /// This way was taken on purpose after something failed: the script knows that it did not get a lock.
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

    pub(super) fn with_fact(mut self, fact: BranchFact) -> Self {
        self.learn_fact(fact);
        self
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
    let (only_a, only_b) = (a.facts.get(common..).unwrap_or_default(), b.facts.get(common..).unwrap_or_default());
    let one_sided =
        OneSided { first: difference(only_a, only_b), second: difference(only_b, only_a), point: JoinPoint::default() };
    a.vars.join(&b.vars, |name, here, there| join_variable(name, here, there, &one_sided));
    if !Rc::ptr_eq(&a.choices, &b.choices) && a.choices != b.choices {
        Rc::make_mut(&mut a.choices).retain(|name, texts| b.choices.get(name) == Some(texts));
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
        join_fds(Rc::make_mut(&mut a.fds), &b.fds, &one_sided);
    }
    if !Rc::ptr_eq(&a.locks, &b.locks) && a.locks != b.locks {
        join_locks(Rc::make_mut(&mut a.locks), &b.locks, &one_sided);
    }
    a = a.with_left(Some(b));
    if !Rc::ptr_eq(&a.running, &b.running) && !b.running.is_subset(&a.running) {
        Rc::make_mut(&mut a.running).extend(b.running.iter());
    }
    if a.cwd != b.cwd {
        a.cwd = Rc::new(WorkingDirectory::Unclear);
    }
    a.args = Arguments::join(a.args.take(), b.args.as_ref(), &one_sided);
    if a.user != b.user {
        a.user = None;
    }
    if a.inherits != b.inherits {
        a.inherits = Inherits::ByPolicy;
    }
    if !Rc::ptr_eq(&a.keeps, &b.keeps) && a.keeps != b.keeps {
        Rc::make_mut(&mut a.keeps).retain(|name| b.keeps.contains(name));
    }
    if !Rc::ptr_eq(&a.demanded, &b.demanded) && a.demanded != b.demanded {
        Rc::make_mut(&mut a.demanded).retain(|name| b.demanded.contains(name));
    }
    if !Rc::ptr_eq(&a.taken, &b.taken) && a.taken != b.taken {
        a.taken = Rc::new(TakenVariables::join(&a.taken, &b.taken));
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

/// Why something on the way with the facts `here` is not on the way with the facts `there`.
fn difference(here: &[BranchFact], there: &[BranchFact]) -> Certainty {
    let decides = |fact: &&BranchFact| there.iter().any(|other| other.site == fact.site && other.side != fact.side);
    let condition = here.iter().find(decides).and_then(|fact| fact.asks.as_ref());
    condition.map_or(Certainty::Perhaps, |condition| Certainty::When(Rc::clone(condition)))
}

type Descriptors = BTreeMap<u32, Descriptor>;

fn join_fds(fds: &mut Descriptors, others: &Descriptors, one_sided: &OneSided) {
    for (number, here) in fds.iter_mut() {
        match others.get(number) {
            Some(there) if there.file == here.file => here.certainty = here.certainty.and(&there.certainty),
            Some(_) => *here = Descriptor { file: None, certainty: Certainty::Perhaps },
            None => here.certainty = here.certainty.and(&one_sided.first),
        }
    }
    for (number, there) in others {
        fds.entry(*number)
            .or_insert_with(|| Descriptor { file: there.file, certainty: there.certainty.and(&one_sided.second) });
    }
}

type HeldLocks = BTreeMap<OpenFileId, HeldLock>;

fn join_locks(locks: &mut HeldLocks, others: &HeldLocks, one_sided: &OneSided) {
    for (file, here) in locks.iter_mut() {
        match others.get(file) {
            Some(there) => *here = join_held(here, there),
            None => here.hold_on_one_side(&one_sided.first),
        }
    }
    for (file, there) in others {
        locks.entry(*file).or_insert_with(|| {
            let mut held = there.clone();
            held.hold_on_one_side(&one_sided.second);
            held
        });
    }
}

impl HeldLock {
    /// The other way knows nothing of the lock.
    fn hold_on_one_side(&mut self, certainty: &Certainty) {
        self.fresh = false;
        if self.got {
            self.certainty = self.certainty.and(certainty);
        }
    }
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
    held.certainty = a.certainty.and(&b.certainty);
    held.exclusive &= other.exclusive;
    if held.wait != other.wait {
        held.wait = Wait::Unknown;
    }
    held
}
