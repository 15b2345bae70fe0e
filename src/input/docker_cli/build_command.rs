//! `docker build`, and `docker compose build` with arguments of its own. Uses `options`, `option_tables` and
//! `container_options`.

use std::collections::BTreeMap;

use super::options::{CommandPrefix, GivenOption, ParsedOptions, parse_options, read_project};
use super::{Argument, CommandContext, DockerBuild, option_tables};
use crate::model::{Build, EnvValue, EnvVar, PartialText, Value, VariableState, join};
use crate::text::Span;

/// The options that decide what is in an image.
const CONTENT: [&str; 4] = ["build-arg", "build-context", "file", "target"];

/// Reads what follows `docker build`; `None` where it neither names the image nor gives an argument.
pub(super) fn read_build(args: &[Argument], span: Span, context: &CommandContext<'_>) -> Option<DockerBuild> {
    let parsed = parse_options(args, &[&option_tables::BUILD], true, context);
    let given = given_arguments(parsed.values_of("build-arg"), span, context);
    let tags: Vec<Value> = parsed.values_of("tag").map(GivenOption::as_value).collect();
    if given.is_empty() && tags.is_empty() || parsed.asks_for_help() {
        return None;
    }
    let image = built_from(&parsed, span, context);
    Some(DockerBuild { project: None, services: Vec::new(), tags, image, args: given })
}

/// What an image is built from, where each word of it was understood and is given on every way.
fn built_from(parsed: &ParsedOptions<'_>, span: Span, context: &CommandContext<'_>) -> Option<Build> {
    let is_sure = |given: &GivenOption| !CONTENT.contains(&given.name) || !given.perhaps && !given.unclear;
    if !parsed.unseen.is_empty() || !parsed.refused.is_empty() || !parsed.given.iter().all(is_sure) {
        return None;
    }
    let [directory] = parsed.between.iter().copied().chain(parsed.rest).collect::<Vec<_>>()[..] else { return None };
    let at = Some(context.argument_span(directory));
    let directory_text = PartialText::read(&directory.text, directory.unclear, context);
    let known = directory_text.known();
    let is_url = known.as_deref().is_some_and(|text| text.contains("://") || text.starts_with("git@"));
    // What standard input gives is written nowhere.
    let file = parsed.last_of("file").map(|given| given.as_path(context));
    if known.as_deref() == Some("-") || is_url || file.as_ref().is_some_and(|file| file.text == "-") {
        return None;
    }
    let contexts = parsed.values_of("build-context").map(|given| {
        let value = given.as_value();
        let (name, source) = value.text.split_once('=')?;
        let is_path = !source.contains("://") && !value.is_symbolic();
        let source = if is_path { directory_below(source, context)? } else { source.to_owned() };
        Some((name.to_owned(), Value { text: source, ..value.clone() }))
    });
    Some(Build {
        secrets: lent_files(parsed.values_of("secret"), context),
        context: Some(directory_text.absolute(context).to_value(at)),
        dockerfile: file,
        inline: None,
        target: parsed.last_of("target").map(GivenOption::as_value),
        contexts: contexts.collect::<Option<_>>()?,
        span,
    })
}

/// The files that `--secret id=NAME,src=FILE` lends; without a file it is called as it is, or is a variable.
fn lent_files<'g>(
    given: impl Iterator<Item = &'g GivenOption>,
    context: &CommandContext<'_>,
) -> BTreeMap<String, Value> {
    let read = |option: &GivenOption| {
        let value = option.as_value();
        let fields: Vec<(&str, &str)> = value.text.split(',').filter_map(|field| field.split_once('=')).collect();
        let field = |names: &[&str]| fields.iter().find(|(name, _)| names.contains(name)).map(|(_, value)| *value);
        let id = field(&["id"])?.to_owned();
        let variable = || field(&["env"]).map(|name| format!("${{{name}}}"));
        let source = field(&["src", "source"]).map(str::to_owned).or_else(variable).unwrap_or_else(|| id.clone());
        let is_whole = source.starts_with(['/', '$', '~']);
        let source = if is_whole { source } else { directory_below(&source, context)? };
        Some((id, Value { text: source, ..value.clone() }))
    };
    given.filter_map(read).collect()
}

/// A directory's path from that of the command, where both are known.
fn directory_below(path: &str, context: &CommandContext<'_>) -> Option<String> {
    let base = context.base.as_ref().filter(|base| !base.is_symbolic())?;
    Some(join(&base.text, path))
}

/// Reads what follows `docker compose build`; `None` where it gives no argument.
pub(super) fn read_compose_build(
    args: &[Argument],
    prefix: CommandPrefix<'_>,
    context: &CommandContext<'_>,
) -> Option<DockerBuild> {
    let span = prefix.span;
    let mut parsed = parse_options(args, &[&option_tables::COMPOSE_BUILD], true, context);
    let project = read_project(prefix, &mut parsed, context);
    let services = std::mem::take(&mut parsed.between).into_iter().chain(parsed.rest.iter()).map(|operand| {
        let span = context.argument_span(operand);
        PartialText::read(&operand.text, operand.unclear, context).to_value(Some(span))
    });
    let services = services.collect();
    let given = given_arguments(parsed.values_of("build-arg"), span, context);
    let build = DockerBuild { project: Some(project), services, tags: Vec::new(), image: None, args: given };
    (!build.args.is_empty()).then_some(build)
}

/// The arguments: `NAME=VALUE`, or a name alone whose value is that of the environment.
fn given_arguments<'g>(
    given: impl Iterator<Item = &'g GivenOption>,
    span: Span,
    context: &CommandContext<'_>,
) -> BTreeMap<String, EnvVar> {
    let read = |option: &GivenOption| {
        let value = option.as_value();
        let at = value.span.unwrap_or(span);
        let variable = match value.text.split_once('=') {
            Some((name, text)) => {
                let symbols = value.symbols.clone();
                (
                    name.to_owned(),
                    EnvValue::set(Value { text: text.to_owned(), symbols, ..Value::known("", value.span) }),
                )
            }
            None => match (context.environment)(&value.text) {
                VariableState::Set(set) => (value.text.clone(), EnvValue::set(set)),
                _ => (value.text.clone(), EnvValue::Inherited),
            },
        };
        (variable.0, EnvVar::new(variable.1, at))
    };
    given.map(read).collect()
}
