//! From a command's words to the file that it runs: script files, interpreters, `source`.
//! Uses `interpreter`, `file_system`, `script_text` and `model`.

use super::arguments::Arguments;
use super::certainty::Certainty;
use super::exit_states::{ExitStates, FrameKind, LastCommand};
use super::file_start::FileStart;
use super::interpreter::Interpreter;
use super::limits;
use super::list_item::ListItem;
use super::saved_call::CalledCode;
use super::script_text::{ScriptText, Shebang};
use super::shell_state::ShellState;
use super::shell_word::ShellWord;
use super::taken_names::is_tool_file;
use super::unwrapped::ShellCall;
use super::value_positions;
use crate::input::shell::file_system::{Lookup, PackageProgram, mentioned};
use crate::model::{Command, PartialText, Value, VariableState, Word, clean, join};
use crate::text::{ShownText, Span, TracedText};

/// Files of the system that shells source and that call nothing of interest.
const HARMLESS: [&str; 5] = ["/etc/os-release", "/etc/profile", "/etc/environment", "/etc/bashrc", "/etc/bash.bashrc"];

/// What became of a file that a command names.
#[allow(clippy::large_enum_variant, reason = "each is taken apart where it is given back")]
pub(super) enum ScriptRun {
    /// It was run.
    Ran(Box<ExitStates>),
    /// It was not, and here is the state back; with what there is to say of that.
    Not(ShellState, Option<UnreadReason>),
}

/// Why the file of a command was not read.
pub(super) struct UnreadReason {
    pub(super) reason: String,
    /// Where in that file there is something to see.
    pub(super) span: Option<Span>,
    /// Whether it is known to be a script, whatever its name suggests.
    pub(super) is_script: bool,
}

impl UnreadReason {
    pub(super) fn new(reason: String) -> Self {
        Self { reason, span: None, is_script: false }
    }
}

impl Interpreter<'_> {
    /// A text as it is once the environment is put in; `None` where a part of it is not known.
    pub(super) fn resolve_text(&self, text: &TracedText) -> Option<String> {
        if text.is_fixed() {
            return Some(text.raw());
        }
        Word::of_traced(text).expand(&|name| self.environment_state(name))
    }

    /// A text with a symbol for each part that is not known.
    pub(super) fn partial_value(&self, text: &TracedText) -> Value {
        PartialText::expand(&Word::of_traced(text), &|name| self.environment_state(name)).to_value(None)
    }

    /// What the environment says of a variable.
    pub(super) fn environment_state(&self, name: &str) -> VariableState {
        self.environment_value(name).map_or(VariableState::Unseen, VariableState::Set)
    }

    /// The value of a variable of the environment, with what is shown of it.
    pub(super) fn environment_value(&self, name: &str) -> Option<Value> {
        let began_in = self.context.directory.filter(|_| name == "PWD").map(str::to_owned);
        let text = began_in.or_else(|| (self.context.environment)(name))?;
        // The directory that a script runs in may be shown.
        let shown = if self.context.hides && name != "PWD" {
            let form = format!("${{{name}}}");
            ShownText::new(&*text, form.clone(), form)
        } else {
            ShownText::default()
        };
        Some(Value { shown, ..Value::known(text, None) })
    }

    /// The absolute path that a word means here.
    pub(super) fn absolute_path(&self, text: &TracedText, state: &ShellState) -> Option<String> {
        let path = self.resolve_text(text)?;
        if path.starts_with('/') {
            return Some(clean(&path));
        }
        Some(join(&self.current_directory(state)?, &path))
    }

    /// The file that a program's name means, by `PATH` where it has no directory.
    pub(super) fn program_file(&self, word: &ShellWord, state: &ShellState) -> Option<(String, Lookup)> {
        if word.unclear || word.certainty != Certainty::Sure {
            return None;
        }
        if word.text.raw().contains('/') {
            let path = self.absolute_path(&word.text, state)?;
            let opened = self.context.file_system.open(&path);
            return Some((path, opened));
        }
        let name = word.is_fixed().then(|| word.raw()).filter(|name| !name.is_empty())?;
        let files = self.context.file_system;
        let is_named = self.is_named_program(&name);
        let paths = self.searched_directories(state).into_iter().map(|directory| join(&directory, &name));
        paths.map(|path| (files.open(&path), path)).find_map(|(opened, path)| match opened {
            Lookup::Text(_) | Lookup::Passage(_) | Lookup::Binary => Some((path, opened)),
            // A script of its name further back is not come to.
            Lookup::Absent | Lookup::Unseen(_) if is_named && files.has_installed(&path) => {
                Some((path, Lookup::Binary))
            }
            Lookup::Absent | Lookup::Unseen(_) => None,
        })
    }

    /// Runs what a command names, where that is a shell script that can be read.
    pub(super) fn run_script_file(&mut self, words: &[ShellWord], state: ShellState) -> ScriptRun {
        let Some(first) = words.first() else { return ScriptRun::Not(state, None) };
        if let Some((path, code)) = self.own_script_named(first, &state)
            && let Shebang::Shell(options) = Shebang::of(&code.first_line())
        {
            return ScriptRun::Ran(Box::new(self.run_file(&path, &code, call_of_script(&options, words), &state)));
        }
        match self.program_file(first, &state) {
            Some((path, opened @ (Lookup::Text(_) | Lookup::Passage(_)))) => {
                let Some(code) = self.script_text(opened) else { return ScriptRun::Not(state, None) };
                match Shebang::of(&code.first_line()) {
                    Shebang::Shell(options) => {
                        ScriptRun::Ran(Box::new(self.run_file(&path, &code, call_of_script(&options, words), &state)))
                    }
                    Shebang::Other(interpreter) => {
                        // A program that matters is recorded as such, and not looked into, unless it names another one.
                        let named = path.rsplit('/').next().unwrap_or_default();
                        let (own, others): (Vec<_>, Vec<_>) =
                            (self.context.programs)().iter().cloned().partition(|program| program == named);
                        if !own.is_empty() && mentioned(code.file, self.context.sources, &others).is_none() {
                            return ScriptRun::Not(state, None);
                        }
                        let missed = self.unread_language(&path, code.file, &interpreter);
                        ScriptRun::Not(state, Some(missed))
                    }
                }
            }
            Some((path, Lookup::Unseen(why))) if !why.is_empty() => {
                ScriptRun::Not(state, Some(UnreadReason::new(format!("the script `{path}` was not read: {why}"))))
            }
            Some((path, Lookup::Absent)) => ScriptRun::Not(
                state,
                Some(UnreadReason::new(format!("the script `{path}` was not found where it should be"))),
            ),
            _ => self.run_package_program(words, state),
        }
    }

    /// Runs the file of a program that a package brings.
    pub(super) fn run_file_of_program(
        &mut self,
        name: &str,
        program: PackageProgram,
        words: &[ShellWord],
        state: ShellState,
    ) -> ScriptRun {
        let shown = self.context.sources.get(program.file).name().to_owned();
        let Some(code) = self.script_text(Lookup::Text(program.file)) else { return ScriptRun::Not(state, None) };
        match (program.interpreter, Shebang::of(&code.first_line())) {
            (None, Shebang::Shell(options)) => {
                let path = join("/usr/local/bin", name);
                ScriptRun::Ran(Box::new(self.run_file(&path, &code, call_of_script(&options, words), &state)))
            }
            (None, Shebang::Other(interpreter)) => {
                let missed = self.unread_language(&shown, program.file, &interpreter);
                ScriptRun::Not(state, Some(missed))
            }
            (Some(interpreter), _) => {
                let missed = self.unread_language(&shown, program.file, interpreter);
                ScriptRun::Not(state, Some(missed))
            }
        }
    }

    /// Runs `bash file` and the like.
    pub(super) fn run_shell_file(&mut self, mut call: ShellCall, words: &[ShellWord], state: ShellState) -> ScriptRun {
        let word = call.text.clone();
        let named = word.is_fixed() || (!word.unclear && word.certainty == Certainty::Sure);
        let Some(path) = self.absolute_path(&word.text, &state).filter(|_| named) else {
            return ScriptRun::Not(state, None);
        };
        let name = words.first().map(ShellWord::raw).unwrap_or_default();
        if let Some(code) = self.own_script(&path) {
            call.args.insert(0, word);
            return ScriptRun::Ran(Box::new(self.run_file(&path, &code, call, &state)));
        }
        match self.context.file_system.open(&path) {
            opened @ (Lookup::Text(_) | Lookup::Passage(_)) => {
                let Some(code) = self.script_text(opened) else { return ScriptRun::Not(state, None) };
                call.args.insert(0, word);
                ScriptRun::Ran(Box::new(self.run_file(&path, &code, call, &state)))
            }
            Lookup::Unseen(why) if !why.is_empty() => ScriptRun::Not(
                state,
                Some(UnreadReason::new(format!("the script `{path}`, run by `{name}`, was not read: {why}"))),
            ),
            Lookup::Absent => ScriptRun::Not(
                state,
                Some(UnreadReason::new(format!("the script `{path}`, run by `{name}`, was not found"))),
            ),
            Lookup::Binary | Lookup::Unseen(_) => ScriptRun::Not(state, None),
        }
    }

    /// The text that a command reads as its input, where that is a here-document or a file that can be read.
    pub(super) fn text_of_input(&mut self, state: &ShellState) -> Option<TracedText> {
        if let Some(document) = self.input.take() {
            return Some(document.text_in_place());
        }
        let path = self.input_file.take()?;
        self.text_of_file(&path, state)
    }

    /// The path of the file that was opened as an input.
    pub(super) fn opened_input(&self, state: &ShellState) -> Option<TracedText> {
        let input = state.fds.get(&0).filter(|fd| fd.certainty == Certainty::Sure)?.file?;
        let path = self.files.get(input).filter(|file| !file.unclear)?.path.clone();
        Some(path).filter(|path| !path.raw().starts_with("/dev/"))
    }

    /// The text of a file that a command names.
    pub(super) fn text_of_file(&mut self, path: &TracedText, state: &ShellState) -> Option<TracedText> {
        let path = self.absolute_path(path, state)?;
        let code = self.own_script(&path).or_else(|| self.script_text(self.context.file_system.open(&path)))?;
        Some(code.text)
    }

    /// The text of what was found at a path.
    fn script_text(&self, opened: Lookup) -> Option<ScriptText> {
        match opened {
            Lookup::Text(file) => Some(ScriptText { file, text: TracedText::of_file(file, self.context.sources) }),
            Lookup::Passage(value) => {
                let span = value.span?;
                let words =
                    value_positions::command_words(&Command { words: vec![*value], span }, self.context.sources);
                Some(ScriptText { file: span.file, text: words.into_iter().next()?.text })
            }
            Lookup::Binary | Lookup::Absent | Lookup::Unseen(_) => None,
        }
    }

    fn run_file(&mut self, path: &str, code: &ScriptText, mut call: ShellCall, state: &ShellState) -> ExitStates {
        let Some(zeroth) = call.args.first_mut() else { return ExitStates::either_way(state.clone()) };
        zeroth.text = TracedText::plain(path);
        let start = FileStart::of(path, &call.args, state);
        self.note_file(path);
        if self.inside.contains(&start) {
            // It starts as it did before, and so does all again that it did.
            return ExitStates::either_way(state.clone());
        }
        if !self.enter_file(start) {
            return ExitStates::either_way(state.clone());
        }
        let is_program = self.ways_in.is_some() && self.inside.len() == 1;
        let exits = self.in_new_shell(&call, state, |interpreter, inner| {
            if is_program {
                interpreter.run_with_ways_in(code, inner)
            } else {
                let runs = |interpreter: &mut Self, inner: ShellState| {
                    let script = interpreter.begin_program_script(path, &call.args, &inner);
                    let exits = interpreter.run_script_text(code, LastCommand::Forks, inner);
                    interpreter.end_program_script(script);
                    exits
                };
                interpreter.run_or_repeat(&CalledCode::Script(code.key()), inner, runs)
            }
        });
        self.inside.pop();
        exits
    }

    /// Notes that a file is called, whatever comes of it.
    fn note_file(&mut self, path: &str) {
        if let Some(notes) = self.call_notes.last_mut() {
            notes.files.insert(path.to_owned());
        }
    }

    /// Goes into a file, unless that leads round in a circle.
    fn enter_file(&mut self, start: FileStart) -> bool {
        // A script may start itself again under a lock, as another user, or both.
        let path = &start.path;
        let before = self.inside.iter().filter(|inside| inside.path == *path).count();
        if before > 2 || self.inside.len() >= limits::NESTED_FILES {
            if let Some(notes) = self.call_notes.last_mut() {
                notes.is_cut |= before <= 2;
            }
            self.note_unseen(format!("the script `{path}` leads to itself"));
            return false;
        }
        self.inside.push(start);
        true
    }

    /// `source file` and `. file`.
    pub(super) fn run_source(&mut self, words: &[ShellWord], mut state: ShellState) -> ExitStates {
        let Some(word) = words.get(1) else { return ExitStates { err: Some(state), ..ExitStates::default() } };
        let shown = word.text.shown();
        let file = if word.unclear || word.certainty != Certainty::Sure {
            None
        } else if word.text.raw().contains('/') || !word.is_fixed() {
            self.absolute_path(&word.text, &state).map(|path| (self.context.file_system.open(&path), path))
        } else {
            self.program_file(word, &state).map(|(path, opened)| (opened, path)).or_else(|| {
                let path = self.absolute_path(&word.text, &state)?;
                Some((self.context.file_system.open(&path), path))
            })
        };
        let here = word.source_span(self.context.sources);
        let (path, code) = match file {
            Some((opened @ (Lookup::Text(_) | Lookup::Passage(_)), path)) => match self.script_text(opened) {
                Some(code) => (path, code),
                None => return ExitStates::either_way(state),
            },
            Some((_, path)) if HARMLESS.contains(&path.as_str()) => return ExitStates::either_way(state),
            // What these set is not known, but they start nothing.
            Some((Lookup::Absent | Lookup::Unseen(_), path)) if is_tool_file(&path) => {
                self.take_away_unread(&path, here, &mut state);
                return ExitStates::either_way(state);
            }
            None if is_tool_file(&word.text.raw()) => {
                self.take_away_unread(&word.text.raw(), here, &mut state);
                return ExitStates::either_way(state);
            }
            Some((Lookup::Unseen(why), path)) if !why.is_empty() => {
                self.take_away_unread(&path, here, &mut state);
                self.open_empty_variables(&mut state);
                self.note_unseen_at(format!("`{path}` is sourced and was not read: {why}"), here);
                return ExitStates::either_way(state);
            }
            Some((Lookup::Absent, path)) => {
                self.open_empty_variables(&mut state);
                self.note_unseen_at(format!("`{path}` is sourced and was not found"), here);
                return ExitStates::either_way(state);
            }
            other => {
                let path = other.map_or_else(|| word.raw(), |(_, path)| path);
                self.take_away_unread(&path, here, &mut state);
                self.open_empty_variables(&mut state);
                self.note_unseen_at(format!("`{shown}` is sourced and was not read"), here);
                self.take_variables_of(&word.text, &mut state);
                return match self.files_meant(word, &state).as_slice() {
                    [] => ExitStates::either_way(state),
                    files => self.source_one_of(files, words, &state),
                };
            }
        };
        self.note_file(&path);
        if !self.enter_file(FileStart::of(&path, &[], &state)) {
            return ExitStates::either_way(state);
        }
        let before = state.args.clone();
        if words.len() > 2 {
            let zeroth = before.as_ref().and_then(|args| args.zeroth().cloned()).unwrap_or_default();
            let own = words.iter().skip(2).cloned().map(ListItem::from);
            state.args = Some(Arguments::from_items(std::iter::once(zeroth).chain(own)));
        }
        let exits = self.run_or_repeat(&CalledCode::Sourced(code.key()), state, |interpreter, state| {
            let runs = |interpreter: &mut Self| interpreter.run_script_text(&code, LastCommand::Forks, state);
            let (exits, frame) = interpreter.in_frame(FrameKind::Sourced, runs);
            exits.merge(frame.ends)
        });
        self.inside.pop();
        exits.map_states(|mut state| {
            if words.len() > 2 {
                state.args.clone_from(&before);
            }
            state
        })
    }

    /// Words of which one that is a pattern of files (`lib/*.sh`) stands for those that are known to be there.
    pub(super) fn files_that_fit(&self, words: Vec<ShellWord>, state: &ShellState) -> Vec<ShellWord> {
        let mut all = Vec::with_capacity(words.len());
        for word in words {
            let files = self.files_of_pattern(&word, state).unwrap_or_default();
            if files.is_empty() || all.len() + files.len() > limits::CHOICES {
                all.push(word);
                continue;
            }
            all.extend(files.iter().map(|path| word.with_text(path)));
        }
        all
    }

    fn files_of_pattern(&self, word: &ShellWord, state: &ShellState) -> Option<Vec<String>> {
        let is_pattern = !word.unclear && word.certainty == Certainty::Sure && word.source.raw().contains('*');
        let path = self.absolute_path(&word.text, state).filter(|_| is_pattern)?;
        let (directory, pattern) = path.rsplit_once('/')?;
        let (before, after) = pattern
            .split_once('*')
            .filter(|(before, after)| !format!("{before}{after}").contains(['*', '?', '[', '{']))?;
        if directory.contains(['*', '?', '[', '{']) {
            return None;
        }
        let fits = |name: &str| {
            let rest = name.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
            rest.is_some() && (!name.starts_with('.') || before.starts_with('.'))
        };
        let names = self.context.file_system.files_in(directory, &fits);
        Some(names.iter().map(|name| join(directory, name)).collect())
    }

    /// Whether a test of a path is true because a file that was read is there.
    pub(super) fn finds_file(&self, operator: &str, word: &ShellWord, state: &ShellState) -> bool {
        let asks = matches!(operator, "-f" | "-e" | "-r" | "-s" | "-x");
        let path = self.absolute_path(&word.text, state).filter(|_| asks && !word.unclear);
        path.is_some_and(|path| matches!(self.context.file_system.open(&path), Lookup::Text(_) | Lookup::Passage(_)))
    }
}

/// How a shell runs a script that is called by these words, with the options of its first line.
fn call_of_script(options: &str, words: &[ShellWord]) -> ShellCall {
    let mut call = ShellCall::plain(ShellWord::default());
    call.options(options);
    call.args = words.to_vec();
    call
}
