//! `docker build` and `docker compose build` with arguments of their own. Uses `options`, `option_tables` and
//! `container_options`.

use std::collections::BTreeMap;

use super::options::{CommandPrefix, GivenOption, parse_options, read_project};
use super::{Argument, CommandContext, DockerBuild, option_tables};
use crate::model::{EnvValue, EnvVar, PartialText, Value, VariableState};
use crate::text::Span;

/// Reads what follows `docker build`; `None` where it gives no argument.
pub(super) fn read_build(args: &[Argument], span: Span, context: &CommandContext<'_>) -> Option<DockerBuild> {
    let parsed = parse_options(args, &[&option_tables::BUILD], true, context);
    let given = given_arguments(parsed.values_of("build-arg"), span, context);
    let tags = parsed.values_of("tag").map(GivenOption::as_value).collect();
    (!given.is_empty()).then_some(DockerBuild { project: None, services: Vec::new(), tags, args: given })
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
    let build = DockerBuild { project: Some(project), services, tags: Vec::new(), args: given };
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
                    EnvValue::Set(Value { text: text.to_owned(), symbols, ..Value::known("", value.span) }),
                )
            }
            None => match (context.environment)(&value.text) {
                VariableState::Set(set) => (value.text.clone(), EnvValue::Set(set)),
                _ => (value.text.clone(), EnvValue::Inherited),
            },
        };
        (variable.0, EnvVar::new(variable.1, at))
    };
    given.map(read).collect()
}
