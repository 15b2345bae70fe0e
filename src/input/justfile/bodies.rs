//! The lines of recipes: text, and expressions in braces. Uses `cursor`, `parser` and `evaluator`.

use super::cursor::{JustCursor, JustFault};
use super::evaluator::{JustEvaluator, JustScope};
use super::expressions::Expression;
use super::parser::{JustRecipe, Justfile};
use crate::input::outer_text::OuterText;
use crate::model::Unseen;
use crate::text::{Sources, Span, TracedChar, TracedText};

/// A line of a recipe: text, and expressions in braces.
#[derive(Debug, Default)]
pub(super) struct BodyLine(Vec<BodyPart>);

#[derive(Debug)]
enum BodyPart {
    Text(TracedText),
    Braces(Expression, TracedChar),
}

/// Reads the lines of every recipe; what is wrong in one is a fault of the file.
pub(super) fn read_bodies(justfile: &mut Justfile, sources: &Sources) -> Vec<Vec<BodyLine>> {
    let mut faults = Vec::new();
    let mut bodies = Vec::with_capacity(justfile.recipes.len());
    for recipe in &justfile.recipes {
        let is_script = is_script(recipe);
        let mut lines: Vec<BodyLine> = Vec::new();
        let mut is_continued = false;
        for line in &recipe.body {
            let (mut read, fault) = read_line(line, is_continued);
            faults.extend(fault.and_then(|fault| Some((fault.what, fault.at?))));
            let joins = is_continued;
            is_continued = !is_script && read.ends_in_backslash();
            if is_continued {
                read.drop_last();
            }
            match lines.last_mut().filter(|_| joins) {
                Some(last) => last.0.append(&mut read.0),
                None => lines.push(read),
            }
        }
        bodies.push(lines);
    }
    if let Some((what, (file, at))) = faults.into_iter().next() {
        let span = Span::at(file, sources.get(file).position(at as usize));
        justfile.faults.push(Unseen { what: what.to_owned(), span });
    }
    bodies
}

fn read_line(line: &TracedText, is_continued: bool) -> (BodyLine, Option<JustFault>) {
    let mut read = BodyLine::default();
    let mut text = TracedText::default();
    let mut rest: &[TracedChar] = &line.0;
    if is_continued {
        let blanks = rest.iter().take_while(|traced| matches!(traced.ch, ' ' | '\t')).count();
        rest = rest.get(blanks..).unwrap_or_default();
    }
    let begins = |rest: &[TracedChar], count: usize| {
        rest.len() >= count && rest.iter().take(count).all(|traced| traced.ch == '{')
    };
    while let Some((first, after)) = rest.split_first() {
        if begins(rest, 4) {
            text.0.extend(rest.iter().take(2));
            rest = rest.get(4..).unwrap_or_default();
        } else if begins(rest, 2) {
            let mut cursor = JustCursor::new(rest);
            cursor.take("{{");
            let expression = match cursor.expression(true) {
                Ok(expression) => expression,
                Err(fault) => return (read, Some(fault)),
            };
            cursor.skip_blanks(true);
            if !cursor.take("}}") {
                return (read, Some(cursor.fault("a `}}` is missing here")));
            }
            rest = cursor.rest();
            read.0.push(BodyPart::Text(std::mem::take(&mut text)));
            read.0.push(BodyPart::Braces(expression, *first));
        } else {
            text.0.push(*first);
            rest = after;
        }
    }
    read.0.push(BodyPart::Text(text));
    (read, None)
}

impl BodyLine {
    /// The line with its expressions put in.
    pub(super) fn put_in<'a>(&'a self, scope: &JustScope, evaluator: &mut JustEvaluator<'a>) -> OuterText {
        let mut text = OuterText::default();
        for part in &self.0 {
            match part {
                BodyPart::Text(part) => text.push(&OuterText::of_traced(part)),
                BodyPart::Braces(expression, brace) => {
                    text.push(&evaluator.evaluate(expression, scope).placed_at(brace.at));
                }
            }
        }
        text
    }

    fn ends_in_backslash(&self) -> bool {
        let Some(BodyPart::Text(text)) = self.0.last() else { return false };
        text.0.last().is_some_and(|last| last.ch == '\\')
    }

    fn drop_last(&mut self) {
        if let Some(BodyPart::Text(text)) = self.0.last_mut() {
            text.0.pop();
        }
    }

    pub(super) fn raw(&self) -> String {
        let text = |part: &BodyPart| match part {
            BodyPart::Text(text) => text.raw(),
            BodyPart::Braces(..) => String::new(),
        };
        self.0.iter().map(text).collect()
    }
}

/// Whether a recipe is one text for a program, and no lines for a shell each.
pub(super) fn is_script(recipe: &JustRecipe) -> bool {
    let begins = recipe.body.first().is_some_and(|first| first.raw().starts_with("#!"));
    begins || has_attribute(recipe, "script")
}

/// Whether something stands in brackets before a recipe.
pub(super) fn has_attribute(recipe: &JustRecipe, name: &str) -> bool {
    recipe.attributes.iter().any(|(known, _)| known == name)
}
