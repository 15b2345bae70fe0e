//! The commands of the lines of a recipe, once variables are put in. Uses `lines`, `contents` and `outer_text`.

use std::collections::BTreeMap;

use super::contents::RecipeLine;
use super::lines::is_blank;
use crate::input::outer_text::{OuterPart, OuterText, choose_values};
use crate::text::TracedText;

/// One command of a recipe.
pub(super) struct RecipeCommand {
    /// What sets the variables that have one of several values.
    pub(super) prelude: TracedText,
    pub(super) text: OuterText,
    pub(super) ignores_failure: bool,
    pub(super) is_conditional: bool,
}

impl RecipeCommand {
    /// Those of one of two ways, as the shell is asked.
    pub(super) fn one_of(condition: &OuterText, holds: Vec<Self>, fails: Vec<Self>) -> Self {
        let plain = |text: &str| OuterText::plain(text);
        let (mut prelude, mut text) = (TracedText::default(), plain("if [ -n \""));
        let (mut ignores_failure, mut is_conditional) = (false, false);
        text.push(condition);
        text.push(&plain("\" ]; then :\n"));
        for (number, way) in [holds, fails].into_iter().enumerate() {
            if number > 0 {
                text.push(&plain("else :\n"));
            }
            for command in way {
                prelude.push(&command.prelude);
                text.push(&command.text);
                text.push(&plain("\n"));
                ignores_failure |= command.ignores_failure;
                is_conditional |= command.is_conditional;
            }
        }
        text.push(&plain("fi"));
        Self { prelude, text, ignores_failure, is_conditional }
    }
}

/// The commands of an expanded line of a recipe: a variable of several lines makes several.
pub(super) fn split_commands(
    text: &OuterText,
    line: &RecipeLine,
    asked: &BTreeMap<String, Vec<OuterText>>,
) -> Vec<RecipeCommand> {
    let mut commands = Vec::new();
    let mut current = OuterText::default();
    let mut backslashes = 0;
    let prelude = choose_values(asked);
    let mut finish = |text: OuterText| {
        let (ignores_failure, text) = without_prefix(&text);
        if !text.0.is_empty() {
            let (prelude, is_conditional) = (prelude.clone(), line.is_conditional);
            commands.push(RecipeCommand { prelude, text, ignores_failure, is_conditional });
        }
    };
    for part in &text.0 {
        match part {
            OuterPart::Char(traced) if traced.ch == '\n' && backslashes % 2 == 0 => {
                finish(std::mem::take(&mut current));
            }
            _ => current.0.push(part.clone()),
        }
        let is_backslash = matches!(part, OuterPart::Char(traced) if traced.ch == '\\');
        backslashes = if is_backslash { backslashes + 1 } else { 0 };
    }
    finish(current);
    commands
}

/// A command without the marks at its beginning, and whether one of them says that it may fail.
fn without_prefix(text: &OuterText) -> (bool, OuterText) {
    let mut ignores_failure = false;
    let is_mark = |part: &&OuterPart| match part {
        OuterPart::Char(traced) => is_blank(traced.ch) || matches!(traced.ch, '@' | '-' | '+'),
        OuterPart::Variable { .. } | OuterPart::Output { .. } => false,
    };
    let marks = text.0.iter().take_while(is_mark).inspect(|part| {
        ignores_failure |= matches!(part, OuterPart::Char(traced) if traced.ch == '-');
    });
    let count = marks.count();
    (ignores_failure, OuterText(text.0.get(count..).unwrap_or_default().to_vec()))
}

/// All commands of a recipe as one.
pub(super) fn one_shell(commands: Vec<RecipeCommand>) -> Vec<RecipeCommand> {
    let mut all = commands.into_iter();
    let Some(mut first) = all.next() else { return Vec::new() };
    for command in all {
        first.text.push(&OuterText::plain("\n"));
        first.text.push(&command.text);
        first.prelude.push(&command.prelude);
        first.is_conditional |= command.is_conditional;
    }
    vec![first]
}
