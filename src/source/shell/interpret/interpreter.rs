//! Goes through statements in the order a shell would, down every branch, and notes each command with what is held.
//! Uses `state`, `syntax` and its neighbours that know commands.

use std::collections::HashMap;
use std::rc::Rc;

use super::exit_states::{ControlFrame, ExitStates, FrameKind, LastCommand};
use super::limits;
use super::script_text::ScriptText;
use super::shell_state::{ShellState, join};
use super::start_record::{ContainerStart, LockedStart};
use crate::model::Invocation;
use crate::source::shell::ExecContext;
use crate::source::shell::parse::syntax::{BlockItem, Redirect, Statement};
use crate::source::shell::parse::{ParsedText, parse};
use crate::text::TracedText;
use crate::text::{FileId, Pos, Span};

/// A file that was opened.
pub(super) struct OpenedFile {
    pub(super) path: TracedText,
    /// Whether the path hangs on what is not clear.
    pub(super) unclear: bool,
    /// Where it is opened.
    pub(super) opened: Option<Span>,
}

/// Goes through texts and keeps what was found.
pub(super) struct Interpreter<'a> {
    pub(super) context: ExecContext<'a>,
    /// Where the text stands that is being read, for what in it has no place of its own.
    pub(super) here: Span,
    pub(super) found: Vec<Invocation>,
    pub(super) started: Vec<ContainerStart>,
    /// The processes around this one that are not waited for, each by the number at which it began.
    pub(super) forks: Vec<usize>,
    /// The loops around this point, likewise.
    pub(super) loops: Vec<usize>,
    /// Which locks there are around which starts.
    pub(super) around: Vec<LockedStart>,
    pub(super) unseen: Option<String>,
    pub(super) unseen_span: Option<Span>,
    /// The first that was not seen of what runs under a lock, and where it is named.
    pub(super) covered: Option<(String, Option<Span>)>,
    /// Whether what was not seen first is a text that could not be read.
    pub(super) misread: bool,
    /// Whether something runs without the container's environment.
    pub(super) dropped: bool,
    /// The files that were opened.
    pub(super) files: Vec<OpenedFile>,
    /// The script files that are being read, outermost first.
    pub(super) inside: Vec<String>,
    parsed: HashMap<(FileId, u32), Rc<ParsedText>>,
    pub(super) frames: Vec<ControlFrame>,
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

impl<'a> Interpreter<'a> {
    pub(super) fn new(context: ExecContext<'a>, here: Span) -> Self {
        Self {
            context,
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
    pub(super) fn text(&mut self, text: &TracedText, last: LastCommand, state: ShellState) -> ExitStates {
        self.read = self.read.saturating_add(text.0.len());
        if self.texts >= limits::NESTED_TEXTS || self.read > limits::TEXT_CHARS {
            self.miss("shell texts are nested too deep to be read");
            return ExitStates::either(state);
        }
        let parsed = parse(text);
        if let Some((line, problem)) = &parsed.problem {
            let of = if *line > 0 { format!("line {line} of ") } else { String::new() };
            self.miss(format!("{of}the shell text {problem}"));
        }
        self.go_through(&parsed, last, state)
    }

    /// Reads a script file, each once, and goes through it.
    pub(super) fn file_text(&mut self, code: &ScriptText, last: LastCommand, state: ShellState) -> ExitStates {
        let file = code.file;
        self.read = self.read.saturating_add(code.text.0.len());
        if self.texts >= limits::NESTED_TEXTS || self.read > limits::TEXT_CHARS {
            self.miss("scripts are nested too deep, or too long, to be read");
            return ExitStates::either(state);
        }
        let parsed = Rc::clone(self.parsed.entry(code.key()).or_insert_with(|| Rc::new(parse(&code.text))));
        if let Some((line, problem)) = &parsed.problem {
            let name = self.context.sources.get(file).name().to_owned();
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

    fn go_through(&mut self, parsed: &ParsedText, last: LastCommand, state: ShellState) -> ExitStates {
        self.texts += 1;
        let outcome = self.block_to(&parsed.block, last, state);
        self.texts -= 1;
        outcome
    }

    pub(super) fn block(&mut self, block: &[BlockItem], state: ShellState) -> ExitStates {
        self.block_to(block, LastCommand::Forks, state)
    }

    fn block_to(&mut self, block: &[BlockItem], ending: LastCommand, state: ShellState) -> ExitStates {
        let Some((last, before)) = block.split_last() else { return ExitStates::ok(state) };
        let mut state = state;
        for item in before {
            let outcome = self.item(item, state);
            match self.settle(outcome) {
                Some(next) => state = next,
                None => return ExitStates::default(),
            }
        }
        if let Statement::Simple(simple) = &last.stmt {
            self.forked = match ending {
                LastCommand::Forks => false,
                LastCommand::ReplacesUnlessRedirected => simple.redirects.is_empty(),
                LastCommand::Replaces => true,
            };
        }
        let outcome = self.item(last, state);
        self.exit_on_error(outcome)
    }

    fn item(&mut self, item: &BlockItem, state: ShellState) -> ExitStates {
        if !item.background {
            return self.statement(&item.stmt, state);
        }
        let child = state.child(false);
        let fork = self.site();
        self.forks.push(fork);
        self.isolated(&state, child, |interpreter, child| {
            interpreter.forked = matches!(item.stmt, Statement::Simple(_));
            match in_background(&item.stmt) {
                // It has the process to itself.
                Some((block, redirects)) => interpreter.deeper(child, |interpreter, child| {
                    interpreter.subshell(block, redirects, &child, child.child(false))
                }),
                None => interpreter.statement(&item.stmt, child),
            }
        });
        self.forks.pop();
        ExitStates::ok(state)
    }

    /// What the next statement starts from.
    pub(super) fn settle(&mut self, outcome: ExitStates) -> Option<ShellState> {
        let outcome = self.exit_on_error(outcome);
        let likely = |state: &ShellState| !state.is_unlikely();
        let some = outcome.ok.is_some();
        let failed = join(outcome.err.filter(|s| !some || likely(s)), outcome.soft.filter(|s| !some || likely(s)));
        join(outcome.ok, failed)
    }

    /// With `set -e` a failure ends the process.
    fn exit_on_error(&mut self, mut outcome: ExitStates) -> ExitStates {
        if self.conditions == 0 && outcome.err.as_ref().is_some_and(|state| state.errexit) {
            let failed = outcome.err.take();
            self.leave(FrameKind::Process, 1, ExitStates { err: failed, ..ExitStates::default() });
        }
        outcome
    }

    /// Hands ways out to the frame they lead to.
    pub(super) fn leave(&mut self, kind: FrameKind, levels: usize, outcome: ExitStates) {
        let mut left = levels.max(1);
        for frame in self.frames.iter_mut().rev() {
            let returns = kind == FrameKind::Function && matches!(frame.kind, FrameKind::Process | FrameKind::Sourced);
            let stops = frame.kind == kind || returns;
            left -= usize::from(stops);
            if left == 0 {
                let ends = std::mem::take(&mut frame.ends);
                frame.ends = ends.merge(outcome);
                return;
            }
            if frame.kind == FrameKind::Process {
                return;
            }
        }
    }

    pub(super) fn framed(
        &mut self,
        kind: FrameKind,
        run: impl FnOnce(&mut Self) -> ExitStates,
    ) -> (ExitStates, ControlFrame) {
        self.frames.push(ControlFrame { kind, ends: ExitStates::default(), again: None, locals: Vec::new() });
        let outcome = run(self);
        let frame = self.frames.pop();
        (outcome, frame.unwrap_or(ControlFrame { kind, ends: ExitStates::default(), again: None, locals: Vec::new() }))
    }

    /// Runs something in a process of its own, which leaves nothing behind but locks on files that are open here too.
    pub(super) fn isolated(
        &mut self,
        parent: &ShellState,
        child: ShellState,
        run: impl FnOnce(&mut Self, ShellState) -> ExitStates,
    ) -> ExitStates {
        let (outcome, frame) = self.framed(FrameKind::Process, |interpreter| run(interpreter, child));
        let ExitStates { ok, err, soft } = outcome.merge(frame.ends);
        ExitStates { ok, err: join(err, soft), soft: None }.map(|child| parent.after(&child))
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
    pub(super) fn deeper(
        &mut self,
        state: ShellState,
        below: impl FnOnce(&mut Self, ShellState) -> ExitStates,
    ) -> ExitStates {
        self.steps += 1;
        if self.steps > limits::STEPS || self.depth >= limits::NESTED_STATEMENTS {
            self.miss("the shell text is too large or nested too deep to be followed");
            return ExitStates::either(state);
        }
        self.depth += 1;
        let outcome = below(self, state);
        self.depth -= 1;
        outcome
    }

    pub(super) fn statement(&mut self, stmt: &Statement, state: ShellState) -> ExitStates {
        self.deeper(state, |interpreter, state| interpreter.statement_here(stmt, state))
    }

    fn statement_here(&mut self, stmt: &Statement, mut state: ShellState) -> ExitStates {
        match stmt {
            Statement::Simple(simple) => self.simple(simple, state),
            Statement::Declare { keyword, items } => self.declare(keyword, items, state),
            Statement::Unset(words) => self.unset(words, state),
            Statement::List { first, rest } => self.list(first, rest, state),
            Statement::Pipeline(parts) => self.pipeline(parts, &state),
            Statement::Not(inner) => {
                let (ok, failed) = self.condition(|interpreter| interpreter.statement(inner, state)).split();
                ExitStates { ok: failed, err: None, soft: ok }
            }
            Statement::Group(block) => self.block(block, state),
            Statement::Subshell(block) => self.subshell(block, &[], &state, state.child(true)),
            Statement::If { arms, otherwise } => self.branches(arms, otherwise, state),
            Statement::While { until, condition, body } => self.repeat(condition, body, *until, state),
            Statement::For { variable, words, body } => self.for_each(variable.as_deref(), words, body, state),
            Statement::Case { subject, arms } => self.case(subject, arms, state),
            Statement::Function { name, body } => {
                Rc::make_mut(&mut state.functions).insert(name.clone(), vec![Rc::clone(body)]);
                ExitStates::ok(state)
            }
            Statement::Test(test) => self.test(test, state),
            Statement::Redirected { body, redirects } => {
                if let Statement::Subshell(block) = body.as_ref() {
                    return self.subshell(block, redirects, &state, state.child(true));
                }
                self.redirected(redirects, state, |interpreter, state| interpreter.statement(body, state))
            }
            Statement::Unread => {
                self.miss("a part of the shell text could not be read as shell");
                ExitStates::either(state)
            }
        }
    }

    /// A process of its own, whose redirections nobody else has open.
    fn subshell(
        &mut self,
        block: &[BlockItem],
        redirects: &[Redirect],
        parent: &ShellState,
        child: ShellState,
    ) -> ExitStates {
        let last = if self.bash { LastCommand::ReplacesUnlessRedirected } else { LastCommand::Replaces };
        self.isolated(parent, child, |interpreter, mut child| {
            for redirect in redirects {
                interpreter.redirect(redirect, &mut child);
            }
            interpreter.block_to(block, last, child)
        })
    }
}

/// The subshell that a statement is, with its redirections.
fn in_background(stmt: &Statement) -> Option<(&[BlockItem], &[Redirect])> {
    match stmt {
        Statement::Subshell(block) => Some((block, &[])),
        Statement::Redirected { body, redirects } => match body.as_ref() {
            Statement::Subshell(block) => Some((block, redirects)),
            _ => None,
        },
        _ => None,
    }
}
