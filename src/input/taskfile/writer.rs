//! What each task of a Taskfile runs, as texts for the shell: what it depends on comes first. Uses `reader` and `values`.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::reader::{Task, Taskfile};
use super::values::{TaskScope, TaskValues, unknown};
use crate::input::outer_text::OuterText;
use crate::input::shell::{EntryText, ShellEntry, assigned_variables};
use crate::input::start_words::may_lead_to_start;
use crate::input::template_text::{directory_text, export_text};
use crate::model::{Unseen, is_variable_name};
use crate::text::yaml::Node;
use crate::text::{FileId, Sources, Span, TracedText};

/// Tasks within each other.
const DEPTH: usize = 20;
/// Characters of all tasks together, once those that they call are put among them.
const CHARS: usize = 1024 * 1024;
/// Rounds of a loop whose items are written out.
const ROUNDS: usize = 20;

/// Makes entries of tasks.
pub(super) struct TaskWriter<'a> {
    taskfile: &'a Taskfile,
    sources: &'a Sources,
    file: FileId,
    values: TaskValues<'a>,
    chars: usize,
    pub(super) unread: Vec<Unseen>,
}

/// What one run of task ran so far.
#[derive(Default)]
struct RunTasks {
    known: BTreeSet<String>,
    texts: Vec<EntryText>,
}

/// How the commands of a task are run.
struct TaskShell {
    prelude: TracedText,
    options: String,
    ignores_failure: bool,
}

impl<'a> TaskWriter<'a> {
    pub(super) fn new(taskfile: &'a Taskfile, file: FileId, sources: &'a Sources) -> Self {
        let values = TaskValues::new(taskfile, sources);
        Self { taskfile, sources, file, values, chars: 0, unread: Vec::new() }
    }

    /// What each task runs that may start a container.
    pub(super) fn write(&mut self) -> Vec<ShellEntry> {
        let name = self.sources.get(self.file).name().to_owned();
        let at_once = self.tasks_at_once();
        let mut entries = Vec::new();
        for task in &self.taskfile.tasks {
            if task.is_internal && !at_once.contains(task.name.as_str()) || is_of_another_system(&task.node) {
                continue;
            }
            let mut run = RunTasks::default();
            self.run_task(task, &TaskScope::new(), &mut run, 0);
            if self.chars > CHARS || self.values.is_too_much() {
                let what = "the Taskfile is too large or too intricate to be read".to_owned();
                self.unread.push(Unseen { what, span: Span::file_start(self.file) });
                break;
            }
            if run.texts.iter().any(|text| may_lead_to_start(&text.text.raw())) {
                entries.push(ShellEntry {
                    run: format!("{name}#{}", task.name),
                    name: format!("task {} in {name}", task.name),
                    texts: run.texts,
                    ..ShellEntry::default()
                });
            }
        }
        if let Some((file, at)) = self.values.decides {
            let span = Span::at(file, self.sources.get(file).position(at as usize));
            let what = "what a template decides is not followed".to_owned();
            self.unread.push(Unseen { what, span });
        }
        entries
    }

    /// What some tasks run, or the default one where none is named; `None` where one is not described here.
    pub(super) fn texts_of_tasks(
        &mut self,
        names: &[String],
        given: Vec<(String, OuterText)>,
    ) -> Option<Vec<EntryText>> {
        let given: TaskScope = given.into_iter().collect();
        let default = ["default".to_owned()];
        let mut run = RunTasks::default();
        for name in if names.is_empty() { default.as_slice() } else { names } {
            let task = self.find(name, 0).filter(|task| !task.is_internal)?;
            self.run_task(task, &given, &mut run, 0);
        }
        (self.chars <= CHARS && !self.values.is_too_much()).then_some(run.texts)
    }

    /// The tasks that run beside others that the same task depends on.
    fn tasks_at_once(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for task in &self.taskfile.tasks {
            let deps = items(task.node.get("deps"));
            if deps.len() > 1 {
                let called = deps.iter().filter_map(|dependency| called_name(dependency));
                names.extend(called.filter_map(|name| Some(self.find(name, task.file)?.name.clone())));
            }
        }
        names
    }

    /// The task that a name means in a file.
    fn find(&self, name: &str, file: usize) -> Option<&'a Task> {
        let namespace = self.taskfile.files.get(file).map(|file| file.namespace.as_str()).unwrap_or_default();
        let whole = match name.strip_prefix(':') {
            Some(name) => name.to_owned(),
            None => format!("{namespace}{name}"),
        };
        let has_alias = |task: &&Task| {
            let aliases = items(task.node.get("aliases"));
            aliases.iter().filter_map(|alias| alias.as_scalar()).any(|alias| {
                let namespace = self.taskfile.files.get(task.file).map(|file| file.namespace.as_str());
                format!("{}{}", namespace.unwrap_or_default(), alias.text) == whole
            })
        };
        let tasks = &self.taskfile.tasks;
        let by_name = tasks.iter().find(|task| task.name == whole);
        let default = || tasks.iter().find(|task| task.name == format!("{whole}:default"));
        by_name.or_else(default).or_else(|| tasks.iter().find(has_alias))
    }

    fn note_unread(&mut self, what: &str, node: &Node) {
        self.unread.push(Unseen { what: what.to_owned(), span: Span::at(node.span.file, node.span.start) });
    }

    fn run_task(&mut self, task: &'a Task, given: &TaskScope, run: &mut RunTasks, depth: usize) {
        // Once with each set of values.
        let values = given.iter().map(|(name, value)| format!("{name}={}", value.to_shell().raw()));
        let key = std::iter::once(task.name.clone()).chain(values).collect::<Vec<_>>().join("\n");
        if depth > DEPTH || self.chars > CHARS || self.values.is_too_much() || !run.known.insert(key) {
            return;
        }
        let mut scope = self.values.scope_of_file(task.file);
        scope.extend(given.iter().map(|(name, value)| (name.clone(), value.clone())));
        scope.insert("TASK".to_owned(), OuterText::plain(&task.name));
        self.values.extend(&mut scope, task.node.get("vars").map(Rc::as_ref));
        self.run_dependencies(task, &scope, run, depth);
        let shell = self.shell_of(task, &scope);
        let is_mapping = task.node.as_map().is_some();
        let commands = match (is_mapping, task.node.get("cmds").or(task.node.get("cmd"))) {
            (true, commands) => items(commands),
            (false, _) => items(Some(&task.node)),
        };
        let (deferred, commands): (Vec<_>, Vec<_>) =
            commands.into_iter().partition(|command| command.get("defer").is_some());
        for command in commands {
            self.run_command(&command, task, &scope, &shell, run, depth);
        }
        for command in deferred.iter().rev().filter_map(|command| command.get("defer")) {
            self.run_command(command, task, &scope, &shell, run, depth);
        }
    }

    /// Runs one item of the commands of a task.
    fn run_command(
        &mut self,
        command: &Rc<Node>,
        task: &'a Task,
        scope: &TaskScope,
        shell: &TaskShell,
        run: &mut RunTasks,
        depth: usize,
    ) {
        if is_of_another_system(command) {
            return;
        }
        for scope in self.rounds(command, scope, 1) {
            self.run_once(command, task, &scope, shell, run, depth);
        }
    }

    /// The values of each round of a command or a dependency; so many rounds where it is not known what they are for.
    fn rounds(&mut self, command: &Node, scope: &TaskScope, unknown_rounds: usize) -> Vec<TaskScope> {
        let Some(loops) = command.get("for") else { return vec![scope.clone()] };
        let name = loops.get("as").and_then(|name| name.as_scalar()).map_or("ITEM", |name| name.text.as_str());
        let at = Some((self.file, self.offset(loops)));
        let not_known = |number: usize| unknown(if number == 0 { "item" } else { "another_item" }, at);
        let rounds: Vec<OuterText> = match loops.as_seq().filter(|items| items.len() <= ROUNDS) {
            Some(items) => {
                let known: Vec<_> = items.iter().map(|item| self.values.text_of(item, scope)).collect();
                known.into_iter().map(|round| round.unwrap_or_else(|| not_known(0))).collect()
            }
            None => (0..unknown_rounds).map(not_known).collect(),
        };
        let with = |round: OuterText| {
            let mut scope = scope.clone();
            scope.insert(name.to_owned(), round);
            scope
        };
        rounds.into_iter().map(with).collect()
    }

    /// Runs what a task depends on, all at once.
    fn run_dependencies(&mut self, task: &'a Task, scope: &TaskScope, run: &mut RunTasks, depth: usize) {
        let before = std::mem::take(&mut run.texts);
        let mut groups = Vec::new();
        for dependency in items(task.node.get("deps")) {
            for scope in self.rounds(&dependency, scope, 2) {
                self.run_call(&dependency, task, &scope, run, depth);
                groups.push(std::mem::take(&mut run.texts));
            }
        }
        run.texts = before;
        run.texts.extend(EntryText::at_once(groups));
    }

    fn offset(&self, node: &Node) -> u32 {
        let offset = self.sources.get(node.span.file).offset(node.span.start).unwrap_or_default();
        u32::try_from(offset).unwrap_or_default()
    }

    fn run_once(
        &mut self,
        command: &Rc<Node>,
        task: &'a Task,
        scope: &TaskScope,
        shell: &TaskShell,
        run: &mut RunTasks,
        depth: usize,
    ) {
        if command.get("task").is_some() {
            return self.run_call(command, task, scope, run, depth);
        }
        if self.chars > CHARS {
            return;
        }
        let text = match command.as_map() {
            Some(_) => command.get("cmd").and_then(|text| self.values.text_of(text, scope)),
            None => self.values.text_of(command, scope),
        };
        let Some(text) = text else {
            if !command.is_null() {
                self.note_unread("this is no command of a task", command);
            }
            return;
        };
        let is_on =
            |key: &str| command.get(key).and_then(|node| node.as_scalar()).is_some_and(|one| one.text == "true");
        let mut whole = shell.prelude.clone();
        whole.push(&text.to_shell());
        self.chars += whole.0.len();
        run.texts.push(EntryText {
            text: whole,
            shell: shell.options.clone(),
            ignores_failure: shell.ignores_failure || is_on("ignore_error"),
            is_conditional: command.get("if").is_some(),
        });
    }

    /// Runs another task, by its name or with variables of its own.
    fn run_call(&mut self, call: &Node, task: &'a Task, scope: &TaskScope, run: &mut RunTasks, depth: usize) {
        let Some(name) = call.get("task").map_or(Some(call), |node| Some(node)) else { return };
        let name = self.values.text_of(name, scope).and_then(|name| name.known());
        let Some(name) = name else { return self.note_unread("which task this calls is not known", call) };
        let mut given = TaskScope::new();
        if let Some(variables) = call.get("vars") {
            let mut inner = scope.clone();
            self.values.extend(&mut inner, Some(variables));
            let names = variables.as_map().unwrap_or_default().iter().map(|entry| entry.key.clone());
            given.extend(names.filter_map(|name| Some((name.clone(), inner.get(&name)?.clone()))));
        }
        match self.find(&name, task.file) {
            Some(called) => self.run_task(called, &given, run, depth + 1),
            // Of a name with a star, or in a file that is not here.
            None => self.note_unread("a task that this calls is not described here", call),
        }
    }

    /// How the commands of a task are run.
    fn shell_of(&mut self, task: &'a Task, scope: &TaskScope) -> TaskShell {
        let mut prelude = TracedText::default();
        let mut scope = scope.clone();
        let mut files = Vec::new();
        let mut next = Some(task.file);
        while let Some(file) = next.and_then(|number| self.taskfile.files.get(number)) {
            files.push(file);
            next = file.outer;
        }
        // What a file of variables says does not go over what is set otherwise, and the first file has the first word.
        let named = files.iter().rev().map(|file| &file.variable_files).chain([&task.variable_files]);
        for file in named.flat_map(|files| files.iter().rev()) {
            for (name, value) in assigned_variables(&TracedText::of_file(*file, self.sources)) {
                prelude.push(&export_text(&name, &OuterText::of_traced(&value)));
            }
        }
        let environments = files.iter().rev().map(|file| file.environment.as_deref());
        for variables in environments.chain([task.node.get("env").map(Rc::as_ref)]) {
            self.values.extend(&mut scope, variables);
            for entry in variables.and_then(Node::as_map).unwrap_or_default() {
                if let Some(value) = scope.get(&entry.key).filter(|_| is_variable_name(&entry.key)) {
                    prelude.push(&export_text(&entry.key, value));
                }
            }
        }
        // Directories are named from each other on, the outermost file's first.
        let named = files.iter().rev().filter_map(|file| file.runs_in.as_deref());
        for node in named.chain(task.node.get("dir").map(Rc::as_ref)) {
            if let Some(directory) = self.values.text_of(node, &scope) {
                prelude.push(&directory_text(&directory));
            }
        }
        let set = files.iter().filter_map(|file| file.set.as_ref()).chain(task.node.get("set"));
        let mut options = "bash".to_owned();
        for option in set.flat_map(|set| items(Some(set))).filter_map(|one| Some(one.as_scalar()?.text.clone())) {
            match option.as_str() {
                "errexit" | "e" => options.push_str(" -e"),
                "pipefail" => options.push_str(" -o pipefail"),
                _ => {}
            }
        }
        let ignores = task.node.get("ignore_error").and_then(|node| node.as_scalar());
        TaskShell { prelude, options, ignores_failure: ignores.is_some_and(|ignores| ignores.text == "true") }
    }
}

/// The items of a list, or what stands for a list of one.
fn items(node: Option<&Rc<Node>>) -> Vec<Rc<Node>> {
    match node {
        Some(node) => node.as_seq().map_or_else(|| vec![Rc::clone(node)], <[Rc<Node>]>::to_vec),
        None => Vec::new(),
    }
}

/// The name of the task that a dependency names, where it is written out.
fn called_name(dependency: &Node) -> Option<&str> {
    let scalar = dependency.as_scalar().or_else(|| dependency.get("task")?.as_scalar())?;
    Some(&scalar.text)
}

/// Whether something runs on a system alone that has no such containers of its own.
fn is_of_another_system(node: &Rc<Node>) -> bool {
    let platforms = items(node.get("platforms"));
    !platforms.is_empty()
        && platforms.iter().filter_map(|one| one.as_scalar()).all(|one| one.text.starts_with("windows"))
}
