//! What a report was held against and what came of that, in the JSON contract. May use `finding`.

use serde::Serialize;

use crate::finding::{Before, Comparison, Verdict};

/// What the report was held against, by `preflight` and `report`.
#[derive(Serialize)]
pub(super) struct JsonComparison<'a> {
    before: &'static str,
    at: Option<i64>,
    gone: Vec<JsonGone<'a>>,
    verdicts: Vec<JsonVerdicts<'a>>,
    endangered: Vec<JsonEndangered<'a>>,
}

#[derive(Serialize)]
struct JsonGone<'a> {
    rule: &'a str,
    severity: &'a str,
    container: &'a str,
    project: Option<&'a str>,
    message: &'a str,
    fingerprint: &'a str,
    since: Option<i64>,
    end: &'a str,
}

#[derive(Serialize)]
struct JsonVerdicts<'a> {
    container: &'a str,
    project: Option<&'a str>,
    before: Option<&'a str>,
    after: Option<&'a str>,
}

#[derive(Serialize)]
struct JsonEndangered<'a> {
    container: &'a str,
    project: Option<&'a str>,
    by: &'a [String],
}

pub(super) fn json_comparison(comparison: &Comparison) -> JsonComparison<'_> {
    let (before, at) = match comparison.before {
        Before::LastRun(at) => ("last-run", Some(at)),
        Before::Nothing => ("nothing", None),
        Before::Running => ("running", None),
    };
    let gone = comparison.gone.iter().map(|one| JsonGone {
        rule: &one.rule,
        severity: one.severity.name(),
        container: &one.container,
        project: one.project.as_deref(),
        message: &one.message,
        fingerprint: &one.fingerprint,
        since: one.since,
        end: one.end.name(),
    });
    let verdicts = comparison.verdicts.iter().map(|one| JsonVerdicts {
        container: &one.container,
        project: one.project.as_deref(),
        before: one.before.map(Verdict::name),
        after: one.after.map(Verdict::name),
    });
    let endangered = comparison.endangered.iter().map(|one| JsonEndangered {
        container: &one.container,
        project: one.project.as_deref(),
        by: &one.by,
    });
    JsonComparison { before, at, gone: gone.collect(), verdicts: verdicts.collect(), endangered: endangered.collect() }
}
