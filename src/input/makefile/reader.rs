//! A Makefile as rules and variables, from its first line to its last, with the files that it includes. Every arm of a
//! condition may be the one that is taken. Uses `lines`, `assignments`, `functions` and `variables`.

use std::path::Path;

use super::assignments::{TargetVariable, assignment, new_value, strip_modifiers};
use super::conditions::{Condition, condition_holds};
use super::contents::{MakeRule, Makefile, RecipeLine};
use super::functions::names_eval;
use super::lines::{LineReader, find_outside, first_word, is_blank, push_line_end, trimmed};
use super::place::MakePlace;
use super::variables::{MakeExpander, MakeValue, Spent};
use crate::input::outer_text::{OuterPart, OuterText};
use crate::input::shell::assigned_variables;
use crate::input::shell::file_system::Lookup;
use crate::model::{Unseen, join};
use crate::text::{FileId, ReadError, Span, TracedChar, TracedText};

/// Files within each other, and files of one Makefile.
const NESTED_FILES: usize = 10;
const FILES: usize = 64;
/// Files of a directory that a pattern is held against.
const LISTED: usize = 10_000;
/// Conditions of one Makefile, and rules: each one more costs what all before it do.
const CONDITIONS: usize = 200;
const RULES: usize = 5_000;

/// Reads a Makefile.
pub(super) struct MakefileReader<'a> {
    place: &'a MakePlace<'a>,
    read: Makefile,
    conditions: Vec<Condition>,
    condition_count: usize,
    /// How many conditions there are around the rule that recipe lines belong to; `None` where they belong to none.
    in_rule: Option<usize>,
    prefix: char,
    /// How many files were read so far.
    file_count: usize,
    spent: &'a mut Spent,
    file: FileId,
    depth: usize,
}

impl<'a> MakefileReader<'a> {
    /// Reads a file, with those that it includes, where the command that runs make sets some variables.
    pub(super) fn read(
        file: FileId,
        given: &[(String, OuterText)],
        place: &'a MakePlace<'a>,
        spent: &'a mut Spent,
    ) -> Makefile {
        let mut reader = Self {
            place,
            read: Makefile::default(),
            conditions: Vec::new(),
            condition_count: 0,
            in_rule: None,
            prefix: '\t',
            file_count: 0,
            spent,
            file,
            depth: 0,
        };
        let name = place.sources.get(file).name().rsplit('/').next().unwrap_or_default().to_owned();
        for (name, value) in given {
            reader.read.variables.set(name, MakeValue::Simple(value.clone()));
            reader.read.given.insert(name.clone());
            reader.read.exported.insert(name.clone());
        }
        reader.read.variables.set("MAKEFILE_LIST", MakeValue::Simple(OuterText::plain(&name)));
        reader.read_file(file);
        reader.read
    }

    fn read_file(&mut self, file: FileId) {
        let outer = std::mem::replace(&mut self.file, file);
        self.read_lines(&TracedText::of_file(file, self.place.sources));
        self.file = outer;
    }

    fn read_lines(&mut self, text: &TracedText) {
        let (file, around) = (self.file, self.conditions.len());
        let mut lines = LineReader::new(text);
        self.in_rule = None;
        while let Some(first) = lines.peek() {
            let begins = first.first().map(|first| first.ch);
            if self.spent.is_too_much || self.read.rules.len() > RULES || self.condition_count > CONDITIONS {
                self.note_fault("the Makefile is too large or too intricate to be read", first.first().copied());
                break;
            }
            if begins == Some(self.prefix) && self.in_rule.is_some() {
                self.read_recipe_line(&mut lines);
                continue;
            }
            let Some(line) = lines.next_joined() else { break };
            self.read_line(&line, &mut lines);
        }
        while self.conditions.len() > around {
            let span = self.conditions.last().map_or(Span::file_start(file), |condition| condition.span);
            self.read.faults.push(Unseen { what: "a condition has no `endif`".to_owned(), span });
            self.end_condition();
        }
        self.in_rule = None;
    }

    fn note_fault(&mut self, what: &str, at: Option<TracedChar>) {
        let span = self.span_of(at);
        self.read.faults.push(Unseen { what: what.to_owned(), span });
    }

    fn span_of(&self, at: Option<TracedChar>) -> Span {
        let at = at.and_then(|traced| traced.at);
        at.map_or(Span::file_start(self.file), |(file, at)| {
            Span::at(file, self.place.sources.get(file).position(at as usize))
        })
    }

    fn read_recipe_line(&mut self, lines: &mut LineReader) {
        let Some(mut line) = lines.next_of_recipe(self.prefix) else { return };
        line.0.remove(0);
        self.add_recipe_line(line);
    }

    fn add_recipe_line(&mut self, text: TracedText) {
        let is_conditional = self.in_rule.is_some_and(|around| self.conditions.len() > around);
        if let Some(rule) = self.read.rules.last_mut() {
            rule.recipe.push(RecipeLine { text, is_conditional });
        }
    }

    fn read_line(&mut self, line: &TracedText, lines: &mut LineReader) {
        let text = trimmed(&line.0);
        let (word, rest) = first_word(text);
        match word.as_str() {
            "" => {}
            "ifeq" | "ifneq" | "ifdef" | "ifndef" => self.begin_condition(&word, rest, text.first().copied()),
            "else" => self.read_else(text.first().copied(), rest),
            "endif" if self.conditions.is_empty() => {
                self.note_fault("this `endif` ends nothing", text.first().copied());
            }
            "endif" => self.end_condition(),
            _ if assignment(text).is_some_and(|found| found.is_plain_name) => self.read_assignment(text, false),
            "define" => self.read_definition(rest, lines),
            "include" | "-include" | "sinclude" => self.read_include(rest, word == "include"),
            "export" if rest.is_empty() => self.read.exports_all = true,
            "export" if assignment(rest).is_some() => self.read_assignment(rest, true),
            "export" => {
                let names = self.expand(rest);
                self.read.exported.extend(names.words().iter().filter_map(OuterText::known));
                self.export_names_of_files(&names);
            }
            "unexport" => {
                for name in self.expand(rest).words().iter().filter_map(OuterText::known) {
                    self.read.exported.remove(&name);
                }
            }
            "override" | "private" if first_word(rest).0 == "define" => self.read_definition(first_word(rest).1, lines),
            "override" | "private" => self.read_assignment(rest, false),
            "undefine" => self.expand(rest).known().iter().for_each(|name| self.read.variables.remove(name)),
            "vpath" | "load" | "-load" => {}
            _ if assignment(text).is_some() => self.read_assignment(text, false),
            _ => self.read_rule(text),
        }
    }

    /// Exports the variables of the files that commands are given which print names: `$(shell sed 's/=.*//' prod.env)`.
    fn export_names_of_files(&mut self, names: &OuterText) {
        let commands = names.0.iter().filter_map(|part| match part {
            OuterPart::Output { command, .. } => command.known(),
            OuterPart::Char(_) | OuterPart::Variable { .. } => None,
        });
        let words: Vec<String> =
            commands.flat_map(|command| command.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect();
        for word in words {
            let path = join(self.place.directory, word.trim_matches(['"', '\'', '<', ';', '|']));
            let Lookup::Text(file) = self.place.file_system.open(&path) else { continue };
            let text = TracedText::of_file(file, self.place.sources);
            self.read.exported.extend(assigned_variables(&text).map(|(name, _)| name));
        }
    }

    fn begin_condition(&mut self, word: &str, rest: &[TracedChar], at: Option<TracedChar>) {
        let span = self.span_of(at);
        self.condition_count += 1;
        let before = self.read.variables.clone();
        let holds = vec![condition_holds(word, rest, self.place, self.spent)];
        self.conditions.push(Condition { before, arms: Vec::new(), holds, has_else: false, span });
    }

    /// `else`, and `else ifeq …`, which is one more arm.
    fn read_else(&mut self, at: Option<TracedChar>, rest: &[TracedChar]) {
        let now = self.read.variables.clone();
        let is_last = rest.is_empty();
        let (word, compared) = first_word(rest);
        let holds = if is_last { Some(true) } else { condition_holds(&word, compared, self.place, self.spent) };
        let Some(condition) = self.conditions.last_mut() else {
            return self.note_fault("this `else` belongs to no condition", at);
        };
        condition.arms.push(now);
        condition.holds.push(holds);
        condition.has_else |= is_last;
        self.read.variables.clone_from(&condition.before);
    }

    fn end_condition(&mut self) {
        let Some(condition) = self.conditions.pop() else { return };
        let last = std::mem::take(&mut self.read.variables);
        self.read.variables = condition.joined(last);
    }

    /// `define NAME`, up to its `endef`.
    fn read_definition(&mut self, rest: &[TracedChar], lines: &mut LineReader) {
        let at = rest.first().copied();
        let found = assignment(rest);
        let name = found.as_ref().map_or(rest, |found| found.name);
        let operator = found.map_or_else(|| "=".to_owned(), |found| found.operator);
        let (mut value, mut depth) = (TracedText::default(), 1);
        loop {
            let Some(line) = lines.next_written() else {
                return self.note_fault("this `define` has no `endef`", at);
            };
            match first_word(&line.0).0.as_str() {
                "define" => depth += 1,
                "endef" => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
            if !value.is_empty() {
                push_line_end(&mut value);
            }
            value.push(&line);
        }
        if let Some(name) = self.expand(trimmed(name)).known() {
            self.set_variable(&name, &operator, &value);
        }
    }

    fn read_assignment(&mut self, text: &[TracedChar], is_exported: bool) {
        let (word, rest) = first_word(text);
        let (text, is_exported) = match word.as_str() {
            "export" => (rest, true),
            "override" | "private" => (rest, is_exported),
            _ => (text, is_exported),
        };
        let Some(found) = assignment(text) else {
            return self.note_fault("this is no rule, no variable and no recipe", text.first().copied());
        };
        self.in_rule = None;
        let Some(name) = self.expand(trimmed(found.name)).known() else { return };
        if name == ".RECIPEPREFIX" {
            self.prefix = found.value.first().map_or('\t', |first| first.ch);
        }
        let value = TracedText(found.value.to_vec());
        self.set_variable(&name, &found.operator, &value);
        if is_exported {
            self.read.exported.insert(name);
        }
    }

    fn set_variable(&mut self, name: &str, operator: &str, value: &TracedText) {
        if self.read.given.contains(name) {
            return;
        }
        let changed = {
            let mut expander = self.expander();
            new_value(name, operator, value, &mut expander)
        };
        if let Some(changed) = changed {
            self.read.variables.set(name, changed);
        }
    }

    fn expander(&mut self) -> MakeExpander<'_> {
        MakeExpander::new(&self.read.variables, self.place, self.spent)
    }

    fn expand(&mut self, text: &[TracedChar]) -> OuterText {
        self.expander().expand(text)
    }

    fn read_include(&mut self, rest: &[TracedChar], is_needed: bool) {
        let span = self.span_of(rest.first().copied());
        self.in_rule = None;
        for word in self.expand(rest).words() {
            let Some(name) = word.known() else {
                self.note_unread_values();
                let what = "it includes a file whose name is not known".to_owned();
                self.read.unseen.push(Unseen { what, span });
                continue;
            };
            // What a person keeps for themselves sets variables alone, and may be elsewhere where it is not here.
            let is_own = name.rsplit('/').next().is_some_and(|last| last.starts_with(".env"));
            if name.contains(['*', '?', '[']) {
                if !is_needed && self.fits_nothing(&name) {
                    continue;
                }
                self.note_unread_values();
                let what = "the files that it includes by a pattern are not read".to_owned();
                self.read.unread.push(Unseen { what, span });
                continue;
            }
            self.file_count += 1;
            if self.depth >= NESTED_FILES || self.file_count > FILES {
                let what = "it includes more files than are read, or one that includes itself".to_owned();
                return self.read.faults.push(Unseen { what, span });
            }
            match self.place.file_system.open(&join(self.place.directory, &name)) {
                Lookup::Text(file) => {
                    if !is_own {
                        self.read.included.push(file);
                    }
                    self.depth += 1;
                    self.read_file(file);
                    self.depth -= 1;
                }
                _ if is_own => self.note_unread_values(),
                // A person may have it: it is there to fill in what is empty.
                Lookup::Absent if !is_needed => {
                    let is_set = self.place.is_set;
                    self.read.variables.open_empty_to_unread(is_set);
                }
                // Another rule may make it.
                Lookup::Absent => self.note_unread_values(),
                Lookup::Unseen(why) if is_needed => {
                    self.note_unread_values();
                    self.read
                        .faults
                        .push(Unseen { what: format!("a file that it includes was not read: {why}"), span });
                }
                _ => {
                    self.note_unread_values();
                    self.read.unseen.push(Unseen { what: "a file that it includes was not read".to_owned(), span });
                }
            }
        }
    }

    /// Whether no file has the ending of a pattern where it looks.
    fn fits_nothing(&self, pattern: &str) -> bool {
        let (directory, last) = pattern.rsplit_once('/').unwrap_or((".", pattern));
        let ending = last.rsplit(['*', '?', ']']).next().unwrap_or_default();
        let path = join(self.place.directory, directory);
        match self.place.sources.reader().list(Path::new(&path), LISTED) {
            Ok(listed) => !listed.iter().any(|one| one.name.to_string_lossy().ends_with(ending)),
            Err(why) => why == ReadError::Absent && !directory.contains(['*', '?', '[']),
        }
    }

    /// Notes that a file which is not read may set any variable from here on.
    fn note_unread_values(&mut self) {
        let is_set = self.place.is_set;
        self.read.variables.open_to_unread(is_set);
    }

    fn read_rule(&mut self, text: &[TracedChar]) {
        let first = text.first().copied();
        let Some(colon) = find_outside(text, |_, ch| ch == ':') else {
            self.in_rule = None;
            // `$(info …)`, `$(eval …)`: what stands alone is only evaluated.
            let is_call = text.first().is_some_and(|first| first.ch == '$');
            if !is_call {
                return self.note_fault("this is no rule, no variable and no recipe", first);
            }
            if names_eval(text) {
                self.read_evaluated(text);
            }
            return;
        };
        let (targets, rest) = text.split_at(colon);
        let rest = rest.iter().skip_while(|traced| traced.ch == ':').copied().collect::<Vec<_>>();
        let targets = trimmed(targets);
        let targets = if targets.last().is_some_and(|last| last.ch == '&') {
            targets.get(..targets.len() - 1).unwrap_or_default()
        } else {
            targets
        };
        let targets = self.expand(targets).words();
        let semicolon = find_outside(&rest, |_, ch| ch == ';').unwrap_or(rest.len());
        let (head, inline) = rest.split_at(semicolon);
        if let Some(found) = assignment(strip_modifiers(head)) {
            self.in_rule = None;
            let (name, operator) = (self.expand(trimmed(found.name)).known(), found.operator);
            // What follows a semicolon is a part of the value.
            let start = head.len() - found.value.len();
            let value = TracedText(rest.get(start..).unwrap_or_default().to_vec());
            for target in targets.iter().filter_map(OuterText::known) {
                let Some(name) = name.clone() else { continue };
                let own = TargetVariable { name, operator: operator.clone(), value: value.clone() };
                self.read.target_variables.entry(target).or_default().push(own);
            }
            return;
        }
        let (pattern, head) = match find_outside(head, |_, ch| ch == ':') {
            Some(at) => (head.get(..at), head.get(at + 1..).unwrap_or_default()),
            None => (None, head),
        };
        let pattern = pattern.map(|pattern| self.expand(trimmed(pattern)));
        let prerequisites = self.expand(head).words();
        let prerequisites = prerequisites.into_iter().filter(|one| one.known().is_none_or(|one| one != "|")).collect();
        self.note_special_targets(&targets);
        let rule =
            MakeRule { targets, pattern, prerequisites, recipe: Vec::new(), at: first.and_then(|first| first.at) };
        self.read.rules.push(rule);
        self.in_rule = Some(self.conditions.len());
        if let Some((_, inline)) = inline.split_first() {
            let inline: Vec<TracedChar> = inline.iter().skip_while(|traced| is_blank(traced.ch)).copied().collect();
            self.add_recipe_line(TracedText(inline));
        }
    }

    /// Reads the lines that a text evaluates.
    fn read_evaluated(&mut self, text: &[TracedChar]) {
        let mut expander = self.expander();
        expander.evaluated = Some(Vec::new());
        expander.expand(text);
        let evaluated = expander.evaluated.take().unwrap_or_default();
        if self.depth >= NESTED_FILES {
            self.spent.evaluated = self.spent.evaluated.or(text.first().and_then(|first| first.at));
            return;
        }
        self.depth += 1;
        for text in evaluated {
            self.read_lines(&text);
        }
        self.depth -= 1;
    }

    fn note_special_targets(&mut self, targets: &[OuterText]) {
        for target in targets.iter().filter_map(OuterText::known) {
            match target.as_str() {
                ".ONESHELL" => self.read.is_one_shell = true,
                ".IGNORE" => self.read.ignores_failures = true,
                ".EXPORT_ALL_VARIABLES" => self.read.exports_all = true,
                _ => {}
            }
        }
    }
}
