//! The configuration's text to a [`Config`], with every mistake at its place. Uses `text`.

use std::collections::BTreeMap;

use globset::{Glob, GlobBuilder, GlobMatcher};

use super::file_patterns::{FilePattern, FilePatterns};
use super::{Answer, Config, Declarations, Grade, HostConfig, Ignore};
use crate::model::Value;
use crate::rules::Problem;
use crate::rules::data::{FailOn, Severity, VersionRange};
use crate::text::yaml::{self, Entry, Limits, Node};
use crate::text::{FileId, Span, nearest, quoted, quoted_path};

/// The keys of the file.
const KEYS: &[&str] =
    &["host", "roles", "guards", "versions", "severity", "fail_on", "ignore", "exclude", "not_judged", "rules"];
/// The keys of `host`.
const HOST: &[&str] = &["participates", "version", "guard"];
/// The keys of an entry of `ignore`.
const IGNORE: &[&str] = &["rule", "service", "file", "reason"];
/// The keys of an entry of `exclude` and of `not_judged`.
const FILES: &[&str] = &["file", "reason"];
/// The most entries that each of these has: every file is held against all of them.
const MAX_PATTERNS: usize = 500;

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn parse(file: FileId, text: &str) -> Result<Self, Vec<Problem>> {
        let stream = yaml::parse(file, text, Limits::default())
            .map_err(|error| vec![Problem { message: error.message, span: error.span }])?;
        let mut reader = ConfigReader { problems: Vec::new() };
        for twice in stream.duplicates {
            reader.problem(twice.span, twice.message);
        }
        for more in stream.documents.iter().skip(1) {
            reader.problem(more.span, "a second document, which is not read; join the two".to_owned());
        }
        let config = stream.documents.first().map(|root| reader.config(root)).unwrap_or_default();
        if reader.problems.is_empty() { Ok(config) } else { Err(reader.problems) }
    }
}

struct ConfigReader {
    problems: Vec<Problem>,
}

impl ConfigReader {
    fn problem(&mut self, span: Span, message: String) {
        self.problems.push(Problem { message, span });
    }

    fn config(&mut self, root: &Node) -> Config {
        let mut config = Config::default();
        for entry in self.entries(root, "the configuration", KEYS) {
            let value = entry.value.as_ref();
            match entry.key.as_str() {
                _ if value.is_null() => {}
                "host" => config.host = self.host(value),
                "roles" => config.roles = self.declarations(entry, &["batch", "interactive", "none"]),
                "guards" => config.guards = self.declarations(entry, &[]),
                "versions" => config.versions = self.versions(entry),
                "severity" => config.severity = self.severity(value),
                "fail_on" => config.fail_on = self.fail_on(value),
                "ignore" => config.ignore = self.ignore(value),
                "exclude" => config.exclude = self.file_patterns(value, "exclude"),
                "not_judged" => config.not_judged = self.file_patterns(value, "not_judged"),
                "rules" => config.rules = self.text(value, "`rules`, a directory,"),
                _ => {}
            }
        }
        config
    }

    /// The entries of a mapping; any that is not among the known keys is told.
    fn entries<'a>(&mut self, node: &'a Node, what: &str, known: &[&str]) -> &'a [Entry] {
        let entries = self.mapping(node, what);
        for entry in entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            let hint = match nearest(&entry.key, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", known.join(", ")),
            };
            self.problem(entry.key_span, format!("{} is no key of {what}; {hint}", quoted(&entry.key)));
        }
        entries
    }

    fn mapping<'a>(&mut self, node: &'a Node, what: &str) -> &'a [Entry] {
        if let Some(entries) = node.as_map() {
            return entries;
        }
        if !node.is_null() {
            self.problem(node.span, format!("{what} is a mapping, and this is {}", node.kind()));
        }
        &[]
    }

    /// Text that is not empty.
    fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        let text = node.as_scalar().map(|scalar| scalar.text.trim()).filter(|text| !text.is_empty());
        if text.is_none() || node.is_null() {
            self.problem(node.span, format!("{what} is text, and this is {}", node.kind()));
            return None;
        }
        text.map(str::to_owned)
    }

    fn one_of<T: Copy>(&mut self, node: &Node, what: &str, values: &[(&str, T)]) -> Option<T> {
        let text = node.as_scalar().map(|scalar| scalar.text.as_str()).unwrap_or_default();
        let found = values.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
            self.problem(node.span, format!("{what} is one of {}", names.join(", ")));
        }
        found
    }

    fn host(&mut self, node: &Node) -> HostConfig {
        let answers = [("yes", Answer::Yes), ("no", Answer::No), ("true", Answer::Yes), ("false", Answer::No)];
        let mut host = HostConfig::default();
        for entry in self.entries(node, "`host`", HOST) {
            match entry.key.as_str() {
                "participates" => host.participates = self.one_of(&entry.value, "`participates`", &answers),
                "guard" => host.guard = self.one_of(&entry.value, "`guard`", &answers),
                "version" => host.version = self.version(&entry.value).map(|(_, range)| range),
                _ => {}
            }
        }
        host
    }

    fn version(&mut self, node: &Node) -> Option<(String, VersionRange)> {
        let text = node.as_scalar().map(|scalar| scalar.text.clone()).unwrap_or_default();
        let range = VersionRange::parse(&text);
        if range.is_none() {
            self.problem(node.span, "expected a version such as 2.1.132 or >=2.1.132".to_owned());
        }
        Some((text, range?))
    }

    fn versions(&mut self, entry: &Entry) -> Declarations {
        let mut found = BTreeMap::new();
        for one in self.mapping(&entry.value, "`versions`") {
            if let Some((text, _)) = self.version(&one.value) {
                found.insert(one.key.clone(), declared(one, text));
            }
        }
        found
    }

    /// What is declared by container; any text where no words are given.
    fn declarations(&mut self, entry: &Entry, words: &[&'static str]) -> Declarations {
        let words: Vec<(&str, &str)> = words.iter().map(|word| (*word, *word)).collect();
        let mut found = BTreeMap::new();
        for one in self.mapping(&entry.value, &quoted(&entry.key)) {
            let what = format!("what is said of `{}`", quoted_path(one.key.split('/'), "/"));
            let text = if words.is_empty() {
                self.text(&one.value, &what)
            } else {
                self.one_of(&one.value, &what, &words).map(str::to_owned)
            };
            found.extend(text.map(|text| (one.key.clone(), declared(one, text))));
        }
        found
    }

    fn severity(&mut self, node: &Node) -> BTreeMap<String, Grade> {
        let severities = [Severity::Error, Severity::Warning, Severity::Note].map(|one| (one.name(), Some(one)));
        let words = [severities.as_slice(), &[("off", None)]].concat();
        let mut found = BTreeMap::new();
        for entry in self.mapping(node, "`severity`") {
            if let Some(severity) =
                self.one_of(&entry.value, &format!("the severity of {}", quoted(&entry.key)), &words)
            {
                let span = Span { end: entry.value.span.end, ..entry.key_span };
                found.insert(entry.key.clone(), Grade { severity, span });
            }
        }
        found
    }

    fn fail_on(&mut self, node: &Node) -> Option<FailOn> {
        let severities = [Severity::Error, Severity::Warning, Severity::Note];
        let words = severities.map(|one| (one.name(), FailOn::Severity(one)));
        self.one_of(node, "`fail_on`", &[words.as_slice(), &[("never", FailOn::Never)]].concat())
    }

    fn ignore(&mut self, node: &Node) -> Vec<Ignore> {
        let Some(items) = node.as_seq() else {
            self.problem(node.span, format!("`ignore` is a list, and this is {}", node.kind()));
            return Vec::new();
        };
        items.iter().filter_map(|item| self.ignored(item)).collect()
    }

    fn ignored(&mut self, item: &Node) -> Option<Ignore> {
        let (mut rule, mut reason) = (None, None);
        let (mut service, mut file) = (None, None);
        for entry in self.entries(item, "an entry of `ignore`", IGNORE) {
            let value = entry.value.as_ref();
            match entry.key.as_str() {
                "rule" => rule = Some((self.text(value, "`rule`")?, value.span)),
                "reason" => reason = Some(self.text(value, "`reason`")?),
                "service" => service = Some(self.glob(value, "`service`")?),
                "file" => file = Some(self.glob(value, "`file`")?),
                _ => {}
            }
        }
        let given = [(rule.is_some(), "rule"), (reason.is_some(), "reason")];
        for (_, key) in given.iter().filter(|(given, _)| !given) {
            self.problem(item.span, format!("an entry of `ignore` needs a `{key}`"));
        }
        let (rule, rule_span) = rule?;
        Some(Ignore { rule, rule_span, service, file, reason: reason?, span: item.span })
    }

    fn file_patterns(&mut self, node: &Node, section: &str) -> FilePatterns {
        let Some(items) = node.as_seq() else {
            self.problem(node.span, format!("`{section}` is a list, and this is {}", node.kind()));
            return FilePatterns::default();
        };
        if items.len() > MAX_PATTERNS {
            self.problem(
                node.span,
                format!("`{section}` has more than {MAX_PATTERNS} entries; join some by wider patterns"),
            );
            return FilePatterns::default();
        }
        let (entries, globs) = items.iter().filter_map(|item| self.file_pattern(item, section)).unzip();
        FilePatterns::new(entries, globs).unwrap_or_else(|| {
            self.problem(node.span, format!("the patterns of `{section}` are too long to be used"));
            FilePatterns::default()
        })
    }

    fn file_pattern(&mut self, item: &Node, section: &str) -> Option<(FilePattern, Glob)> {
        let (mut file, mut reason) = (None, None);
        for entry in self.entries(item, &format!("an entry of `{section}`"), FILES) {
            let value = entry.value.as_ref();
            match entry.key.as_str() {
                "file" => file = Some((self.text(value, "`file`")?, self.pattern(value, "`file`")?)),
                "reason" => reason = Some(self.text(value, "`reason`")?),
                _ => {}
            }
        }
        let given = [(file.is_some(), "file"), (reason.is_some(), "reason")];
        for (_, key) in given.iter().filter(|(given, _)| !given) {
            self.problem(item.span, format!("an entry of `{section}` needs a `{key}`"));
        }
        let (pattern, glob) = file?;
        Some((FilePattern { pattern, reason: reason?, span: item.span }, glob))
    }

    fn glob(&mut self, node: &Node, what: &str) -> Option<GlobMatcher> {
        self.pattern(node, what).map(|glob| glob.compile_matcher())
    }

    fn pattern(&mut self, node: &Node, what: &str) -> Option<Glob> {
        let text = self.text(node, what)?;
        match GlobBuilder::new(&text).literal_separator(true).build() {
            Ok(glob) => Some(glob),
            // What the parser says repeats the pattern.
            Err(_) => {
                self.problem(node.span, format!("{what} is no pattern: check its brackets and braces"));
                None
            }
        }
    }
}

/// What an entry declares, at the whole of the entry.
fn declared(entry: &Entry, text: String) -> Value {
    Value::known(text, Some(Span { end: entry.value.span.end, ..entry.key_span }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Sources;

    fn parse(text: &str) -> Result<Config, Vec<String>> {
        let file = Sources::default().add("overlock.yaml", text);
        let told = |problem: &Problem| {
            format!("{}:{} {}", problem.span.start.line, problem.span.start.column, problem.message)
        };
        Config::parse(file, text).map_err(|problems| problems.iter().map(told).collect())
    }

    #[test]
    fn answers_are_words_or_booleans_and_nothing_is_no_configuration() {
        let yes = parse("host:\n  participates: yes\n  version: 2.1.330\n  guard: false\n").unwrap();
        assert_eq!(yes.host.participates, Some(Answer::Yes));
        assert_eq!(yes.host.guard, Some(Answer::No));
        assert_eq!(yes.host.version.unwrap().to_string(), "2.1.330");
        for nothing in ["", "\n", "# only this\n", "---\n", "ignore:\nroles:\n"] {
            assert!(parse(nothing).unwrap().ignore.is_empty(), "{nothing:?}");
        }
    }

    #[test]
    fn everything_is_read_with_its_place() {
        let text = "roles:\n  p/a: none\nguards: {a: yes}\nversions: {a: '>=2.1.132'}\nseverity:\n  host-shares: off\n\
                    fail_on: never\nignore:\n  - rule: home-mounted\n    service: 'p/*'\n    file: '**/x.yaml'\n    \
                    reason: known\nrules: own\n";
        let config = parse(text).unwrap();
        assert_eq!(Config::declared(&config.roles, Some("p"), "a").unwrap().text, "none");
        assert!(Config::declared(&config.roles, None, "a").is_none());
        assert_eq!(Config::declared(&config.guards, Some("p"), "a").unwrap().span.unwrap().start.line, 3);
        assert_eq!(config.severity["host-shares"].severity, None);
        assert_eq!((config.fail_on, config.rules.as_deref()), (Some(FailOn::Never), Some("own")));
        let ignore = &config.ignore[0];
        assert!(ignore.is_for(Some("p"), "x") && !ignore.is_for(Some("q"), "x") && !ignore.is_for(None, "x"));
        let file = ignore.file.as_ref().unwrap();
        assert!(file.is_match("x.yaml") && file.is_match("a/b/x.yaml") && !file.is_match("a/y.yaml"));
    }

    #[test]
    fn every_mistake_is_told_at_its_place_with_what_was_meant() {
        let cases = [
            ("hots: {}", "1:1 `hots` is no key of the configuration; did you mean `host`?"),
            ("services: {}", "1:1 `services` is no key of the configuration; there are host, "),
            ("host:\n  participate: no\n", "2:3 `participate` is no key of `host`; did you mean `participates`?"),
            ("host: {version: latest}", "1:17 expected a version"),
            ("host: {guard: perhaps}", "1:15 `guard` is one of yes, no"),
            ("roles:\n  a: bach\n", "2:6 what is said of `a` is one of batch, interactive, none"),
            ("guards: {a: }", "what is said of `a` is text, and this is null"),
            ("versions: [a]", "1:11 `versions` is a mapping, and this is a list"),
            ("severity: {x: fatal}", "1:15 the severity of `x` is one of error, warning, note, off"),
            ("fail_on: errors", "1:10 `fail_on` is one of error, warning, note, never"),
            ("ignore: {rule: x}", "1:9 `ignore` is a list, and this is a mapping"),
            ("ignore: [{rule: x}]", "1:10 an entry of `ignore` needs a `reason`"),
            ("ignore: [{rule: x, reason: ' '}]", "`reason` is text"),
            ("ignore: [{reason: x}]", "needs a `rule`"),
            ("ignore: [{rule: x, reason: y, service: '['}]", "`service` is no pattern"),
            ("exclude: x", "1:10 `exclude` is a list, and this is a scalar"),
            ("exclude: [{file: a/**}]", "1:11 an entry of `exclude` needs a `reason`"),
            ("not_judged: [{reason: x}]", "an entry of `not_judged` needs a `file`"),
            ("not_judged: [{file: '[', reason: x}]", "`file` is no pattern"),
            ("exclude: [{files: a, reason: x}]", "`files` is no key of an entry of `exclude`; did you mean `file`?"),
            ("rules: [x]", "`rules`, a directory, is text, and this is a list"),
            ("roles: {}\nroles: {}\n", "2:1 "),
            ("roles: {}\n---\nroles: {}\n", "a second document"),
            ("roles: [", "not valid YAML"),
            ("[]", "1:1 the configuration is a mapping, and this is a list"),
        ];
        for (text, wanted) in cases {
            let told = parse(text).unwrap_err();
            assert!(told.iter().any(|told| told.contains(wanted)), "{text}: {told:?}");
        }
        assert_eq!(parse("hots: {}\nrolse: {}\nfail_on: x\n").unwrap_err().len(), 3, "all at once");
    }
}
