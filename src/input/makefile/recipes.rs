//! What each target of a Makefile runs, as texts for the shell: what it is made of comes before its own recipe. Uses `reader`
//! and `variables`.

use std::collections::{BTreeMap, BTreeSet};

use super::assignments::TargetVariable;
use super::lines::is_blank;
use super::reader::{MakePlace, MakeRule, Makefile, RecipeLine};
use super::variables::{Automatic, MakeExpander, MakeVariables, Spent};
use crate::input::outer_text::{OuterPart, OuterText, choose_values};
use crate::input::shell::{EntryText, ShellEntry};
use crate::input::start_words::may_lead_to_start;
use crate::model::is_variable_name;
use crate::text::TracedText;

/// Targets within each other.
const DEPTH: usize = 40;
/// Characters of all recipes together, once what targets are made of is put before them.
const CHARS: usize = 1024 * 1024;

/// Makes entries of rules.
pub(super) struct RecipeWriter<'a> {
    makefile: &'a Makefile,
    place: &'a MakePlace<'a>,
    spent: &'a mut Spent,
    /// The name of the file, as a person knows it.
    file: &'a str,
    /// The rules that make a target of a name.
    by_target: BTreeMap<String, Vec<usize>>,
    chars: usize,
}

/// What one run of make made so far.
#[derive(Default)]
struct MadeTargets {
    names: BTreeSet<String>,
    texts: Vec<EntryText>,
}

impl<'a> RecipeWriter<'a> {
    pub(super) fn new(makefile: &'a Makefile, file: &'a str, place: &'a MakePlace<'a>, spent: &'a mut Spent) -> Self {
        let mut by_target: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (number, rule) in makefile.rules.iter().enumerate() {
            for target in rule.targets.iter().filter_map(OuterText::known) {
                by_target.entry(target).or_default().push(number);
            }
        }
        Self { makefile, place, spent, file, by_target, chars: 0 }
    }

    /// What is run to make some targets, or the default one where none is named; `None` where that is not known.
    pub(super) fn texts_of_targets(&mut self, targets: &[String]) -> Option<Vec<EntryText>> {
        let default = if targets.is_empty() { Some(self.default_target()?) } else { None };
        let mut made = MadeTargets::default();
        for target in default.iter().chain(targets) {
            if !self.by_target.contains_key(target) {
                return None;
            }
            self.make(target, &self.makefile.variables, &mut made, 0);
        }
        let is_whole = self.chars <= CHARS && !self.spent.is_too_much;
        is_whole.then_some(made.texts)
    }

    /// The target that make makes where none is named.
    fn default_target(&mut self) -> Option<String> {
        if let Some(value) = self.makefile.variables.get(".DEFAULT_GOAL").cloned() {
            let variables = &self.makefile.variables;
            let mut expander = MakeExpander::new(variables, self.place.directory, self.place.is_set, self.spent);
            return expander.value(".DEFAULT_GOAL", &value, None).known();
        }
        let targets = self.makefile.rules.iter().filter_map(|rule| rule.targets.first());
        let is_plain = |target: &Option<String>| {
            target.as_ref().is_none_or(|name| !(name.starts_with('.') && !name.contains('/') || name.contains('%')))
        };
        targets.map(OuterText::known).find(is_plain)?
    }

    /// What each target runs that has a recipe in which an engine is named.
    pub(super) fn write(
        makefile: &'a Makefile,
        file: &'a str,
        place: &'a MakePlace<'a>,
        spent: &'a mut Spent,
    ) -> Vec<ShellEntry> {
        let mut writer = Self::new(makefile, file, place, spent);
        let mut entries = Vec::new();
        for rule in makefile.rules.iter().filter(|rule| !rule.recipe.is_empty()) {
            for target in &rule.targets {
                entries.extend(writer.entry(rule, target));
            }
        }
        entries
    }

    fn entry(&mut self, rule: &MakeRule, target: &OuterText) -> Option<ShellEntry> {
        let known = target.known();
        let is_special = known.as_deref().is_some_and(|name| name.starts_with('.') && !name.contains('/'));
        if is_special
            && known.as_deref().is_some_and(|name| name.chars().skip(1).all(|ch| ch.is_ascii_uppercase() || ch == '_'))
        {
            return None;
        }
        let variables = self.variables_of(known.as_deref());
        let own = self.recipe_texts(rule, target, &variables);
        if !own.iter().any(|text| may_lead_to_start(&text.text.raw())) || self.chars > CHARS {
            return None;
        }
        let mut made = MadeTargets::default();
        made.names.extend(known.clone());
        for prerequisite in self.all_prerequisites(rule, known.as_deref()) {
            self.make(&prerequisite, &variables, &mut made, 0);
        }
        made.texts.extend(own);
        let name = known.unwrap_or_else(|| "a target".to_owned());
        Some(ShellEntry {
            run: format!("{}#{name}", self.file),
            name: format!("make {name} in {}", self.file),
            texts: made.texts,
            ..ShellEntry::default()
        })
    }

    /// The variables as a target has them.
    fn variables_of(&mut self, target: Option<&str>) -> MakeVariables {
        let mut variables = self.makefile.variables.clone();
        let own = target.and_then(|target| self.makefile.target_variables.get(target));
        self.apply(own.into_iter().flatten(), &mut variables);
        variables
    }

    /// Sets what a target has for itself among the variables of all.
    fn apply(&mut self, own: impl Iterator<Item = &'a TargetVariable>, variables: &mut MakeVariables) {
        for own in own.filter(|own| !self.makefile.given.contains(&own.name)) {
            let mut expander = MakeExpander::new(variables, self.place.directory, self.place.is_set, self.spent);
            if let Some(value) = own.value(&mut expander) {
                variables.set(&own.name, value);
            }
        }
    }

    /// What a target is made of, by all rules that say so.
    fn all_prerequisites(&self, rule: &MakeRule, target: Option<&str>) -> Vec<String> {
        let numbers = target.and_then(|target| self.by_target.get(target)).into_iter().flatten();
        let others = numbers.filter_map(|number| self.makefile.rules.get(*number));
        let others = others.filter(|other| other.recipe.is_empty() && !std::ptr::eq(*other, rule));
        let all = rule.prerequisites.iter().chain(others.flat_map(|other| &other.prerequisites));
        all.filter_map(OuterText::known).collect()
    }

    /// Makes what another target is made of, once.
    fn make(&mut self, target: &str, around: &MakeVariables, made: &mut MadeTargets, depth: usize) {
        if depth > DEPTH || self.chars > CHARS || self.spent.is_too_much || !made.names.insert(target.to_owned()) {
            return;
        }
        let numbers = self.by_target.get(target).cloned().unwrap_or_default();
        let mut variables = around.clone();
        let own = self.makefile.target_variables.get(target);
        self.apply(own.into_iter().flatten(), &mut variables);
        let rules: Vec<&'a MakeRule> = numbers.iter().filter_map(|number| self.makefile.rules.get(*number)).collect();
        for rule in &rules {
            for prerequisite in rule.prerequisites.iter().filter_map(OuterText::known) {
                self.make(&prerequisite, &variables, made, depth + 1);
            }
        }
        for rule in rules {
            let texts = self.recipe_texts(rule, &OuterText::plain(target), &variables);
            made.texts.extend(texts);
        }
    }

    /// The texts of one recipe.
    fn recipe_texts(&mut self, rule: &MakeRule, target: &OuterText, variables: &MakeVariables) -> Vec<EntryText> {
        let automatic = automatic_of(rule, target);
        let mut commands: Vec<RecipeCommand> = Vec::new();
        for line in &rule.recipe {
            let mut expander = MakeExpander::new(variables, self.place.directory, self.place.is_set, self.spent);
            expander.automatic = Some(&automatic);
            let text = expander.expand(&line.text.0);
            let asked = std::mem::take(&mut expander.asked);
            commands.extend(split_commands(&text, line, &asked));
        }
        if self.makefile.is_one_shell {
            commands = one_shell(commands);
        }
        let shell = self.shell(variables);
        let exports = self.exports(variables);
        let texts: Vec<EntryText> = commands
            .into_iter()
            .map(|command| {
                let mut text = exports.clone();
                text.push(&command.prelude);
                text.push(&command.text.to_shell());
                EntryText {
                    text,
                    shell: shell.clone(),
                    ignores_failure: command.ignores_failure || self.makefile.ignores_failures,
                    is_conditional: command.is_conditional,
                }
            })
            .collect();
        self.chars += texts.iter().map(|text| text.text.0.len()).sum::<usize>();
        texts
    }

    /// The shell of the recipes, with its options.
    fn shell(&mut self, variables: &MakeVariables) -> String {
        let mut value = |name: &str| {
            let value = variables.get(name).cloned()?;
            let mut expander = MakeExpander::new(variables, self.place.directory, self.place.is_set, self.spent);
            expander.value(name, &value, None).known()
        };
        let program = value("SHELL").unwrap_or_else(|| "/bin/sh".to_owned());
        let first = program.split_whitespace().find(|word| !word.ends_with("/env")).unwrap_or("sh");
        let name = first.rsplit('/').next().unwrap_or("sh");
        format!("{name} {}", value(".SHELLFLAGS").unwrap_or_default())
    }

    /// What gives the shell the variables that it has in its environment.
    fn exports(&mut self, variables: &MakeVariables) -> TracedText {
        let mut text = TracedText::default();
        let all = self.makefile.exports_all.then(|| variables.names());
        let chosen = self.makefile.exported.iter().map(String::as_str);
        let names: BTreeSet<&str> = all.into_iter().flatten().chain(chosen).collect();
        for name in names.into_iter().filter(|name| is_variable_name(name) && *name != "MAKEFILE_LIST") {
            let Some(value) = variables.get(name).cloned() else { continue };
            let mut expander = MakeExpander::new(variables, self.place.directory, self.place.is_set, self.spent);
            let value = expander.value(name, &value, None);
            text.push(&choose_values(&expander.asked));
            text.push(&TracedText::plain(&format!("export {name}=")));
            text.push(&value.to_quoted_shell());
            text.push(&TracedText::plain("\n"));
        }
        text
    }
}

/// One command of a recipe.
struct RecipeCommand {
    /// What sets the variables that have one of several values.
    prelude: TracedText,
    text: OuterText,
    ignores_failure: bool,
    is_conditional: bool,
}

fn automatic_of(rule: &MakeRule, target: &OuterText) -> Automatic {
    let known = target.known();
    let pattern = rule.pattern.as_ref().and_then(OuterText::known).or_else(|| known.clone()).unwrap_or_default();
    let Some((before, after)) = pattern.split_once('%') else {
        return Automatic {
            target: target.clone(),
            stem: OuterText::default(),
            prerequisites: rule.prerequisites.clone(),
        };
    };
    let stem = known.as_deref().filter(|name| !name.contains('%'));
    let stem = stem.and_then(|name| name.strip_prefix(before)?.strip_suffix(after));
    // The caller names the target: each call may name another.
    let stem = stem.map_or_else(|| OuterText::unknown("make_stem", rule.at), OuterText::plain);
    let filled = |text: &OuterText| {
        let mut filled = OuterText::default();
        for part in &text.0 {
            match part {
                OuterPart::Char(traced) if traced.ch == '%' => filled.push(&stem),
                _ => filled.0.push(part.clone()),
            }
        }
        filled
    };
    Automatic {
        target: filled(target),
        prerequisites: rule.prerequisites.iter().map(filled).collect(),
        stem: stem.clone(),
    }
}

/// The commands of an expanded line of a recipe: a variable of several lines makes several.
fn split_commands(text: &OuterText, line: &RecipeLine, asked: &BTreeMap<String, Vec<OuterText>>) -> Vec<RecipeCommand> {
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
fn one_shell(commands: Vec<RecipeCommand>) -> Vec<RecipeCommand> {
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
