//! What a call started from and what it gave, so that the next one from the same start need not be gone through.
//! Uses `shell_state`, `shell_variables`, `exit_states`, `call_notes` and `call_times`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::rc::Rc;

use super::alternatives::JoinPoint;
use super::arguments::Arguments;
use super::call_notes::CallNotes;
use super::call_times::CallTimes;
use super::exit_states::{ExitStates, FrameKind};
use super::file_start::FileStart;
use super::print_record::PrintedWords;
use super::shell_state::{BranchFact, Descriptor, HeldLock, OpenFileId, ShellState, own_number};
use super::shell_variables::TouchedNames;
use super::value_identity::{ValueIdentity, WrittenAt};
use super::variable_value::ShellVariable;
use crate::input::shell::parse::syntax::{Block, FunctionBody};
use crate::model::Condition;
use crate::text::{FileId, Span, TracedText};

/// What is called.
#[derive(Debug, Clone)]
pub(super) enum CalledCode {
    /// A function, with all the bodies that it may have.
    Function(Vec<Rc<FunctionBody>>),
    /// What a loop does in a round that is only tried.
    TrialRound(Rc<Block>),
    /// A file that is sourced, and one that is run.
    Sourced((FileId, u32)),
    Script((FileId, u32)),
}

/// What tells called code from all other: the bodies are kept for as long as they are asked for.
#[derive(PartialEq, Eq, Hash)]
enum CodeIdentity {
    Function(Vec<usize>),
    TrialRound(usize),
    Sourced(FileId, u32),
    Script(FileId, u32),
}

impl CalledCode {
    /// Whether its variables are those of the function that runs it.
    pub(super) fn is_part_of_caller(&self) -> bool {
        matches!(self, Self::TrialRound(_) | Self::Sourced(_))
    }

    /// Whether a call that did this need not be gone through again.
    pub(super) fn is_kept_after(&self, notes: &CallNotes) -> bool {
        // What a round hides is given back where the function ends, which has to be told of it.
        let hides_outside = matches!(self, Self::TrialRound(_)) && notes.hides_in_function;
        !notes.is_unkept && !hides_outside
    }

    /// Whether it leaves a function around it, and the loops in that.
    pub(super) fn leaves_by_return(&self, notes: &CallNotes) -> bool {
        matches!(self, Self::TrialRound(_)) && notes.returns
    }

    fn identity(&self) -> CodeIdentity {
        match self {
            Self::Function(bodies) => {
                CodeIdentity::Function(bodies.iter().map(|body| Rc::as_ptr(body).addr()).collect())
            }
            Self::TrialRound(body) => CodeIdentity::TrialRound(Rc::as_ptr(body).addr()),
            Self::Sourced((file, at)) => CodeIdentity::Sourced(*file, *at),
            Self::Script((file, at)) => CodeIdentity::Script(*file, *at),
        }
    }
}

impl PartialEq for CalledCode {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for CalledCode {}

impl Hash for CalledCode {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.identity().hash(hasher);
    }
}

/// What around a call decides what it does and what is told of that, beside the shell's own state.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Surroundings {
    pub(super) muted: bool,
    pub(super) in_condition: bool,
    pub(super) bash: bool,
    pub(super) here: Span,
    /// The file that is being run, by its path.
    pub(super) file: Option<String>,
    pub(super) way_in: bool,
    pub(super) at_once: bool,
    pub(super) placeholder: Option<String>,
    pub(super) in_loop: bool,
    /// Whether what it calls runs beside something or several times.
    pub(super) aside: bool,
    /// Whether a command's name may stand for another text.
    pub(super) expands_aliases: bool,
    /// Whether what it prints is kept.
    pub(super) prints: bool,
    /// Of each lock that is held whether a process, or a loop, began after it was got; in the order of locking.
    pub(super) locks: Vec<LockSides>,
}

/// What began after a lock was got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct LockSides {
    pub(super) fork: bool,
    pub(super) round: bool,
}

/// Which names of what is made by a call stand for which, where it starts again.
#[derive(Debug, Default)]
pub(super) struct Renames {
    pub(super) files: BTreeMap<OpenFileId, OpenFileId>,
    /// Branches and locks.
    pub(super) sites: BTreeMap<usize, usize>,
    /// What tells values apart that are not known, each by where it is kept.
    pub(super) identities: BTreeMap<usize, ValueIdentity>,
    /// Where two ways met, likewise.
    points: BTreeMap<usize, JoinPoint>,
}

impl Renames {
    /// A variable that a call left, which holds another value each time, though all that it left hold the same.
    pub(super) fn renamed_variable(&mut self, left: &LeftVariable) -> ShellVariable {
        let LeftVariable { variable, first_use } = left;
        let new = self.identities.entry(variable.identity.key()).or_insert_with(|| ValueIdentity::used_at(*first_use));
        let identity = new.clone();
        let points = &mut self.points;
        let value = variable.value.with_points(&mut |point| points.entry(point.key()).or_default().clone());
        ShellVariable { value, identity, ..variable.clone() }
    }
}

/// A variable that a call left, and where it had been used first when it did.
#[derive(Debug)]
pub(super) struct LeftVariable {
    variable: ShellVariable,
    first_use: Option<WrittenAt>,
}

impl LeftVariable {
    fn new(variable: &ShellVariable) -> Self {
        Self { variable: variable.clone(), first_use: variable.identity.first_use() }
    }
}

/// What is asked of files that are open when two starts are compared.
pub(super) type SameFile<'f> = &'f dyn Fn(OpenFileId, OpenFileId) -> bool;

/// A variable as it was, or that it was not there.
type KnownVariable = (String, Option<ShellVariable>);

/// What a call starts from, as far as it asked for it.
#[derive(Debug)]
pub(super) struct CallStart {
    state: ShellState,
    vars: Vec<KnownVariable>,
    exported: Option<Vec<KnownVariable>>,
    touched: TouchedNames,
}

impl CallStart {
    pub(super) fn new(mut state: ShellState, touched: TouchedNames) -> Self {
        let vars = touched.names.iter().map(|name| (name.clone(), state.vars.peek(name).cloned())).collect();
        let exported = touched.exported.then(|| exported_variables(&state));
        state.vars.clear();
        Self { state, vars, exported, touched }
    }

    pub(super) fn state(&self) -> &ShellState {
        &self.state
    }

    pub(super) fn touched(&self) -> &TouchedNames {
        &self.touched
    }

    /// The variables, but for some, that were asked for and hold something else in another state.
    pub(super) fn differing(&self, now: &ShellState, known: &BTreeSet<String>) -> BTreeSet<String> {
        let asked = self.vars.iter().chain(self.exported.iter().flatten()).filter(|(name, _)| !known.contains(name));
        let differs = asked.filter(|(name, then)| !self.is_same_variable(name, then.as_ref(), now.vars.peek(name)));
        let mut all: BTreeSet<String> = differs.map(|(name, _)| name.clone()).collect();
        if let Some(exported) = &self.exported {
            let is_new = |name: &&String| find_variable(exported, name).is_none();
            all.extend(now.vars.peek_exported().map(|(name, _)| name).filter(is_new).cloned());
        }
        all
    }

    /// Whether a variable is as it was, so far as that was asked for.
    fn is_same_variable(&self, name: &str, then: Option<&ShellVariable>, now: Option<&ShellVariable>) -> bool {
        match (then, now) {
            (Some(then), Some(now)) => {
                then.is_alike(now) && (then.identity == now.identity || !self.touched.identities.contains(name))
            }
            (then, now) => then.is_none() && now.is_none(),
        }
    }

    fn has_same_exported(&self, exported: &[KnownVariable], now: &ShellState) -> bool {
        let all: Vec<(&String, &ShellVariable)> = now.vars.peek_exported().collect();
        let same = |(known, (name, variable)): (&KnownVariable, &(&String, &ShellVariable))| {
            known.0 == **name && self.is_same_variable(name, known.1.as_ref(), Some(variable))
        };
        exported.len() == all.len() && exported.iter().zip(&all).all(same)
    }

    /// The branches on the way to it, and which side of each was taken.
    pub(super) fn is_on_same_branches(&self, now: &ShellState) -> bool {
        let (then, now) = (&self.state.facts, &now.facts);
        Rc::ptr_eq(then, now) || then.iter().map(BranchFact::side).eq(now.iter().map(BranchFact::side))
    }

    /// Whether a variable was exported, as far as it was asked for.
    pub(super) fn exports(&self, name: &str) -> bool {
        let known = [Some(&self.vars), self.exported.as_ref()].into_iter().flatten();
        known.filter_map(|all| find_variable(all, name)?.as_ref()).any(|variable| variable.exported)
    }

    /// Whether another state is the same but for the names of branches, locks and open files.
    pub(super) fn is_like(&self, now: &ShellState, same_file: SameFile<'_>) -> Option<Renames> {
        let then = &self.state;
        let plain = then.args == now.args
            && then.cwd == now.cwd
            && then.inherits == now.inherits
            && then.keeps == now.keeps
            && then.taken == now.taken
            && then.demanded == now.demanded
            && then.left == now.left
            && then.user == now.user
            && then.handed == now.handed
            && (then.conditional, then.errexit, then.allexport, then.pipefail)
                == (now.conditional, now.errexit, now.allexport, now.pipefail)
            && is_same_choice(then, now, &self.touched)
            && self.vars.iter().all(|(name, then)| self.is_same_variable(name, then.as_ref(), now.vars.peek(name)))
            && self.exported.as_ref().is_none_or(|exported| self.has_same_exported(exported, now))
            && has_same_functions(then, now)
            && distinct_conditions(then) == distinct_conditions(now);
        plain.then(|| Renames::of_open_files(then, now, same_file)).flatten()
    }
}

/// What is known of a variable, among all in the order of their names.
fn find_variable<'v>(all: &'v [KnownVariable], name: &str) -> Option<&'v Option<ShellVariable>> {
    let at = all.binary_search_by(|(other, _)| other.as_str().cmp(name)).ok()?;
    all.get(at).map(|(_, variable)| variable)
}

fn exported_variables(state: &ShellState) -> Vec<KnownVariable> {
    state.vars.peek_exported().map(|(name, variable)| (name.clone(), Some(variable.clone()))).collect()
}

fn is_same_choice(then: &ShellState, now: &ShellState, touched: &TouchedNames) -> bool {
    if Rc::ptr_eq(&then.choices, &now.choices) {
        return true;
    }
    if touched.choices {
        return then.choices == now.choices;
    }
    touched.names.iter().all(|name| then.choices.get(name) == now.choices.get(name))
}

fn has_same_functions(then: &ShellState, now: &ShellState) -> bool {
    let same = |one: &[Rc<FunctionBody>], other: &[Rc<FunctionBody>]| {
        one.len() == other.len() && one.iter().zip(other).all(|(one, other)| Rc::ptr_eq(one, other))
    };
    let (then, now) = (&then.functions, &now.functions);
    let one_by_one = || then.iter().zip(now.iter()).all(|(one, other)| one.0 == other.0 && same(one.1, other.1));
    Rc::ptr_eq(then, now) || then.len() == now.len() && one_by_one()
}

/// The conditions on the way to a state, each once.
fn distinct_conditions(state: &ShellState) -> Vec<&Condition> {
    let mut all: Vec<&Condition> = Vec::new();
    for condition in state.facts.iter().filter_map(|fact| fact.asks.as_deref()) {
        if !all.contains(&condition) {
            all.push(condition);
        }
    }
    all
}

impl Renames {
    fn of_open_files(then: &ShellState, now: &ShellState, same_file: SameFile<'_>) -> Option<Self> {
        let mut renames = Self::default();
        let counts = |state: &ShellState| (state.fds.len(), state.above.len(), state.locks.len());
        if counts(then) != counts(now) {
            return None;
        }
        for ((number, one), (other_number, other)) in then.fds.iter().zip(now.fds.iter()) {
            let own = is_own_number(*number, one) && is_own_number(*other_number, other);
            if !own && number != other_number || one.certainty != other.certainty {
                return None;
            }
            match (one.file, other.file) {
                (Some(one), Some(other)) => renames.pair_files(one, other, same_file)?,
                (None, None) => {}
                _ => return None,
            }
        }
        for (one, other) in then.above.iter().zip(now.above.iter()) {
            renames.pair_files(*one, *other, same_file)?;
        }
        let mut orders = BTreeMap::new();
        for (file, held) in then.locks.iter() {
            let other = now.locks.get(renames.files.get(file)?)?;
            if (HeldLock { order: held.order, ..other.clone() }) != *held {
                return None;
            }
            orders.insert(held.order, other.order);
        }
        let is_in_order = orders.values().zip(orders.values().skip(1)).all(|(one, next)| one < next);
        renames.sites = orders;
        is_in_order.then_some(renames)
    }

    fn pair_files(&mut self, one: OpenFileId, other: OpenFileId, same_file: SameFile<'_>) -> Option<()> {
        match self.files.get(&one) {
            Some(known) => (*known == other).then_some(()),
            None if self.files.values().any(|known| *known == other) || !same_file(one, other) => None,
            None => {
                self.files.insert(one, other);
                Some(())
            }
        }
    }
}

/// Whether a descriptor has the number that `flock` gives the file that it holds for a command.
pub(super) fn is_own_number(number: u32, descriptor: &Descriptor) -> bool {
    descriptor.file.is_some_and(|file| own_number(file) == number)
}

/// A state that a call left, and how its variables differ from those that it began with.
#[derive(Debug)]
pub(super) struct LeftState {
    pub(super) state: ShellState,
    pub(super) changes: Vec<(String, Option<LeftVariable>)>,
    pub(super) choices: Vec<(String, Option<Vec<TracedText>>)>,
}

impl LeftState {
    fn new(start: &ShellState, touched: &TouchedNames, mut state: ShellState) -> Self {
        let differs = |name: &&String| start.vars.peek(name) != state.vars.peek(name);
        let names = touched.names.iter().filter(differs);
        let changes = names.map(|name| (name.clone(), state.vars.peek(name).map(LeftVariable::new))).collect();
        let chosen = touched.names.iter().filter(|name| start.choices.get(*name) != state.choices.get(*name));
        let choices = chosen.map(|name| (name.clone(), state.choices.get(name).cloned())).collect();
        state.vars.clear();
        state.choices = Rc::default();
        Self { state, changes, choices }
    }
}

/// The states in which a call ended.
#[derive(Debug, Default)]
pub(super) struct LeftStates {
    pub(super) ok: Option<LeftState>,
    pub(super) err: Option<LeftState>,
    pub(super) soft: Option<LeftState>,
}

impl LeftStates {
    pub(super) fn new(start: &ShellState, touched: &TouchedNames, exits: ExitStates) -> Self {
        let left = |state: Option<ShellState>| state.map(|state| LeftState::new(start, touched, state));
        Self { ok: left(exits.ok), err: left(exits.err), soft: left(exits.soft) }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &LeftState> {
        self.ok.iter().chain(&self.err).chain(&self.soft)
    }
}

/// What a call leaves in a frame around it.
#[derive(Debug, Default)]
pub(super) struct LeftInFrame {
    /// How many frames are in it.
    pub(super) place: usize,
    pub(super) ends: LeftStates,
    pub(super) again: LeftStates,
}

/// A call that was gone through.
#[derive(Debug)]
pub(super) struct SavedCall {
    pub(super) surroundings: Surroundings,
    pub(super) start: CallStart,
    /// The variables that loops around it set, as far as what it starts names them.
    pub(super) varying: BTreeSet<String>,
    /// Of what it calls that which was being run already.
    pub(super) running: RunningCode,
    /// How deep it was, where something in it was too deep to be followed.
    pub(super) depth: Option<Depth>,
    pub(super) exits: LeftStates,
    /// The frames around it up to its process, innermost first, and what it left in those and in the process.
    pub(super) around: Vec<FrameKind>,
    pub(super) frames: Vec<LeftInFrame>,
    pub(super) printed: PrintedWords,
    /// The programs that it runs, by their indexes among all that were found.
    pub(super) found: Range<usize>,
    pub(super) notes: CallNotes,
    pub(super) times: CallTimes,
    /// The names of branches and locks that it made and left.
    pub(super) sites: BTreeSet<usize>,
}

/// The calls of one code that were gone through, and the places that call it with arguments.
#[derive(Debug, Default)]
pub(super) struct SavedCalls {
    pub(super) calls: Vec<SavedCall>,
    pub(super) places: BTreeSet<CallPlace>,
    /// The calls by where they are made: what is like a call has its arguments from the same place.
    by_place: HashMap<Option<CallPlace>, Vec<usize>>,
}

/// Where the first argument of a call is written.
pub(super) type CallPlace = (FileId, u32);

pub(super) fn place_of_call(state: &ShellState) -> Option<CallPlace> {
    state.args.as_ref().and_then(Arguments::first_place)
}

impl SavedCalls {
    pub(super) fn keep(&mut self, saved: SavedCall) {
        self.by_place.entry(place_of_call(saved.start.state())).or_default().push(self.calls.len());
        self.calls.push(saved);
    }

    /// The calls that one from this state can be like, with their indexes.
    pub(super) fn called_as(&self, state: &ShellState) -> impl DoubleEndedIterator<Item = (usize, &SavedCall)> {
        let indexes = self.by_place.get(&place_of_call(state)).map_or(&[][..], Vec::as_slice);
        indexes.iter().filter_map(|index| Some((*index, self.calls.get(*index)?)))
    }
}

/// How deep a point is in statements, texts and files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Depth {
    pub(super) statements: usize,
    pub(super) texts: usize,
    pub(super) files: usize,
}

impl Depth {
    /// Whether what is too deep there is too deep here.
    pub(super) fn is_below(self, other: Self) -> bool {
        self.statements >= other.statements && self.texts >= other.texts && self.files >= other.files
    }
}

/// Functions and files that are being run.
#[derive(Debug, PartialEq, Default)]
pub(super) struct RunningCode {
    pub(super) functions: BTreeSet<String>,
    pub(super) files: Vec<FileStart>,
}

impl SavedCall {
    /// All states that it left.
    pub(super) fn left_states(&self) -> impl Iterator<Item = &LeftState> {
        let in_frames = self.frames.iter().flat_map(|frame| frame.ends.all().chain(frame.again.all()));
        self.exits.all().chain(in_frames)
    }
}
