//! The hits of an earlier run, kept in a file: those do not count. Text in and out; reading and writing the file is
//! the command's. May use `finding`, `text` and the other parts of `report`.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::hit_change::{KnownHit, change_of, find_known};
use super::kept::{NotKept, Tool, open};
use super::names::Names;
use crate::finding::{Hit, Influence, InfluenceKind, Report, Suppressed, SuppressedBy};
use crate::rules::{FailOn, Severity};
use crate::text::Sources;

/// The version of the file; one that means something else raises it.
const SCHEMA_VERSION: u64 = 2;

/// What was found before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    schema_version: u64,
    tool: Tool,
    hits: Vec<BaselineEntry>,
}

/// One hit. The fingerprint decides; the rest is for people who read a difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BaselineEntry {
    file: String,
    login: String,
    container: String,
    family: String,
    rules: Vec<String>,
    severity: String,
    fingerprint: String,
}

/// Why a file is no baseline that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaselineError {
    /// It is torn, or was never JSON.
    #[error("is not whole JSON (line {0}): take it from version control, or write it anew with --write-baseline")]
    Torn(usize),
    /// It is something else.
    #[error("is no baseline of overlock ({0}): name another file, or write it anew with --write-baseline")]
    Foreign(String),
    /// A later release wrote it.
    #[error("was written by a newer overlock ({0}): update this one, or write it anew with --write-baseline")]
    Newer(String),
    /// An earlier release wrote it, in a form that recognised something else.
    #[error(
        "was written by an older overlock ({0}), which kept findings in another form: write it anew with --write-baseline"
    )]
    Older(String),
}

impl BaselineEntry {
    /// Whether a hit is no worse than what was recorded: what was a note is no excuse for an error.
    fn covers(&self, hit: &Hit, fail_on: FailOn) -> bool {
        let known = KnownHit::of_record(&self.rules, Severity::named(&self.severity));
        known.severity.is_some() && !change_of(hit, Some(&known), fail_on).is_news()
    }
}

impl Baseline {
    /// What a report finds, without what is accepted otherwise.
    pub fn of(report: &Report, names: &Names, sources: &Sources) -> Self {
        let mut hits: Vec<BaselineEntry> =
            report.counting_hits().map(|hit| entry(hit, report, names, sources)).collect();
        hits.sort();
        Self { schema_version: SCHEMA_VERSION, tool: Tool::own(), hits }
    }

    /// Reads the file's text.
    ///
    /// # Errors
    /// What it is instead, and what to do.
    pub fn parse(text: &str) -> Result<Self, BaselineError> {
        let kept = open(text).map_err(|why| match why {
            NotKept::Torn(line) => BaselineError::Torn(line),
            NotKept::Unversioned => BaselineError::Foreign("it has no schema_version".to_owned()),
        })?;
        match kept.version.cmp(&SCHEMA_VERSION) {
            Ordering::Greater => return Err(BaselineError::Newer(kept.by)),
            Ordering::Less => return Err(BaselineError::Older(kept.by)),
            Ordering::Equal => {}
        }
        let read: Self = serde_json::from_value(kept.whole).map_err(|_| {
            // The error itself may hold what the file says, and nobody knows which file that is.
            BaselineError::Foreign("its fields are others".to_owned())
        })?;
        let is_print = |text: &str| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match read.hits.iter().find(|entry| !is_print(&entry.fingerprint)) {
            _ if read.tool.name != env!("CARGO_PKG_NAME") => {
                Err(BaselineError::Foreign("another tool wrote it".to_owned()))
            }
            Some(_) => Err(BaselineError::Foreign("a fingerprint in it is none".to_owned())),
            None => Ok(read),
        }
    }

    /// The file's text. The same findings give the same text.
    pub fn text(&self) -> String {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        format!("{text}\n")
    }

    /// Suppresses what is in it and no worse than it was, where nothing else does.
    pub fn suppress(&self, report: &mut Report) {
        report.baselined = true;
        let known: HashMap<&str, &BaselineEntry> =
            self.hits.iter().map(|entry| (entry.fingerprint.as_str(), entry)).collect();
        let fail_on = report.fail_on;
        let is_known = |hit: &Hit| {
            let entry = find_known(hit, |fingerprint| known.get(fingerprint).copied());
            entry.is_some_and(|entry| entry.covers(hit, fail_on))
        };
        for hit in report.hits.iter_mut().filter(|hit| hit.counts() && is_known(hit)) {
            let by = SuppressedBy::Baseline;
            hit.suppressed = Some(Suppressed { by, reason: String::new(), span: None });
        }
    }

    /// The same as what a report names: which file, and how much it accepts.
    pub fn influence(&self, file: &str) -> Influence {
        Influence { file: file.to_owned(), kind: InfluenceKind::Baseline, entries: self.hits.len() }
    }

    /// How many hits it has that another one has not.
    pub(super) fn added_since(&self, before: Option<&Self>) -> usize {
        let known: BTreeSet<&str> =
            before.iter().flat_map(|one| &one.hits).map(|entry| entry.fingerprint.as_str()).collect();
        self.hits.iter().filter(|entry| !known.contains(entry.fingerprint.as_str())).count()
    }

    /// What is in it and is found no more, as `rule of container in file`.
    pub fn gone(&self, report: &Report) -> Vec<String> {
        let own = report.hits.iter().map(|hit| hit.fingerprint.as_str());
        let found: BTreeSet<&str> =
            own.chain(report.hits.iter().filter_map(|hit| hit.bare_fingerprint.as_deref())).collect();
        let gone = self.hits.iter().filter(|entry| !found.contains(entry.fingerprint.as_str()));
        gone.map(|entry| {
            format!("{} of {} in {}", entry.rules.first().unwrap_or(&entry.family), entry.container, entry.file)
        })
        .collect()
    }
}

fn entry(hit: &Hit, report: &Report, names: &Names, sources: &Sources) -> BaselineEntry {
    let file = hit.primary().map(|span| {
        let file = sources.get(span.file);
        if file.teller(span.start.line).is_some() { file.label() } else { names.kept(file.name()) }
    });
    BaselineEntry {
        file: file.unwrap_or_default(),
        login: report.logins.get(hit.login).map_or_else(String::new, |login| login.place.text.clone()),
        container: hit.container.clone(),
        family: hit.family.clone(),
        rules: hit.rules().into_iter().map(str::to_owned).collect(),
        severity: hit.severity().name().to_owned(),
        fingerprint: hit.fingerprint.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"{"schema_version": 2, "tool": {"name": "overlock", "version": "0.1.0"}, "hits": [
        {"file": "f", "login": "l", "container": "c", "family": "r", "rules": ["r"], "severity": "error", "fingerprint": "e87b3e453c26e4c9510b2260dcf5ba07"}]}"#;

    #[test]
    fn a_file_is_read_as_it_was_written() {
        let read = Baseline::parse(WHOLE).unwrap();
        assert_eq!(Baseline::parse(&read.text()).unwrap(), read);
        assert_eq!(read.gone(&Report::default()), ["r of c in f"]);
    }

    #[test]
    fn what_is_torn_foreign_or_newer_is_refused_and_says_so() {
        let wrong = |text: &str| Baseline::parse(text).unwrap_err().to_string();
        for at in 0..WHOLE.len() {
            assert!(wrong(&WHOLE[..at]).starts_with("is not whole JSON"), "{at}");
        }
        assert!(wrong("<<<<<<< HEAD\n{}").contains("line 1"));
        for foreign in [
            "[]".to_owned(),
            "{}".to_owned(),
            "null".to_owned(),
            r#"{"schema_version": "1"}"#.to_owned(),
            r#"{"schema_version": 2, "hits": []}"#.to_owned(),
            r#"{"schema_version": 2, "logins": [], "participants": [], "diagnostics": []}"#.to_owned(),
            WHOLE.replace("overlock", "other"),
            WHOLE.replace("e87b", "e87"),
            WHOLE.replace("e87b", "zzzz"),
            WHOLE.replace("login", "logins"),
        ] {
            assert!(wrong(&foreign).starts_with("is no baseline of overlock"), "{foreign}");
        }
        let newer = WHOLE.replace("\"schema_version\": 2", "\"schema_version\": 3").replace("0.1.0", "9.0.0");
        assert!(wrong(&newer).contains("newer overlock (9.0.0)"));
        assert!(wrong(r#"{"schema_version": 99}"#).contains("newer"));
        assert!(wrong(r#"{"schema_version": 1}"#).contains("older overlock"));
    }

    #[test]
    fn entry_covers_what_is_no_worse_than_it_was() {
        let hit = |severity| Hit::of(vec![crate::finding::Breach { severity, ..crate::finding::Breach::of("r", "c") }]);
        let report = |severity| {
            let fingerprint = "e87b3e453c26e4c9510b2260dcf5ba07".to_owned();
            Report { hits: vec![Hit { fingerprint, ..hit(severity) }], ..Report::default() }
        };
        let suppressed = |recorded: &str, severity| {
            let mut report = report(severity);
            Baseline::parse(&WHOLE.replace("\"error\"", &format!("\"{recorded}\""))).unwrap().suppress(&mut report);
            !report.hits[0].counts()
        };
        assert!(suppressed("error", Severity::Error) && suppressed("error", Severity::Note));
        assert!(suppressed("note", Severity::Note) && !suppressed("note", Severity::Error));
        assert!(!suppressed("warning", Severity::Error) && !suppressed("other", Severity::Note));
    }
}
