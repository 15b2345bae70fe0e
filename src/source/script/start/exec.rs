//! `docker exec`, `docker compose exec` and the same of podman and nerdctl. Uses `option`, `run`, `phrase` and `model`.

use super::option::parse;
use super::phrase::Phrase;
use super::run::Reader;
use super::{Arg, Exec, Setting, table};

/// Reads what follows `exec`; `None` where it runs nothing.
pub(super) fn read(args: &[Arg], of_service: bool, setting: &Setting<'_>) -> Option<Exec> {
    let mut reader = Reader::new(parse(args, &[&table::EXEC], false, setting), setting);
    if reader.parsed.informs() {
        return None;
    }
    let named = !["latest", "cidfile"].iter().any(|name| reader.parsed.last(name).is_some());
    let container = reader
        .parsed
        .rest
        .first()
        .filter(|_| named)
        .map(|arg| Phrase::read(&arg.text, arg.unclear || arg.perhaps, setting).value(Some(setting.span(arg))));
    Some(Exec {
        command: reader.command(usize::from(named), None),
        container: container.unwrap_or_default(),
        of_service,
        user: reader.last("user").filter(|user| !user.text.is_empty()),
        working_dir: reader.directory(),
        env: reader.env(),
        detached: reader.flag("detach").is_some_and(|flag| flag.on),
        unseen: reader.parsed.unseen,
    })
}
