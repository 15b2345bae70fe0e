//! Which command it is: docker, podman, nerdctl or Compose, with the options before the subcommand.
//! Uses `options`, `option_tables` and the readers of the subcommands.

use super::cli_family::{CliFamily, is_compose_program};
use super::options::{CommandPrefix, parse_options};
use super::{
    Argument, CommandContext, DockerCommand, build_command, compose_command, exec_command, option_tables, run_command,
    stop_command, swarm_command,
};
use crate::model::Unseen;
use crate::text::Span;

/// Reads a command line from the program's name on.
pub(super) fn read_command(args: &[Argument], context: &CommandContext<'_>) -> Option<DockerCommand> {
    let (first, rest) = args.split_first()?;
    if !first.text.is_fixed() || first.unclear {
        return None;
    }
    let span = context.argument_span(first);
    let path = first.text.raw();
    let name = path.rsplit('/').next()?;
    if is_compose_program(name) {
        let family = CliFamily::of_compose_program(name);
        return compose_command::read_compose(rest, context.ambient.engine_of(family), family, span, context);
    }
    let family = CliFamily::of_program(name)?;
    let parsed = parse_options(rest, &[option_tables::before_subcommand(family)], false, context);
    if parsed.asks_for_help() {
        return None;
    }
    let Some((command, mut rest)) = parsed.rest.split_first() else { return parsed.into_unclear() };
    if !command.text.is_fixed() {
        let what = format!("which of `{name}`'s commands this is depends on a variable");
        return Some(DockerCommand::Unclear(Unseen { what, span }));
    }
    let mut command = command.text.raw();
    if command == "container" {
        let (next, after) = rest.split_first()?;
        (command, rest) = (next.text.raw(), after);
    }
    let engine = parsed.engine().or_else(|| context.ambient.engine_of(family));
    match command.as_str() {
        "run" | "create" => {
            let prefix = CommandPrefix { options: parsed, engine, family, span };
            let run = run_command::read_run(rest, prefix, command == "create", context);
            Some(DockerCommand::Run(Box::new(run)))
        }
        "compose" => compose_command::read_compose(rest, engine, family, span, context),
        "exec" => {
            let prefix = CommandPrefix { options: parsed, engine, family, span };
            exec_command::read_exec(rest, prefix, false, context).map(|exec| DockerCommand::Exec(Box::new(exec)))
        }
        "service" if is_word(rest, "create") => {
            let prefix = CommandPrefix { options: parsed, engine, family, span };
            let service = swarm_command::read_service_create(rest.get(1..)?, prefix, context);
            Some(DockerCommand::Run(Box::new(service)))
        }
        // Of another engine it is another swarm's.
        "service" if engine.is_none() => swarm_command::read_scale(rest, context).map(DockerCommand::Scale),
        "stack" if is_word(rest, "deploy") || is_word(rest, "up") => {
            let prefix = CommandPrefix { options: parsed, engine, family, span };
            swarm_command::read_stack_deploy(rest.get(1..)?, prefix, context)
        }
        "build" => build_command::read_build(rest, span, context).map(|build| DockerCommand::Build(Box::new(build))),
        "buildx" | "image" | "builder" if is_word(rest, "build") => {
            let build = build_command::read_build(rest.get(1..)?, span, context)?;
            Some(DockerCommand::Build(Box::new(build)))
        }
        "start" | "restart" => Some(DockerCommand::Existing(stop_command::operands(rest, context))),
        // Of another engine it is another container.
        "stop" | "kill" | "wait" | "rm" if engine.is_none() => {
            let prefix = CommandPrefix { options: parsed, engine, family, span };
            let stop = stop_command::read_stop(&command, rest, &prefix, context)?;
            Some(DockerCommand::Stop(Box::new(stop)))
        }
        "logs" | "attach" if engine.is_none() => {
            let prefix = CommandPrefix { options: parsed, engine, family, span };
            let stop = stop_command::read_follow(&command, rest, &prefix, context)?;
            Some(DockerCommand::Stop(Box::new(stop)))
        }
        _ => read_unread(&command, rest, span),
    }
}

/// Whether the first of some words is this one.
fn is_word(words: &[Argument], word: &str) -> bool {
    words.first().is_some_and(|first| first.text.is_fixed() && first.text.raw() == word)
}

/// Commands that start containers from what is described elsewhere.
const ELSEWHERE: [(&str, &str, &str); 4] = [
    ("sandbox", "run", "sandboxes of Docker Desktop are not read"),
    ("sandbox", "create", "sandboxes of Docker Desktop are not read"),
    ("kube", "play", "pods of `podman kube play` are not read here"),
    ("play", "kube", "pods of `podman play kube` are not read here"),
];

fn read_unread(command: &str, rest: &[Argument], span: Span) -> Option<DockerCommand> {
    let next = rest.iter().map(|arg| arg.text.raw()).find(|word| !word.starts_with('-'))?;
    let (_, _, what) = ELSEWHERE.iter().find(|(one, other, _)| *one == command && *other == next)?;
    Some(DockerCommand::NotRead(Unseen { what: (*what).to_owned(), span }))
}
