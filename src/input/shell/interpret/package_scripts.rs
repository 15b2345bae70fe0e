//! Scripts that `package.json` names, run by npm and its kin. Uses `interpreter`, `value_positions` and `text::yaml`.

use super::exit_states::ExitStates;
use super::interpreter::Interpreter;
use super::shell_state::ShellState;
use super::shell_word::ShellWord;
use super::unwrapped::ShellCall;
use super::value_positions::command_words;
use crate::input::shell::file_system::Lookup;
use crate::model::{Command, Value, join};
use crate::text::yaml::{self, Limits};

/// Names that npm takes for scripts without `run`.
const WITHOUT_RUN: [&str; 6] = ["test", "t", "tst", "start", "stop", "restart"];

impl Interpreter<'_> {
    /// Runs the scripts that a command of npm, yarn, pnpm or bun names, with those before and after it; `None` where it names
    /// none, or the file is not there to be read.
    pub(super) fn run_package_script(&mut self, words: &[ShellWord], state: &ShellState) -> Option<ExitStates> {
        let name = named_script(words)?;
        let path = join(&self.current_directory(state)?, "package.json");
        let Lookup::Text(file) = self.context.file_system.open(&path) else { return None };
        let sources = self.context.sources;
        let stream = yaml::parse(file, sources.get(file).text(), Limits::default()).ok()?;
        let document = stream.documents.first()?;
        let scripts = document.get("scripts");
        let mut state = state.clone();
        for name in [format!("pre{name}"), name.clone(), format!("post{name}")] {
            let Some(node) = scripts.and_then(|scripts| scripts.get(&name)) else { continue };
            let scalar = node.as_scalar()?;
            let value = Value::known(scalar.text.as_str(), Some(node.span));
            let command = Command { words: vec![value], span: node.span };
            let text = command_words(&command, sources).into_iter().next()?;
            let exits = self.run_shell_text(&ShellCall::plain(text), &state);
            state = exits.joined()?;
        }
        Some(ExitStates::either_way(state))
    }
}

/// The script that such a command names.
fn named_script(words: &[ShellWord]) -> Option<String> {
    let (first, rest) = words.split_first()?;
    let program = first.is_fixed().then(|| first.raw())?;
    let program = program.rsplit('/').next()?.to_owned();
    if !matches!(program.as_str(), "npm" | "yarn" | "pnpm" | "bun") {
        return None;
    }
    // An option may take the next word, or another directory.
    let mut operands = rest.iter().take_while(|word| word.raw() != "--").filter(|word| !word.raw().starts_with('-'));
    if rest
        .iter()
        .any(|word| matches!(word.raw().as_str(), "-C" | "--prefix" | "--cwd" | "-w" | "--workspace" | "--filter"))
    {
        return None;
    }
    let command = operands.next().filter(|word| word.is_fixed())?.raw();
    if matches!(command.as_str(), "run" | "run-script") {
        return operands.next().filter(|word| word.is_fixed()).map(ShellWord::raw);
    }
    let name = match command.as_str() {
        "t" | "tst" => "test".to_owned(),
        _ => command,
    };
    (program != "bun" && WITHOUT_RUN.contains(&name.as_str())).then_some(name)
}
