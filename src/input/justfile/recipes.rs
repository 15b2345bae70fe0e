//! What each recipe of a justfile runs, as texts for the shell: what it depends on comes before and behind it. Uses `parser`
//! and `evaluator`.

use std::collections::BTreeSet;

use super::bodies::{BodyLine, has_attribute, is_script};
use super::evaluator::{JustEvaluator, JustScope};
use super::parser::{Dependency, JustRecipe, Justfile};
use crate::input::outer_text::{OuterPart, OuterText, choose_values};
use crate::input::shell::{EntryText, ShellEntry, assigned_variables, is_shell};
use crate::input::start_words::{may_lead_to_start, names_engine};
use crate::input::template_text::export_text;
use crate::model::Unseen;
use crate::text::{FileId, Sources, Span, TracedText};

/// Recipes within each other.
const DEPTH: usize = 20;
/// Characters of all recipes together, once those that they depend on are put beside them.
const CHARS: usize = 1024 * 1024;

/// Makes entries of recipes.
pub(super) struct JustWriter<'a> {
    justfile: &'a Justfile,
    sources: &'a Sources,
    file: FileId,
    /// The name of the file, as a person knows it.
    file_name: &'a str,
    directory: &'a str,
    /// The expressions in braces of all bodies.
    bodies: &'a [Vec<BodyLine>],
    chars: usize,
    pub(super) unread: Vec<Unseen>,
}

/// What one run of just ran so far.
#[derive(Default)]
struct RunRecipes {
    known: BTreeSet<String>,
    texts: Vec<EntryText>,
}

impl<'a> JustWriter<'a> {
    pub(super) fn new(
        justfile: &'a Justfile,
        bodies: &'a [Vec<BodyLine>],
        file: FileId,
        file_name: &'a str,
        directory: &'a str,
        sources: &'a Sources,
    ) -> Self {
        Self { justfile, sources, file, file_name, directory, bodies, chars: 0, unread: Vec::new() }
    }

    /// What each recipe runs that may start a container. One that is private to others is run by those.
    pub(super) fn write(&mut self) -> Vec<ShellEntry> {
        let mut evaluator = JustEvaluator::new(self.justfile, self.directory);
        let mut entries = Vec::new();
        let called = self.called_recipes();
        for (number, recipe) in self.justfile.recipes.iter().enumerate() {
            let is_private = recipe.name.starts_with('_') || has_attribute(recipe, "private");
            if is_private && called.contains(recipe.name.as_str()) || is_of_another_system(recipe) {
                continue;
            }
            let scope = evaluator.scope_of_caller(recipe);
            let mut run = RunRecipes::default();
            self.run_recipe(number, &scope, &mut run, &mut evaluator, 0);
            if self.chars > CHARS || evaluator.is_too_much() {
                self.unread.push(self.told("the justfile is too large or too intricate to be read", recipe));
                break;
            }
            if run.texts.iter().any(|text| may_lead_to_start(&text.text.raw())) {
                entries.push(ShellEntry {
                    run: format!("{}#{}", self.file_name, recipe.name),
                    name: format!("just {} in {}", recipe.name, self.file_name),
                    texts: run.texts,
                    ..ShellEntry::default()
                });
            }
        }
        entries
    }

    /// What the words of a command run, each recipe with as many of them as it takes; `None` where one is not described here.
    pub(super) fn texts_of_call(
        &mut self,
        words: &[OuterText],
        given: &[(String, OuterText)],
    ) -> Option<Vec<EntryText>> {
        let mut evaluator = JustEvaluator::new(self.justfile, self.directory);
        for (name, value) in given {
            evaluator.set(name, value)?;
        }
        let mut run = RunRecipes::default();
        let first = OuterText::plain(&self.justfile.recipes.first()?.name);
        let mut rest = if words.is_empty() { std::slice::from_ref(&first) } else { words };
        while let Some((name, behind)) = rest.split_first() {
            let name = name.known()?;
            let called = self.justfile.aliases.get(&name).unwrap_or(&name);
            let parameters = &self.justfile.recipes.iter().find(|recipe| recipe.name == *called)?.parameters;
            let takes_all = parameters.iter().any(|parameter| parameter.is_rest);
            let taken = if takes_all { behind.len() } else { parameters.len().min(behind.len()) };
            let (values, others) = behind.split_at(taken);
            if !self.call_recipe(&name, values, &mut run, &mut evaluator, 0) {
                return None;
            }
            rest = others;
        }
        (self.chars <= CHARS && !evaluator.is_too_much()).then_some(run.texts)
    }

    fn told(&self, what: &str, recipe: &JustRecipe) -> Unseen {
        let first = recipe.body.first().and_then(|line| line.first_position(self.sources));
        Unseen { what: what.to_owned(), span: first.unwrap_or_else(|| Span::file_start(self.file)) }
    }

    /// The recipes that others run, in turn with what else those do.
    fn called_recipes(&self) -> BTreeSet<&'a str> {
        let mut called = BTreeSet::new();
        let mut named = BTreeSet::new();
        for (recipe, body) in self.justfile.recipes.iter().zip(self.bodies) {
            if !has_attribute(recipe, "parallel") {
                called.extend(recipe.before.iter().chain(&recipe.after).map(|one| one.name.as_str()));
            }
            for line in body.iter().map(BodyLine::raw) {
                // As a call in a line of its own is told.
                let mut words = line.trim_start_matches(['@', '-']).split_whitespace();
                let is_plain = !line.contains(['"', '\'', '\\', '$', '`', ';', '&', '|', '<', '>', '(']);
                if is_plain && words.next() == Some("just") {
                    named.extend(words.next().map(str::to_owned));
                }
            }
        }
        let recipes = self.justfile.recipes.iter().map(|recipe| recipe.name.as_str());
        called.extend(recipes.filter(|name| named.contains(*name)));
        called
    }

    fn run_recipe(
        &mut self,
        number: usize,
        scope: &JustScope,
        run: &mut RunRecipes,
        evaluator: &mut JustEvaluator<'a>,
        depth: usize,
    ) {
        let Some(recipe) = self.justfile.recipes.get(number) else { return };
        // Once with each set of values.
        let values = scope.values().map(|value| value.to_shell().raw());
        let key = std::iter::once(recipe.name.clone()).chain(values).collect::<Vec<_>>().join("\n");
        if depth > DEPTH || self.chars > CHARS || evaluator.is_too_much() || !run.known.insert(key) {
            return;
        }
        for dependency in &recipe.before {
            self.run_dependency(dependency, scope, run, evaluator, depth);
        }
        self.add_texts(number, recipe, scope, run, evaluator, depth);
        for dependency in &recipe.after {
            self.run_dependency(dependency, scope, run, evaluator, depth);
        }
    }

    fn run_dependency(
        &mut self,
        dependency: &'a Dependency,
        scope: &JustScope,
        run: &mut RunRecipes,
        evaluator: &mut JustEvaluator<'a>,
        depth: usize,
    ) {
        let values: Vec<OuterText> =
            dependency.arguments.iter().map(|argument| evaluator.evaluate(argument, scope)).collect();
        self.call_recipe(&dependency.name, &values, run, evaluator, depth);
    }

    /// Runs another recipe by its name, or another name of it; whether there is one.
    fn call_recipe(
        &mut self,
        name: &str,
        values: &[OuterText],
        run: &mut RunRecipes,
        evaluator: &mut JustEvaluator<'a>,
        depth: usize,
    ) -> bool {
        let name = self.justfile.aliases.get(name).map_or(name, String::as_str);
        let found = self.justfile.recipes.iter().enumerate();
        let found: Vec<usize> = found.filter(|(_, one)| one.name == name).map(|(number, _)| number).collect();
        for number in &found {
            let Some(recipe) = self.justfile.recipes.get(*number) else { continue };
            let scope = evaluator.scope_of_call(recipe, values);
            self.run_recipe(*number, &scope, run, evaluator, depth + 1);
        }
        !found.is_empty()
    }

    /// The texts of a recipe by itself.
    fn add_texts(
        &mut self,
        number: usize,
        recipe: &'a JustRecipe,
        scope: &JustScope,
        run: &mut RunRecipes,
        evaluator: &mut JustEvaluator<'a>,
        depth: usize,
    ) {
        let lines = self.bodies.get(number).map(Vec::as_slice).unwrap_or_default();
        let shell = self.shell_of(recipe, evaluator);
        let words: Vec<&str> = shell.split_whitespace().collect();
        if !words.first().is_some_and(|name| is_shell(name)) {
            if lines.iter().any(|line| names_engine(&line.raw())) {
                self.unread.push(self.told("a recipe in another language than a shell's is not read", recipe));
            }
            return;
        }
        let mut prelude = self.directory_text(recipe, evaluator);
        prelude.push(&self.exports(recipe, scope, evaluator));
        let mut texts: Vec<(OuterText, bool)> = Vec::new();
        for line in lines {
            texts.push(without_sigils(&line.put_in(scope, evaluator)));
        }
        if is_script(recipe) {
            let mut all = OuterText::default();
            for line in lines {
                all.push(&line.put_in(scope, evaluator));
                all.push(&OuterText::plain("\n"));
            }
            texts = vec![(all, false)];
        }
        for (text, ignores_failure) in texts.into_iter().filter(|(text, _)| !text.0.is_empty()) {
            if self.chars > CHARS {
                return;
            }
            if let Some((name, values)) = just_call(&text)
                && self.call_recipe(&name, &values, run, evaluator, depth)
            {
                continue;
            }
            let mut whole = choose_values(&evaluator.asked);
            whole.push(&prelude);
            whole.push(&text.to_shell());
            self.chars += whole.0.len();
            run.texts.push(EntryText { text: whole, shell: shell.clone(), ignores_failure, ..EntryText::default() });
        }
    }

    /// The shell of a recipe, with its options.
    fn shell_of(&self, recipe: &'a JustRecipe, evaluator: &mut JustEvaluator<'a>) -> String {
        let first = recipe.body.first().map(TracedText::raw).unwrap_or_default();
        if let Some(line) = first.strip_prefix("#!") {
            return program_of(line.split_whitespace());
        }
        let mut setting = |name: &str| {
            let values = self.justfile.settings.get(name)?;
            let words: Vec<String> =
                values.iter().filter_map(|value| evaluator.evaluate(value, &JustScope::new()).known()).collect();
            Some(program_of(words.iter().map(String::as_str)))
        };
        if has_attribute(recipe, "script") {
            let own = recipe.attributes.iter().find(|(name, _)| name == "script").and_then(|(_, value)| value.clone());
            return own.or_else(|| setting("script-interpreter")).unwrap_or_else(|| "sh -eu".to_owned());
        }
        setting("shell").unwrap_or_else(|| "sh -cu".to_owned())
    }

    /// What leads to the directory that a recipe runs in, where that is not the file's.
    fn directory_text(&self, recipe: &'a JustRecipe, evaluator: &mut JustEvaluator<'a>) -> TracedText {
        let named = recipe.attributes.iter().find(|(name, _)| name == "working-directory");
        let named = named.and_then(|(_, value)| value.as_deref()).map(OuterText::plain);
        let settings = self.justfile.settings.get("working-directory").and_then(|values| values.first());
        let directory = if has_attribute(recipe, "no-cd") {
            Some(OuterText::unknown("just_invocation_directory", None))
        } else {
            named.or_else(|| settings.map(|value| evaluator.evaluate(value, &JustScope::new())))
        };
        let mut text = TracedText::default();
        if let Some(directory) = directory {
            text.push(&TracedText::plain("cd "));
            text.push(&directory.to_quoted_shell());
            text.push(&TracedText::plain("\n"));
        }
        text
    }

    /// What gives the shell the variables that it has in its environment.
    fn exports(&self, recipe: &'a JustRecipe, scope: &JustScope, evaluator: &mut JustEvaluator<'a>) -> TracedText {
        let exports_all = self.justfile.switches.iter().any(|name| name == "export");
        let mut values: Vec<(&str, OuterText)> = Vec::new();
        for (name, variable) in &self.justfile.variables {
            if exports_all || variable.is_exported {
                values.push((name, evaluator.evaluate(&variable.value, &JustScope::new())));
            }
        }
        for parameter in &recipe.parameters {
            if let Some(value) = scope.get(&parameter.name).filter(|_| exports_all || parameter.is_exported) {
                values.push((&parameter.name, value.clone()));
            }
        }
        let mut text = TracedText::default();
        let file = self.justfile.variable_file.map(|file| TracedText::of_file(file, self.sources));
        for (name, value) in file.iter().flat_map(assigned_variables) {
            text.push(&export_text(&name, &OuterText::of_traced(&value)));
        }
        for (name, value) in values.into_iter().filter(|(name, _)| !name.contains('-')) {
            text.push(&export_text(name, &value));
        }
        text
    }
}

/// A recipe that is only there on a system that has no such containers of its own.
fn is_of_another_system(recipe: &JustRecipe) -> bool {
    let is_for = |name: &str| has_attribute(recipe, name);
    is_for("windows") && !["linux", "unix", "macos", "openbsd"].into_iter().any(is_for)
}

/// A program with its options, as the words of a list or of a first line name it.
fn program_of<'w>(words: impl Iterator<Item = &'w str>) -> String {
    let mut words = words
        .skip_while(|word| word.rsplit('/').next() == Some("env") || *word == "-S" || word.split_once('=').is_some());
    let first = words.next().and_then(|word| word.rsplit('/').next()).unwrap_or("sh");
    std::iter::once(first).chain(words).collect::<Vec<_>>().join(" ")
}

/// A line without the marks at its beginning, and whether one of them says that it may fail.
fn without_sigils(text: &OuterText) -> (OuterText, bool) {
    let sigil = |part: &&OuterPart| matches!(part, OuterPart::Char(traced) if matches!(traced.ch, '@' | '-'));
    let sigils: Vec<&OuterPart> = text.0.iter().take(2).take_while(sigil).collect();
    let ignores = sigils.iter().any(|part| matches!(part, OuterPart::Char(traced) if traced.ch == '-'));
    (OuterText(text.0.get(sigils.len()..).unwrap_or_default().to_vec()).trimmed(), ignores)
}

/// The recipe that a line calls, and what it gives it, where it does nothing else.
fn just_call(text: &OuterText) -> Option<(String, Vec<OuterText>)> {
    let words = text.words();
    let (first, rest) = words.split_first()?;
    let (name, values) = rest.split_first()?;
    if first.known()? != "just" {
        return None;
    }
    let name = name.known().filter(|name| !name.starts_with('-') && !name.contains('='))?;
    let values: Vec<OuterText> = values.iter().map(without_quotes).collect();
    let is_plain = values.iter().all(|value| !value.has_shell_characters());
    is_plain.then_some((name, values))
}

/// A word without the quotes around all of it.
fn without_quotes(word: &OuterText) -> OuterText {
    let quote = |part: Option<&OuterPart>| match part {
        Some(OuterPart::Char(traced)) if matches!(traced.ch, '"' | '\'') => Some(traced.ch),
        _ => None,
    };
    let is_quoted = word.0.len() > 1 && quote(word.0.first()).is_some_and(|first| quote(word.0.last()) == Some(first));
    if is_quoted { OuterText(word.0.get(1..word.0.len() - 1).unwrap_or_default().to_vec()) } else { word.clone() }
}
