//! Configurations of supervisord: each program of theirs is a command that runs while the supervisor does. Uses `shell`.

use std::rc::Rc;

use super::schedule::{Schedule, table_text};
use super::shell::{EntryText, ExecContext, RecipeFile, RecipeSource};
use crate::text::{TracedChar, TracedText};

/// Reads the programs of a configuration; `None` where one of them is not known whole.
pub(super) fn read_recipes(source: &RecipeSource, context: &ExecContext<'_>) -> Option<Rc<dyn RecipeFile>> {
    let text = table_text(source, context)?;
    Some(Rc::new(Schedule { texts: programs_of(&text)? }))
}

/// The commands of the programs, each with its directory and variables.
fn programs_of(text: &TracedText) -> Option<Vec<EntryText>> {
    let mut programs: Vec<Program> = Vec::new();
    let mut is_in_program = false;
    for line in text.0.split(|traced| traced.ch == '\n') {
        let raw: String = line.iter().map(|traced| traced.ch).collect();
        let trimmed = raw.trim();
        if trimmed.is_empty() || trimmed.starts_with([';', '#']) {
            continue;
        }
        if let Some(section) = trimmed.strip_prefix('[') {
            let kind = section.split([':', ']']).next().unwrap_or_default();
            // Those that listen to events are run too.
            is_in_program = matches!(kind, "program" | "eventlistener" | "fcgi-program");
            if is_in_program {
                programs.push(Program::default());
            }
            continue;
        }
        let Some(program) = programs.last_mut().filter(|_| is_in_program) else { continue };
        if raw.starts_with([' ', '\t']) {
            // It goes on with the line above.
            return None;
        }
        let (key, _) = raw.split_once('=')?;
        let value = value_of(line, key.chars().count() + 1);
        match key.trim() {
            "command" => program.command = value,
            "directory" => program.directory = value,
            "environment" => program.variables = variables_of(&value.raw())?,
            _ => {}
        }
    }
    let command = |program: Program| {
        let parts = [&program.command, &program.directory];
        // What it puts in is told elsewhere.
        if program.command.is_empty() || parts.iter().any(|part| part.raw().contains("%(")) {
            return None;
        }
        let mut text = program.variables;
        if !program.directory.is_empty() {
            text.push(&TracedText::plain("cd "));
            text.push(&program.directory);
            text.push(&TracedText::plain("\n"));
        }
        text.push(&program.command);
        Some(EntryText { text, shell: "sh".to_owned(), ..EntryText::default() })
    };
    programs.into_iter().map(command).collect()
}

#[derive(Default)]
struct Program {
    command: TracedText,
    directory: TracedText,
    /// What sets its variables.
    variables: TracedText,
}

/// The value of a line from a character on, without what is said about it.
fn value_of(line: &[TracedChar], from: usize) -> TracedText {
    let value = line.get(from..).unwrap_or_default();
    let starts = value.iter().take_while(|traced| traced.ch.is_whitespace()).count();
    let value = value.get(starts..).unwrap_or_default();
    let is_comment = |pair: &[TracedChar]| matches!(pair, [blank, sign] if blank.ch.is_whitespace() && sign.ch == ';');
    let end = value.windows(2).position(is_comment).unwrap_or(value.len());
    let value = value.get(..end).unwrap_or_default();
    let blanks = value.iter().rev().take_while(|traced| traced.ch.is_whitespace()).count();
    TracedText(value.get(..value.len() - blanks).unwrap_or_default().to_vec())
}

/// `A="x",B='y'` as a shell sets it.
fn variables_of(text: &str) -> Option<TracedText> {
    let mut all = TracedText::default();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=')?;
        let quote = after.chars().next().filter(|ch| matches!(ch, '"' | '\''));
        let (value, left) = match quote {
            Some(quote) => after.get(1..)?.split_once(quote)?,
            None => after.split_at(after.find(',').unwrap_or(after.len())),
        };
        let is_name = |ch: char| ch.is_ascii_alphanumeric() || ch == '_';
        if !name.trim().chars().all(is_name) || value.contains("%(") {
            return None;
        }
        all.push(&TracedText::plain(&format!("export {}='{}'\n", name.trim(), value.replace('\'', ""))));
        rest = left.trim_start_matches([',', ' ']);
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Option<Vec<String>> {
        let programs = programs_of(&TracedText::plain(text))?;
        Some(programs.iter().map(|program| program.text.raw()).collect())
    }

    #[test]
    fn programs_are_commands_with_their_variables() {
        let text = "[supervisord]\nnodaemon=true\n[program:a]\ncommand = run it ; as said\nenvironment=A=\"x\",B=y\ndirectory=/srv\n";
        let wanted = "export A='x'\nexport B='y'\ncd /srv\nrun it".to_owned();
        assert_eq!(texts(text), Some(vec![wanted]));
        assert_eq!(texts("[program:a]\ncommand=run %(ENV_X)s\n"), None);
        assert_eq!(texts("[program:a]\ncommand=run\n  more\n"), None);
        assert_eq!(texts("[program:a]\nautostart=true\n"), None);
        assert_eq!(texts("[unix_http_server]\nfile=/x\n"), Some(Vec::new()));
    }
}
