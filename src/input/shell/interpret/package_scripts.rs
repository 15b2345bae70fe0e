//! Scripts that `package.json` names, run by npm and its kin. Uses `interpreter`, `package_manifest` and `shell_word`.

use std::rc::Rc;

use super::exit_states::ExitStates;
use super::interpreter::Interpreter;
use super::limits;
use super::script_files::ScriptRun;
use super::shell_state::{ShellState, WorkingDirectory};
use super::shell_word::ShellWord;
use super::unwrapped::{ShellCall, Unwrapped, takes_next_word};
use super::wrappers::unwrap_command;
use crate::input::package_manifest::PackageManifest;
use crate::input::shell::file_system::Lookup;
use crate::model::join;
use crate::text::{Syntax, TracedText};

/// Names that npm takes for scripts without `run`.
const WITHOUT_RUN: [&str; 6] = ["test", "t", "tst", "start", "stop", "restart"];
/// Commands of yarn and pnpm that no script takes the place of.
#[rustfmt::skip]
const OWN_COMMANDS: [&str; 24] = [
    "add", "audit", "bin", "cache", "config", "create", "dlx", "exec", "global", "help", "init", "install", "i", "link", "list",
    "node", "outdated", "publish", "rebuild", "remove", "store", "up", "upgrade", "workspace",
];
/// Options that name the directory of the file, and that name other ones.
const DIRECTORY: [&str; 4] = ["-C", "--prefix", "--cwd", "--dir"];
/// Options that name another package of the same repository.
const OTHER_PACKAGE: [&str; 4] = ["-w", "--workspace", "--filter", "-F"];
/// Directories that are looked at for one.
const MOST_PACKAGES: usize = 100;

/// A command that runs a script.
#[derive(Debug, PartialEq)]
struct ScriptCall {
    name: String,
    /// The directory of the file, where the command names one.
    directory: Option<String>,
    /// The package of the repository whose script it is, by its name or directory.
    package: Option<String>,
    /// Whether the name may be a command of the program, or of a package.
    is_perhaps: bool,
    /// The number of the first word that is handed on.
    handed_from: usize,
    /// Whether the program keeps options that stand before `--`.
    keeps_options: bool,
}

impl Interpreter<'_> {
    /// Runs the scripts that a command of npm, yarn, pnpm or bun names, with those before and after it; `None` where it names
    /// none, or the file is not there to be read.
    pub(super) fn run_package_script(&mut self, words: &[ShellWord], state: &ShellState) -> Option<ExitStates> {
        let call = named_script(words)?;
        let mut directory = self.current_directory(state)?;
        if let Some(given) = &call.directory {
            directory = join(&directory, given);
        }
        if let Some(package) = &call.package {
            directory = self.package_directory(&directory, package)?;
        }
        let Lookup::Text(file) = self.context.file_system.open(&join(&directory, "package.json")) else { return None };
        // As the file itself is read where it is an input.
        let source = self.context.sources.get(file);
        let file = self.context.sources.add_written(source.name(), source.text(), Syntax::Json);
        let manifest = PackageManifest::read(file, source.text()).ok()?;
        if call.is_perhaps && manifest.script(&call.name).is_none() {
            return None;
        }
        let mut state = state.clone();
        let outer = state.cwd.clone();
        if call.directory.is_some() || call.package.is_some() {
            state.cwd = Rc::new(WorkingDirectory::At(TracedText::plain(&directory)));
        }
        for script in manifest.run(&call.name) {
            let mut text = script.traced(&source);
            if script.name == call.name {
                text.push(&call.handed_on(words));
            }
            let text = ShellWord::of_text(text);
            let exits = self.run_shell_text(&ShellCall::plain(text), &state);
            state = exits.joined()?;
        }
        state.cwd = outer;
        Some(ExitStates::either_way(state))
    }

    /// The directory of a package of the repository, by its name or by that directory.
    fn package_directory(&mut self, top: &str, package: &str) -> Option<String> {
        self.recipe_calls += 1;
        let read = |directory: &str| match self.context.file_system.open(&join(directory, "package.json")) {
            Lookup::Text(file) => PackageManifest::parse(self.context.sources.get(file).text()),
            _ => None,
        };
        let named = join(top, package);
        if self.recipe_calls > limits::RECIPE_CALLS || read(&named).is_some() {
            return Some(named).filter(|_| self.recipe_calls <= limits::RECIPE_CALLS);
        }
        let manifest = read(top);
        let mut patterns: Vec<String> =
            manifest.iter().flat_map(PackageManifest::workspaces).map(str::to_owned).collect();
        if let Lookup::Text(file) = self.context.file_system.open(&join(top, "pnpm-workspace.yaml")) {
            let source = self.context.sources.get(file);
            let items = source.text().lines().filter_map(|line| line.trim().strip_prefix("- "));
            patterns.extend(items.map(|item| item.trim_matches([' ', '"', '\'']).to_owned()));
        }
        let directories = patterns.iter().flat_map(|pattern| match pattern.trim_end_matches('*').strip_suffix('/') {
            Some(above) if !above.contains('*') && pattern.ends_with('*') => {
                let above = join(top, above);
                let found = self.context.file_system.files_in(&above, &|_| true);
                found.iter().map(|name| join(&above, name)).collect()
            }
            _ => vec![join(top, pattern)],
        });
        directories
            .take(MOST_PACKAGES)
            .find(|directory| read(directory).is_some_and(|manifest| manifest.name() == Some(package)))
    }
}

impl Interpreter<'_> {
    /// Runs a program that a package of the repository brings under this name, where it is a shell's script; tells what else
    /// it is.
    pub(super) fn run_package_program(&mut self, words: &[ShellWord], state: ShellState) -> ScriptRun {
        let Some(first) = words.first().filter(|first| first.is_fixed()) else { return ScriptRun::Not(state, None) };
        let name = first.raw();
        if name.contains('/') || self.is_named_program(&name) {
            return ScriptRun::Not(state, None);
        }
        let Some(program) = self.context.file_system.program_of_package(&name) else {
            return ScriptRun::Not(state, None);
        };
        self.run_file_of_program(&name, program, words, state)
    }

    /// The words of a program of the repository's own packages that `npx` and its kin are told to run.
    pub(super) fn package_program_words<'w>(&self, words: &'w [ShellWord]) -> Option<&'w [ShellWord]> {
        let first = words.first().filter(|first| first.is_fixed())?.raw();
        let from = match first.rsplit('/').next()? {
            "npx" | "bunx" | "pnpx" => 1,
            "npm" | "pnpm" | "yarn" if words.get(1).is_some_and(|word| matches!(word.raw().as_str(), "exec" | "x")) => {
                2
            }
            _ => return None,
        };
        let rest = words.get(from..)?;
        let rest = rest.get(rest.iter().position(|word| !word.raw().starts_with('-'))?..)?;
        let name = rest.first().filter(|name| name.is_fixed())?.raw();
        let is_own = !self.is_named_program(&name) && self.context.file_system.program_of_package(&name).is_some();
        is_own.then_some(rest)
    }
}

impl ScriptCall {
    /// The words that the script is given behind its own.
    fn handed_on(&self, words: &[ShellWord]) -> TracedText {
        let mut text = TracedText::default();
        let mut is_after = !self.keeps_options;
        for word in words.iter().skip(self.handed_from) {
            let raw = word.raw();
            if raw == "--" && (!is_after || text.is_empty()) {
                is_after = true;
            } else if is_after || !raw.starts_with('-') {
                text.push(&TracedText::plain(" "));
                text.push(&quoted_word(word));
            }
        }
        text
    }
}

/// A word in double quotes, so that a shell takes it for one word once more.
fn quoted_word(word: &ShellWord) -> TracedText {
    let mut text = TracedText::plain("\"");
    for traced in &word.text.0 {
        if !traced.live && matches!(traced.ch, '"' | '\\' | '$' | '`') {
            text.push(&TracedText::plain("\\"));
        }
        text.0.push(*traced);
    }
    text.push(&TracedText::plain("\""));
    text
}

/// The script that such a command names.
fn named_script(words: &[ShellWord]) -> Option<ScriptCall> {
    let first = words.first().filter(|first| first.is_fixed())?.raw();
    let program = first.rsplit('/').next()?;
    if !matches!(program, "npm" | "yarn" | "pnpm" | "bun") {
        return None;
    }
    let mut at = 1;
    let (mut directory, mut package, mut runs) = (None, None, false);
    loop {
        let word = words.get(at).filter(|word| word.is_fixed())?.raw();
        at += 1;
        let (option, value) = word.split_once('=').map_or((word.as_str(), None), |(a, b)| (a, Some(b.to_owned())));
        if word == "--" || matches!(option, "-ws" | "--workspaces" | "-r" | "--recursive") {
            return None;
        }
        // `yarn workspace NAME SCRIPT`.
        let is_command = program == "yarn" && !runs && package.is_none() && word == "workspace";
        if DIRECTORY.contains(&option) || OTHER_PACKAGE.contains(&option) || is_command {
            let next = words.get(at).filter(|word| word.is_fixed()).map(ShellWord::raw);
            at += usize::from(value.is_none());
            let value = value.or(next)?;
            if DIRECTORY.contains(&option) {
                directory = Some(value);
            } else if package.replace(value).is_some_and(|package: String| !package.contains(['*', '!'])) {
                // Those of several.
                return None;
            }
        } else if word.starts_with('-') {
            at += usize::from(takes_next_word(&word, "", &["--loglevel", "--reporter"]));
        } else if !runs && matches!(word.as_str(), "run" | "run-script") {
            runs = true;
        } else {
            let is_usual = WITHOUT_RUN.contains(&word.as_str());
            let may_be_script = matches!(program, "yarn" | "pnpm") && !OWN_COMMANDS.contains(&word.as_str());
            if !runs && (program == "bun" || !is_usual && !may_be_script) {
                return None;
            }
            let name = if !runs && matches!(word.as_str(), "t" | "tst") { "test".to_owned() } else { word };
            let is_perhaps = !runs && !is_usual;
            // `npm run NAME -w PACKAGE`.
            let rest = words.get(at..).unwrap_or_default();
            let behind =
                rest.iter().position(|word| OTHER_PACKAGE.contains(&word.raw().split('=').next().unwrap_or("")));
            let before_words = rest.iter().position(|word| word.raw() == "--").unwrap_or(rest.len());
            if let Some(option) = behind.filter(|option| program == "npm" && *option < before_words) {
                let word = rest.get(option)?.raw();
                let next = rest.get(option + 1).map(ShellWord::raw);
                package = Some(word.split_once('=').map(|(_, value)| value.to_owned()).or(next)?);
                at += option + 1 + usize::from(!word.contains('='));
            }
            let keeps_options = program == "npm";
            return Some(ScriptCall { name, directory, package, is_perhaps, handed_from: at, keeps_options });
        }
    }
}

/// The command that `pnpm exec` or `yarn exec` runs, where it is one that is looked through or takes a lock: of others the
/// package that brings them decides what they are.
pub(super) fn command_of_package_manager(words: &[ShellWord]) -> Option<&[ShellWord]> {
    let first = words.first().filter(|first| first.is_fixed())?.raw();
    let is_exec = words.get(1).is_some_and(|word| word.raw() == "exec");
    if !is_exec || !matches!(first.rsplit('/').next(), Some("pnpm" | "yarn")) {
        return None;
    }
    let rest = words.get(2..)?;
    let command = rest.get(rest.iter().position(|word| !word.raw().starts_with('-'))?..)?;
    (!matches!(unwrap_command(command), Unwrapped::Program)).then_some(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(command: &str) -> Vec<ShellWord> {
        command.split(' ').map(ShellWord::plain).collect()
    }

    #[test]
    fn package_of_the_repository_whose_script_it_is() {
        for (command, name, package, handed) in [
            ("npm run a -w ui", "a", "ui", ""),
            ("npm run a --workspace=ui -- -p", "a", "ui", " \"-p\""),
            ("npm -w ui run a", "a", "ui", ""),
            ("pnpm --filter ui run a", "a", "ui", ""),
            ("yarn workspace ui a", "a", "ui", ""),
        ] {
            let words = words(command);
            let call = named_script(&words).unwrap_or_else(|| panic!("{command}"));
            assert_eq!((call.name.as_str(), call.package.as_deref()), (name, Some(package)), "{command}");
            assert_eq!(call.handed_on(&words).raw(), handed, "{command}");
        }
    }

    #[test]
    fn script_that_a_command_names_and_what_it_is_handed() {
        for (command, name, directory, handed) in [
            ("npm run a", "a", None, ""),
            ("npm run a -- -p x$y", "a", None, " \"-p\" \"x\\$y\""),
            ("npm -s run a b -c -- d", "a", None, " \"b\" \"d\""),
            ("npm --prefix ui run a", "a", Some("ui"), ""),
            ("npm t", "test", None, ""),
            ("yarn a -p", "a", None, " \"-p\""),
            ("/usr/bin/pnpm -C x run a -- -p", "a", Some("x"), " \"-p\""),
            ("bun run --silent a", "a", None, ""),
            ("yarn --cwd=x a", "a", Some("x"), ""),
        ] {
            let words = words(command);
            let call = named_script(&words).unwrap_or_else(|| panic!("{command}"));
            assert_eq!((call.name.as_str(), call.directory.as_deref()), (name, directory), "{command}");
            assert_eq!(call.handed_on(&words).raw(), handed, "{command}");
        }
        for command in ["npm install", "npm a", "npm run", "bun a", "yarn add x", "pnpm -r run a", "node run a"] {
            assert_eq!(named_script(&words(command)), None, "{command}");
        }
    }
}
