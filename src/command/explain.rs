//! `overlock explain [RULE]`: the page of a rule, or the list of all.

use std::io::Write;

use anyhow::bail;

use crate::cli::Explain;
use crate::render::SafeLines;
use crate::report::ExitStatus;
use crate::rules::{RuleText, Ruleset};

pub(super) fn run(arguments: &Explain, rules: &Ruleset, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let mut out = SafeLines::new(out);
    let titles = &rules.matrix.rules;
    let Some(rule) = &arguments.rule else {
        let width = titles.keys().map(String::len).max().unwrap_or(0);
        for (rule, RuleText { title, .. }) in titles {
            writeln!(out, "{rule:width$}  {title}")?;
        }
        return Ok(ExitStatus::Clean);
    };
    match rules.explanations.get(rule.as_str()) {
        Some(page) => out.write_all(page.as_bytes())?,
        None => {
            rules.knows(rule).map_err(anyhow::Error::msg)?;
            bail!("nothing explains `{rule}`; give it a page explain/{rule}.md");
        }
    }
    Ok(ExitStatus::Clean)
}
