//! `overlock explain [RULE]`: the page of a rule, or the list of all.

use std::io::Write;

use anyhow::bail;

use crate::cli::Explain;
use crate::ruleset::Ruleset;
use crate::triage::ExitStatus;

pub(super) fn run(arguments: &Explain, rules: &Ruleset, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let titles = &rules.matrix.rules;
    let Some(rule) = &arguments.rule else {
        let width = titles.keys().map(String::len).max().unwrap_or(0);
        for (rule, title) in titles {
            writeln!(out, "{rule:width$}  {title}")?;
        }
        return Ok(ExitStatus::Clean);
    };
    match rules.explanations.get(rule) {
        Some(page) => out.write_all(page.as_bytes())?,
        None => {
            let near =
                titles.keys().filter(|known| known.split('-').any(|word| rule.split('-').any(|other| other == word)));
            let near: Vec<&str> = near.map(String::as_str).collect();
            let hint = if near.is_empty() {
                "run `overlock explain` for the list".to_owned()
            } else {
                format!("did you mean {}?", near.join(", "))
            };
            bail!("there is no rule `{rule}`; {hint}");
        }
    }
    Ok(ExitStatus::Clean)
}
