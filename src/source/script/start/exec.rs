//! `docker exec` and `docker compose exec`: a command in a container that runs already.
//! Uses `option`, `run`, `phrase` and `model`.

use super::option::{Parsed, parse};
use super::phrase::Phrase;
use super::run::Reader;
use super::table::{self, Table};
use super::{Arg, Exec, Setting};
use crate::model::{Unseen, Value};
use crate::text::Span;

/// Reads what follows `exec`; `None` where it names no container or no command, so that nothing runs.
pub(super) fn read(
    args: &[Arg],
    (by_service, table): (bool, &Table),
    before: Parsed<'_>,
    span: Span,
    setting: &Setting<'_>,
) -> Option<Exec> {
    let mut parsed = parse(args, &[table], false, setting);
    parsed.unseen.splice(..0, before.unseen);
    let mut reader = Reader::new(parsed, setting);
    let first = reader.parsed.rest.first()?;
    let place = setting.span(first);
    let name: Value = Phrase::read(&first.text, first.unclear, setting).value(Some(place));
    if first.unclear || first.perhaps || name.is_symbolic() {
        let what = "in which container it runs is not known".to_owned();
        reader.parsed.unseen.push(Unseen { what, span: place });
    }
    let command = reader.command(1, None)?;
    Some(Exec {
        by_service,
        name,
        command,
        user: reader.last("user").filter(|user| !user.text.is_empty()),
        working_dir: reader.directory(),
        env: reader.env(),
        detached: reader.flag("detach").is_some_and(|flag| flag.on),
        span,
        unseen: reader.parsed.unseen,
    })
}

/// The options of `exec` by itself, and by Compose.
pub(super) const TABLES: [&Table; 2] = [&table::EXEC, &table::COMPOSE_EXEC];
