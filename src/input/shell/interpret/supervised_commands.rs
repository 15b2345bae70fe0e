//! Programs that run what their tables, configurations and directories name: cron, supervisord, s6, runit. Each command is
//! run beside whatever else there is. Uses `interpreter`, `entry_runs`, `file_system` and `recipes`.

use std::collections::BTreeMap;

use super::exit_states::ExitStates;
use super::interpreter::Interpreter;
use super::shell_state::ShellState;
use super::shell_word::ShellWord;
use super::unknown_arguments::UnknownArguments;
use super::variable_value::VariableValue;
use crate::input::shell::file_system::Lookup;
use crate::input::shell::{EntryText, RecipeCall, RecipeSource};
use crate::model::{Inherits, Invocation, Word, join, program_name, split_below};
use crate::text::TracedText;

/// The form of the tables of a system, which name a user in each line, and that of a user's own.
const OF_SYSTEM: &str = "cron";
const OF_USER: &str = "crontab";
/// Directories with tables of cron.
const TABLES: [(&str, &str); 4] = [
    ("/etc/cron.d", OF_SYSTEM),
    ("/var/spool/cron/crontabs", OF_USER),
    ("/var/spool/cron", OF_USER),
    ("/etc/crontabs", OF_USER),
];
/// Directories whose programs are run by the clock.
const SCRIPTS: [&str; 9] = [
    "/etc/cron.hourly",
    "/etc/cron.daily",
    "/etc/cron.weekly",
    "/etc/cron.monthly",
    "/etc/periodic/15min",
    "/etc/periodic/hourly",
    "/etc/periodic/daily",
    "/etc/periodic/weekly",
    "/etc/periodic/monthly",
];
/// Where s6's overlay has its services and the scripts that run before them.
const SERVICES: [&str; 2] = ["/etc/services.d", "/etc/s6-overlay/s6-rc.d"];
const FIRST_SCRIPTS: [&str; 2] = ["/etc/cont-init.d", "/etc/fix-attrs.d"];
/// Files of a service that are run.
const OF_SERVICE: [&str; 2] = ["run", "finish"];
/// The file of a service of s6 that is run once: a command line of execline.
const ONCE: &str = "up";
/// Commands of execline that read what follows in a way of their own: blocks, variables, conditions.
const OF_EXECLINE: [&str; 22] = [
    "backtick",
    "case",
    "define",
    "dollarat",
    "elgetopt",
    "export",
    "fdblock",
    "fdclose",
    "fdmove",
    "fdreserve",
    "fdswap",
    "forbacktickx",
    "foreground",
    "forx",
    "if",
    "ifelse",
    "ifthenelse",
    "importas",
    "loopwhilex",
    "pipeline",
    "redirfd",
    "withstdinas",
];
/// Where supervisord looks for its configuration.
const CONFIGURATIONS: [&str; 2] = ["/etc/supervisord.conf", "/etc/supervisor/supervisord.conf"];
/// Programs that change no text of a file that they name.
const HARMLESS: [&str; 12] =
    ["chmod", "chown", "chgrp", "ls", "cat", "test", "[", "stat", "mkdir", "touch", "crontab", "rm"];
/// The programs whose files are followed.
const SUPERVISORS: [&str; 7] = ["cron", "crond", "supercronic", "supervisord", "init", "runsvdir", "s6-svscan"];
/// Programs that run such programs, one within the other.
const DEPTH: usize = 2;

impl Interpreter<'_> {
    /// Runs what a program is known to run by what was put into its tables or directories. Whether that is all that it runs.
    pub(super) fn run_supervised(&mut self, words: &[ShellWord], state: &ShellState) -> bool {
        let Some((first, rest)) = words.split_first().filter(|(first, _)| first.is_fixed()) else { return false };
        let path = first.raw();
        let name = path.rsplit('/').next().unwrap_or_default().to_owned();
        if !SUPERVISORS.contains(&name.as_str()) {
            return false;
        }
        // What ran before decides what is in its tables.
        self.forbid_keeping();
        let entered = format!("all that {name} runs");
        // A lock around it is inherited or not: that is not followed.
        if self.calls.iter().filter(|call| **call == entered).count() >= DEPTH || !self.held_locks(state).is_empty() {
            return false;
        }
        self.calls.push(entered);
        let files = self.context.file_system;
        let is_whole = match name.as_str() {
            "cron" | "crond" => self.run_tables(&name, state),
            "supercronic" => match rest.last().filter(|word| word.is_fixed() && !word.raw().starts_with('-')) {
                Some(table) => self.run_file_of(OF_USER, &self.path_of(table, state), state),
                None => false,
            },
            "supervisord" => self.run_configuration(rest, state),
            "init" if path == "/init" => {
                let mut installs = files.installs().iter().flat_map(|call| &call.argv);
                let is_installed = installs.any(|word| word.contains("s6-overlay"));
                let has_services = SERVICES.iter().any(|directory| !files.files_below(directory, "run").is_empty());
                let services = self.run_services(&SERVICES, state);
                let scripts = self.run_scripts(&FIRST_SCRIPTS, state);
                if !rest.is_empty() {
                    self.run_beside(state, |interpreter, child| interpreter.start_program(rest, child));
                }
                services && scripts && (is_installed || has_services)
            }
            "runsvdir" | "s6-svscan" => match rest.iter().find(|word| word.is_fixed() && word.raw().starts_with('/')) {
                Some(directory) => self.run_services(&[&directory.raw()], state),
                None => false,
            },
            _ => false,
        };
        self.calls.pop();
        // What comes with a base image that is not known, and what cannot be listed, may be run as well.
        is_whole && files.is_searched() && files.has_known_base()
    }

    /// Runs what an init that is given a command runs besides: the scripts before it, and the services.
    pub(super) fn run_init_files(&mut self, words: &[ShellWord], state: &ShellState) {
        let path = words.first().map(ShellWord::raw).unwrap_or_default();
        if path.rsplit('/').next() != Some("my_init") {
            return;
        }
        self.forbid_keeping();
        self.run_scripts(&["/etc/my_init.d"], state);
        self.run_services(&["/etc/service"], state);
    }

    fn path_of(&self, word: &ShellWord, state: &ShellState) -> String {
        self.absolute_path(&word.text, state).unwrap_or_default()
    }

    fn run_beside(&mut self, state: &ShellState, run: impl FnOnce(&mut Self, ShellState) -> ExitStates) {
        let child = state.child_process(false);
        self.timeline.begin_background(state.conditional);
        self.in_child_process(state, child, run);
        self.timeline.leave_beside();
    }

    /// The tables of cron, and the scripts that it runs.
    fn run_tables(&mut self, name: &str, state: &ShellState) -> bool {
        let files = self.context.file_system;
        let mut tables: BTreeMap<String, &'static str> = BTreeMap::new();
        if is_text(&files.open("/etc/crontab")) {
            tables.insert("/etc/crontab".to_owned(), OF_SYSTEM);
        }
        for (directory, form) in TABLES {
            let names = files.files_in(directory, &|name| !name.starts_with('.'));
            tables.extend(names.into_iter().map(|name| (join(directory, &name), form)));
        }
        for path in self.own_tables.keys() {
            let form =
                TABLES.iter().find(|(directory, _)| path.rsplit_once('/').is_some_and(|(own, _)| own == *directory));
            let form = form.map(|(_, form)| *form).or((path == "/etc/crontab").then_some(OF_SYSTEM));
            tables.extend(form.map(|form| (path.clone(), form)));
        }
        let mut is_whole = true;
        for call in files.installs().iter().chain(&self.found) {
            let is_known = |path: &str| {
                let own = self.own_tables.get(path).filter(|_| writes_text(call));
                own.map_or_else(|| is_text(&files.open(path)), |own| !own.is_unknown && !own.texts.is_empty())
            };
            is_whole &= note_tables(call, &mut tables, &is_known);
        }
        // What cron starts has nothing of its environment, but where the system is told to give it some.
        let given =
            |call: &Invocation| call.output.iter().chain(&call.argv).any(|word| word.starts_with("/etc/environment"));
        let inherits = match name {
            "cron" if !files.installs().iter().chain(&self.found).any(given) => Inherits::Nothing,
            _ => Inherits::ByPolicy,
        };
        let mut inside = state.clone();
        Self::limit_environment(inherits, &[], &mut inside);
        let user = self.context.user.unwrap_or("root");
        let home = if matches!(user, "root" | "0") { Some("/root".to_owned()) } else { (self.context.home)(user) };
        if let Some(home) = home {
            self.assign_value("HOME", VariableValue::Text(TracedText::plain(&home)), true, &mut inside);
        }
        for (path, form) in tables {
            let inside = self.with_home_of_table(&path, form, &inside);
            let own = self.own_tables.get(&path).cloned().unwrap_or_default();
            is_whole &= !own.is_unknown;
            for text in &own.texts {
                is_whole &= self.run_table(form, &path, Some(text), &inside);
            }
            if own.texts.is_empty() || is_text(&files.open(&path)) {
                is_whole &= self.run_file_of(form, &path, &inside);
            }
        }
        self.run_scripts(&SCRIPTS, &inside) && is_whole
    }

    /// The state that the commands of a table begin in: a table of a person's own is run as that person, and with their home.
    fn with_home_of_table(&mut self, path: &str, form: &str, state: &ShellState) -> ShellState {
        let mut inside = state.clone();
        let user = path
            .rsplit_once('/')
            .filter(|(directory, _)| form == OF_USER && TABLES.iter().any(|(known, _)| known == directory));
        if let Some(home) = user.filter(|(_, user)| *user != "root").and_then(|(_, user)| (self.context.home)(user)) {
            self.assign_value("HOME", VariableValue::Text(TracedText::plain(&home)), true, &mut inside);
        }
        inside
    }

    /// What a table or configuration names; whether it was read whole.
    fn run_file_of(&mut self, form: &str, path: &str, state: &ShellState) -> bool {
        self.run_table(form, path, None, state)
    }

    /// The same for a file with this text, where a command wrote it before.
    fn run_table(&mut self, form: &str, path: &str, text: Option<&TracedText>, state: &ShellState) -> bool {
        let source = RecipeSource {
            program: form.to_owned(),
            directory: "/".to_owned(),
            file: Some(path.to_owned()),
            text: text.cloned(),
            variables: Vec::new(),
        };
        let file = (self.context.recipes)(&source, &self.context);
        let texts = file.and_then(|file| file.find_texts(&RecipeCall::default(), &self.context));
        let Some(texts) = texts else { return false };
        let rest = UnknownArguments::of(path);
        for text in texts {
            let text = EntryText { text: self.with_known_home(&text.text), ..text };
            self.run_beside(state, |interpreter, child| interpreter.run_entry_text(&text, &rest, false, &child));
        }
        true
    }

    /// A text with the home of the user that it is run by, where that is known.
    fn with_known_home(&self, text: &TracedText) -> TracedText {
        const SETS_HOME: &str = "export HOME=~";
        let raw = text.raw();
        let Some((before, after)) = raw.split_once(SETS_HOME) else { return text.clone() };
        let user = after.lines().next().unwrap_or_default();
        let Some(home) = (self.context.home)(user) else { return text.clone() };
        let start = before.chars().count();
        let end = start + SETS_HOME.chars().count() + user.chars().count();
        let mut known = text.part(0, start);
        known.push(&TracedText::plain(&format!("export HOME={home}")));
        known.push(&text.part(end, text.0.len()));
        known
    }

    /// The scripts of some directories.
    fn run_scripts(&mut self, directories: &[&str], state: &ShellState) -> bool {
        let mut is_whole = true;
        for directory in directories {
            for name in self.context.file_system.files_in(directory, &|name| !name.starts_with('.')) {
                let word = ShellWord::plain(&join(directory, &name));
                self.run_beside(state, |interpreter, child| interpreter.start_program(&[word], child));
            }
            is_whole &= self.is_left_alone(directory);
        }
        is_whole
    }

    /// The services of some directories, each in a directory of its own.
    fn run_services(&mut self, directories: &[&str], state: &ShellState) -> bool {
        let mut is_whole = true;
        for directory in directories {
            for name in OF_SERVICE {
                for path in self.context.file_system.files_below(directory, name) {
                    let word = ShellWord::plain(&path);
                    self.run_beside(state, |interpreter, child| interpreter.start_program(&[word], child));
                }
            }
            for path in self.context.file_system.files_below(directory, ONCE) {
                is_whole &= self.run_line_of_execline(&path, state);
            }
            is_whole &= self.is_left_alone(directory);
        }
        is_whole
    }

    /// Runs the command line in a file of execline, where it is one of plain words that each run what follows; whether it is.
    fn run_line_of_execline(&mut self, path: &str, state: &ShellState) -> bool {
        let text = match self.context.file_system.open(path) {
            Lookup::Text(file) => TracedText::of_file(file, self.context.sources),
            _ => return false,
        };
        let mut words: Vec<ShellWord> = Vec::new();
        for line in text.0.split(|traced| traced.ch == '\n') {
            let is_said = line.iter().find(|traced| !traced.ch.is_whitespace()).is_some_and(|traced| traced.ch == '#');
            let own = line.split(|traced| traced.ch.is_whitespace()).filter(|word| !word.is_empty() && !is_said);
            words.extend(own.map(|word| ShellWord::of_text(TracedText(word.to_vec()))));
        }
        let is_plain = |word: &ShellWord| {
            let raw = word.raw();
            let name = raw.rsplit('/').next().unwrap_or_default();
            !raw.contains(['{', '}', '"', '\\', '$']) && !OF_EXECLINE.contains(&name)
        };
        if words.is_empty() || !words.iter().all(is_plain) {
            return words.is_empty();
        }
        self.run_beside(state, |interpreter, child| interpreter.start_program(&words, child));
        true
    }

    /// Whether no command puts anything into a directory.
    fn is_left_alone(&self, directory: &str) -> bool {
        let is_below = |word: &&Word| word.known().is_some_and(|path| split_below(path, directory).is_some());
        let changes = |call: &Invocation| {
            let writes = call.output.iter().any(|output| split_below(output, directory).is_some());
            let names = call.argv.iter().skip(1).any(|word| is_below(&word));
            writes || names && !HARMLESS.contains(&program_name(call))
        };
        let installs = self.context.file_system.installs();
        !installs.iter().chain(&self.found).any(changes)
    }

    /// The programs of the configuration that supervisord is given, or of where it looks for one.
    fn run_configuration(&mut self, words: &[ShellWord], state: &ShellState) -> bool {
        let files = self.context.file_system;
        let option = words.iter().position(|word| matches!(word.raw().as_str(), "-c" | "--configuration"));
        let given = option.and_then(|at| words.get(at + 1)).map(|word| self.path_of(word, state));
        let looked_for = || CONFIGURATIONS.map(str::to_owned).into_iter().find(|path| is_text(&files.open(path)));
        let first = given.or_else(looked_for);
        let mut configurations: Vec<String> = Vec::new();
        let mut is_whole = true;
        match first {
            Some(path) => {
                let text = match files.open(&path) {
                    Lookup::Text(file) => self.context.sources.get(file).text().to_owned(),
                    _ => return false,
                };
                match included(&text, &path) {
                    Some(patterns) => {
                        for (directory, ending) in patterns {
                            let found = files.files_in(&directory, &|name| name.ends_with(&ending));
                            configurations.extend(found.iter().map(|name| join(&directory, name)));
                            is_whole &= self.is_left_alone(&directory);
                        }
                    }
                    None => is_whole = false,
                }
                configurations.push(path);
            }
            // That of the system's package, which includes these.
            None => {
                let directory = "/etc/supervisor/conf.d";
                let found = files
                    .files_in(directory, &|name| name.rsplit_once('.').is_some_and(|(_, ending)| ending == "conf"));
                is_whole = !found.is_empty() && self.is_left_alone(directory);
                configurations.extend(found.iter().map(|name| join(directory, name)));
            }
        }
        for path in configurations {
            is_whole &= self.run_file_of("supervisord", &path, state);
        }
        is_whole
    }
}

/// Whether a command writes a text that stands in the script: what it prints, or a here-document. A table that it is given is one.
fn writes_text(call: &Invocation) -> bool {
    let operands = call.argv.iter().skip(1).filter(|word| !word.starts_with('-')).count();
    match program_name(call) {
        "echo" | "printf" | "crontab" => true,
        "cat" => operands == 0,
        "tee" => operands == 1,
        _ => false,
    }
}

fn is_text(found: &Lookup) -> bool {
    matches!(found, Lookup::Text(_) | Lookup::Passage(_))
}

/// Notes the tables that a command gives cron; whether these are known.
fn note_tables(call: &Invocation, tables: &mut BTreeMap<String, &'static str>, is_text: &dyn Fn(&str) -> bool) -> bool {
    if program_name(call) == "crontab" {
        if call.argv.iter().any(|word| matches!(&**word, "-l" | "-r" | "-T")) {
            return true;
        }
        let mut words = call.argv.iter().skip(1);
        let mut table = None;
        while let Some(word) = words.next() {
            match &**word {
                "-u" | "-c" => _ = words.next(),
                option if option.starts_with('-') && option.len() > 1 => {}
                _ => table = Some(word),
            }
        }
        let known = table.and_then(|table| table.known()).filter(|path| path.starts_with('/') && is_text(path));
        tables.extend(known.map(|path| (path.to_owned(), OF_USER)));
        return known.is_some();
    }
    let form = |path: &str| TABLES.iter().find(|(directory, _)| split_below(path, directory).is_some());
    let named = call.argv.iter().skip(1).filter(|_| !HARMLESS.contains(&program_name(call)));
    let mut is_whole = true;
    for word in named.chain(&call.output) {
        if let Some((directory, form)) = form(word).filter(|(directory, _)| &**word != *directory) {
            let is_known = is_text(word) && split_below(word, directory).is_some();
            if is_known {
                tables.insert(word.to_string(), *form);
            }
            is_whole &= is_known;
        }
    }
    is_whole
}

/// The directories with the endings of the files that a configuration of supervisord includes; `None` where that is told in
/// another way.
fn included(text: &str, path: &str) -> Option<Vec<(String, String)>> {
    let Some((_, section)) = text.split_once("[include]") else { return Some(Vec::new()) };
    let section = section.split("\n[").next().unwrap_or_default();
    let files = section.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == "files").then(|| value.trim().to_owned())
    })?;
    let here = path.rsplit_once('/').map_or("/", |(directory, _)| directory);
    let pattern = |word: &str| {
        let (directory, name) = word.rsplit_once('/').unwrap_or(("", word));
        let ending = name.strip_prefix('*').unwrap_or(name);
        let is_plain = !directory.contains(['*', '?', '%', '[']) && !ending.contains(['*', '?', '%', '[']);
        is_plain.then(|| (join(here, directory), ending.to_owned()))
    };
    files.split_whitespace().map(pattern).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn included_files_are_told_by_directory_and_ending() {
        let of = |text: &str| included(text, "/etc/supervisor/supervisord.conf");
        assert_eq!(of("[supervisord]\n"), Some(Vec::new()));
        let all = vec![("/etc/supervisor/conf.d".to_owned(), ".conf".to_owned())];
        assert_eq!(of("[include]\nfiles = conf.d/*.conf\n"), Some(all.clone()));
        assert_eq!(of("[include]\nfiles = /etc/supervisor/conf.d/*.conf\n[x]\nfiles=y\n"), Some(all));
        assert_eq!(of("[include]\nfiles = /etc/*/a?.conf\n"), None);
    }
}
