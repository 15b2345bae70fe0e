//! What `git` runs that its words name: the steps of `bisect run`, `rebase --exec` and `submodule foreach`, and an alias that is
//! given with `-c`. Options are from its manual. Uses `unwrapped` and `shell_word`.

use super::shell_word::ShellWord;
use super::unwrapped::{ShellCall, Unwrapped, WrappedCommand, skip_options};

/// What a command of `git` runs, where its words name that.
pub(super) fn read_git(words: &[ShellWord]) -> Unwrapped {
    let from = skip_options(words, "cC", &["--git-dir", "--work-tree", "--namespace", "--exec-path", "--config-env"]);
    let Some((subcommand, rest)) = words.get(from..).and_then(<[ShellWord]>::split_first) else {
        return Unwrapped::Program;
    };
    let subcommand = subcommand.raw();
    if let Some(text) = text_of_alias(words.get(1..from).unwrap_or_default(), &subcommand) {
        return Unwrapped::Shell(ShellCall::plain(text));
    }
    let is = |at: usize, name: &str| rest.get(at).is_some_and(|word| word.raw() == name);
    let command = match subcommand.as_str() {
        "bisect" if is(0, "run") => rest.get(1..),
        "rebase" => {
            return text_of_rebase(rest).map_or(Unwrapped::Program, |text| Unwrapped::Shell(ShellCall::plain(text)));
        }
        "submodule" => {
            let after = rest.iter().position(|word| word.raw() == "foreach").and_then(|at| rest.get(at..));
            let command = after.and_then(|rest| rest.get(skip_options(rest, "", &[])..));
            match command {
                Some([text]) => return Unwrapped::Shell(ShellCall::plain(text.clone())),
                command => command,
            }
        }
        _ => None,
    };
    match command.filter(|command| !command.is_empty()) {
        Some(command) => Unwrapped::Inner(WrappedCommand { words: command.to_vec(), ..WrappedCommand::default() }),
        None => Unwrapped::Program,
    }
}

/// The command that `rebase` runs after each commit.
fn text_of_rebase(words: &[ShellWord]) -> Option<ShellWord> {
    words.iter().enumerate().find_map(|(at, word)| {
        let raw = word.raw();
        if matches!(raw.as_str(), "-x" | "--exec") {
            return words.get(at + 1).cloned();
        }
        let value = raw.strip_prefix("--exec=")?;
        Some(end_of(word, value))
    })
}

/// The text of an alias for a subcommand that is set in these options: `-c alias.NAME=!TEXT`.
fn text_of_alias(options: &[ShellWord], subcommand: &str) -> Option<ShellWord> {
    options.iter().find_map(|word| {
        let raw = word.raw();
        let setting = raw.strip_prefix("alias.").or_else(|| raw.strip_prefix("-calias."))?;
        let (name, text) = setting.split_once('=')?;
        let text = text.strip_prefix('!').filter(|_| name == subcommand)?;
        Some(end_of(word, text))
    })
}

/// The end of a word.
fn end_of(word: &ShellWord, text: &str) -> ShellWord {
    let from = word.text.0.len().saturating_sub(text.chars().count());
    ShellWord { text: word.text.part(from, word.text.0.len()), ..word.clone() }
}
