//! `docker service` and `docker stack deploy`: containers that a swarm starts, on whichever of its hosts.
//! Uses `options`, `container_options`, `mount_list` and `model`.

use super::cli_family::CliFamily;
use super::container_options::{ContainerOptions, ContainerWords};
use super::mount_list::collect_mounts;
use super::options::{CommandPrefix, GivenOption, parse_options};
use super::{
    Argument, CommandContext, ComposeProject, ComposeUp, ConditionalParts, DockerCommand, DockerRun, option_tables,
};
use crate::model::{Container, PartialText, Spread, Unseen, Value};
use crate::text::TracedText;

/// Reads what follows `service create`.
pub(super) fn read_service_create(
    args: &[Argument],
    prefix: CommandPrefix<'_>,
    context: &CommandContext<'_>,
) -> DockerRun {
    let CommandPrefix { options: before, engine, family: _, span } = prefix;
    let mut parsed = parse_options(args, &[&option_tables::SERVICE_CREATE], false, context);
    parsed.unseen.splice(..0, before.unseen);
    parsed.refused.splice(..0, before.refused);
    let mut options = ContainerOptions::new(parsed, context);
    options.note_unsure_options(span);
    let image = options.read_image(span);
    let entrypoint = options.read_compose_entrypoint();
    let command = options.read_command(1, entrypoint.as_ref());
    let name = options.read_name();
    let mounts = collect_mounts(&mut options.parsed, CliFamily::Docker, context);
    let replicas = options.read_replicas();
    let spread = options.read_spread(replicas);
    let words = ContainerWords { name: name.clone(), image, entrypoint, command, mounts: mounts.all };
    let container = Container { spread, ..options.container(words, span) };
    DockerRun {
        container,
        name,
        replicas,
        env_files: options.file_paths("env-file"),
        detached: true,
        engine,
        perhaps: ConditionalParts { mounts: mounts.perhaps, ..options.perhaps },
        unseen: options.parsed.unseen,
        refused: options.parsed.refused,
        ..DockerRun::default()
    }
}

impl ContainerOptions<'_, '_> {
    /// How many containers a service has.
    fn read_replicas(&mut self) -> Option<u64> {
        let given = self.parsed.last_of("replicas")?;
        let (known, span) = (given.value.known(), given.span);
        let replicas = known.and_then(|text| text.parse().ok());
        if replicas.is_none() {
            let what = "how many containers the service has is not known".to_owned();
            self.parsed.unseen.push(Unseen { what, span });
        }
        replicas
    }

    /// How a service's containers are spread over the hosts of the swarm.
    fn read_spread(&self, replicas: Option<u64>) -> Option<Spread> {
        let mode = self.parsed.last_of("mode");
        let global = mode.filter(|mode| mode.value.known().is_some_and(|mode| mode.starts_with("global")));
        let several = || self.parsed.last_of("replicas").filter(|_| replicas != Some(1));
        match global {
            Some(mode) => Some(Spread { is_global: true, span: mode.span }),
            None => several().map(|replicas| Spread { is_global: false, span: replicas.span }),
        }
    }
}

/// Reads what follows `stack deploy`: the project of its files, under the name of the stack.
pub(super) fn read_stack_deploy(
    args: &[Argument],
    prefix: CommandPrefix<'_>,
    context: &CommandContext<'_>,
) -> Option<DockerCommand> {
    let CommandPrefix { options: before, engine, family: _, span } = prefix;
    let mut parsed = parse_options(args, &[&option_tables::STACK_DEPLOY], true, context);
    parsed.unseen.splice(..0, before.unseen);
    parsed.refused.splice(..0, before.refused);
    let files: Vec<Value> =
        parsed.values_of("compose-file").map(|given: &GivenOption| given.as_path(context)).collect();
    let stack = parsed.between.first().copied().or_else(|| parsed.rest.first())?;
    let name = PartialText::read(&stack.text, stack.unclear, context).to_value(Some(context.argument_span(stack)));
    let runs_in = context.base.clone();
    let project = ComposeProject { files, name: Some(name), runs_in, engine, ..ComposeProject::default() };
    let up = ComposeUp { project, span, unseen: parsed.unseen, refused: parsed.refused, ..ComposeUp::default() };
    Some(DockerCommand::ComposeUp(Box::new(up)))
}

/// Reads what follows `service`, where that says how many containers one has (`scale`, `update --replicas`): each as
/// `NAME=NUMBER`.
pub(super) fn read_scale(args: &[Argument], context: &CommandContext<'_>) -> Option<Vec<Value>> {
    let (command, args) = args.split_first().filter(|(command, _)| command.text.is_fixed())?;
    let read = |arg: &Argument, text: &TracedText| {
        PartialText::read(text, arg.unclear || arg.perhaps, context).to_value(Some(context.argument_span(arg)))
    };
    let is_operand = |arg: &&Argument| !arg.text.raw().starts_with('-');
    match command.text.raw().as_str() {
        "scale" => {
            let scales = args.iter().filter(is_operand).filter(|arg| arg.text.raw().contains('='));
            let scales: Vec<Value> = scales.map(|arg| read(arg, &arg.text)).collect();
            Some(scales).filter(|scales| !scales.is_empty())
        }
        "update" => {
            let option = args.iter().rposition(|arg| arg.text.raw().starts_with("--replicas"))?;
            let (given, written) = (args.get(option)?, args.get(option)?.text.raw());
            let (count, own) = match written.strip_prefix("--replicas=") {
                Some(_) => (given.text.part("--replicas=".len(), given.text.0.len()), option),
                None if written == "--replicas" => (args.get(option + 1)?.text.clone(), option + 1),
                // `--replicas-max-per-node`.
                None => return None,
            };
            // Its one operand stands behind the options or before all of them.
            let mut ends = [args.len() - 1, 0].into_iter().filter(|at| *at != own);
            let service = ends.find_map(|at| args.get(at).filter(is_operand))?;
            let mut text = service.text.clone();
            text.push(&TracedText::plain("="));
            text.push(&count);
            Some(vec![read(service, &text)])
        }
        _ => None,
    }
}
