//! What a shell process has at one point of a text: variables, descriptors, locks; and how two ways to that point
//! are joined. Uses `glyph`, `doubt` and `syntax`.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::doubt::{self, Doubt, Piece};
use super::expand::MANY;
use super::glyph::Text;
use super::syntax::Stmt;
use crate::model::{Test, Wait};
use crate::text::Span;

/// Variables that are kept.
const VARIABLES: usize = 400;

/// Names an open file: what descriptors refer to, and what a lock belongs to.
pub(super) type OpenFile = usize;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Text(Text),
    /// A text on some ways, nothing on the others.
    Maybe(Text, Doubt),
    List(Vec<Piece>),
    /// Set in more than one way, or by what only runs.
    Unclear,
    /// Taken away.
    Unset,
    /// What the container's environment says.
    Inherited,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Variable {
    pub(super) value: Value,
    pub(super) exported: bool,
}

/// Something known on one side of a branch, and its opposite on the other.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fact {
    /// Names the branch.
    pub(super) site: usize,
    /// Which side this is.
    pub(super) side: bool,
    /// The variable that decides, with what is asked of it, where it is one variable of the environment.
    pub(super) asks: Option<(String, Test)>,
}

/// An `flock` that was asked for on an open file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Held {
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
    pub(super) doubt: Doubt,
    pub(super) span: Span,
}

/// A descriptor's open file, and whether it surely is open. No file: it may be one of several.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Descriptor {
    pub(super) file: Option<OpenFile>,
    pub(super) doubt: Doubt,
}

/// Where relative paths start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Directory {
    /// The container's working directory.
    Initial,
    At(Text),
    Unclear,
}

#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) vars: Rc<BTreeMap<String, Variable>>,
    pub(super) functions: Rc<BTreeMap<String, Vec<Rc<Stmt>>>>,
    /// The functions that a bash started from here has too (`export -f`).
    pub(super) handed: Rc<BTreeSet<String>>,
    pub(super) fds: Rc<BTreeMap<u32, Descriptor>>,
    /// Files that processes above hold open for as long as this one runs.
    pub(super) above: Rc<Vec<OpenFile>>,
    pub(super) locks: Rc<BTreeMap<OpenFile, Held>>,
    pub(super) facts: Rc<Vec<Fact>>,
    /// `$0`, `$1`, ...; nothing where they are not known.
    pub(super) args: Option<Rc<Vec<Piece>>>,
    pub(super) cwd: Rc<Directory>,
    pub(super) conditional: bool,
    pub(super) errexit: bool,
    pub(super) allexport: bool,
    pub(super) pipefail: bool,
}

impl State {
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
            cwd: Rc::new(Directory::Initial),
            conditional: false,
            errexit: false,
            allexport: false,
            pipefail: false,
        }
    }

    /// Sets a variable; `export` makes it part of the environment too. Says whether there was room.
    pub(super) fn set(&mut self, name: &str, value: Value, export: bool) -> bool {
        let full = self.vars.len() >= VARIABLES && !self.vars.contains_key(name);
        if !full {
            let exported = export || self.allexport || self.vars.get(name).is_some_and(|old| old.exported);
            Rc::make_mut(&mut self.vars).insert(name.to_owned(), Variable { value, exported });
        }
        !full
    }

    /// A process started from here; in the foreground this one keeps its files open meanwhile.
    pub(super) fn child(&self, foreground: bool) -> Self {
        let mut child = self.clone();
        if foreground {
            let mut above: Vec<OpenFile> = self.above.to_vec();
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
    pub(super) fn after(&self, child: &Self) -> Self {
        let mut after = self.clone();
        after.locks = Rc::clone(&child.locks);
        after.facts = Rc::clone(&child.facts);
        after.drop_closed();
        after
    }

    /// Forgets the locks of files that nobody here has open any more.
    pub(super) fn drop_closed(&mut self) {
        let open = |file: OpenFile| self.above.contains(&file) || self.fds.values().any(|fd| fd.file == Some(file));
        let closed: Vec<OpenFile> = self.locks.keys().copied().filter(|file| !open(*file)).collect();
        if !closed.is_empty() {
            let locks = Rc::make_mut(&mut self.locks);
            for file in closed {
                locks.remove(&file);
            }
        }
    }

    /// This way was taken on purpose after something failed: a lock not got is now known and passed over.
    pub(super) fn stale(mut self) -> Self {
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

    pub(super) fn learn(&mut self, fact: Fact) {
        Rc::make_mut(&mut self.facts).push(fact);
    }
}

/// Joins two ways to one point.
pub(super) fn join(a: Option<State>, b: Option<State>) -> Option<State> {
    match (a, b) {
        (Some(a), Some(b)) => Some(joined(a, &b)),
        (a, b) => a.or(b),
    }
}

fn joined(mut a: State, b: &State) -> State {
    let common = a.facts.iter().zip(b.facts.iter()).take_while(|(x, y)| x == y).count();
    let only = |state: &State| state.facts.get(common..).unwrap_or_default().to_vec();
    let (only_a, only_b) = (only(&a), only(b));
    if !Rc::ptr_eq(&a.vars, &b.vars) && a.vars != b.vars {
        let doubts = (doubt(&only_a, &only_b), doubt(&only_b, &only_a));
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
        a.cwd = Rc::new(Directory::Unclear);
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
    a: &BTreeMap<String, Variable>,
    b: &BTreeMap<String, Variable>,
    doubts: &(Doubt, Doubt),
) -> BTreeMap<String, Variable> {
    let none = Variable { value: Value::Inherited, exported: false };
    let mut vars = a.clone();
    for (name, there) in b {
        let here = vars.entry(name.clone()).or_insert_with(|| none.clone());
        if here != there {
            let value = join_values(&here.value, &there.value, doubts);
            *here = Variable { value, exported: here.exported || there.exported };
        }
    }
    for (name, here) in &mut vars {
        if !b.contains_key(name) {
            here.value = join_values(&here.value, &Value::Inherited, doubts);
        }
    }
    vars
}

/// What a variable holds where it may have come from either side. The environment holds no lists.
fn join_values(a: &Value, b: &Value, (only_a, only_b): &(Doubt, Doubt)) -> Value {
    let maybe =
        |text: &Text, before: &Doubt, doubt: &Doubt| Value::Maybe(text.clone(), before.clone().or(doubt.clone()));
    let joined = match (a, b) {
        _ if a == b => return a.clone(),
        (Value::List(a), Value::List(b)) => doubt::join(a, b, only_a, only_b),
        (Value::List(a), Value::Unset | Value::Inherited) => doubt::join(a, &[], only_a, only_b),
        (Value::Unset | Value::Inherited, Value::List(b)) => doubt::join(&[], b, only_a, only_b),
        (Value::Text(text), empty) if is_nothing(empty) => return maybe(text, &Doubt::Sure, only_a),
        (empty, Value::Text(text)) if is_nothing(empty) => return maybe(text, &Doubt::Sure, only_b),
        (Value::Maybe(text, before), empty) if is_nothing(empty) => return maybe(text, before, only_a),
        (empty, Value::Maybe(text, before)) if is_nothing(empty) => return maybe(text, before, only_b),
        _ => return Value::Unclear,
    };
    if joined.len() > MANY { Value::Unclear } else { Value::List(joined) }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Text(text) => text.is_empty(),
        value => *value == Value::Unset,
    }
}

/// Why something on the way with the facts `here` is not on the way with the facts `there`.
fn doubt(here: &[Fact], there: &[Fact]) -> Doubt {
    let opposite = |fact: &&Fact| there.iter().any(|other| other.site == fact.site && other.side != fact.side);
    match here.iter().find(opposite).and_then(|fact| fact.asks.clone()) {
        Some((name, test)) => Doubt::When(name, test),
        None => Doubt::Perhaps,
    }
}

type Side<'a, T> = (&'a BTreeMap<T, Descriptor>, &'a [Fact]);

fn join_fds(a: Side<'_, u32>, b: Side<'_, u32>) -> BTreeMap<u32, Descriptor> {
    let mut fds = BTreeMap::new();
    for (number, here) in a.0 {
        let both = match b.0.get(number) {
            Some(there) if there.file == here.file => {
                Descriptor { file: here.file, doubt: here.doubt.clone().or(there.doubt.clone()) }
            }
            Some(_) => Descriptor { file: None, doubt: Doubt::Perhaps },
            None => Descriptor { file: here.file, doubt: here.doubt.clone().or(doubt(a.1, b.1)) },
        };
        fds.insert(*number, both);
    }
    for (number, there) in b.0.iter().filter(|(number, _)| !a.0.contains_key(number)) {
        fds.insert(*number, Descriptor { file: there.file, doubt: there.doubt.clone().or(doubt(b.1, a.1)) });
    }
    fds
}

type Locks<'a> = (&'a BTreeMap<OpenFile, Held>, &'a [Fact]);

fn join_locks(a: Locks<'_>, b: Locks<'_>) -> BTreeMap<OpenFile, Held> {
    let mut locks = BTreeMap::new();
    for (file, here) in a.0 {
        let held = match b.0.get(file) {
            Some(there) => join_held(here, there),
            None => alone(here, a.1, b.1),
        };
        locks.insert(*file, held);
    }
    for (file, there) in b.0.iter().filter(|(file, _)| !a.0.contains_key(file)) {
        locks.insert(*file, alone(there, b.1, a.1));
    }
    locks
}

/// A lock of which the other way knows nothing.
fn alone(held: &Held, here: &[Fact], there: &[Fact]) -> Held {
    let mut held = held.clone();
    held.fresh = false;
    if held.got {
        held.doubt = held.doubt.or(doubt(here, there));
    }
    held
}

fn join_held(a: &Held, b: &Held) -> Held {
    let (got, other) = if a.got || !b.got { (a, b) } else { (b, a) };
    let mut held = got.clone();
    held.fresh = a.fresh && b.fresh;
    held.ignored |= other.ignored;
    if got.got != other.got {
        held.ignored = true;
        return held;
    }
    held.doubt = a.doubt.clone().or(b.doubt.clone());
    held.exclusive &= other.exclusive;
    if held.wait != other.wait {
        held.wait = Wait::Unknown;
    }
    held
}
