//! `docker compose run`, `up`, `create` and `exec`, by Compose's own program or as a subcommand.
//! Uses `options`, `container_options`, `mount_list`, `argument_text` and `model`.

use super::cli_family::CliFamily;
use super::container_options::ContainerOptions;
use super::mount_list::collect_mounts;
use super::options::{CommandPrefix, GivenOption, parse_options, read_project};
use super::{
    Argument, CommandContext, ComposeRun, ComposeUp, ConditionalParts, DockerCommand, build_command, exec_command,
    option_tables, stop_command,
};
use crate::input::compose;
use crate::model::{Command, Flag, PartialText, Unseen, Value};
use crate::text::Span;

/// Reads what follows `docker compose`, of the engine that is named before it.
pub(super) fn read_compose(
    args: &[Argument],
    engine: Option<Value>,
    family: CliFamily,
    span: Span,
    context: &CommandContext<'_>,
) -> Option<DockerCommand> {
    let options = parse_options(args, &[&option_tables::COMPOSE], false, context);
    if options.asks_for_help() {
        return None;
    }
    let Some((command, rest)) = options.rest.split_first() else { return options.into_unclear() };
    if !command.text.is_fixed() {
        let what = "which of Compose's commands this is depends on a variable".to_owned();
        return Some(DockerCommand::Unclear(Unseen { what, span }));
    }
    let on_stdin = |given: &GivenOption| given.value.known().as_deref() == Some("-");
    let starts = matches!(command.text.raw().as_str(), "run" | "up" | "create" | "scale");
    let given_alone = options.last_of("file").is_some() && options.values_of("file").all(on_stdin);
    if starts && given_alone {
        let what = "the project that Compose is given on its standard input is not read".to_owned();
        return Some(DockerCommand::NotRead(Unseen { what, span }));
    }
    let engine = options.engine().or(engine);
    let prefix = CommandPrefix { options, engine, family, span };
    match command.text.raw().as_str() {
        "run" => Some(DockerCommand::ComposeRun(Box::new(read_run(rest, prefix, context)))),
        "up" | "create" => Some(DockerCommand::ComposeUp(Box::new(read_up(rest, prefix, context)))),
        "scale" => Some(DockerCommand::ComposeUp(Box::new(read_scale(rest, prefix, context)))),
        "exec" => exec_command::read_exec(rest, prefix, true, context).map(|exec| DockerCommand::Exec(Box::new(exec))),
        "build" => {
            build_command::read_compose_build(rest, prefix, context).map(|build| DockerCommand::Build(Box::new(build)))
        }
        "start" | "restart" => Some(DockerCommand::Existing(Vec::new())),
        stop @ ("down" | "stop" | "kill" | "rm") => stop_command::read_compose_stop(stop, rest, &prefix, context)
            .map(|stop| DockerCommand::Stop(Box::new(stop))),
        _ => None,
    }
}

fn read_run(args: &[Argument], prefix: CommandPrefix<'_>, context: &CommandContext<'_>) -> ComposeRun {
    let span = prefix.span;
    let mut parsed = parse_options(args, &[&option_tables::COMPOSE_RUN], false, context);
    let project = read_project(prefix, &mut parsed, context);
    let mut options = ContainerOptions::new(parsed, context);
    options.note_unsure_options(span);
    let service = match options.parsed.rest.first() {
        Some(first) => options.read_service(first, "which service it is is not known"),
        None => {
            options.refuse("no service is named", span);
            Value::default()
        }
    };
    let entrypoint = options.read_compose_entrypoint();
    let command = options.read_command(1, entrypoint.as_ref());
    let mounts = collect_mounts(&mut options.parsed, CliFamily::Docker, context);
    let no_tty = options.switch("no-TTY").map(|flag| Flag { on: !flag.on, ..flag });
    options.check_switches(&["rm"]);
    let alone = options.is_surely_on("no-deps");
    options.perhaps.detached = options.parsed.last_of("detach").is_some_and(|given| given.perhaps);
    ComposeRun {
        project,
        service,
        span,
        name: options.read_name(),
        command,
        entrypoint,
        user: options.user(),
        working_dir: options.working_dir(),
        tty: no_tty.or(options.switch("tty")),
        stdin_open: options.switch("interactive"),
        env: options.env(),
        env_files: options.file_paths("env-from-file"),
        labels: options.labels(),
        mounts: mounts.all,
        unseen_mounts: options.parsed.unseen_mounts.clone(),
        detached: options.is_on("detach"),
        alone,
        perhaps: ConditionalParts { mounts: mounts.perhaps, ..options.perhaps },
        unseen: options.parsed.unseen,
        refused: options.parsed.refused,
    }
}

impl ContainerOptions<'_, '_> {
    /// The service that a word names; `unknown` is reported where that is not sure.
    fn read_service(&mut self, arg: &Argument, unknown: &str) -> Value {
        let span = self.context.argument_span(arg);
        let service = PartialText::read(&arg.text, arg.unclear, self.context).to_value(Some(span));
        if arg.unclear || arg.perhaps || service.is_symbolic() {
            self.parsed.unseen.push(Unseen { what: unknown.to_owned(), span });
        }
        service
    }

    /// The value of `--entrypoint`, which Compose splits as it does the text in a file.
    pub(super) fn read_compose_entrypoint(&mut self) -> Option<Command> {
        let value = self.parsed.last_of("entrypoint")?.as_value();
        let span = value.span?;
        let words = match compose::command_words(&value) {
            Ok(words) => words,
            Err(what) => {
                self.refuse(what, span);
                Vec::new()
            }
        };
        if words.iter().map(|word| word.symbols.len()).sum::<usize>() < value.symbols.len() {
            let what = "how the text of `--entrypoint` is taken apart depends on a variable".to_owned();
            self.parsed.unseen.push(Unseen { what, span });
        }
        Some(Command { words, span })
    }
}

/// `scale SERVICE=NUMBER…`, which starts what lacks of the number and nothing else.
fn read_scale(args: &[Argument], prefix: CommandPrefix<'_>, context: &CommandContext<'_>) -> ComposeUp {
    let span = prefix.span;
    let mut parsed = parse_options(args, &[&option_tables::COMPOSE_UP], true, context);
    let project = read_project(prefix, &mut parsed, context);
    let operands = std::mem::take(&mut parsed.between).into_iter().chain(parsed.rest);
    let mut options = ContainerOptions::new(parsed, context);
    options.note_unsure_options(span);
    let scale: Vec<Value> =
        operands.map(|operand| options.read_service(operand, "which services are scaled is not known")).collect();
    let service = |scaled: &Value| match scaled.text.split_once('=') {
        Some((name, _)) => Value { text: name.to_owned(), ..scaled.clone() },
        None => scaled.clone(),
    };
    let alone = options.is_surely_on("no-deps");
    ComposeUp {
        project,
        services: scale.iter().map(service).collect(),
        scale,
        alone,
        span,
        unseen: options.parsed.unseen,
        refused: options.parsed.refused,
    }
}

fn read_up(args: &[Argument], prefix: CommandPrefix<'_>, context: &CommandContext<'_>) -> ComposeUp {
    let span = prefix.span;
    let mut parsed = parse_options(args, &[&option_tables::COMPOSE_UP], true, context);
    let project = read_project(prefix, &mut parsed, context);
    let operands = std::mem::take(&mut parsed.between).into_iter().chain(parsed.rest);
    let mut options = ContainerOptions::new(parsed, context);
    options.note_unsure_options(span);
    let services =
        operands.map(|operand| options.read_service(operand, "which services are started is not known")).collect();
    options.check_switches(&["no-start"]);
    let alone = options.is_surely_on("no-deps");
    ComposeUp {
        project,
        services,
        scale: options.parsed.values_of("scale").map(GivenOption::as_value).collect(),
        alone,
        span,
        unseen: options.parsed.unseen,
        refused: options.parsed.refused,
    }
}
