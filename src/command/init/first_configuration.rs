//! The first `overlock.yaml` of a repository, with what a person may have to say of what was found: proposals in comments,
//! since what silences a finding or declares a fact is a person's to decide. May use `finding`, `rules` and `render`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};

use crate::finding::{Participant, Report, Verdict};
use crate::model::NotJudgedFile;
use crate::render::safe;
use crate::rules::{Ruleset, literal_pattern};
use crate::text::Sources;

const HEAD: &str = "\
# What `overlock check` cannot see of this repository, and what is accepted here. Written by `overlock init`.
# yaml-language-server: $schema=https://raw.githubusercontent.com/overlock/overlock/main/docs/overlock.schema.json
#
# Lines that begin with `#:` are proposals, made from what was found. Where one is right, remove its `#:`, and write the
# reason in the place of a WHY; remove the others. https://github.com/overlock/overlock/blob/main/docs/configuration.md describes every key.

# From which severity on a finding fails the run: error, warning, note or never.
fail_on: error
";

/// Directories whose files are examples or inputs of tests more often than not.
const EXAMPLES: [&str; 10] =
    ["tests", "test", "testdata", "fixtures", "__tests__", "spec", "examples", "example", "samples", "sample"];
/// More files that are not judged than this are proposed by their directories.
const FILES: usize = 20;
/// What a person replaces.
const REASON: &str = "WHY";

/// What a configuration is proposed by.
#[derive(Clone, Copy)]
pub(super) struct ConfigurationGrounds<'a> {
    /// What was found at the top of the repository.
    pub(super) report: &'a Report,
    pub(super) rules: &'a Ruleset,
    pub(super) sources: &'a Sources,
}

/// The file's text.
pub(super) fn text(found: &ConfigurationGrounds<'_>) -> String {
    let report = found.report;
    let examples = example_directories(report);
    let is_example = |file: &str| example_directory(file).is_some_and(|directory| examples.contains_key(&directory));
    let mut text = HEAD.to_owned();
    text.push_str(&exclude_section(&examples));
    text.push_str(&not_judged_section(report, &is_example));
    text.push_str(&host_section(report));
    text.push_str(&declarations(found, &is_example));
    text
}

/// A section in comments: what it is for, its key and its entries; nothing where it has none.
fn section(purpose: &[&str], key: &str, entries: &[String]) -> String {
    if entries.is_empty() {
        return String::new();
    }
    let purpose: String = purpose.iter().map(|line| format!("# {line}\n")).collect();
    let entries: String = entries.iter().map(|line| format!("#:  {line}\n")).collect();
    format!("\n{purpose}#:{key}:\n{entries}")
}

fn exclude_section(examples: &BTreeMap<String, usize>) -> String {
    let entries: Vec<String> = examples
        .iter()
        .filter_map(|(directory, count)| {
            let pattern = yaml_text(&format!("{}/**", literal_pattern(directory)))?;
            let files = if *count == 1 { "1 file".to_owned() } else { format!("{count} files") };
            Some([format!("- file: {pattern}   # {files}"), format!("  reason: {REASON}")])
        })
        .flatten()
        .collect();
    let purpose =
        ["Not searched: what nobody starts for work, such as inputs of tests. A PATH to it is judged all the same."];
    section(&purpose, "exclude", &entries)
}

/// Directories of tests and examples that hold files which describe or start containers, with the number of these.
fn example_directories(report: &Report) -> BTreeMap<String, usize> {
    let judged = report.judged.iter().map(|file| file.file.as_str());
    let all = judged.chain(report.not_judged.iter().map(|file| file.file.as_str()));
    let mut found = BTreeMap::new();
    for directory in all.filter_map(example_directory).filter(|directory| yaml_text(directory).is_some()) {
        *found.entry(directory).or_default() += 1;
    }
    found
}

/// The outermost directory of tests or examples that a file is in.
fn example_directory(file: &str) -> Option<String> {
    let parts: Vec<&str> = Path::new(file).parent()?.components().map(plain_part).collect::<Option<_>>()?;
    let at = parts.iter().position(|part| EXAMPLES.contains(part))?;
    Some(parts.get(..=at)?.join("/"))
}

/// A part of a path below the top.
fn plain_part(part: Component<'_>) -> Option<&str> {
    match part {
        Component::Normal(name) => name.to_str(),
        _ => None,
    }
}

fn not_judged_section(report: &Report, is_example: &dyn Fn(&str) -> bool) -> String {
    let mut files: Vec<&NotJudgedFile> = report.not_judged.iter().filter(|file| !is_example(&file.file)).collect();
    files.sort_by_key(|file| (!file.counts, &file.file));
    let entries = if files.len() > FILES { by_directory(&files) } else { one_by_one(&files) };
    let purpose = [
        "Found and not judged. What decides the exit status comes first: it starts or describes containers, and names a",
        "known program. Look at each by hand before it is accepted.",
    ];
    section(&purpose, "not_judged", &entries)
}

fn one_by_one(files: &[&NotJudgedFile]) -> Vec<String> {
    let entry = |file: &&NotJudgedFile| {
        let pattern = yaml_text(&literal_pattern(&file.file))?;
        let counts = if file.counts { "exit status 3: " } else { "" };
        Some([format!("- file: {pattern}   # {counts}{}", safe(&file.reason)), format!("  reason: {REASON}")])
    };
    files.iter().filter_map(entry).flatten().collect()
}

fn by_directory(files: &[&NotJudgedFile]) -> Vec<String> {
    let mut directories: BTreeMap<(bool, String), usize> = BTreeMap::new();
    for file in files {
        let directory = Path::new(&file.file).parent().and_then(Path::to_str).unwrap_or_default();
        let pattern = literal_pattern(directory);
        let pattern = if pattern.is_empty() { "*".to_owned() } else { format!("{pattern}/*") };
        *directories.entry((!file.counts, pattern)).or_default() += 1;
    }
    let mut once = BTreeSet::new();
    let mut entries = Vec::new();
    for ((is_harmless, pattern), count) in &directories {
        let Some(written) = yaml_text(pattern).filter(|_| once.insert(pattern)) else { continue };
        let counts = if *is_harmless { "" } else { "exit status 3: " };
        entries.push(format!("- file: {written}   # {counts}{count} of the files in it"));
        entries.push(format!("  reason: {REASON}"));
    }
    entries
}

/// Whether the person whose home a login is in runs the program too.
fn host_section(report: &Report) -> String {
    let is_presumed = |rule: &str| rule == "host-shares";
    if !report.counting_hits().any(|hit| hit.rules().into_iter().any(is_presumed)) {
        return String::new();
    }
    let purpose = [
        "A login lies in a person's home. Whether they run the program there too stands in no file: no, or yes with the",
        "version that they have.",
    ];
    section(&purpose, "host", &["participates: no".to_owned()])
}

/// What no file shows of containers that refresh a login of which something is wrong.
fn declarations(found: &ConfigurationGrounds<'_>, is_example: &dyn Fn(&str) -> bool) -> String {
    let ConfigurationGrounds { report, rules, sources } = *found;
    let places: BTreeSet<usize> = report.counting_hits().map(|hit| hit.login).collect();
    let is_open = |one: &&Participant| {
        let takes_part = one.origin != "host" && one.verdict != Verdict::NotAParticipant;
        takes_part && places.contains(&one.login) && !is_example(sources.get(one.span.file).name())
    };
    let open: Vec<&Participant> = report.participants.iter().filter(is_open).collect();
    let entries = |is_unknown: &dyn Fn(&Participant) -> bool, value: &dyn Fn(&Participant) -> String| {
        let unknown = open.iter().filter(|one| is_unknown(one));
        let named: BTreeMap<String, String> =
            unknown.filter_map(|one| Some((declared_name(one, report)?, value(one)))).collect();
        named.into_iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>()
    };
    let profile = |one: &Participant| rules.profile(&one.program);
    let settled = |one: &Participant| profile(one).map(|profile| format!("\">={}\"", profile.settled_since));
    let roles = section(
        &[
            "Who waits for these is not to be seen: batch, interactive (a person does), or none (it never runs the program).",
        ],
        "roles",
        &entries(&|one| one.role == "unknown", &|_| "batch".to_owned()),
    );
    let guards = section(
        &["Whether each call goes through an flock on one file in the shared directory is not to be seen. That file:"],
        "guards",
        // A person would wait behind the batch calls there: to declare one would be a finding of its own.
        &entries(&|one| one.guard == "unknown" && one.role != "interactive", &|_| "yes".to_owned()),
    );
    let versions = section(
        &["No version of the program is to be seen, so that it counts as the oldest. The version, or the lowest one:"],
        "versions",
        &entries(&|one| one.version.is_none() && settled(one).is_some(), &|one| settled(one).unwrap_or_default()),
    );
    format!("{roles}{guards}{versions}")
}

/// A participant as a declaration names it: with its project only where another one has such a service, since a project's
/// name is often that of a directory, which is another one in another checkout. Projects of one name are told apart by a
/// file, as long as each of them is looked at: there the service's name alone is meant.
fn declared_name(one: &Participant, report: &Report) -> Option<String> {
    let is_other = |other: &&Participant| other.container == one.container && other.project != one.project;
    let is_shared = report.participants.iter().any(|other| is_other(&other));
    let project = one.project.as_ref().filter(|project| is_shared && !project.contains(' '));
    let project = project.map(|project| format!("{project}/")).unwrap_or_default();
    yaml_text(&format!("{project}{}", one.container))
}

/// A text as a YAML scalar of one line; `None` where it holds what a terminal or an editor may hide.
fn yaml_text(text: &str) -> Option<String> {
    if text.is_empty() || safe(text) != text || text.contains('\n') {
        return None;
    }
    Some(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}
