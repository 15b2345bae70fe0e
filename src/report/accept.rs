//! What a team accepts, by comments and by the configuration: it stays in the report and does not count.
//! May use `finding`, `model`, `rules`, `text` and the other parts of `report`.

use super::comment::Comments;
use super::names::Names;
use crate::finding::{Breach, Judged, Report, Suppressed, SuppressedBy};
use crate::model::{Container, DECLARING_LABELS, Diagnostic, Level};
use crate::rules::{Config, Ignore, Ruleset};
use crate::text::{Sources, Span, nearest, quoted, quoted_path};

/// What the names of this tool's labels begin with.
const LABEL_PREFIX: &str = "overlock.";

/// Rules that a configuration names and that there are none of.
pub fn unknown_rules(config: &Config, rules: &Ruleset) -> Vec<Diagnostic> {
    let graded = config.severity.iter().map(|(rule, grade)| (rule, grade.span));
    let ignored = config.ignore.iter().map(|ignore| (&ignore.rule, ignore.rule_span));
    let told = |(rule, span): (&String, Span)| Some(Diagnostic::at(Level::Error, span, rules.knows(rule).err()?));
    graded.chain(ignored).filter_map(told).collect()
}

/// Declarations of containers that are not there.
pub fn idle_declarations(config: &Config, containers: &[Container]) -> Vec<Diagnostic> {
    let is_called = |container: &Container, key: &str| {
        let of_project = |project: &String| key.strip_prefix(project.as_str())?.strip_prefix('/');
        container.name == key || container.project.as_ref().and_then(of_project) == Some(&container.name)
    };
    let all = [&config.roles, &config.guards, &config.versions].into_iter().flatten();
    let idle = all.filter(|(key, _)| !containers.iter().any(|container| is_called(container, key)));
    let told = |(key, value): (&String, &crate::model::Value)| {
        let name = quoted_path(key.split('/'), "/");
        let names = containers.iter().map(|container| (container.project.as_deref(), container.name.as_str()));
        let advice = meant(key, names).unwrap_or_else(|| "fix the name or remove it".to_owned());
        let message = format!("this declares nothing: no container here is called `{name}`; {advice}");
        Some(Diagnostic::at(Level::Warning, value.span?, message).pressing())
    };
    idle.filter_map(told).collect()
}

/// Labels of this tool's prefix that it does not know.
pub fn unknown_labels(containers: &[Container]) -> Vec<Diagnostic> {
    let labels = containers.iter().flat_map(|container| container.labels.iter());
    let unknown =
        labels.filter(|(name, _)| name.starts_with(LABEL_PREFIX) && !DECLARING_LABELS.contains(&name.as_str()));
    let mut told: Vec<Diagnostic> = Vec::new();
    for (name, label) in unknown {
        let near = nearest(name, DECLARING_LABELS).map(|near| format!("did you mean `{near}`?"));
        let advice = near.unwrap_or_else(|| format!("there are {}", DECLARING_LABELS.join(", ")));
        let message = format!("{} is no label of overlock's and declares nothing; {advice}", quoted(name));
        let one = Diagnostic::at(Level::Warning, label.span, message).pressing();
        // What several services take from one place is written once.
        if !told.contains(&one) {
            told.push(one);
        }
    }
    told
}

/// A question that names the container whose name a wrong one is near to. `names` are those that there are, each with its
/// project.
fn meant<'a>(wrong: &str, names: impl Iterator<Item = (Option<&'a str>, &'a str)>) -> Option<String> {
    // A name with its project is held against such names: half of it is another name.
    let known: Vec<String> = names
        .filter_map(
            |(project, name)| {
                if wrong.contains('/') { Some(format!("{}/{name}", project?)) } else { Some(name.to_owned()) }
            },
        )
        .collect();
    let near = nearest(wrong, known.iter().map(String::as_str)).filter(|near| *near != wrong)?;
    Some(format!("did you mean `{}`?", quoted_path(near.split('/'), "/")))
}

/// What was looked at.
#[derive(Debug, Clone, Copy)]
pub struct Looked<'a> {
    /// Names below the configuration's directory.
    pub names: &'a Names,
    /// Whether that is all that an ignore can be about, so that one that matches nothing is told.
    pub whole: bool,
    /// Whether files describe it: what runs is in none.
    pub planned: bool,
}

/// Suppresses what comments and the configuration accept. `used` tells of each ignore of the configuration whether it
/// matched anything, here or earlier.
pub fn accept(
    judged: &mut Judged,
    comments: &mut Comments,
    config: &Config,
    names: &Names,
    used: &mut Vec<bool>,
    sources: &Sources,
) {
    used.resize(config.ignore.len(), false);
    for breach in &mut judged.breaches {
        let by_comment = comments.suppresses(breach, sources);
        let mut by_config = None;
        for (ignore, used) in config.ignore.iter().zip(used.iter_mut()) {
            if matches(ignore, breach, names, sources) {
                *used = true;
                by_config = by_config.or(Some((ignore.reason.clone(), ignore.span)));
            }
        }
        let off = config.severity.get(&breach.rule).filter(|grade| grade.severity.is_none());
        let off = off.map(|grade| (format!("`{}` is off", breach.rule), grade.span));
        let by_config = by_config.or(off).map(|(reason, span)| Suppressed {
            by: SuppressedBy::Configuration,
            reason,
            span: Some(span),
        });
        breach.suppressed = by_comment.or(by_config);
    }
}

/// The comments and ignores that match nothing, once all is accepted that they may be about.
pub fn idle_ignores(
    report: &Report,
    comments: &Comments,
    config: &Config,
    looked: Looked<'_>,
    used: &[bool],
) -> Vec<Diagnostic> {
    // What was not looked at may be what they are for.
    let unusable = report.diagnostics.iter().any(|diagnostic| diagnostic.level == Level::Error);
    if !looked.whole || unusable {
        return Vec::new();
    }
    let mut told: Vec<Diagnostic> = comments.idle().collect();
    let can_match = |ignore: &Ignore| looked.planned || ignore.file.is_none();
    let idle = config.ignore.iter().zip(used).filter(|(ignore, used)| !**used && can_match(ignore));
    told.extend(idle.map(|(ignore, _)| {
        let participants = || report.participants.iter().map(|one| (one.project.as_deref(), one.container.as_str()));
        let is_for_any = participants().any(|(project, name)| ignore.is_for(project, name));
        let service = ignore.service.as_ref().filter(|_| !is_for_any).map(|service| service.glob().glob());
        let advice = service.and_then(|service| meant(service, participants()));
        let advice = advice.unwrap_or_else(|| "remove it".to_owned());
        let message = format!("this ignores nothing: no such `{}` is found; {advice}", ignore.rule);
        Diagnostic::at(Level::Warning, ignore.span, message).pressing().unneeded()
    }));
    told
}

fn matches(ignore: &Ignore, breach: &Breach, names: &Names, sources: &Sources) -> bool {
    let in_file = || {
        let Some(file) = &ignore.file else { return true };
        let Some(span) = breach.primary() else { return false };
        let source = sources.get(span.file);
        source.teller(span.start.line).is_none() && file.is_match(names.kept(source.name()))
    };
    // A task of a service is another one each time that it is started.
    let is_for = |name: &str| ignore.is_for(breach.project.as_deref(), name);
    ignore.rule == breach.rule && (is_for(&breach.container) || is_for(&breach.service)) && in_file()
}
