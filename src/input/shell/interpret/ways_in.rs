//! A script that others call: besides its text they call functions that nobody in it calls, aliases, and what it writes
//! into other scripts. Uses `interpreter`, `function_calls`, `arguments` and `parse`.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::arguments::Arguments;
use super::certainty::Certainty;
use super::exit_states::{ExitStates, FrameKind, LastCommand};
use super::function_calls::CalledNames;
use super::interpreter::Interpreter;
use super::list_item::ListItem;
use super::own_tables::printed_lines;
use super::script_files::ScriptRun;
use super::script_text::{ScriptText, Shebang};
use super::shell_state::ShellState;
use super::shell_word::ShellWord;
use super::start_record::WayIn;
use super::unknown_arguments::UnknownArguments;
use super::way_in_state::WaysIn;
use crate::input::docker_cli::is_engine_program;
use crate::input::shell::parse::syntax::{FunctionBody, RedirectAction, RedirectTarget, SimpleCommand};
use crate::text::{Sources, Span, TracedChar, TracedText};

/// Endings of the names of files that shells run or source.
const SHELL_FILES: [&str; 8] = [".sh", ".bash", ".zsh", "rc", "profile", "aliases", ".ksh", ".env"];

impl Interpreter<'_> {
    /// Runs a script that others call, with arguments that are not known.
    pub(super) fn run_as_program(&mut self, path: &str, span: Span) {
        let name = path.rsplit('/').next().unwrap_or(path).to_owned();
        let rest = UnknownArguments::of(&name);
        self.ways_in = Some(WaysIn { name, ..WaysIn::default() });
        let zeroth = ShellWord { span: Some(span), ..ShellWord::plain(path) };
        let given = ShellWord { text: ListItem::of_unknown(&rest).text, rest: Some(rest), ..ShellWord::default() };
        let words = [zeroth, given];
        if let ScriptRun::Not(_, Some(missed)) = self.run_script_file(&words, self.first_state()) {
            self.note_unseen_at(missed.reason, missed.span);
        }
    }

    /// Notes that a function is called.
    pub(super) fn note_called(&mut self, bodies: &[Rc<FunctionBody>]) {
        if let Some(ways_in) = &mut self.ways_in {
            ways_in.called.extend(bodies.iter().map(|body| Rc::as_ptr(body).addr()));
        }
        let sources = self.context.sources;
        self.note_called_by_script(bodies.iter().filter_map(|body| span_of_name(body, sources)));
    }

    /// Notes that a function or an alias is called that is defined there.
    fn note_called_by_script(&mut self, defined_at: impl Iterator<Item = Span>) {
        if let Some(ways_in) = self.ways_in.as_mut().filter(|ways_in| ways_in.inside.is_none()) {
            ways_in.called_by_script.extend(defined_at);
        }
    }

    /// What runs now, where others alone call it.
    pub(super) fn way_in(&self) -> Option<&WayIn> {
        self.ways_in.as_ref()?.inside.as_ref()
    }

    /// Runs the text of a script, and after that each of its functions that was not called, in the state at its end.
    pub(super) fn run_with_ways_in(&mut self, code: &ScriptText, state: ShellState) -> ExitStates {
        self.run_then_functions(state, |interpreter, state| {
            interpreter.run_script_text(code, LastCommand::Forks, state)
        })
    }

    pub(super) fn run_then_functions(
        &mut self,
        state: ShellState,
        run: impl FnOnce(&mut Self, ShellState) -> ExitStates,
    ) -> ExitStates {
        let (exits, frame) = self.in_frame(FrameKind::Process, |interpreter| run(interpreter, state));
        if let Some(end) = exits.joined().or_else(|| frame.ends.joined()) {
            self.run_uncalled_functions(&end);
        }
        exits.merge(frame.ends)
    }

    fn run_uncalled_functions(&mut self, end: &ShellState) {
        let functions = Rc::clone(&end.functions);
        for name in ways_into(&functions) {
            let Some(bodies) = functions.get(name) else { continue };
            let is_called = |body: &Rc<FunctionBody>| {
                self.ways_in.as_ref().is_some_and(|ways_in| ways_in.called.contains(&Rc::as_ptr(body).addr()))
            };
            if bodies.iter().any(is_called) {
                continue;
            }
            let zeroth = end.args.as_ref().and_then(|args| args.zeroth().cloned()).unwrap_or_default();
            let args = vec![zeroth, self.unknown_arguments(name)];
            let sources = self.context.sources;
            let defined_at = bodies.iter().filter_map(|body| span_of_name(body, sources)).collect();
            // `"$@"` at the end: one call of the script takes one of its functions.
            let is_arm = self.ways_in.as_ref().is_some_and(|ways_in| ways_in.caller_picks);
            let way_in = WayIn { run: if is_arm { 0 } else { self.next_run() }, defined_at };
            self.as_way_in(way_in, end, |interpreter, child| interpreter.call_function(name, bodies, args, child));
        }
    }

    /// The number of what others alone call, for the next one.
    fn next_run(&mut self) -> usize {
        let Some(ways_in) = &mut self.ways_in else { return 0 };
        ways_in.runs += 1;
        ways_in.runs
    }

    /// Notes that the script calls what its caller names, where a command is nothing but the caller's words: `"$@"`, `$1`.
    pub(super) fn note_picked_by_caller(&mut self, words: &[ShellWord], state: &ShellState) {
        let is_callers = |word: &ShellWord| {
            let raw = word.raw();
            let is_argument = raw.starts_with("${")
                && raw.get(2..).is_some_and(|rest| rest.starts_with(|ch: char| ch.is_ascii_digit()));
            word.rest.is_some() || is_argument && word.text.0.iter().all(|traced| traced.live)
        };
        if state.functions.is_empty() || self.way_in().is_some() || !words.first().is_some_and(is_callers) {
            return;
        }
        if let Some(ways_in) = self.ways_in.as_mut().filter(|_| self.inside.len() == 1) {
            ways_in.caller_picks = true;
        }
    }

    /// The arguments of something in this script that others call.
    fn unknown_arguments(&self, name: &str) -> ListItem {
        let script = self.ways_in.as_ref().map_or("", |ways_in| ways_in.name.as_str());
        ListItem::of_unknown(&UnknownArguments::of(&format!("{name} in {script}")))
    }

    /// Runs what only others call, in a process of its own.
    fn as_way_in(&mut self, way_in: WayIn, state: &ShellState, run: impl FnOnce(&mut Self, ShellState) -> ExitStates) {
        // What a function that nobody calls writes is called by others as the function is.
        let before = self.way_in().cloned();
        let defined_at = before.clone().map_or(way_in.defined_at, |before| before.defined_at);
        let way_in = WayIn { run: way_in.run, defined_at };
        if let Some(ways_in) = &mut self.ways_in {
            ways_in.inside = Some(way_in);
        }
        let child = state.child_process(true);
        self.in_child_process(state, child, run);
        if let Some(ways_in) = &mut self.ways_in {
            ways_in.inside = before;
        }
    }

    /// Notes what names stand for from here on.
    pub(super) fn note_aliases(&mut self, words: &[ShellWord]) {
        for word in words.iter().skip(1).filter(|word| !word.unclear) {
            let raw = word.raw();
            let Some((name, _)) = raw.split_once('=').filter(|(name, _)| !name.is_empty()) else { continue };
            let text = word.text.part(name.chars().count() + 1, word.text.0.len());
            self.forbid_keeping();
            self.aliases.insert(name.to_owned(), text);
        }
    }

    /// The text that a command is whose name is an alias, and that name. A name in its own text stands for itself.
    pub(super) fn aliased_command(&mut self, simple: &SimpleCommand) -> Option<(String, TracedText)> {
        if self.aliases.is_empty() || (self.bash && !self.expands_aliases) {
            return None;
        }
        let (first, rest) = simple.words.split_first()?;
        let name = first.source.raw();
        let text = self.aliases.get(&name).filter(|_| !self.replacing.contains(&name))?;
        if !simple.redirects.is_empty() || !simple.assigns.is_empty() {
            return None;
        }
        let mut whole = text.clone();
        self.note_called_by_script(whole.first_position(self.context.sources).into_iter());
        for word in rest {
            whole.push(&TracedText::plain(" "));
            whole.push(&word.source);
        }
        Some((name, whole))
    }

    /// `alias name='command'`: a person types the name, with what follows it.
    pub(super) fn run_aliases(&mut self, words: &[ShellWord], state: &ShellState) {
        if self.ways_in.is_none() {
            return;
        }
        for word in words.iter().skip(1) {
            let raw = word.raw();
            let Some((name, text)) = raw.split_once('=').filter(|(_, text)| names_engine(text)) else { continue };
            let start = name.chars().count() + 1;
            let mut text_of_alias = word.text.part(start, word.text.0.len());
            if !text.trim_end().ends_with(';') {
                text_of_alias.push(&TracedText::plain(" \"$@\""));
            }
            let rest = self.unknown_arguments(name);
            let defined_at = text_of_alias.first_position(self.context.sources).into_iter().collect();
            let way_in = WayIn { run: self.next_run(), defined_at };
            self.as_way_in(way_in, state, |interpreter, mut child| {
                child.args = Some(Arguments::from_items([ListItem::default(), rest]));
                interpreter.run_text(&text_of_alias, LastCommand::Forks, child)
            });
        }
    }

    /// A here-document that becomes a script: whoever runs that, or logs in, calls what is in it.
    pub(super) fn write_here_document(&mut self, simple: &SimpleCommand, words: &[ShellWord], state: &mut ShellState) {
        if self.is_muted() {
            return;
        }
        let document = simple.redirects.iter().find_map(|redirect| match &redirect.action {
            RedirectAction::Data(document) => document.word().filter(|text| !text.parts.is_empty()),
            _ => None,
        });
        let Some(text) = document else { return };
        // `tee FILE > /dev/null` writes the file all the same.
        let written = written_by_tee(words).or_else(|| self.opened_for_output(simple, state));
        if self.ways_in.is_none() {
            let Some((file, appends)) = written else { return };
            // What is substituted in it is run when the command is.
            let text = self.without_recording(|interpreter| interpreter.expand_one(text, state)).text_in_place();
            self.keep_own_table(Some(&text), &file, appends, state);
            return self.keep_own_script(&text, &file, appends, state);
        }
        let text = self.expand_one(text, state).text_in_place();
        match written {
            Some((file, appends)) => self.run_written_text(&text, &file, appends, state),
            None => self.note_document(words, &text, state),
        }
    }

    /// A table for cron that a command of a container prints.
    fn keep_printed_table(&mut self, simple: &SimpleCommand, words: &[ShellWord], state: &mut ShellState) {
        if simple.redirects.is_empty() {
            return;
        }
        let opened = self.without_recording(|interpreter| interpreter.opened_for_output(simple, state));
        let Some((file, appends)) = opened else { return };
        self.keep_own_table(printed_lines(words).as_ref(), &file, appends, state);
    }

    /// The file that a command's output goes to, and whether it goes behind what that has.
    fn opened_for_output(&mut self, simple: &SimpleCommand, state: &mut ShellState) -> Option<(ShellWord, bool)> {
        let opened = simple.redirects.iter().find_map(|redirect| match (&redirect.target, &redirect.action) {
            (RedirectTarget::Number(1), RedirectAction::Open(word)) => Some((word, redirect.appends)),
            _ => None,
        });
        let (word, appends) = opened?;
        Some((self.expand_one(word, state), appends))
    }

    /// `echo "alias name='command'" >> ~/.bashrc`: what is printed into a file that shells read.
    pub(super) fn write_printed_text(&mut self, simple: &SimpleCommand, words: &[ShellWord], state: &mut ShellState) {
        if self.is_muted() {
            return;
        }
        if self.ways_in.is_none() {
            return self.keep_printed_table(simple, words, state);
        }
        let operands = words.iter().skip(1).skip_while(|word| word.raw().starts_with('-'));
        let Some((file, appends)) = self.opened_for_output(simple, state) else { return };
        let mut text = TracedText::default();
        let operands: Vec<&ShellWord> = operands.collect();
        match operands.split_first().filter(|_| words.first().is_some_and(|first| first.raw() == "printf")) {
            Some((format, values)) => text = formatted(&format.text, values),
            None => {
                for (number, word) in operands.into_iter().enumerate() {
                    if number > 0 {
                        text.push(&TracedText::plain(" "));
                    }
                    text.push(&word.text);
                }
            }
        }
        self.run_written_text(&text, &file, appends, state);
    }

    fn run_written_text(&mut self, text: &TracedText, written: &ShellWord, appends: bool, state: &mut ShellState) {
        self.keep_written_variables(written, text, appends, state);
        let raw = text.raw();
        let file = written.raw();
        let first = raw.lines().next().unwrap_or("");
        let marked = first.starts_with("#!");
        let shell = matches!(Shebang::of(first), Shebang::Shell(_));
        let named = SHELL_FILES.iter().any(|ending| file.ends_with(ending));
        if !(if marked { shell } else { named }) {
            return self.note_written(written, text, appends, state);
        }
        if !names_engine(&raw) {
            return;
        }
        let name = file.rsplit('/').next().unwrap_or(&file).to_owned();
        let rest = self.unknown_arguments(&name);
        let way_in = WayIn { run: self.next_run(), ..WayIn::default() };
        self.as_way_in(way_in, state, |interpreter, mut child| {
            // Another shell runs it: nothing of this one is known there but where it is.
            child.vars.clear();
            child.functions = Rc::default();
            child.args = Some(Arguments::from_items([ListItem::default(), rest]));
            (child.errexit, child.conditional) = (false, false);
            interpreter
                .run_then_functions(child, |interpreter, child| interpreter.run_text(text, LastCommand::Forks, child))
        });
    }

    /// The functions that a command may mean whose name hangs on a variable: `"do_$1"`.
    pub(super) fn functions_meant(&self, words: &[ShellWord], state: &ShellState) -> Vec<String> {
        let Some(first) = words.first().filter(|first| first.certainty == Certainty::Sure) else { return Vec::new() };
        if state.functions.is_empty() || first.rest.is_some() {
            return Vec::new();
        }
        if let Some(name) = self.resolve_text(&first.text).filter(|_| self.ways_in.is_none() && !first.unclear) {
            return state.functions.get_key_value(&name).map(|(name, _)| name.clone()).into_iter().collect();
        }
        let plain = |traced: &&TracedChar| !traced.live;
        let prefix: String = first.text.0.iter().take_while(plain).map(|traced| traced.ch).collect();
        let suffix: Vec<char> = first.text.0.iter().rev().take_while(plain).map(|traced| traced.ch).collect();
        let suffix: String = suffix.into_iter().rev().collect();
        if prefix.is_empty() && suffix.is_empty() {
            return Vec::new();
        }
        let fits =
            |name: &&String| name.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.ends_with(suffix.as_str()));
        state.functions.keys().filter(fits).cloned().collect()
    }

    /// Calls each of several functions, one of which is meant.
    pub(super) fn call_one_of(
        &mut self,
        names: &[String],
        simple: &SimpleCommand,
        words: Vec<ShellWord>,
        mut state: ShellState,
    ) -> ExitStates {
        let before = state.conditional;
        let args: Vec<ListItem> = words.into_iter().map(ListItem::from).collect();
        for assign in &simple.assigns {
            self.run_assignment(assign, false, &mut state);
        }
        let exits = self.with_redirects(&simple.redirects, state, |interpreter, state| {
            let mut exits = ExitStates { err: Some(state.clone()), ..ExitStates::default() };
            for name in names {
                let Some(bodies) = state.functions.get(name).cloned() else { continue };
                let state = state.clone().on_condition();
                exits = exits.merge(interpreter.call_function(name, &bodies, args.clone(), state));
            }
            exits
        });
        exits.map_states(|state| ShellState { conditional: before, ..state })
    }
}

/// What `printf` prints by a format: values in the place of `%s`, as often as there are values left; line ends.
fn formatted(format: &TracedText, values: &[&ShellWord]) -> TracedText {
    let mut text = TracedText::default();
    let mut values = values.iter();
    loop {
        let mut has_value = false;
        let mut rest = format.0.iter().copied().peekable();
        while let Some(letter) = rest.next() {
            let next = rest.peek().map_or(' ', |next| next.ch);
            match (letter.ch, next) {
                _ if letter.live => text.0.push(letter),
                ('\\', 'n') => {
                    rest.next();
                    text.0.push(TracedChar { ch: '\n', ..letter });
                }
                ('%', 's' | 'q' | 'd' | 'b') => {
                    rest.next();
                    has_value = true;
                    values.next().into_iter().for_each(|value| text.push(&value.text));
                }
                _ => text.0.push(letter),
            }
        }
        if !has_value || values.len() == 0 {
            return text;
        }
    }
}

/// Where a function is named as it is defined.
fn span_of_name(body: &FunctionBody, sources: &Sources) -> Option<Span> {
    let (file, byte) = body.named_at?;
    Some(Span::at(file, sources.get(file).position(byte as usize)))
}

/// The functions that may be called from outside and may start something: those that no other one calls come first.
fn ways_into(functions: &BTreeMap<String, Vec<Rc<FunctionBody>>>) -> Vec<&str> {
    let mut callers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut starting: BTreeSet<&str> = BTreeSet::new();
    for (name, bodies) in functions {
        for called in bodies.iter().map(|body| CalledNames::of_statement(&body.statement)) {
            for (other, _) in called.commands.iter().filter_map(|other| functions.get_key_value(other)) {
                if other != name {
                    callers.entry(other).or_default().push(name);
                }
            }
            if called.may_start {
                starting.insert(name);
            }
        }
    }
    let mut waiting: Vec<&str> = starting.iter().copied().collect();
    while let Some(name) = waiting.pop() {
        let new = callers.get(name).into_iter().flatten().filter(|caller| starting.insert(caller));
        waiting.extend(new.copied().collect::<Vec<_>>());
    }
    let (called, free): (Vec<&str>, Vec<&str>) = starting.into_iter().partition(|name| callers.contains_key(name));
    free.into_iter().chain(called).collect()
}

/// The file that `tee` writes, run by itself or by `sudo`, and whether it goes behind what that has.
fn written_by_tee(words: &[ShellWord]) -> Option<(ShellWord, bool)> {
    let at = words.iter().position(|word| word.raw() == "tee")?;
    let rest = words.get(at + 1..)?;
    let file = rest.iter().find(|word| !word.raw().starts_with('-'))?;
    Some((file.clone(), rest.iter().any(|word| matches!(word.raw().as_str(), "-a" | "--append"))))
}

/// Whether a part of a text is an engine's name, also as the default of a variable: `${DOCKER:-docker}`.
fn is_engine_named(part: &str) -> bool {
    is_engine_program(part.trim_start_matches('-'))
}

fn names_engine(text: &str) -> bool {
    text.split(|ch: char| !(ch.is_alphanumeric() || matches!(ch, '-' | '_'))).any(is_engine_named)
}
