//! Goes through statements in the order a shell would, down every branch, and notes each command with what is held.
//! Uses `state`, `syntax` and its neighbours that know commands.

use std::collections::HashMap;
use std::rc::Rc;

use super::begun::{Around, Started};
use super::disk::Setting;
use super::follow::Code;
use super::glyph::Text;
use super::grammar::{self, Parsed};
use super::outcome::{Frame, Kind, Last, Outcome};
use super::state::{State, join};
use super::syntax::{Item, Redirect, Stmt};
use crate::model::Invocation;
use crate::text::{FileId, Pos, Span};

/// Statements that are gone through, each counted as often as it is reached.
const STEPS: usize = 20_000;
/// Levels of statements, functions and texts within each other.
const DEPTH: usize = 56;
/// Texts within each other: `sh -c` in `sh -c`.
const TEXTS: usize = 12;
/// Files within each other.
pub(super) const FILES: usize = 10;
/// Characters of all texts together.
const READ: usize = 1024 * 1024;

/// A file that was opened.
pub(super) struct File {
    pub(super) path: Text,
    /// Whether the path hangs on what is not clear.
    pub(super) unclear: bool,
    /// Where it is opened.
    pub(super) opened: Option<Span>,
}

/// Goes through texts and keeps what was found.
pub(super) struct Walker<'a> {
    pub(super) setting: Setting<'a>,
    /// Where the text stands that is being read, for what in it has no place of its own.
    pub(super) here: Span,
    pub(super) found: Vec<Invocation>,
    pub(super) started: Vec<Started>,
    /// The processes around this one that are not waited for, each by the number at which it began.
    pub(super) forks: Vec<usize>,
    /// The loops around this point, likewise.
    pub(super) loops: Vec<usize>,
    /// Which locks there are around which starts.
    pub(super) around: Vec<Around>,
    pub(super) unseen: Option<String>,
    pub(super) unseen_span: Option<Span>,
    /// The first that was not seen of what runs under a lock, and where it is named.
    pub(super) covered: Option<(String, Option<Span>)>,
    /// Whether what was not seen first is a text that could not be read.
    pub(super) misread: bool,
    /// Whether something runs without the container's environment.
    pub(super) dropped: bool,
    /// The files that were opened.
    pub(super) files: Vec<File>,
    /// The script files that are being read, outermost first.
    pub(super) inside: Vec<String>,
    parsed: HashMap<(FileId, u32), Rc<Parsed>>,
    pub(super) frames: Vec<Frame>,
    pub(super) calls: Vec<String>,
    /// Where `set -e` has no effect: conditions within each other.
    pub(super) conditions: usize,
    /// Whether the next simple command has a process to itself already, which it replaces.
    pub(super) forked: bool,
    /// Whether the shell that reads the text is bash.
    pub(super) bash: bool,
    muted: usize,
    sites: usize,
    steps: usize,
    depth: usize,
    texts: usize,
    read: usize,
}

impl<'a> Walker<'a> {
    pub(super) fn new(setting: Setting<'a>, here: Span) -> Self {
        Self {
            setting,
            here,
            found: Vec::new(),
            started: Vec::new(),
            forks: Vec::new(),
            loops: Vec::new(),
            around: Vec::new(),
            unseen: None,
            unseen_span: None,
            covered: None,
            misread: false,
            dropped: false,
            files: Vec::new(),
            inside: Vec::new(),
            parsed: HashMap::new(),
            frames: Vec::new(),
            calls: Vec::new(),
            conditions: 0,
            forked: false,
            bash: false,
            muted: 0,
            sites: 0,
            steps: 0,
            depth: 0,
            texts: 0,
            read: 0,
        }
    }

    /// Notes that something was not seen; the first reason is kept.
    pub(super) fn miss(&mut self, reason: impl Into<String>) {
        self.miss_at(reason, None);
    }

    /// Notes that something was not seen, and where it is named.
    pub(super) fn miss_at(&mut self, reason: impl Into<String>, span: Option<Span>) {
        if self.unseen.is_none() && self.muted == 0 {
            self.unseen = Some(reason.into());
            self.unseen_span = span;
        }
    }

    /// A number that names a branch or a lock.
    pub(super) fn site(&mut self) -> usize {
        self.sites += 1;
        self.sites
    }

    /// Reads a text and goes through it.
    pub(super) fn text(&mut self, text: &Text, last: Last, state: State) -> Outcome {
        self.read = self.read.saturating_add(text.0.len());
        if self.texts >= TEXTS || self.read > READ {
            self.miss("shell texts are nested too deep to be read");
            return Outcome::either(state);
        }
        let parsed = grammar::parse(text);
        if let Some((line, problem)) = &parsed.problem {
            let of = if *line > 0 { format!("line {line} of ") } else { String::new() };
            self.miss(format!("{of}the shell text {problem}"));
        }
        self.go_through(&parsed, last, state)
    }

    /// Reads a script file, each once, and goes through it.
    pub(super) fn file_text(&mut self, code: &Code, last: Last, state: State) -> Outcome {
        let file = code.file;
        self.read = self.read.saturating_add(code.text.0.len());
        if self.texts >= TEXTS || self.read > READ {
            self.miss("scripts are nested too deep, or too long, to be read");
            return Outcome::either(state);
        }
        let parsed = Rc::clone(self.parsed.entry(code.key()).or_insert_with(|| Rc::new(grammar::parse(&code.text))));
        if let Some((line, problem)) = &parsed.problem {
            let name = self.setting.sources.get(file).name().to_owned();
            let at =
                (*line > 0).then(|| Span::at(file, Pos { line: u32::try_from(*line).unwrap_or(u32::MAX), column: 1 }));
            let of = if *line > 0 { format!("line {line} of ") } else { String::new() };
            self.misread |= self.unseen.is_none();
            self.miss_at(format!("{of}{name} {problem}"), at);
        }
        let here = std::mem::replace(&mut self.here, Span::file_start(file));
        let outcome = self.go_through(&parsed, last, state);
        self.here = here;
        outcome
    }

    fn go_through(&mut self, parsed: &Parsed, last: Last, state: State) -> Outcome {
        self.texts += 1;
        let outcome = self.block_to(&parsed.block, last, state);
        self.texts -= 1;
        outcome
    }

    pub(super) fn block(&mut self, block: &[Item], state: State) -> Outcome {
        self.block_to(block, Last::Forks, state)
    }

    fn block_to(&mut self, block: &[Item], ending: Last, state: State) -> Outcome {
        let Some((last, before)) = block.split_last() else { return Outcome::ok(state) };
        let mut state = state;
        for item in before {
            let outcome = self.item(item, state);
            match self.settle(outcome) {
                Some(next) => state = next,
                None => return Outcome::default(),
            }
        }
        if let Stmt::Simple(simple) = &last.stmt {
            self.forked = match ending {
                Last::Forks => false,
                Last::ReplacesUnlessRedirected => simple.redirects.is_empty(),
                Last::Replaces => true,
            };
        }
        let outcome = self.item(last, state);
        self.exit_on_error(outcome)
    }

    fn item(&mut self, item: &Item, state: State) -> Outcome {
        if !item.background {
            return self.statement(&item.stmt, state);
        }
        let child = state.child(false);
        let fork = self.site();
        self.forks.push(fork);
        self.isolated(&state, child, |walker, child| {
            walker.forked = matches!(item.stmt, Stmt::Simple(_));
            match in_background(&item.stmt) {
                // It has the process to itself.
                Some((block, redirects)) => {
                    walker.deeper(child, |walker, child| walker.subshell(block, redirects, &child, child.child(false)))
                }
                None => walker.statement(&item.stmt, child),
            }
        });
        self.forks.pop();
        Outcome::ok(state)
    }

    /// What the next statement starts from.
    pub(super) fn settle(&mut self, outcome: Outcome) -> Option<State> {
        let outcome = self.exit_on_error(outcome);
        let likely = |state: &State| !state.is_unlikely();
        let some = outcome.ok.is_some();
        let failed = join(outcome.err.filter(|s| !some || likely(s)), outcome.soft.filter(|s| !some || likely(s)));
        join(outcome.ok, failed)
    }

    /// With `set -e` a failure ends the process.
    fn exit_on_error(&mut self, mut outcome: Outcome) -> Outcome {
        if self.conditions == 0 && outcome.err.as_ref().is_some_and(|state| state.errexit) {
            let failed = outcome.err.take();
            self.leave(Kind::Process, 1, Outcome { err: failed, ..Outcome::default() });
        }
        outcome
    }

    /// Hands ways out to the frame they lead to.
    pub(super) fn leave(&mut self, kind: Kind, levels: usize, outcome: Outcome) {
        let mut left = levels.max(1);
        for frame in self.frames.iter_mut().rev() {
            let returns = kind == Kind::Function && matches!(frame.kind, Kind::Process | Kind::Sourced);
            let stops = frame.kind == kind || returns;
            left -= usize::from(stops);
            if left == 0 {
                let ends = std::mem::take(&mut frame.ends);
                frame.ends = ends.merge(outcome);
                return;
            }
            if frame.kind == Kind::Process {
                return;
            }
        }
    }

    pub(super) fn framed(&mut self, kind: Kind, run: impl FnOnce(&mut Self) -> Outcome) -> (Outcome, Frame) {
        self.frames.push(Frame { kind, ends: Outcome::default(), again: None, locals: Vec::new() });
        let outcome = run(self);
        let frame = self.frames.pop();
        (outcome, frame.unwrap_or(Frame { kind, ends: Outcome::default(), again: None, locals: Vec::new() }))
    }

    /// Runs something in a process of its own, which leaves nothing behind but locks on files that are open here too.
    pub(super) fn isolated(
        &mut self,
        parent: &State,
        child: State,
        run: impl FnOnce(&mut Self, State) -> Outcome,
    ) -> Outcome {
        let (outcome, frame) = self.framed(Kind::Process, |walker| run(walker, child));
        let Outcome { ok, err, soft } = outcome.merge(frame.ends);
        Outcome { ok, err: join(err, soft), soft: None }.map(|child| parent.after(&child))
    }

    /// Evaluates where `set -e` has no effect.
    pub(super) fn condition<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        self.conditions += 1;
        let result = run(self);
        self.conditions -= 1;
        result
    }

    /// Goes through something without noting the commands in it.
    pub(super) fn muted<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        self.muted += 1;
        let result = run(self);
        self.muted -= 1;
        result
    }

    pub(super) fn is_muted(&self) -> bool {
        self.muted > 0
    }

    pub(super) fn note(&mut self, invocation: Invocation) {
        if self.muted == 0 {
            self.found.push(invocation);
        }
    }

    /// Runs `below` one level down, unless that is too deep or all has taken too long.
    pub(super) fn deeper(&mut self, state: State, below: impl FnOnce(&mut Self, State) -> Outcome) -> Outcome {
        self.steps += 1;
        if self.steps > STEPS || self.depth >= DEPTH {
            self.miss("the shell text is too large or nested too deep to be followed");
            return Outcome::either(state);
        }
        self.depth += 1;
        let outcome = below(self, state);
        self.depth -= 1;
        outcome
    }

    pub(super) fn statement(&mut self, stmt: &Stmt, state: State) -> Outcome {
        self.deeper(state, |walker, state| walker.statement_here(stmt, state))
    }

    fn statement_here(&mut self, stmt: &Stmt, mut state: State) -> Outcome {
        match stmt {
            Stmt::Simple(simple) => self.simple(simple, state),
            Stmt::Declare { keyword, items } => self.declare(keyword, items, state),
            Stmt::Unset(words) => self.unset(words, state),
            Stmt::List { first, rest } => self.list(first, rest, state),
            Stmt::Pipeline(parts) => self.pipeline(parts, &state),
            Stmt::Not(inner) => {
                let (ok, failed) = self.condition(|walker| walker.statement(inner, state)).split();
                Outcome { ok: failed, err: None, soft: ok }
            }
            Stmt::Group(block) => self.block(block, state),
            Stmt::Subshell(block) => self.subshell(block, &[], &state, state.child(true)),
            Stmt::If { arms, otherwise } => self.branches(arms, otherwise, state),
            Stmt::While { until, condition, body } => self.repeat(condition, body, *until, state),
            Stmt::For { variable, words, body } => self.for_each(variable.as_deref(), words, body, state),
            Stmt::Case { subject, arms } => self.case(subject, arms, state),
            Stmt::Function { name, body } => {
                Rc::make_mut(&mut state.functions).insert(name.clone(), vec![Rc::clone(body)]);
                Outcome::ok(state)
            }
            Stmt::Test(test) => self.test(test, state),
            Stmt::Redirected { body, redirects } => {
                if let Stmt::Subshell(block) = body.as_ref() {
                    return self.subshell(block, redirects, &state, state.child(true));
                }
                self.redirected(redirects, state, |walker, state| walker.statement(body, state))
            }
            Stmt::Unread => {
                self.miss("a part of the shell text could not be read as shell");
                Outcome::either(state)
            }
        }
    }

    /// A process of its own, whose redirections nobody else has open.
    fn subshell(&mut self, block: &[Item], redirects: &[Redirect], parent: &State, child: State) -> Outcome {
        let last = if self.bash { Last::ReplacesUnlessRedirected } else { Last::Replaces };
        self.isolated(parent, child, |walker, mut child| {
            for redirect in redirects {
                walker.redirect(redirect, &mut child);
            }
            walker.block_to(block, last, child)
        })
    }
}

/// The subshell that a statement is, with its redirections.
fn in_background(stmt: &Stmt) -> Option<(&[Item], &[Redirect])> {
    match stmt {
        Stmt::Subshell(block) => Some((block, &[])),
        Stmt::Redirected { body, redirects } => match body.as_ref() {
            Stmt::Subshell(block) => Some((block, redirects)),
            _ => None,
        },
        _ => None,
    }
}
