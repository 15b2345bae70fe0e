//! `docker compose run`, `up` and `create`, by Compose's own program or as a subcommand.
//! Uses `option`, `run`, `mounted`, `phrase` and `model`.

use super::mounted::mounts;
use super::option::{Given, Parsed, parse};
use super::phrase::Phrase;
use super::program::{self, Family};
use super::run::Reader;
use super::volume::absolute;
use super::{Arg, ComposeRun, ComposeUp, Perhaps, Project, Setting, Start, exec, table};
use crate::model::{Command, Flag, Unseen, Value};
use crate::source::compose;
use crate::text::Span;

/// Reads what follows `docker compose`.
pub(super) fn read(args: &[Arg], engine: Option<Value>, first: &Arg, setting: &Setting<'_>) -> Option<Start> {
    let before = parse(args, &[&table::COMPOSE], false, setting);
    if before.informs() {
        return None;
    }
    let Some((command, rest)) = before.rest.split_first() else { return program::unclear(&before) };
    let span = setting.span(first);
    if !command.text.is_fixed() {
        let what = "which of Compose's commands this is hangs on a variable".to_owned();
        return Some(Start::Unclear(Unseen { what, span }));
    }
    match command.text.raw().as_str() {
        "run" => Some(Start::Compose(Box::new(run(rest, before, engine, span, setting)))),
        command @ ("up" | "create") => {
            Some(Start::Up(Box::new(up(rest, before, engine, span, command == "create", setting))))
        }
        "exec" => {
            let exec = exec::read(rest, (true, exec::TABLES[1]), before, span, setting);
            exec.map(|exec| Start::Exec(Box::new(exec)))
        }
        "start" | "restart" => Some(Start::Existing),
        _ => None,
    }
}

fn project(before: &Parsed<'_>, engine: Option<Value>, setting: &Setting<'_>) -> Project {
    let path = |given: &Given| match given.value.known().as_deref() {
        Some("-") => given.value.value(Some(given.span)),
        _ => absolute(&given.value, setting).value(Some(given.span)),
    };
    let value = |given: &Given| given.value.value(Some(given.span));
    Project {
        files: before.all("file").map(path).collect(),
        name: before.last("project-name").map(value),
        directory: before.last("project-directory").or_else(|| before.last("workdir")).map(path),
        env_files: before.all("env-file").map(path).collect(),
        profiles: before.all("profile").map(value).collect(),
        engine: program::engine(before).or(engine),
    }
}

/// What is said of the words before the subcommand.
fn told(before: Parsed<'_>, parsed: &mut Parsed<'_>) {
    let doubts = before.given.iter().filter(|given| given.perhaps || given.unclear).map(|given| Unseen {
        what: format!("`--{}` of Compose hangs on what runs before", given.name),
        span: given.span,
    });
    parsed.unseen.splice(..0, doubts.chain(before.unseen));
    parsed.refused.splice(..0, before.refused);
}

fn run(args: &[Arg], before: Parsed<'_>, engine: Option<Value>, span: Span, setting: &Setting<'_>) -> ComposeRun {
    let project = project(&before, engine, setting);
    let mut parsed = parse(args, &[&table::COMPOSE_RUN], false, setting);
    told(before, &mut parsed);
    let mut reader = Reader::new(parsed, setting);
    reader.common(span);
    let service = reader.service(span);
    let entrypoint = reader.words_of_entrypoint();
    let command = reader.command(1, entrypoint.as_ref());
    let mut all = mounts(&reader.parsed, Family::Docker, setting);
    reader.parsed.unseen.append(&mut all.unseen);
    reader.parsed.refused.append(&mut all.refused);
    let on = |flag: Option<Flag>| flag.is_some_and(|flag| flag.on);
    let no_tty = reader.flag("no-TTY").map(|flag| Flag { on: !flag.on, ..flag });
    ComposeRun {
        project,
        service,
        span,
        name: reader.last("name"),
        command,
        entrypoint,
        user: reader.last("user").filter(|user| !user.text.is_empty()),
        working_dir: reader.directory(),
        tty: no_tty.or(reader.flag("tty")),
        stdin_open: reader.flag("interactive"),
        env: reader.env(),
        env_files: reader.files("env-from-file"),
        labels: reader.labels(),
        mounts: all.all,
        no_deps: on(reader.flag("no-deps")),
        detached: on(reader.flag("detach")),
        removed: on(reader.flag("rm")),
        perhaps: Perhaps { mounts: all.perhaps, ..reader.perhaps },
        unseen: reader.parsed.unseen,
        refused: reader.parsed.refused,
    }
}

impl Reader<'_, '_> {
    fn service(&mut self, span: Span) -> Value {
        let Some(arg) = self.parsed.rest.first() else {
            self.refuse("no service is named", span);
            return Value::default();
        };
        let place = self.setting.span(arg);
        let service = Phrase::read(&arg.text, arg.unclear, self.setting).value(Some(place));
        if arg.unclear || arg.perhaps || service.is_symbolic() {
            self.parsed.unseen.push(Unseen { what: "which service it is is not known".to_owned(), span: place });
        }
        service
    }

    /// Compose takes the text of `--entrypoint` apart as it does that of a file.
    fn words_of_entrypoint(&mut self) -> Option<Command> {
        let given = self.parsed.last("entrypoint")?;
        let (value, span) = (given.value.value(Some(given.span)), given.span);
        let words = match compose::command_words(&value) {
            Ok(words) => words,
            Err(what) => {
                self.refuse(what, span);
                Vec::new()
            }
        };
        if words.iter().map(|word| word.symbols.len()).sum::<usize>() < value.symbols.len() {
            let what = "how the text of `--entrypoint` is taken apart hangs on a variable".to_owned();
            self.parsed.unseen.push(Unseen { what, span });
        }
        Some(Command { words, span })
    }
}

fn up(
    args: &[Arg],
    before: Parsed<'_>,
    engine: Option<Value>,
    span: Span,
    created: bool,
    setting: &Setting<'_>,
) -> ComposeUp {
    let project = project(&before, engine, setting);
    let mut parsed = parse(args, &[&table::COMPOSE_UP], true, setting);
    told(before, &mut parsed);
    let mut reader = Reader::new(parsed, setting);
    reader.common(span);
    let mut services = Vec::new();
    for arg in reader.parsed.between.clone().into_iter().chain(reader.parsed.rest) {
        let place = setting.span(arg);
        let service = Phrase::read(&arg.text, arg.unclear, setting).value(Some(place));
        if arg.unclear || arg.perhaps || service.is_symbolic() {
            reader
                .parsed
                .unseen
                .push(Unseen { what: "which services are started is not known".to_owned(), span: place });
        }
        services.push(service);
    }
    ComposeUp {
        project,
        services,
        scale: reader.parsed.all("scale").map(|given| given.value.value(Some(given.span))).collect(),
        no_deps: reader.flag("no-deps").is_some_and(|flag| flag.on),
        only_created: created || reader.flag("no-start").is_some_and(|flag| flag.on),
        span,
        unseen: reader.parsed.unseen,
        refused: reader.parsed.refused,
    }
}
