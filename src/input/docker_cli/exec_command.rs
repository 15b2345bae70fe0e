//! `docker exec` and `docker compose exec`: a command in a container that runs already.
//! Uses `options`, `container_options`, `argument_text` and `model`.

use super::container_options::ContainerOptions;
use super::option_tables;
use super::options::{CommandPrefix, parse_options};
use super::{Argument, CommandContext, DockerExec};
use crate::model::{PartialText, Unseen, Value, service_of_id};

/// Reads what follows `exec`; `None` where it names no container or no command, so that nothing runs.
pub(super) fn read_exec(
    args: &[Argument],
    prefix: CommandPrefix<'_>,
    by_service: bool,
    context: &CommandContext<'_>,
) -> Option<DockerExec> {
    let table = if by_service { &option_tables::COMPOSE_EXEC } else { &option_tables::EXEC };
    let project = by_service.then(|| prefix.named_project(context));
    let mut parsed = parse_options(args, &[table], false, context);
    parsed.unseen.splice(..0, prefix.options.unseen);
    let mut options = ContainerOptions::new(parsed, context);
    let first = options.parsed.rest.first()?;
    let span = context.argument_span(first);
    let name: Value = PartialText::read(&first.text, first.unclear, context).to_value(Some(span));
    // A container that was started by a name of the same variables is that one.
    if first.unclear || first.perhaps || by_service && name.is_symbolic() {
        let what = "in which container it runs is not known".to_owned();
        options.parsed.unseen.push(Unseen { what, span });
    }
    // The id that Compose prints is that of its service's container.
    let service = service_of_id(&first.text.shown()).filter(|_| !by_service && !first.unclear);
    let name = service.as_ref().map_or(name, |service| Value::known(service.as_str(), Some(span)));
    let command = options.read_command(1, None)?;
    Some(DockerExec {
        by_service: by_service || service.is_some(),
        project,
        name,
        command,
        engine: prefix.engine,
        user: options.user(),
        working_dir: options.working_dir(),
        env: options.env(),
        // That of Compose does unless it is told otherwise.
        takes_input: options.switch("interactive").map_or(by_service, |flag| flag.on),
        detached: options.is_on("detach"),
        span: prefix.span,
        perhaps: options.perhaps,
        unseen: options.parsed.unseen,
    })
}
