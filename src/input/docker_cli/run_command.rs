//! `docker run` and `docker create`, and the same of podman and nerdctl: options to a container.
//! Uses `options`, `container_options`, `mount_list` and `model`.

use super::container_options::{ContainerOptions, ContainerWords};
use super::mount_list::collect_mounts;
use super::options::{CommandPrefix, GivenOption, parse_options};
use super::{Argument, CommandContext, ConditionalParts, DockerRun, option_tables};

/// Reads what follows `run`, or `create`, which only creates the container.
pub(super) fn read_run(
    args: &[Argument],
    prefix: CommandPrefix<'_>,
    only_created: bool,
    context: &CommandContext<'_>,
) -> DockerRun {
    let name_scope = prefix.name_scope(context);
    let CommandPrefix { options: before, engine, family, span } = prefix;
    let mut parsed = parse_options(args, option_tables::of_run(family), false, context);
    parsed.unseen.splice(..0, before.unseen);
    parsed.refused.splice(..0, before.refused);
    let mut options = ContainerOptions::new(parsed, context);
    options.note_unsure_options(span);
    let image = options.read_image(span);
    let entrypoint = options.read_entrypoint(family);
    let command = options.read_command(1, entrypoint.as_ref());
    let name = options.read_name();
    let mounts = collect_mounts(&mut options.parsed, family, context);
    let words = ContainerWords { name: name.clone(), image, entrypoint, command, mounts: mounts.all };
    let mut container = options.container(words, span);
    container.unseen_mounts.clone_from(&options.parsed.unseen_mounts);
    options.check_switches(&["rm"]);
    let restarts = options.parsed.last_of("restart").is_some_and(|given| given.value.known().as_deref() != Some("no"));
    options.perhaps.detached = options.parsed.last_of("detach").is_some_and(|given| given.perhaps);
    DockerRun {
        container,
        name,
        replicas: None,
        env_files: options.file_paths("env-file"),
        label_files: options.file_paths("label-file"),
        volumes_from: options.parsed.values_of("volumes-from").map(GivenOption::as_value).collect(),
        detached: options.is_on("detach"),
        only_created,
        restarts,
        engine,
        name_scope,
        perhaps: ConditionalParts { mounts: mounts.perhaps, ..options.perhaps },
        unseen: options.parsed.unseen,
        refused: options.parsed.refused,
    }
}
