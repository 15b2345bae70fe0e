//! Runs statements in the order a shell would, down every branch, and records each command with its locks.
//! Uses `parse`, `shell_state`, `exit_states` and the data that it records.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use super::alternatives::KnownAlternatives;
use super::call_notes::CallNotes;
use super::exit_states::{ControlFrame, ExitStates, FrameKind, LastCommand};
use super::file_start::FileStart;
use super::limits;
use super::own_table::OwnTable;
use super::print_record::{PrintedWords, redirects_output};
use super::recipient::Recipient;
use super::recorded_again::RecordedAgain;
use super::saved_call::{CalledCode, SavedCalls};
use super::script_text::ScriptText;
use super::shell_state::{OpenFileId, ShellState, join_states};
use super::shell_variables::TouchNotes;
use super::shell_word::ShellWord;
use super::start_record::{ContainerStart, LockAround, LockedStart};
use super::timeline::Timeline;
use super::value_identity::{Round, UnclearParts, WrittenAt};
use super::variable_value::VariableValue;
use super::way_in_state::WaysIn;
use crate::input::shell::parse::syntax::{BlockItem, Redirect, Statement};
use crate::input::shell::parse::{ParsedText, parse_text};
use crate::input::shell::{ExecContext, RecipeFile, RecipeSource};
use crate::model::{Invocation, Unseen, Value, Word, WrittenServices};
use crate::text::{FileId, Pos, Span, TracedText};

/// Programs that copy or move files.
const COPYING: [&str; 8] = ["cp", "dd", "install", "ln", "mv", "rsync", "scp", "tar"];

/// A file that was opened.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OpenedFile {
    pub(super) path: TracedText,
    /// Whether the path is set in more than one way.
    pub(super) unclear: bool,
    /// Where it is opened.
    pub(super) opened: Option<Span>,
}

/// Runs texts and keeps what was found.
pub(super) struct Interpreter<'a> {
    pub(super) context: ExecContext<'a>,
    /// Where the text that is being read is written, for what in it has no position of its own.
    pub(super) here: Span,
    pub(super) found: Vec<Invocation>,
    pub(super) started: Vec<ContainerStart>,
    /// The processes around this one that nobody waits for, each by the number of its first site.
    pub(super) forks: Vec<usize>,
    /// The loops around this point, likewise.
    pub(super) loops: Vec<usize>,
    /// After how many seconds an `flock` is ended by the program that runs it.
    pub(super) time_limit: Option<f64>,
    /// Whether the command of an engine that runs now is ended after some time, which leaves what it waits for running.
    pub(super) is_cut_short: bool,
    /// Whether what reads its output may end before it does, and it with that.
    pub(super) is_read_short: bool,
    /// The containers that were not started where the command failed that was substituted last.
    pub(super) not_made: BTreeSet<usize>,
    /// The aliases that a command's name may stand for, where the shell replaces them, and those that are being replaced.
    pub(super) aliases: BTreeMap<String, TracedText>,
    pub(super) expands_aliases: bool,
    pub(super) replacing: Vec<String>,
    /// The variables of the loops around this point, each with the text of what it goes through.
    pub(super) loop_words: Vec<(String, String)>,
    /// The homes that users were given so far, by name.
    pub(super) homes: BTreeMap<String, VariableValue>,
    /// In which order containers are started.
    pub(super) timeline: Timeline,
    /// How many programs around this point start what they run several times at once, and what they put in for each.
    pub(super) at_once: usize,
    pub(super) placeholder: Option<String>,
    /// Who reads what the parts of pipelines around this point print, where they make more of it than text.
    pub(super) recipients: Vec<Recipient>,
    /// The here-document that the command which runs now has as its input.
    pub(super) input: Option<ShellWord>,
    /// The path of the file that it is given as its input.
    pub(super) input_file: Option<TracedText>,
    /// What others than the text itself call, where it is a script that others call.
    pub(super) ways_in: Option<WaysIn>,
    /// The texts of scripts that commands wrote, by their paths.
    pub(super) own_scripts: HashMap<String, TracedText>,
    /// The texts of tables for cron that commands wrote, by their paths: all that one of them may have.
    pub(super) own_tables: BTreeMap<String, OwnTable>,
    /// The programs that matter by the paths of links to them and copies that commands made.
    pub(super) own_names: HashMap<String, String>,
    /// The processes whose output or input the statements around this point read and write (`<(...)`), in order.
    pub(super) read_beside: Vec<usize>,
    /// Which locks there are around which starts.
    pub(super) around: BTreeMap<LockedStart, LockAround>,
    pub(super) unseen: Option<String>,
    pub(super) unseen_span: Option<Span>,
    /// The first that was not seen of what runs under a lock, and where it is named.
    pub(super) covered: Option<(String, Option<Span>)>,
    /// Whether what was not seen first is a text that could not be read.
    pub(super) misread: bool,
    /// Why a text was not read whole and where it is, where that is so; the first reason is kept.
    pub(super) unread: Vec<Unseen>,
    /// What else was not seen than the first thing.
    pub(super) more_unseen: Vec<Unseen>,
    /// The texts written into files that describe services.
    pub(super) written: Vec<WrittenServices>,
    /// The variables of the files that the script makes for them.
    pub(super) written_variables: HashMap<String, BTreeMap<String, Value>>,
    /// The files that were opened.
    pub(super) files: Vec<OpenedFile>,
    /// What the symbols stand for that are put in for variables with one of several texts.
    pub(super) alternatives: KnownAlternatives,
    /// What values are made of that are not known, by the variables that hold them.
    pub(super) unclear_parts: HashMap<String, UnclearParts>,
    /// Whether files are copied to or from one of them: which it is tells then whether a login is a copy.
    pub(super) copies_to_alternatives: bool,
    /// How often each place of a text made a file of an unknown name.
    pub(super) made_files: HashMap<WrittenAt, usize>,
    /// What repeats the point at which each of them was made, by its name.
    pub(super) made_in: HashMap<String, Round>,
    /// The script files that are being read, outermost first.
    pub(super) inside: Vec<FileStart>,
    parsed: HashMap<(FileId, u32), Rc<ParsedText>>,
    /// The files of recipes that commands named, and how often they did.
    pub(super) recipe_files: HashMap<RecipeSource, Option<Rc<dyn RecipeFile>>>,
    pub(super) recipe_calls: usize,
    pub(super) frames: Vec<ControlFrame>,
    /// What the substituted commands around this point print, outermost first.
    pub(super) printed: Vec<PrintedWords>,
    pub(super) calls: Vec<String>,
    /// Where `set -e` has no effect: conditions within each other.
    pub(super) conditions: usize,
    /// Whether the next simple command has a process to itself already, which it replaces.
    pub(super) forked: bool,
    /// Whether the shell that reads the text is bash.
    pub(super) bash: bool,
    /// Which calls went on without the lock of an open file: it was let go while they ran.
    pub(super) let_go: HashSet<(usize, OpenFileId)>,
    /// What code gave that was called before, the notes of the calls around this point, and what they touch.
    pub(super) saved: HashMap<CalledCode, SavedCalls>,
    pub(super) call_notes: Vec<CallNotes>,
    pub(super) touches: TouchNotes,
    /// The programs that were recorded again.
    pub(super) recorded_again: RecordedAgain,
    /// How many of the processes around this point run beside a shell that holds a lock.
    pub(super) beside_locks: usize,
    /// Whether calls were not all told apart.
    #[cfg(test)]
    pub(super) has_wide_calls: bool,
    muted: usize,
    /// How many loops around this point are gone round only to see what a round leaves.
    trial_rounds: usize,
    pub(super) sites: usize,
    steps: usize,
    pub(super) depth: usize,
    pub(super) texts: usize,
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
            time_limit: None,
            is_cut_short: false,
            is_read_short: false,
            not_made: BTreeSet::new(),
            aliases: BTreeMap::new(),
            expands_aliases: false,
            replacing: Vec::new(),
            loop_words: Vec::new(),
            homes: BTreeMap::new(),
            timeline: Timeline::default(),
            at_once: 0,
            placeholder: None,
            recipients: Vec::new(),
            input: None,
            input_file: None,
            ways_in: None,
            own_scripts: HashMap::new(),
            own_tables: BTreeMap::new(),
            own_names: HashMap::new(),
            read_beside: Vec::new(),
            around: BTreeMap::new(),
            unseen: None,
            unseen_span: None,
            covered: None,
            misread: false,
            unread: Vec::new(),
            more_unseen: Vec::new(),
            written: Vec::new(),
            written_variables: HashMap::new(),
            files: Vec::new(),
            alternatives: KnownAlternatives::new(),
            unclear_parts: HashMap::new(),
            copies_to_alternatives: false,
            made_files: HashMap::new(),
            made_in: HashMap::new(),
            inside: Vec::new(),
            parsed: HashMap::new(),
            recipe_files: HashMap::new(),
            recipe_calls: 0,
            frames: Vec::new(),
            printed: Vec::new(),
            calls: Vec::new(),
            conditions: 0,
            forked: false,
            bash: false,
            let_go: HashSet::new(),
            saved: HashMap::new(),
            call_notes: Vec::new(),
            touches: TouchNotes::default(),
            recorded_again: RecordedAgain::default(),
            beside_locks: 0,
            #[cfg(test)]
            has_wide_calls: false,
            muted: 0,
            trial_rounds: 0,
            sites: 0,
            steps: 0,
            depth: 0,
            texts: 0,
            read: 0,
        }
    }

    /// A number that names a branch or a lock.
    pub(super) fn next_site(&mut self) -> usize {
        self.sites += 1;
        self.sites
    }

    /// The files that were read as scripts.
    pub(super) fn read_files(&self) -> Vec<FileId> {
        self.parsed.keys().map(|(file, _)| *file).collect()
    }

    /// A state in which nothing is known.
    pub(super) fn first_state(&self) -> ShellState {
        ShellState::new(&self.touches)
    }

    /// How many steps were taken.
    #[cfg(test)]
    pub(super) fn steps(&self) -> usize {
        self.steps
    }

    /// Reads a text and goes through it.
    pub(super) fn run_text(&mut self, text: &TracedText, last: LastCommand, state: ShellState) -> ExitStates {
        self.read = self.read.saturating_add(text.0.len());
        if self.texts >= limits::NESTED_TEXTS || self.read > limits::TEXT_CHARS {
            self.note_too_deep("shell texts are nested too deep to be read");
            return ExitStates::either_way(state);
        }
        let parsed = parse_text(text);
        if let Some((line, problem)) = &parsed.problem {
            let of = if *line > 0 { format!("line {line} of ") } else { String::new() };
            self.note_unread(format!("{of}the shell text {problem}"), None);
        }
        self.run_parsed(&parsed, last, state)
    }

    /// Reads a script file, each once, and goes through it.
    pub(super) fn run_script_text(&mut self, code: &ScriptText, last: LastCommand, state: ShellState) -> ExitStates {
        let file = code.file;
        self.read = self.read.saturating_add(code.text.0.len());
        if self.texts >= limits::NESTED_TEXTS || self.read > limits::TEXT_CHARS {
            self.note_too_deep("scripts are nested too deep, or too long, to be read");
            return ExitStates::either_way(state);
        }
        let parsed = Rc::clone(self.parsed.entry(code.key()).or_insert_with(|| Rc::new(parse_text(&code.text))));
        let here = std::mem::replace(&mut self.here, Span::file_start(file));
        if let Some((line, problem)) = &parsed.problem {
            let name = self.context.sources.get(file).name().to_owned();
            let at =
                (*line > 0).then(|| Span::at(file, Pos { line: u32::try_from(*line).unwrap_or(u32::MAX), column: 1 }));
            let of = if *line > 0 { format!("line {line} of ") } else { String::new() };
            self.misread |= self.unseen.is_none();
            self.note_unread(format!("{of}{name} {problem}"), at);
        }
        let exits = self.run_parsed(&parsed, last, state);
        self.here = here;
        exits
    }

    fn run_parsed(&mut self, parsed: &ParsedText, last: LastCommand, state: ShellState) -> ExitStates {
        self.texts += 1;
        let exits = self.run_block_ending(&parsed.block, last, state);
        self.texts -= 1;
        exits
    }

    pub(super) fn run_block(&mut self, block: &[BlockItem], state: ShellState) -> ExitStates {
        self.run_block_ending(block, LastCommand::Forks, state)
    }

    fn run_block_ending(&mut self, block: &[BlockItem], ending: LastCommand, state: ShellState) -> ExitStates {
        let Some((last, before)) = block.split_last() else { return ExitStates::succeeded(state) };
        let mut state = state;
        for item in before {
            let exits = self.run_item(item, state);
            match self.next_state(exits) {
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
        let exits = self.run_item(last, state);
        self.exit_on_error(exits)
    }

    fn run_item(&mut self, item: &BlockItem, mut state: ShellState) -> ExitStates {
        if !item.background {
            return self.run_statement(&item.stmt, state);
        }
        let child = state.child_process(false);
        let fork = self.next_site();
        self.forks.push(fork);
        let process = self.timeline.begin_background(state.conditional);
        let first = self.found.len();
        // What goes on beside the lock has to be found anew: that lock may be let go meanwhile.
        let is_beside_lock = state.locks.keys().any(|file| state.has_open(*file));
        self.beside_locks += usize::from(is_beside_lock);
        self.in_child_process(&state, child, |interpreter, child| {
            interpreter.forked = matches!(item.stmt, Statement::Simple(_));
            match in_background(&item.stmt) {
                // It has the process to itself.
                Some((block, redirects)) => interpreter.one_level_down(child, |interpreter, child| {
                    interpreter.run_subshell(block, redirects, &child, child.child_process(false))
                }),
                None => interpreter.run_statement(&item.stmt, child),
            }
        });
        self.beside_locks -= usize::from(is_beside_lock);
        self.timeline.leave_beside();
        self.forks.pop();
        self.leave_running(process, first, &mut state);
        ExitStates::succeeded(state)
    }

    /// What the next statement starts from.
    pub(super) fn next_state(&mut self, exits: ExitStates) -> Option<ShellState> {
        let exits = self.exit_on_error(exits);
        let some = exits.ok.is_some();
        let failed = join_states(
            exits.err.filter(|s| !some || !s.is_unlikely()),
            exits.soft.filter(|s| !some || !s.is_unlikely()),
        );
        join_states(exits.ok, failed)
    }

    /// With `set -e` a failure ends the process.
    fn exit_on_error(&mut self, mut exits: ExitStates) -> ExitStates {
        if self.conditions == 0 && exits.err.as_ref().is_some_and(|state| state.errexit) {
            let failed = exits.err.take();
            self.leave_frames(FrameKind::Process, 1, ExitStates { err: failed, ..ExitStates::default() });
        }
        exits
    }

    /// Evaluates where `set -e` has no effect.
    pub(super) fn in_condition<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        self.conditions += 1;
        let result = run(self);
        self.conditions -= 1;
        result
    }

    /// Goes through something without noting the commands in it.
    pub(super) fn without_recording<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        self.muted += 1;
        self.timeline.pause();
        let result = run(self);
        self.timeline.go_on();
        self.muted -= 1;
        result
    }

    /// Goes round a loop to see what a round leaves.
    pub(super) fn in_trial_round<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        self.trial_rounds += 1;
        let result = self.without_recording(run);
        self.trial_rounds -= 1;
        result
    }

    /// Whether a program that is started here is of no account: a process leaves nothing to the shell that started it but the
    /// locks of files that both have open, and what it prints.
    pub(super) fn leaves_nothing(&self, state: &ShellState) -> bool {
        let shares_files = state.fds.keys().any(|number| *number > 2) || !state.above.is_empty();
        self.trial_rounds > 0 && !shares_files && state.locks.is_empty() && self.printed.is_empty()
    }

    pub(super) fn is_muted(&self) -> bool {
        self.muted > 0
    }

    pub(super) fn record_call(&mut self, invocation: Invocation) {
        if self.muted > 0 {
            return;
        }
        let copies = invocation.argv.first().is_some_and(|name| COPYING.contains(&&**name));
        let is_one_of_several = |word: &Word| self.alternatives.keys().any(|symbol| word.contains(symbol.as_str()));
        self.copies_to_alternatives |= copies && invocation.argv.iter().skip(1).any(is_one_of_several);
        self.found.push(invocation);
    }

    /// Runs `below` one level down, unless that is too deep or all has taken too long.
    pub(super) fn one_level_down(
        &mut self,
        state: ShellState,
        below: impl FnOnce(&mut Self, ShellState) -> ExitStates,
    ) -> ExitStates {
        self.steps += 1;
        if self.steps > limits::STEPS || self.depth >= limits::NESTED_STATEMENTS {
            self.note_too_deep("the shell text is too large or nested too deep to be followed");
            return ExitStates::either_way(state);
        }
        self.depth += 1;
        let exits = below(self, state);
        self.depth -= 1;
        exits
    }

    pub(super) fn run_statement(&mut self, stmt: &Statement, state: ShellState) -> ExitStates {
        let first = self.read_beside.len();
        let exits = self.one_level_down(state, |interpreter, state| interpreter.run_statement_here(stmt, state));
        // What `exec 3< <(...)` opens is read by what follows.
        for process in self.read_beside.drain(first..).filter(|_| !is_exec(stmt)).collect::<Vec<_>>() {
            self.timeline.end_process(process);
        }
        exits
    }

    fn run_statement_here(&mut self, stmt: &Statement, mut state: ShellState) -> ExitStates {
        match stmt {
            Statement::Simple(simple) => self.run_simple(simple, state),
            Statement::Declare { keyword, items } => self.run_declare(keyword, items, state),
            Statement::Unset(words) => self.run_unset(words, state),
            Statement::List { first, rest } => self.run_list(first, rest, state),
            Statement::Pipeline(parts) => self.run_pipeline(parts, &state),
            Statement::Not(inner) => {
                let (ok, failed) =
                    self.in_condition(|interpreter| interpreter.run_statement(inner, state)).split_failed();
                ExitStates { ok: failed, err: None, soft: ok }
            }
            Statement::Group(block) => self.run_block(block, state),
            Statement::Subshell(block) => self.run_subshell(block, &[], &state, state.child_process(true)),
            Statement::If { arms, otherwise } => self.run_if(arms, otherwise, state),
            Statement::While { until, condition, body } => self.run_while(condition, body, *until, state),
            Statement::For { variable, words, body } => self.run_for(variable.as_deref(), words, body, state),
            Statement::Case { subject, arms } => self.run_case(subject, arms, state),
            Statement::Function { name, body } => {
                Rc::make_mut(&mut state.functions).insert(name.clone(), vec![Rc::clone(body)]);
                ExitStates::succeeded(state)
            }
            Statement::Test(test) => self.run_test(test, state),
            Statement::Redirected { body, redirects } => {
                if let Statement::Subshell(block) = body.as_ref() {
                    return self.run_subshell(block, redirects, &state, state.child_process(true));
                }
                let runs = |interpreter: &mut Self, state| interpreter.run_statement(body, state);
                if redirects.iter().any(redirects_output) {
                    return self.with_output_aside(|aside| aside.with_redirects(redirects, state, runs));
                }
                self.with_redirects(redirects, state, runs)
            }
            Statement::Unread => {
                self.note_unread("a part of the shell text could not be read as shell", None);
                ExitStates::either_way(state)
            }
        }
    }

    /// A process of its own, whose redirections nobody else has open.
    fn run_subshell(
        &mut self,
        block: &[BlockItem],
        redirects: &[Redirect],
        parent: &ShellState,
        child: ShellState,
    ) -> ExitStates {
        let last = if self.bash { LastCommand::ReplacesUnlessRedirected } else { LastCommand::Replaces };
        self.in_child_process(parent, child, |interpreter, mut child| {
            for redirect in redirects {
                interpreter.apply_redirect(redirect, &mut child);
            }
            interpreter.run_block_ending(block, last, child)
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

/// Whether a statement is `exec` with redirections, which stay open.
fn is_exec(stmt: &Statement) -> bool {
    let Statement::Simple(simple) = stmt else { return false };
    simple.words.first().is_some_and(|word| word.source.raw() == "exec")
}
