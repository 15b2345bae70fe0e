//! Compose projects that a command is given on its input (`docker compose -f - up`): a here-document, what is printed into it,
//! or a file. Each is a file of a name that nothing else has. Uses `interpreter`, `written_services` and `docker_cli`.

use std::borrow::Cow;

use super::interpreter::Interpreter;
use super::shell_word::ShellWord;
use super::unwrapped::is_shell;
use crate::input::docker_cli::is_engine_program;
use crate::input::shell::parse::syntax::SimpleCommand;
use crate::text::{Sources, Span, TracedText};

/// Options that name a file of a project.
const OPTIONS: [&str; 4] = ["-f", "--file", "-c", "--compose-file"];
/// Commands of an engine that take such an option.
const COMMANDS: [&str; 2] = ["compose", "stack"];

impl Interpreter<'_> {
    /// The file that stands for the input of a command, where that is read as a project.
    pub(super) fn project_of_input(&self, words: &[ShellWord]) -> Option<String> {
        let raw: Vec<String> = words.iter().map(ShellWord::raw).collect();
        let span = words.first()?.source_span(self.context.sources)?;
        input_option(&raw).map(|_| name_of_input(span, self.context.sources))
    }

    /// The same of a command of a pipeline that was not expanded; `names` are its words.
    pub(super) fn project_of_piped(&self, simple: &SimpleCommand, names: &[String]) -> Option<String> {
        let engine = engine_word(names)?;
        let span = simple.words.get(engine)?.source.first_position(self.context.sources)?;
        input_option(names.get(engine..)?).map(|_| name_of_input(span, self.context.sources))
    }

    /// The words of a command with the file in the place of its input, where what that has is known.
    pub(super) fn with_project_of_input<'w>(&self, words: Cow<'w, [ShellWord]>) -> Cow<'w, [ShellWord]> {
        let raw: Vec<String> = words.iter().map(ShellWord::raw).collect();
        let Some(at) = input_option(&raw) else { return words };
        let name = self.project_of_input(&words).filter(|name| self.written.iter().any(|one| one.file == *name));
        let file = name.map(|name| TracedText::plain(&name)).or_else(|| self.input_file.clone());
        let Some(file) = file else { return words };
        let mut words = words.into_owned();
        if let Some(word) = words.get_mut(at) {
            let before = word.text.0.len().saturating_sub(1);
            let mut text = word.text.part(0, before);
            text.push(&file);
            *word = ShellWord { text, ..word.clone() };
        }
        Cow::Owned(words)
    }
}

/// The word that names the input as a file of a project, by its number.
fn input_option(words: &[String]) -> Option<usize> {
    let is_compose = words.first().is_some_and(|first| first.ends_with("-compose"));
    if !is_compose && !words.iter().any(|word| COMMANDS.contains(&word.as_str())) {
        return None;
    }
    let is_option = |word: &String| OPTIONS.contains(&word.as_str());
    let is_whole = |word: &String| word.strip_suffix("=-").is_some_and(|option| OPTIONS.contains(&option));
    words.iter().enumerate().find_map(|(at, word)| {
        let is_next = is_option(word) && words.get(at + 1).is_some_and(|next| next == "-");
        is_next.then_some(at + 1).or_else(|| is_whole(word).then_some(at))
    })
}

/// The engine's program among the words of a command, by its number: others may run it, a shell's text is not looked into.
fn engine_word(words: &[String]) -> Option<usize> {
    let name = |word: &'_ String| word.rsplit('/').next().unwrap_or_default().to_owned();
    let at = words.iter().position(|word| is_engine_program(&name(word)))?;
    (!words.iter().take(at).any(|word| is_shell(&name(word)))).then_some(at)
}

/// What a command's input is called as a file.
fn name_of_input(command: Span, sources: &Sources) -> String {
    let source = sources.get(command.file);
    let name = source.name().rsplit('/').next().unwrap_or_default();
    let name: String = name.chars().map(|ch| if ch.is_ascii_alphanumeric() { ch } else { '-' }).collect();
    format!("{name}-{}-{}-input.yaml", command.start.line, command.start.column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_of_a_project_is_the_input() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for (text, at) in [
            ("docker compose -f - up", Some(3)),
            ("docker compose --file=- up", Some(2)),
            ("docker-compose -p x -f - up", Some(4)),
            ("docker stack deploy -c - x", Some(4)),
            ("docker compose -f a.yml up", None),
            ("docker build -f - .", None),
        ] {
            assert_eq!(input_option(&words(text)), at, "{text}");
        }
        assert_eq!(engine_word(&words("sudo docker compose")), Some(1));
        assert_eq!(engine_word(&words("sh -c docker")), None);
    }
}
