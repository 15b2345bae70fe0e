//! Records the commands of a script that start containers, with the locks and conditions around each.
//! Uses `interpreter`, `docker_cli` and `parse`.

use std::borrow::Cow;

use super::certainty::Certainty;
use super::demanded_variables::filled_value;
use super::exit_states::FrameKind;
use super::hidden_programs;
use super::interpreter::Interpreter;
use super::limits;
use super::quote_cursor::has_double_quotes;
use super::repeated_commands::REPEATED_ARGUMENT;
use super::saved_call::LockSides;
use super::shell_state::{HeldLock, ShellState};
use super::shell_word::ShellWord;
use super::start_record::{ContainerStart, LockAround, LockedStart, StartLock, StartNumber};
use super::value_identity::short_place;
use super::variable_value::VariableValue;
use crate::input::docker_cli::{self, AmbientChoice, Argument, CommandContext, DockerCommand, DockerStop};
use crate::input::shell::ExecContext;
use crate::input::shell::parse::parse_text;
use crate::input::shell::parse::syntax::Statement;
use crate::model::{
    Condition, HandedVariables, Invocation, Moment, PartialText, Symbol, Value, VariableState, Word, is_content,
};
use crate::text::{FileId, Sources, Span, TracedText};

/// Subcommands that start a container, or a command in one.
pub(super) const STARTING: [&str; 4] = ["run", "create", "exec", "compose"];
/// What is in the name of a variable that holds an engine's program.
const ENGINE_NAMES: [&str; 6] = ["docker", "podman", "nerdctl", "container", "engine", "runtime"];
/// Options that say that `$DOCKER run` runs a container, whatever the variable holds.
const OF_A_CONTAINER: [&str; 5] = ["--rm", "-v", "--volume", "--mount", "--entrypoint"];

/// Calls before a start in its line that may feed it.
const MAX_FEEDING: usize = 8;

/// The words of a command line of docker or its kin.
pub(super) struct EngineCommand<'w> {
    words: Cow<'w, [ShellWord]>,
    /// Whether it is only likely to be one.
    guessed: bool,
}

impl Interpreter<'_> {
    /// Records a command that starts a container; gives its number where that container is followed on the ways from here.
    pub(super) fn record_start(&mut self, words: &[ShellWord], state: &mut ShellState) -> Option<usize> {
        if self.is_muted() {
            return None;
        }
        let repeated = self.with_placeholder(words);
        let EngineCommand { words, guessed } = self.engine_command(&repeated)?;
        let words = self.with_project_of_input(words);
        if self.started.len() >= limits::CONTAINER_STARTS {
            self.note_unread("more containers are started than are read", None);
            return None;
        }
        let when = state.conditions();
        if when.iter().any(|condition| self.condition_holds(condition) == Some(false)) {
            return None;
        }
        let sources = self.context.sources;
        let arguments = self.arguments_of(&words);
        let environment = |name: &str| self.variable_state(name, state);
        let ambient = self.ambient_choice(state);
        let span = arguments.first().and_then(|first| first.span).unwrap_or(self.here);
        let (base, base_words) = (self.directory_value(span, state), self.directory_words(state));
        let handed = || self.handed_variables(span, state);
        let context = CommandContext {
            sources,
            here: self.here,
            base,
            base_words,
            environment: &environment,
            ambient,
            handed: &handed,
        };
        let mut command = docker_cli::read(&arguments, &context)?;
        let chosen = match command {
            DockerCommand::Run(_) | DockerCommand::ComposeRun(_) | DockerCommand::Exec(_) => {
                self.chosen_words(&words, state)
            }
            _ => Vec::new(),
        };
        let alternatives =
            chosen.iter().filter_map(|words| docker_cli::read(&self.arguments_of(words), &context)).collect();
        if let Some(project) = command.project() {
            self.hand_written_variables(project);
        }
        // What ends counts where it is told when that is: in the run of a script of the host, which waits as long as it takes.
        let is_cut =
            |stop: &DockerStop| stop.only_waits && self.is_cut_short || stop.only_follows && self.is_read_short;
        let is_unsure = |stop: &DockerStop| self.ways_in.is_none() || is_cut(stop);
        if matches!(&command, DockerCommand::Stop(stop) if is_unsure(stop)) {
            return None;
        }
        let locks = self.locks_around_start(state);
        self.timeline.add_start(command.is_left_running(), self.at_once > 0);
        let mut varying = self.timeline.varying();
        varying.extend(self.placeholder.as_ref().map(|_| REPEATED_ARGUMENT.to_owned()));
        if let Some(notes) = self.call_notes.last_mut() {
            notes.starts.insert(self.started.len());
            notes.open_words.extend(words.iter().filter(|word| !word.is_fixed()).map(ShellWord::raw));
        }
        let is_made_each_round = match chosen.as_slice() {
            [] => self.is_made_each_round(words.iter()),
            chosen => self.is_made_each_round(chosen.iter().flatten()),
        };
        let fed = if command.takes_input() { self.calls_feeding(span, state) } else { Vec::new() };
        self.started.push(ContainerStart {
            command,
            alternatives,
            possible: guessed || state.conditional || self.frames.iter().any(|frame| frame.kind == FrameKind::Loop),
            when,
            repeats: false,
            is_made_each_round,
            in_loop: self.frames.iter().any(|frame| frame.kind == FrameKind::Loop),
            moment: Moment::default(),
            varying,
            is_single: false,
            ways_in: self.way_in().cloned().into_iter().collect(),
            kept_id: None,
            id_file: None,
            is_ended: false,
            locks,
            fed,
            span,
        });
        self.follow_containers(&words, state)
    }

    /// The calls whose output a command at a place may read.
    fn calls_feeding(&self, span: Span, state: &ShellState) -> Vec<Invocation> {
        let cat = [ShellWord { text: TracedText::plain("cat"), ..ShellWord::default() }];
        let printing = self.invocation(&cat, state);
        if printing.input.is_some() {
            return vec![printing];
        }
        // What is substituted in a text that is its input stands behind it, and ran before it.
        let is_near = |call: &&Invocation| call.span.file == span.file && call.span.start.line >= span.start.line;
        self.found.iter().rev().take(MAX_FEEDING).take_while(is_near).cloned().collect()
    }

    /// The words of a command that is recorded, without those that are surely not given.
    fn arguments_of(&self, words: &[ShellWord]) -> Vec<Argument> {
        let given = |word: &ShellWord| Some(argument(word, self.is_given(word)?, self.context.sources));
        words.iter().filter_map(given).collect()
    }

    /// The exclusive locks around a start that is about to be recorded.
    fn locks_around_start(&mut self, state: &ShellState) -> Vec<StartLock> {
        let mut locks = Vec::new();
        let start = StartNumber::Gone(self.started.len());
        for lock in self.held_locks(state).into_iter().filter(|lock| lock.exclusive) {
            let open = state.locks.iter().find(|(_, held)| held.span == lock.span);
            let LockSides { fork: beside, round } = open.map(|(_, held)| self.sides_of_lock(held)).unwrap_or_default();
            // Of those that are started one after the other and run at once, no one keeps the others out.
            if beside && round {
                continue;
            }
            if let Some((_, held)) = open {
                self.note_locked(LockedStart { lock: held.order, start }, LockAround { span: held.span, beside });
            }
            let file = open.and_then(|(file, _)| self.files.get(*file));
            let path = file.and_then(|file| self.absolute_path(&file.path, state));
            locks.push(StartLock { path, lock });
        }
        locks
    }

    /// Removes a lock from the starts that run beside another one under it.
    pub(super) fn drop_shared_locks(&mut self) {
        for (locked, around) in self.around.iter().filter(|(_, around)| around.beside) {
            let StartNumber::Gone(start) = locked.start else { continue };
            let [first, last] = [StartNumber::Gone(0), StartNumber::Repeated(usize::MAX)];
            let all = LockedStart { start: first, ..*locked }..=LockedStart { start: last, ..*locked };
            let is_shared = self.around.range(all).any(|(other, _)| other != locked);
            if let Some(started) = self.started.get_mut(start).filter(|_| is_shared) {
                started.locks.retain(|held| held.lock.span != around.span);
            }
        }
    }

    /// What began since a lock was got.
    pub(super) fn sides_of_lock(&self, held: &HeldLock) -> LockSides {
        let since = |sites: &[usize]| sites.iter().any(|site| *site > held.order);
        LockSides { fork: since(&self.forks), round: since(&self.loops) }
    }

    pub(super) fn note_locked(&mut self, locked: LockedStart, around: LockAround) {
        self.around.insert(locked, around);
        if let Some(notes) = self.call_notes.last_mut() {
            notes.locked.insert(locked);
        }
    }

    /// The words, where they may be those of a program that starts containers.
    pub(super) fn engine_command<'w>(&self, words: &'w [ShellWord]) -> Option<EngineCommand<'w>> {
        let (first, rest) = words.split_first()?;
        if first.is_engine() {
            return Some(EngineCommand { words: Cow::Borrowed(words), guessed: false });
        }
        if first.is_fixed() {
            // `retry docker run …`, where what `retry` is was not seen.
            let at = rest.iter().position(ShellWord::is_engine);
            let at = at.filter(|_| !hidden_programs::only_reads(first) && first.raw() != "ssh")?;
            let (_, words) = words.split_at(at + 1);
            let starts = words.get(1).is_some_and(|command| STARTING.contains(&command.raw().as_str()));
            return starts.then_some(EngineCommand { words: Cow::Borrowed(words), guessed: true });
        }
        // `${DOCKER:-docker} run`, and `$DOCKER run -v …` whatever it holds.
        let known = self.resolve_text(&first.text).filter(|_| !first.unclear).map(|name| first.with_text(&name));
        let (name, guessed) = match known.filter(ShellWord::is_engine) {
            Some(name) => (name, false),
            None if first.certainty == Certainty::Sure && (runs_container(rest) || is_engine_variable(first, rest)) => {
                (first.with_text("docker"), true)
            }
            None => return None,
        };
        let words = std::iter::once(name).chain(rest.iter().cloned()).collect();
        Some(EngineCommand { words: Cow::Owned(words), guessed })
    }

    /// The words of a command whose first one is a variable with a default of several words, or of none, that leads to an
    /// engine: `${COMPOSE:-docker compose} up`, `${SUDO:-} docker run`.
    pub(super) fn split_default_engine(&self, words: Vec<ShellWord>) -> Vec<ShellWord> {
        let Some((first, rest)) = words.split_first() else { return words };
        let is_split = !first.unclear && !first.text.is_fixed() && !has_double_quotes(&first.source.raw());
        let Some(text) =
            (first.certainty == Certainty::Sure && is_split).then(|| self.resolve_text(&first.text)).flatten()
        else {
            return words;
        };
        let parts: Vec<ShellWord> = text.split_whitespace().map(|part| first.with_text(part)).collect();
        let leads = match parts.as_slice() {
            [] => rest.first().is_some_and(ShellWord::is_engine),
            [_] => false,
            parts => parts.iter().any(ShellWord::is_engine),
        };
        if leads { parts.into_iter().chain(rest.iter().cloned()).collect() } else { words }
    }

    /// Whether a word is given to the command for certain, as far as the environment says; `None` where it is not given.
    fn is_given(&self, word: &ShellWord) -> Option<bool> {
        match &word.certainty {
            Certainty::Sure => Some(true),
            Certainty::Perhaps => Some(false),
            Certainty::When(condition) => match self.condition_holds(condition) {
                Some(false) => None,
                holds => Some(holds == Some(true)),
            },
        }
    }

    /// Whether a condition holds, where its variable is known.
    fn condition_holds(&self, condition: &Condition) -> Option<bool> {
        (self.context.environment)(&condition.variable).and_then(|value| condition.test.holds(Some(&value)))
    }

    /// What the variables that the script sets for its commands say of the engine and the project.
    fn ambient_choice(&self, state: &ShellState) -> AmbientChoice {
        let set = |name: &str| self.script_value(name, state);
        let engine = set("DOCKER_HOST").filter(|host| !host.text.is_empty()).or_else(|| set("DOCKER_CONTEXT"));
        let podman_engine = set("CONTAINER_HOST").or_else(|| set("CONTAINER_CONNECTION"));
        AmbientChoice {
            engine,
            podman_engine,
            user: state.user.as_deref().map(str::to_owned),
            project_name: set("COMPOSE_PROJECT_NAME"),
            project_files: set("COMPOSE_FILE"),
            project_env_files: set("COMPOSE_ENV_FILES"),
        }
    }

    /// The variables that the script gives a command, with their values.
    fn handed_variables(&self, command: Span, state: &ShellState) -> HandedVariables {
        let place = short_place(command.file, command.start.line, self.context.sources);
        let given = state.vars.given().filter(|(_, variable)| !variable.value.is_as_before());
        let value = |name: &str| self.settled_value(name, state, limits::NESTED_VALUES);
        let made_of = |name: &str| match state.vars.value(name) {
            Some(VariableValue::Text(text)) => self.partial_value(text).symbols,
            _ => self.parts_of(name, state),
        };
        let unknown = |name: &str| HandedVariables::unknown_value(name, &place, made_of(name));
        let given = given.map(|(name, _)| (name.clone(), value(name).unwrap_or_else(|| unknown(name))));
        // Compose takes no default where the script insists on a value.
        let filled = state.filled_outside().into_iter().filter(|name| self.environment_value(name).is_none());
        given.chain(filled.map(|name| (name.clone(), filled_value(&name)))).collect()
    }

    /// The value that a script gives a variable, with those that it is made of: where the environment decides and says
    /// nothing, the script's default. `None` where it is not known.
    pub(super) fn settled_value(&self, name: &str, state: &ShellState, depth: usize) -> Option<Value> {
        let VariableValue::Text(text) = &state.vars.get(name)?.value else { return None };
        let part = |other: &str| match state.vars.get(other).filter(|variable| !variable.value.is_as_before()) {
            // What it names itself by is what it was before.
            Some(_) if other != name && depth > 0 => known_state(self.settled_value(other, state, depth - 1)),
            Some(_) if other != name => VariableState::Unknown,
            _ => self.environment_state(other),
        };
        let partial = PartialText::expand(&Word::of_traced(text), &part);
        let at = text.first_position(self.context.sources);
        Some(partial.to_value(at)).filter(is_told)
    }

    /// The value that a script gives a variable of its commands' environment; one with a symbol where it is not known.
    fn script_value(&self, name: &str, state: &ShellState) -> Option<Value> {
        let unknown = || {
            let symbol = Symbol { name: name.to_owned(), required: false };
            Value { text: format!("${{{name}}}"), symbols: vec![symbol], ..Value::default() }
        };
        match &state.vars.get(name).filter(|variable| variable.exported)?.value {
            // What it is made of tells whether it is another one each time.
            VariableValue::Text(text) => Some(self.partial_value(text)),
            VariableValue::Maybe(..)
            | VariableValue::List(_)
            | VariableValue::Words(_)
            | VariableValue::Unclear
            | VariableValue::Either(_)
            | VariableValue::NameOf(_) => Some(unknown()),
            VariableValue::Unset | VariableValue::Inherited => None,
        }
    }

    fn variable_state(&self, name: &str, state: &ShellState) -> VariableState {
        match state.vars.value(name) {
            Some(VariableValue::Text(text)) => known_state(Some(self.partial_value(text)).filter(is_told)),
            Some(VariableValue::Unset) => VariableState::Unset,
            // Where nothing sets it, it has its default.
            None | Some(VariableValue::Inherited) => match self.environment_state(name) {
                VariableState::Unseen if state.is_filled_outside(name) => VariableState::Set(filled_value(name)),
                known => known,
            },
            Some(_) => VariableState::Unknown,
        }
    }
}

/// Reads the first command of a shell text that runs in `directory`; `None` where it starts no container.
pub fn read_docker_line(
    text: &str,
    directory: Option<&str>,
    environment: &dyn Fn(&str) -> VariableState,
    sources: &Sources,
) -> Option<DockerCommand> {
    let file: FileId = sources.add("command", text);
    let parsed = parse_text(&TracedText::of_file(file, sources));
    let Statement::Simple(simple) = &parsed.block.first()?.stmt else { return None };
    let here = Span::file_start(file);
    let mut interpreter = Interpreter::new(ExecContext::unknown(sources), here);
    let words = {
        let mut state = interpreter.first_state();
        interpreter.expand_all(&simple.words, &mut state)
    };
    let arguments: Vec<Argument> =
        words.iter().map(|word| argument(word, word.certainty == Certainty::Sure, sources)).collect();
    let base = directory.map(|path| Value::known(path, None));
    let environment = |name: &str| match (name, &base) {
        ("PWD", Some(base)) => VariableState::Set(base.clone()),
        _ => environment(name),
    };
    docker_cli::read(
        &arguments,
        &CommandContext {
            sources,
            here,
            base: base.clone(),
            base_words: None,
            environment: &environment,
            ambient: AmbientChoice::default(),
            handed: &HandedVariables::default,
        },
    )
}

fn argument(word: &ShellWord, given: bool, sources: &Sources) -> Argument {
    let source = word.source.raw();
    let list = ["$@", "${@", "[@]"].iter().any(|all| source.contains(all));
    let splits = !word.text.is_fixed() && source.contains(['$', '`']) && (list || !has_double_quotes(&source));
    Argument {
        text: word.text.clone(),
        span: word.source_span(sources),
        unclear: word.unclear,
        perhaps: !given,
        splits,
    }
}

/// The words of a command whose program is one of several words, or has one before it that is there on some ways only
/// (`engine=(docker)`, else `engine=(sudo docker)`; `docker compose`, else `docker-compose`), as those of one engine; as they
/// are where no engine is among them.
pub(super) fn settle_engine(mut words: Vec<ShellWord>) -> Vec<ShellWord> {
    let unsure = words.iter().take_while(|word| word.certainty != Certainty::Sure).count();
    let names_engine = |word: &ShellWord| engine_name(&word.raw()).is_some();
    if unsure == 0 || !words.iter().take(unsure).all(|word| word.text.is_fixed() && !word.unclear) {
        return words;
    }
    let before = words.get(..=unsure).unwrap_or(&words);
    // Of `docker compose` and `docker-compose` the one that is a single word: what follows is the same for both.
    let is_compose = |word: &ShellWord| engine_name(&word.raw()).is_some_and(docker_cli::is_compose_program);
    let chosen = before.iter().position(is_compose).or_else(|| before.iter().rposition(names_engine));
    let Some(chosen) = chosen else { return words };
    // What stands between is another one's, unless it is surely there.
    let mut rest = words.split_off(chosen);
    let others = unsure.saturating_sub(chosen);
    if is_compose(rest.first().unwrap_or(&ShellWord::default())) {
        rest.drain(1..others.max(1));
    }
    if let Some(engine) = rest.first_mut() {
        engine.certainty = Certainty::Sure;
    }
    rest
}

fn engine_name(raw: &str) -> Option<&str> {
    let name = raw.rsplit('/').next().unwrap_or(raw);
    docker_cli::is_engine_program(name).then_some(name)
}

fn runs_container(arguments: &[ShellWord]) -> bool {
    arguments.first().is_some_and(|command| matches!(command.raw().as_str(), "run" | "create"))
        && arguments.iter().any(|word| OF_A_CONTAINER.contains(&word.raw().as_str()))
}

/// Whether `$CONTAINER_RUNTIME run …` names an engine by its variable, and one of its commands with something to do.
fn is_engine_variable(first: &ShellWord, arguments: &[ShellWord]) -> bool {
    let name = first.raw().to_ascii_lowercase();
    first.text.is_live()
        && arguments.len() > 1
        && arguments.first().is_some_and(|command| STARTING.contains(&command.raw().as_str()))
        && ENGINE_NAMES.iter().any(|engine| name.contains(engine))
}

/// Whether a value is known, but for what files hold.
fn is_told(value: &Value) -> bool {
    value.symbols.iter().all(|symbol| is_content(&symbol.name))
}

fn known_state(value: Option<Value>) -> VariableState {
    value.map_or(VariableState::Unknown, VariableState::Set)
}
