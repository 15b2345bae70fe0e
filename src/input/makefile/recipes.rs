//! What each target of a Makefile runs, as texts for the shell: what it is made of comes before its own recipe. Uses `contents`
//! and `variables`.

use std::collections::{BTreeMap, BTreeSet};

use super::assignments::TargetVariable;
use super::choices::Choices;
use super::contents::{MakeRule, Makefile, RecipeLine};
use super::place::MakePlace;
use super::recipe_commands::{RecipeCommand, one_shell, split_commands};
use super::variables::{Automatic, MakeExpander, MakeValue, MakeVariables, Spent};
use super::word_lists::stem_of;
use crate::input::outer_text::{OuterPart, OuterText, choose_values};
use crate::input::shell::{EntryText, ShellEntry};
use crate::input::start_words::may_lead_to_start;
use crate::model::is_variable_name;
use crate::text::TracedText;

/// Targets within each other.
const DEPTH: usize = 40;
/// Characters of all recipes together, once what targets are made of is put before them.
const CHARS: usize = 1024 * 1024;
/// Rules with a pattern, and targets that are held against these.
const PATTERNS: usize = 100;
const REQUIRED: usize = 1_000;

/// Makes entries of rules.
pub(super) struct RecipeWriter<'a> {
    makefile: &'a Makefile,
    place: &'a MakePlace<'a>,
    spent: &'a mut Spent,
    /// The name of the file, as a person knows it.
    file: &'a str,
    /// The rules that make a target of a name.
    by_target: BTreeMap<String, Vec<usize>>,
    /// The rules that make each target which fits a pattern.
    by_pattern: Vec<usize>,
    /// The rules of patterns that make targets, as far as it was asked for them.
    implicit: BTreeMap<String, Option<usize>>,
    chars: usize,
    /// Whether targets that do not need each other are made at once.
    pub(super) at_once: bool,
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
        let mut by_pattern = Vec::new();
        for (number, rule) in makefile.rules.iter().enumerate() {
            for target in rule.targets.iter().filter_map(OuterText::known) {
                if target.contains('%')
                    && rule.pattern.is_none()
                    && !rule.recipe.is_empty()
                    && by_pattern.len() < PATTERNS
                {
                    by_pattern.push(number);
                }
                by_target.entry(target).or_default().push(number);
            }
        }
        let at_once = has_jobs(makefile);
        Self { makefile, place, spent, file, by_target, by_pattern, implicit: BTreeMap::new(), chars: 0, at_once }
    }

    /// What is run to make some targets, or the default one where none is named; `None` where that is not known.
    pub(super) fn texts_of_targets(&mut self, targets: &[String]) -> Option<Vec<EntryText>> {
        let default = if targets.is_empty() { Some(self.default_target()?) } else { None };
        let mut made = MadeTargets::default();
        let targets: Vec<&String> = default.iter().chain(targets).collect();
        for target in &targets {
            if !self.by_target.contains_key(*target) && self.implicit_rule(target).is_none() {
                return None;
            }
        }
        let targets = targets.into_iter().cloned().collect();
        self.make_each(targets, &self.makefile.variables, &mut made, 0);
        let is_whole = self.chars <= CHARS && !self.spent.is_too_much;
        is_whole.then_some(made.texts)
    }

    /// The target that make makes where none is named.
    fn default_target(&mut self) -> Option<String> {
        if let Some(value) = self.makefile.variables.get(".DEFAULT_GOAL").cloned() {
            let variables = &self.makefile.variables;
            let mut expander = MakeExpander::new(variables, self.place, self.spent);
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
        let required = writer.required_by_pattern();
        for (number, rule) in makefile.rules.iter().enumerate().filter(|(_, rule)| !rule.recipe.is_empty()) {
            // Where the file itself asks for several targets of a pattern, these are what it is there for.
            if let Some(names) = required.get(&number).filter(|names| names.len() > 1) {
                entries.extend(names.iter().filter_map(|name| writer.entry(rule, &OuterText::plain(name))));
                continue;
            }
            for target in &rule.targets {
                entries.extend(writer.entry(rule, target));
            }
        }
        entries
    }

    /// The targets that rules ask for, by the rule of a pattern that makes them.
    fn required_by_pattern(&mut self) -> BTreeMap<usize, BTreeSet<String>> {
        let mut required: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
        if self.by_pattern.is_empty() {
            return required;
        }
        let all: BTreeSet<String> = self
            .makefile
            .rules
            .iter()
            .flat_map(|rule| rule.prerequisites.iter().filter_map(OuterText::known))
            .filter(|name| !name.contains('%'))
            .collect();
        for name in all.into_iter().take(REQUIRED) {
            if let Some(number) = self.implicit_rule(&name) {
                required.entry(number).or_default().insert(name);
            }
        }
        required
    }

    /// The rule of a pattern that makes a target, where no other rule has a recipe for it.
    fn implicit_rule(&mut self, target: &str) -> Option<usize> {
        if self.by_pattern.is_empty() {
            return None;
        }
        if let Some(known) = self.implicit.get(target) {
            return *known;
        }
        let found = self.find_implicit_rule(target);
        self.implicit.insert(target.to_owned(), found);
        found
    }

    fn find_implicit_rule(&self, target: &str) -> Option<usize> {
        let own = self.by_target.get(target).into_iter().flatten();
        if own.filter_map(|number| self.makefile.rules.get(*number)).any(|rule| !rule.recipe.is_empty()) {
            return None;
        }
        let stem = |number: &usize| {
            let rule = self.makefile.rules.get(*number)?;
            rule.targets.iter().filter_map(OuterText::known).filter_map(|one| Some(stem_of(target, &one)?.len())).min()
        };
        let fitting = self.by_pattern.iter().filter_map(|number| Some((stem(number)?, *number)));
        fitting.min().map(|(_, number)| number)
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
        let prerequisites = self.all_prerequisites(rule, known.as_deref());
        self.make_each(prerequisites, &variables, &mut made, 0);
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
            let mut expander = MakeExpander::new(variables, self.place, self.spent);
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
        let own = automatic_of(rule, &target.map(OuterText::plain).unwrap_or_default()).prerequisites;
        let all = own.into_iter().chain(others.flat_map(|other| other.prerequisites.clone()));
        all.filter_map(|one| one.known()).collect()
    }

    /// Makes several targets, each once: one after the other, or all at once.
    fn make_each(&mut self, targets: Vec<String>, around: &MakeVariables, made: &mut MadeTargets, depth: usize) {
        let before = std::mem::take(&mut made.texts);
        let mut groups = vec![before];
        for target in targets {
            self.make(&target, around, made, depth);
            groups.push(std::mem::take(&mut made.texts));
        }
        let texts = if self.at_once {
            let before = groups.remove(0);
            before.into_iter().chain(EntryText::at_once(groups)).collect()
        } else {
            groups.concat()
        };
        made.texts = texts;
    }

    /// Makes what another target is made of, once.
    fn make(&mut self, target: &str, around: &MakeVariables, made: &mut MadeTargets, depth: usize) {
        if depth > DEPTH || self.chars > CHARS || self.spent.is_too_much || !made.names.insert(target.to_owned()) {
            return;
        }
        let mut numbers = self.by_target.get(target).cloned().unwrap_or_default();
        numbers.extend(self.implicit_rule(target));
        let mut variables = around.clone();
        let own = self.makefile.target_variables.get(target);
        self.apply(own.into_iter().flatten(), &mut variables);
        let rules: Vec<&'a MakeRule> = numbers.iter().filter_map(|number| self.makefile.rules.get(*number)).collect();
        let own = rules.iter().flat_map(|rule| automatic_of(rule, &OuterText::plain(target)).prerequisites);
        self.make_each(own.filter_map(|one| one.known()).collect(), &variables, made, depth + 1);
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
            commands.extend(self.commands(line, &automatic, variables, Choices::default()));
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

    /// The commands of a line, on one way through the conditions that hang on what is not known.
    fn commands(
        &mut self,
        line: &RecipeLine,
        automatic: &Automatic,
        variables: &MakeVariables,
        choices: Choices,
    ) -> Vec<RecipeCommand> {
        let mut expander = MakeExpander::new(variables, self.place, self.spent);
        expander.automatic = Some(automatic);
        expander.choices = Some(choices);
        let text = expander.expand(&line.text.0);
        let (asked, choices) = (std::mem::take(&mut expander.asked), expander.choices.take());
        match choices.and_then(Choices::ways) {
            Some((condition, holds, fails)) => {
                let holds = self.commands(line, automatic, variables, holds);
                let fails = self.commands(line, automatic, variables, fails);
                vec![RecipeCommand::one_of(&condition, holds, fails)]
            }
            None => split_commands(&text, line, &asked),
        }
    }

    /// The shell of the recipes, with its options.
    fn shell(&mut self, variables: &MakeVariables) -> String {
        let mut value = |name: &str| {
            let value = variables.get(name).cloned()?;
            let mut expander = MakeExpander::new(variables, self.place, self.spent);
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
            let mut expander = MakeExpander::new(variables, self.place, self.spent);
            let value = expander.value(name, &value, None);
            text.push(&choose_values(&expander.asked));
            text.push(&TracedText::plain(&format!("export {name}=")));
            text.push(&value.to_quoted_shell());
            text.push(&TracedText::plain("\n"));
        }
        text
    }
}

/// Whether a Makefile itself says that targets are made at once.
fn has_jobs(makefile: &Makefile) -> bool {
    let Some(MakeValue::Recursive(flags)) = makefile.variables.get("MAKEFLAGS").map(|value| &**value) else {
        return false;
    };
    let flags = flags.raw();
    let mut words = flags.split_whitespace();
    words.any(|word| {
        word.strip_prefix("-j").or(word.strip_prefix("--jobs")).is_some_and(|jobs| jobs != "1" && jobs != "=1")
    })
}

fn automatic_of(rule: &MakeRule, target: &OuterText) -> Automatic {
    let known = target.known();
    let fits = |pattern: &String| known.as_deref().is_some_and(|name| stem_of(name, pattern).is_some());
    let own =
        || rule.targets.iter().filter_map(OuterText::known).find(|pattern| pattern.contains('%') && fits(pattern));
    let pattern = rule.pattern.as_ref().and_then(OuterText::known).or_else(own);
    let Some(pattern) = pattern.or_else(|| known.clone()).filter(|pattern| pattern.contains('%')) else {
        return Automatic {
            target: target.clone(),
            stem: OuterText::default(),
            prerequisites: rule.prerequisites.clone(),
        };
    };
    let stem = known.as_deref().filter(|name| !name.contains('%'));
    let stem = stem.and_then(|name| stem_of(name, &pattern));
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
