//! The embedded rules are whole, and broken ones are refused with file, line and field.

use std::fmt::Write;
use std::fs;

use super::*;
use crate::text::Reader;

fn load_with(files: &[(&str, &str)]) -> Result<Ruleset, String> {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let sources = Sources::reading(Reader::of_host());
    Ruleset::load(&sources, Some(RulesDirectory { path: dir.path(), shown: "own", typed: true })).map_err(|error| {
        match error {
            RulesetError::Wrong(problems) => problems.iter().fold(String::new(), |mut all, problem| {
                let file = sources.get(problem.span.file);
                let name = file.name().rsplit('/').next().unwrap();
                writeln!(all, "{name}:{}:{}: {}", problem.span.start.line, problem.span.start.column, problem.message)
                    .unwrap();
                all
            }),
            error @ (RulesetError::Unreadable { .. } | RulesetError::Damaged) => error.to_string(),
        }
    })
}

/// The rule files of the repository.
fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rules")
}

fn embedded_text(name: &str) -> String {
    fs::read_to_string(directory().join(name)).unwrap()
}

#[test]
fn every_combination_lands_on_one_row_and_every_row_is_reached() {
    // Given as if it were the user's, the embedded matrix goes through the whole proof.
    let matrix = load_with(&[("matrix.yaml", &embedded_text("matrix.yaml"))]).unwrap().matrix;
    let mut table_of_rows = String::new();
    for table in matrix.tables.values() {
        let mut landed = vec![(0, None); table.rows.len()];
        table.each_combination(|values| {
            let matching = table.rows.iter().enumerate().filter(|(_, row)| row.matches(values));
            let first = matching.map(|(at, _)| at).next().expect("a row for every combination");
            landed[first].0 += 1;
            landed[first].1.get_or_insert_with(|| table.describe(values));
        });
        writeln!(table_of_rows, "{}: {}", table.name.name(), table.question).unwrap();
        for ((count, example), row) in landed.into_iter().zip(&table.rows) {
            let outcome = match &row.outcome {
                Outcome::Ok(why) => format!("ok, {why}"),
                Outcome::See(table) => format!("see {}", table.name()),
                Outcome::Broken(breach) => {
                    format!("{} {} ({})", breach.severity.name(), breach.rule, breach.confidence.name())
                }
            };
            writeln!(table_of_rows, "{count:>6}  {outcome}\n        such as {}", example.expect("no dead row"))
                .unwrap();
        }
    }
    insta::assert_snapshot!(table_of_rows);
}

#[test]
fn a_rule_is_broken_by_some_row_or_by_no_file_at_all() {
    let rules = Ruleset::load(&Sources::default(), None).unwrap();
    for rule in rules.matrix.rules.keys() {
        let rows = rules.matrix.tables.values().flat_map(|table| &table.rows);
        let broken = rows.filter(|row| matches!(&row.outcome, Outcome::Broken(breach) if breach.rule == *rule));
        assert!(broken.count() > 0, "no row gives {rule}");
        assert!(rules.explanations.contains_key(rule.as_str()), "rules/explain/{rule}.md is missing");
    }
    for page in rules.explanations.keys() {
        assert!(rules.matrix.rules.contains_key(page.as_ref()), "rules/explain/{page}.md explains no rule");
    }
}

#[test]
fn every_mistake_in_a_matrix_is_told_at_its_place() {
    let text = "\
rules: {r: {title: A rule, several: \"{those} {peers}\"}}
families: {f: [r, s], g: [r]}
remedies: {x: \"do {that}\"}
tables:
  questions: {question: Which?, facts: [role], rows: []}
  role:
    question: Why?
    facts: [role, colour]
    rows:
      - when: {role: loud}
        ok: fine
      - when: {guard: held}
        rule: s
        severity: note
        confidence: low
        message: m
        detail: d
        remedies: [y]
      - when: {role: batch}
        rule: r
        severity: note
        confidence: low
        message: m
        remedies: [x]
";
    insta::assert_snapshot!(load_with(&[("matrix.yaml", text)]).unwrap_err());
}

#[test]
fn renamed_table_and_unused_fact_are_load_errors() {
    let matrix = embedded_text("matrix.yaml");
    let line = matrix.lines().position(|line| line == "  exclusion:").unwrap() + 1;
    let renamed = matrix.replace("\n  exclusion:\n", "\n  exclusions:\n");
    let error = load_with(&[("matrix.yaml", &renamed)]).unwrap_err();
    assert!(
        error.contains(&format!("matrix.yaml:{line}:3: no table is called `exclusions`; tables: bind, ")),
        "{error}"
    );
    assert!(error.contains("tables are missing: exclusion"), "{error}");
    let without = matrix.replace("    facts: [bind, refresh]\n", "    facts: [refresh]\n");
    let error = load_with(&[("matrix.yaml", &without)]).unwrap_err();
    assert!(error.contains("no table looks at these facts: bind"), "{error}");
    // The same file with another row in it is no mistake.
    assert!(load_with(&[("matrix.yaml", &matrix.replace("severity: note", "severity: warning"))]).is_ok());
}

/// Every sentence of a ruling.
fn ruling_messages<'a>(matrix: &'a Matrix, ruling: &'a Ruling) -> impl Iterator<Item = &'a Message> {
    let remedies =
        AdvisedAs::ALL.into_iter().flat_map(|advised| matrix.remedies_of(ruling, advised)).map(|(_, text)| text);
    [&ruling.message, &ruling.detail].into_iter().chain(&ruling.why).chain(remedies)
}

#[test]
fn every_placeholder_is_used_by_the_embedded_matrix() {
    let rules = Ruleset::load(&Sources::default(), None).unwrap();
    let rows = rules.matrix.tables.values().flat_map(|table| &table.rows);
    let breaches = rows.filter_map(|row| match &row.outcome {
        Outcome::Broken(breach) => Some(breach),
        Outcome::Ok(_) | Outcome::See(_) => None,
    });
    let sentences = breaches
        .flat_map(|ruling| ruling_messages(&rules.matrix, ruling))
        .chain(rules.matrix.rules.values().map(|text| &text.several));
    // What only the code names, as a part of a remedy, is among the remedies.
    let sentences = sentences.chain(rules.matrix.remedies.values());
    let used: std::collections::BTreeSet<Placeholder> = sentences.flat_map(Message::placeholders).collect();
    let unused: Vec<&str> = Placeholder::ALL.iter().filter(|one| !used.contains(one)).map(|one| one.name()).collect();
    assert!(unused.is_empty(), "no message or remedy uses {unused:?}");
}

#[test]
fn a_gap_and_a_dead_row_are_mistakes() {
    let text = "\
rules: {}
remedies: {}
tables:
  role:
    question: Why?
    facts: [role]
    rows:
      - when: {role: [batch, interactive]}
        ok: fine
      - when: {role: batch}
        ok: dead
";
    insta::assert_snapshot!(load_with(&[("matrix.yaml", text)]).unwrap_err());
}

#[test]
fn a_typo_in_a_profile_is_refused_with_its_line() {
    let text = embedded_text("profiles/claude-code.yaml").replace("idle_arguments:", "idle_argument:");
    let error = load_with(&[("profiles/claude-code.yaml", &text)]).unwrap_err();
    assert!(error.contains("idle_argument") && error.contains("claude-code.yaml:"), "{error}");
    let error = load_with(&[("profile/x.yaml", "id: x")]).unwrap_err();
    assert!(error.starts_with("x.yaml:1:1: a rule file is"), "{error}");
}

#[test]
fn locks_depend_on_the_version_and_unknown_counts_as_the_oldest() {
    let rules = Ruleset::load(&Sources::default(), None).unwrap();
    let profile = rules.profile("claude-code").unwrap();
    let ids = |version: Option<&str>| {
        let range = version.map(|version| VersionRange::parse(version).unwrap());
        profile.locks_of(range.as_ref()).iter().map(|lock| lock.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(None), ["sibling"]);
    assert_eq!(ids(Some("2.1.131")), ["sibling"]);
    assert_eq!(ids(Some("2.1.132")), ["inside"]);
    assert_eq!(ids(Some("2.1.140")), ["inside"]);
    assert_eq!(ids(Some("2.1.141")), ["inside", "sibling"]);
    assert_eq!(ids(Some(">=2.1.132")), ["inside"]);
    assert_eq!(ids(Some(">=2.1.100")), Vec::<String>::new());
}

#[test]
fn what_the_build_script_laid_out_is_what_the_files_say() {
    let laid_out = Ruleset::load(&Sources::default(), None).unwrap();
    let sources = Sources::reading(Reader::of_host());
    let given = RulesDirectory { path: &directory(), shown: "rules", typed: true };
    let mut read = Ruleset::load(&sources, Some(given)).unwrap();
    let files = read.further.take().unwrap().files;
    assert_eq!(files.len(), laid_out.profiles.len() + laid_out.explanations.len() + 2, "{files:?}");
    assert_eq!(format!("{laid_out:?}"), format!("{read:?}"));
}
