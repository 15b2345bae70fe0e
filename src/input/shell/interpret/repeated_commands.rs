//! Programs that run a command once for each of many arguments: `xargs` and GNU `parallel`; and `sem`, which is `parallel` for
//! one after the other. Their options are from their manuals. Uses `interpreter`, `unwrapped` and `shell_word`.

use std::borrow::Cow;
use std::rc::Rc;

use super::exit_states::ExitStates;
use super::interpreter::Interpreter;
use super::list_item::ListItem;
use super::shell_state::ShellState;
use super::shell_word::ShellWord;
use super::unwrapped::{ShellCall, is_repeater, skip_options};
use crate::text::{TracedChar, TracedText};

/// The name of what stands for one of the arguments.
pub(super) const REPEATED_ARGUMENT: &str = "argument";
/// The options of `parallel` that take the next word.
const PARALLEL_SHORT: &str = "jaIPNnLdsCES";
const PARALLEL_LONG: [&str; 30] = [
    "--jobs",
    "--max-procs",
    "--arg-file",
    "--colsep",
    "--delimiter",
    "--delay",
    "--joblog",
    "--results",
    "--retries",
    "--tmpdir",
    "--timeout",
    "--workdir",
    "--max-args",
    "--load",
    "--env",
    "--halt",
    "--halt-on-error",
    "--memfree",
    "--nice",
    "--tag-string",
    "--tagstring",
    "--sshlogin",
    "--sshloginfile",
    "--semaphorename",
    "--semaphoretimeout",
    "--id",
    "--arg-sep",
    "--shellquote-command",
    "--wd",
    "--max-replace-args",
];
/// What stands before the arguments of `parallel`: `:::`, `::::` and their kin with a plus.
const ARGUMENTS: &str = ":::";
/// The same before the files that these are in.
const FILES_OF_ARGUMENTS: &str = "::::";
/// How many lines of commands are run.
const MOST_LINES: usize = 200;

/// How a command is repeated.
#[derive(Default)]
pub(super) struct Repetition {
    /// Whether the next one begins before this one ends.
    at_once: bool,
    /// What stands in its words for the argument.
    placeholder: Option<String>,
    /// The command, where it does not stand behind a wrapper that is looked through anyway.
    command: Option<Vec<ShellWord>>,
    /// The commands themselves, where it is these that are its arguments.
    texts: Vec<ShellWord>,
    /// The files that its arguments are the lines of.
    files: Vec<ShellWord>,
    /// Whether its arguments stand in its words.
    names_arguments: bool,
    /// Whether what it runs knows all functions of the shell that calls it (`env_parallel`), and not only those handed on.
    knows_functions: bool,
}

impl Repetition {
    /// The repetition that the words of a command are; `None` where they are none.
    pub(super) fn of_command(words: &[ShellWord]) -> Option<Self> {
        let first = words.first().filter(|first| first.is_fixed())?.raw();
        match first.rsplit('/').next()? {
            "xargs" => {
                let end = skip_options(words, "adEILnPs", &["--arg-file", "--delimiter", "--max-procs", "--max-args"]);
                let options = words.get(1..end).unwrap_or_default();
                let at_once = option_value(options, 'P', "--max-procs").is_some_and(|jobs| jobs != "1");
                let placeholder = option_value(options, 'I', "--replace");
                let placeholder = placeholder.map(|text| if text.is_empty() { "{}".to_owned() } else { text });
                Some(Self { at_once, placeholder, ..Self::default() })
            }
            name if is_repeater(name) && !is_queue(words) => Some(Self::of_parallel(words, name == "env_parallel")),
            _ => None,
        }
    }

    /// Whether it is the lines of what it is given that it runs.
    fn takes_commands(&self) -> bool {
        self.texts.is_empty() && self.command.as_ref().is_some_and(Vec::is_empty) && !self.names_arguments
    }

    fn of_parallel(words: &[ShellWord], knows_functions: bool) -> Self {
        let end = skip_options(words, PARALLEL_SHORT, &PARALLEL_LONG);
        let (options, rest) = words.split_at(end.min(words.len()));
        let begins_arguments = |word: &ShellWord| word.raw().starts_with(ARGUMENTS);
        let (command, arguments) = rest.split_at(rest.iter().position(begins_arguments).unwrap_or(rest.len()));
        let texts = match (command, arguments.split_first()) {
            ([], Some((before, texts))) if before.raw() == ARGUMENTS => {
                texts.iter().take_while(|word| !begins_arguments(word)).cloned().collect()
            }
            _ => Vec::new(),
        };
        let behind = arguments.split_first().filter(|(before, _)| before.raw() == FILES_OF_ARGUMENTS);
        let behind = behind.into_iter().flat_map(|(_, files)| files.iter().take_while(|word| !begins_arguments(word)));
        Self {
            files: option_word(options, 'a', "--arg-file").into_iter().chain(behind.cloned()).collect(),
            at_once: job_count(options).is_none_or(|jobs| jobs != "1"),
            placeholder: Some("{}".to_owned()),
            command: Some(command.to_vec()),
            texts,
            names_arguments: arguments.first().is_some_and(|before| before.raw() != FILES_OF_ARGUMENTS),
            knows_functions,
        }
    }
}

/// Whether words run an engine's command that starts a container of its own.
fn starts_container(words: &[ShellWord]) -> bool {
    words.windows(2).any(|two| {
        matches!(two, [engine, command] if engine.is_engine() && matches!(command.raw().as_str(), "run" | "create"))
    })
}

/// The lines of a text that are not empty.
fn lines_of(text: &TracedText) -> Vec<TracedText> {
    let lines = text.0.split(|traced| traced.ch == '\n' && !traced.live);
    let is_filled = |line: &&[TracedChar]| line.iter().any(|traced| !traced.ch.is_whitespace());
    lines.filter(is_filled).map(|line| TracedText(line.to_vec())).collect()
}

/// How many jobs the options of `parallel` allow at once, as it is written.
fn job_count(options: &[ShellWord]) -> Option<String> {
    option_value(options, 'j', "--jobs").or_else(|| option_value(options, 'P', "--max-procs"))
}

/// The value of an option, in its own word or in the next one.
fn option_value(options: &[ShellWord], short: char, long: &str) -> Option<String> {
    option_word(options, short, long).map(|word| word.raw())
}

/// The same as a word.
fn option_word(options: &[ShellWord], short: char, long: &str) -> Option<ShellWord> {
    let next = |at: usize| options.get(at + 1).cloned().unwrap_or_default();
    let rest_of = |word: &ShellWord, rest: &str| {
        let from = word.text.0.len().saturating_sub(rest.chars().count());
        ShellWord { text: word.text.part(from, word.text.0.len()), ..word.clone() }
    };
    options.iter().enumerate().find_map(|(at, word)| {
        let text = word.raw();
        if let Some(rest) = text.strip_prefix(long) {
            return Some(rest.strip_prefix('=').map_or_else(|| next(at), |value| rest_of(word, value)));
        }
        let letters = text.strip_prefix('-').filter(|letters| !letters.starts_with('-'))?;
        let (_, value) = letters.split_once(short)?;
        Some(if value.is_empty() { next(at) } else { rest_of(word, value) })
    })
}

/// What `sem`, which is `parallel --semaphore`, does.
pub(super) enum QueuedCommand {
    /// It waits until all have ended that it started.
    Wait,
    /// It runs a command beside those that it started before, and waits for its end or does not.
    Run { words: Vec<ShellWord>, waits: bool },
    /// It runs a command when those that it started before have ended.
    InTurn(Vec<ShellWord>),
}

fn is_queue(words: &[ShellWord]) -> bool {
    let mut names = words.iter().map(ShellWord::raw);
    let first = names.next().unwrap_or_default();
    first.rsplit('/').next() == Some("sem")
        || first.rsplit('/').next() == Some("parallel")
            && names.take_while(|word| word.starts_with('-')).any(|word| word == "--semaphore" || word == "--sem")
}

impl QueuedCommand {
    /// What the words of a command are to `sem`; `None` where they are not its.
    pub(super) fn of_command(words: &[ShellWord]) -> Option<Self> {
        if !words.first()?.is_fixed() || !is_queue(words) {
            return None;
        }
        let end = skip_options(words, PARALLEL_SHORT, &PARALLEL_LONG);
        let (options, command) = words.split_at(end.min(words.len()));
        let has = |name: &str| options.iter().any(|option| option.raw() == name);
        if has("--wait") {
            return Some(Self::Wait);
        }
        let command = command.to_vec();
        match job_count(options).as_deref() {
            None | Some("1") => Some(Self::InTurn(command)),
            Some(_) => Some(Self::Run { words: command, waits: has("--fg") }),
        }
    }
}

impl Interpreter<'_> {
    pub(super) fn run_repeated(
        &mut self,
        mut repetition: Repetition,
        words: &[ShellWord],
        mut state: ShellState,
    ) -> ExitStates {
        if repetition.knows_functions {
            state.handed = Rc::new(state.functions.keys().cloned().collect());
        }
        if repetition.takes_commands() {
            repetition.texts = self.lines_of_commands(&repetition, &state);
        }
        if !repetition.texts.is_empty() {
            return self.run_each_text(&repetition, &state);
        }
        self.at_once += usize::from(repetition.at_once);
        let appends = repetition.placeholder.is_none();
        let before = std::mem::replace(&mut self.placeholder, repetition.placeholder);
        let exits = match repetition.command {
            None if appends && starts_container(words) => {
                // What it reads stands behind them, and may be options too.
                let read = ShellWord::of_text(TracedText::live("$(xargs)"));
                self.start_once(&[words, &[read]].concat(), state)
            }
            None => self.start_once(words, state),
            Some(command) if command.is_empty() => ExitStates::either_way(state),
            Some(mut command) => {
                add_argument(&mut command);
                self.run_words_as_text(&command, state)
            }
        };
        self.placeholder = before;
        self.at_once -= usize::from(repetition.at_once);
        exits
    }

    /// The commands that are the lines of what a repetition is given: a here-document, or files.
    fn lines_of_commands(&mut self, repetition: &Repetition, state: &ShellState) -> Vec<ShellWord> {
        let texts: Vec<Option<TracedText>> = match repetition.files.as_slice() {
            [] => vec![self.text_of_input(state)],
            files => files.iter().map(|file| self.text_of_file(&file.text, state)).collect(),
        };
        if texts.iter().any(Option::is_none) {
            self.note_unseen("the commands that `parallel` runs are given to it, and are not known");
        }
        let lines: Vec<TracedText> = texts.iter().flatten().flat_map(lines_of).collect();
        if lines.len() > MOST_LINES {
            self.note_unread(
                format!("of the commands that `parallel` is given no more than {MOST_LINES} are read"),
                None,
            );
        }
        lines.into_iter().take(MOST_LINES).map(ShellWord::of_text).collect()
    }

    /// Runs commands that are written out, one after the other or beside each other.
    fn run_each_text(&mut self, repetition: &Repetition, state: &ShellState) -> ExitStates {
        let mut beside = Vec::new();
        for text in &repetition.texts {
            if repetition.at_once {
                beside.push(self.timeline.begin_beside(state.conditional));
            }
            self.in_child_process(state, state.child_process(true), |interpreter, child| {
                interpreter.run_words_as_text(std::slice::from_ref(text), child)
            });
            if repetition.at_once {
                self.timeline.leave_beside();
            }
        }
        for process in beside {
            self.timeline.end_process(process);
        }
        ExitStates::either_way(state.clone())
    }

    /// Runs a command as the text of a shell like the one that reads this script, which knows the functions that it is handed.
    fn run_words_as_text(&mut self, command: &[ShellWord], state: ShellState) -> ExitStates {
        let Some((first, rest)) = command.split_first() else { return ExitStates::either_way(state) };
        let call = ShellCall { bash: self.bash, ..ShellCall::plain(first.clone()) };
        let name = first.raw();
        if rest.is_empty() && name.contains(char::is_whitespace) {
            return self.run_shell_text(&call, &state);
        }
        let is_handed = call.bash && first.is_fixed() && state.handed.contains(&name);
        match state.functions.get(&name).filter(|_| is_handed).cloned() {
            Some(bodies) => self.in_new_shell(&call, &state, |interpreter, inner| {
                let args = command.iter().cloned().map(ListItem::from).collect();
                interpreter.call_function(&name, &bodies, args, inner)
            }),
            None => self.start_program(command, state),
        }
    }

    /// Runs what `sem` is given.
    pub(super) fn run_queued(&mut self, queued: QueuedCommand, state: &ShellState) -> ExitStates {
        match queued {
            QueuedCommand::Wait => self.timeline.wait_for_queued(),
            QueuedCommand::InTurn(words) => return self.run_words_as_text(&words, state.child_process(true)),
            QueuedCommand::Run { words, waits } => {
                let fork = self.next_site();
                self.forks.push(fork);
                let process = self.timeline.begin_queued(state.conditional);
                self.in_child_process(state, state.child_process(waits), |interpreter, child| {
                    interpreter.run_words_as_text(&words, child)
                });
                self.timeline.leave_beside();
                self.forks.pop();
                if waits {
                    self.timeline.end_process(process);
                }
            }
        }
        ExitStates::either_way(state.clone())
    }

    /// The words of a command with the argument of a repetition as what it is: another one each time.
    pub(super) fn with_placeholder<'w>(&self, words: &'w [ShellWord]) -> Cow<'w, [ShellWord]> {
        match &self.placeholder {
            Some(mark) if words.iter().any(|word| word.raw().contains(mark.as_str())) => {
                Cow::Owned(words.iter().map(|word| put_symbol(word, mark)).collect())
            }
            _ => Cow::Borrowed(words),
        }
    }
}

/// Adds the argument that a command of `parallel` has behind its words where none of these has a place for it.
fn add_argument(command: &mut Vec<ShellWord>) {
    if command.iter().any(|word| word.raw().contains('{')) {
        return;
    }
    match command.as_mut_slice() {
        [text] if text.raw().contains(char::is_whitespace) => {
            text.text.push(&TracedText::plain(" {}"));
            text.source.push(&TracedText::plain(" {}"));
        }
        _ => command.push(ShellWord::plain("{}")),
    }
}

fn put_symbol(word: &ShellWord, mark: &str) -> ShellWord {
    let raw = word.raw();
    if mark.is_empty() || !raw.contains(mark) {
        return word.clone();
    }
    let symbol = TracedText::live(&format!("${{{REPEATED_ARGUMENT} of a repeated command}}"));
    let mut text = TracedText::default();
    let mut from = 0;
    for (at, _) in raw.match_indices(mark) {
        let [start, end] = [at, at + mark.len()].map(|bytes| raw.get(..bytes).map_or(0, |part| part.chars().count()));
        text.push(&word.text.part(from, start));
        text.push(&symbol);
        from = end;
    }
    text.push(&word.text.part(from, word.text.0.len()));
    ShellWord { text, ..word.clone() }
}
