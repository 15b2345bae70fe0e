//! What people wrote that verdicts and the exit status depend on, so that every report can name it. May use `finding`,
//! `model`, `rules` and `text`.

use std::collections::BTreeMap;

use crate::finding::{Influence, InfluenceKind};
use crate::model::{Container, DECLARING_LABELS};
use crate::rules::{Config, Ruleset};
use crate::text::Sources;

/// The configuration with what it says, and the directory of rules.
pub fn influences(configuration: Option<(&str, &Config)>, rules: &Ruleset) -> Vec<Influence> {
    let mut all = configuration.map_or_else(Vec::new, |(file, config)| of_configuration(file, config));
    all.extend(rules.further.as_ref().map(|further| Influence {
        file: further.directory.clone(),
        kind: InfluenceKind::Rules,
        entries: further.files.len(),
    }));
    all
}

/// Each file or container with labels that declare facts.
pub fn declarations(containers: &[Container], sources: &Sources) -> Vec<Influence> {
    let mut labels: BTreeMap<String, usize> = BTreeMap::new();
    for container in containers {
        for label in DECLARING_LABELS.iter().filter_map(|name| container.labels.get(*name)) {
            *labels.entry(sources.get(label.span.file).label()).or_default() += 1;
        }
    }
    let kind = InfluenceKind::Declarations;
    labels.into_iter().map(|(file, entries)| Influence { file, kind, entries }).collect()
}

fn of_configuration(file: &str, config: &Config) -> Vec<Influence> {
    let parts = [
        (InfluenceKind::Ignores, config.ignore.len()),
        (InfluenceKind::Excludes, config.exclude.entries().len()),
        (InfluenceKind::NotJudged, config.not_judged.entries().len()),
        (InfluenceKind::Declarations, config.declarations()),
        (InfluenceKind::Severities, config.severity.len()),
        (InfluenceKind::FailOn, usize::from(config.fail_on.is_some())),
    ];
    let whole = parts.iter().map(|(_, entries)| entries).sum::<usize>() + usize::from(config.rules.is_some());
    let parts = parts.into_iter().filter(|(_, entries)| *entries > 0);
    let all = std::iter::once((InfluenceKind::Configuration, whole)).chain(parts);
    all.map(|(kind, entries)| Influence { file: file.to_owned(), kind, entries }).collect()
}
