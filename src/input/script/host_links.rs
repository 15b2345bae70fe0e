//! What scripts of the host make one place of two names: links, directories that are mounted elsewhere too, and volumes of
//! the engine that are directories. Uses
//! `model` and `local_volume`.

use crate::input::local_volume::DriverOptions;
use crate::input::project::Repository;
use crate::model::{
    Container, EngineHost, Invocation, Mount, MountCommand, MountSource, PartialText, Value, VariableState, Word,
    clean, join, split_below,
};
use crate::text::ShownText;

/// Names of all scripts that are kept.
const MAX_NAMES: usize = 200;
/// How often a mount's source is followed.
const MAX_STEPS: usize = 8;
/// Programs whose `volume create` makes a volume.
const ENGINES: [&str; 3] = ["docker", "podman", "nerdctl"];
/// Options of `volume create` that take a value.
const VOLUME_OPTIONS: [&str; 8] = ["--driver", "-d", "--opt", "-o", "--label", "-l", "--name", "--scope"];

/// A name that a script gives a place of the host.
#[derive(Debug)]
pub(in crate::input) struct HostName {
    name: NamedPlace,
    place: MountSource,
}

#[derive(Debug)]
enum NamedPlace {
    /// A link, or a directory that another one is mounted on, by its path.
    Link(Value),
    Volume(String),
}

/// The names that calls of a script give places.
pub(super) fn find_names(calls: &[Invocation], repository: &Repository<'_>) -> Vec<HostName> {
    let found = calls.iter().filter_map(|call| {
        let program = call.argv.first()?.known()?;
        let program = program.rsplit('/').next()?;
        match program {
            "ln" => link_of(call, repository),
            "mount" => bind_of(call, repository),
            engine if ENGINES.contains(&engine) => volume_of(call, repository),
            _ => None,
        }
    });
    found.take(MAX_NAMES).collect()
}

/// `ln -s PLACE LINK`. Where the link is where a program looks for its state, the place is told by that name.
fn link_of(call: &Invocation, repository: &Repository<'_>) -> Option<HostName> {
    let is_option = |word: &&Word| word.starts_with('-');
    let operands: Vec<&Word> = call.argv.iter().skip(1).filter(|word| !is_option(word)).collect();
    let is_symbolic = |word: &Word| {
        let letters = word.strip_prefix('-').filter(|letters| !letters.starts_with('-'));
        letters.is_some_and(|letters| letters.contains('s')) || word.known() == Some("--symbolic")
    };
    let [place, link] = operands[..] else { return None };
    if !call.argv.iter().skip(1).any(is_symbolic) || link.ends_with('/') {
        return None;
    }
    name_of(place, link, call, repository)
}

/// `mount --bind PLACE DIRECTORY`.
fn bind_of(call: &Invocation, repository: &Repository<'_>) -> Option<HostName> {
    let mounted = MountCommand::read(call)?;
    let [place, directory] = mounted.operands[..] else { return None };
    if mounted.binds { name_of(place, directory, call, repository) } else { None }
}

fn name_of(place: &Word, link: &Word, call: &Invocation, repository: &Repository<'_>) -> Option<HostName> {
    let link = host_path(link, None, call, repository);
    let parent = link.text.rsplit_once('/').map(|(parent, _)| parent.to_owned());
    let place = host_path(place, parent.as_deref(), call, repository);
    if link.text == place.text {
        return None;
    }
    let is_state = |value: &Value| repository.programs.have_state_named_in(&value.text);
    let (link, place) = if is_state(&link) && !is_state(&place) { (place, link) } else { (link, place) };
    Some(HostName { name: NamedPlace::Link(link), place: MountSource::Host(place) })
}

/// `docker volume create --opt o=bind --opt device=PLACE NAME`.
fn volume_of(call: &Invocation, repository: &Repository<'_>) -> Option<HostName> {
    let words: Vec<&Word> = call.argv.iter().skip(1).collect();
    let at = words.windows(2).position(
        |pair| matches!(pair, [one, other] if one.known() == Some("volume") && other.known() == Some("create")),
    )?;
    let mut options = DriverOptions::default();
    let mut name = None;
    let mut rest = words.get(at + 2..)?.iter();
    while let Some(word) = rest.next() {
        let text: &str = word;
        let (option, joined) = match text.split_once('=').filter(|_| text.starts_with("--")) {
            Some((option, value)) => (option, Some(value.to_owned())),
            None => (text, None),
        };
        if !option.starts_with('-') {
            name = Some(word.known()?.to_owned());
            continue;
        }
        if !VOLUME_OPTIONS.contains(&option) {
            continue;
        }
        let value = match joined {
            Some(value) => Word::parse(&value),
            None => (*rest.next()?).clone(),
        };
        match option {
            "--name" => name = Some(value.known()?.to_owned()),
            "--driver" | "-d" => options.driver = Some(expanded(&value, repository)),
            "--opt" | "-o" => add_option(&mut options, &value, repository),
            _ => {}
        }
    }
    let place = options.source(|device| Value { text: clean(&device.text), ..device })?;
    Some(HostName { name: NamedPlace::Volume(name?), place })
}

fn add_option(options: &mut DriverOptions, word: &Word, repository: &Repository<'_>) {
    let Some((key, rest)) = word.split_once('=') else { return };
    let value = Some(expanded(&Word::parse(rest), repository));
    match key {
        "type" => options.kind = value,
        "o" => options.mount_options = value,
        "device" => options.device = value,
        _ => {}
    }
}

/// A word with the environment put in, as a path of the host.
fn host_path(word: &Word, base: Option<&str>, call: &Invocation, repository: &Repository<'_>) -> Value {
    let value = expanded_path(word, repository);
    if value.text.starts_with(['/', '$']) {
        return value;
    }
    let here = repository.cwd.display().to_string();
    let directory = || call.directory.as_ref().map(|directory| expanded_path(directory, repository).text);
    let base = base.map_or_else(|| directory().map_or_else(|| here.clone(), |path| join(&here, &path)), str::to_owned);
    Value::known(join(&base, &value.text), None)
}

fn expanded_path(word: &Word, repository: &Repository<'_>) -> Value {
    PartialText::expand(word, &|name| state_of(name, repository)).cleaned_path().to_value(None)
}

fn expanded(word: &Word, repository: &Repository<'_>) -> Value {
    PartialText::expand(word, &|name| state_of(name, repository)).to_value(None)
}

/// A variable of the environment; one that is not set stays.
fn state_of(name: &str, repository: &Repository<'_>) -> VariableState {
    let Some(text) = repository.environment.get(name) else { return VariableState::Unseen };
    let mut value = Value::known(text.as_str(), None);
    if !repository.shows_values {
        let shown = format!("${{{name}}}");
        value.shown = ShownText::new(text.as_str(), shown.clone(), shown);
    }
    VariableState::Set(value)
}

/// Puts the places in where containers of this host mount their other names.
pub(in crate::input) fn follow_names(names: &[HostName], containers: &mut [Container]) {
    let names: Vec<&HostName> = names.iter().filter(|name| name.matters(names, containers)).collect();
    if names.is_empty() {
        return;
    }
    for container in containers.iter_mut().filter(|container| container.engine_host == EngineHost::Here) {
        for mount in &mut container.mounts {
            for _ in 0..MAX_STEPS {
                let Some(place) = names.iter().find_map(|name| name.place_of(mount)) else { break };
                mount.source = place;
            }
        }
    }
}

impl HostName {
    /// Whether a place has another name that counts: what a script links for something else stays what it is called.
    fn matters(&self, names: &[Self], containers: &[Container]) -> bool {
        let (NamedPlace::Link(link), MountSource::Host(place)) = (&self.name, &self.place) else { return true };
        let is_mounted = |mount: &Mount| match &mount.source {
            MountSource::Host(source) | MountSource::Unresolved(source) => {
                split_below(&source.text, &place.text).is_some()
            }
            _ => false,
        };
        let is_other = |other: &Self| {
            let of_volume = matches!(other.name, NamedPlace::Volume(_));
            let is_itself = matches!(&other.name, NamedPlace::Link(other) if other.text == link.text);
            let place_of = |source: &MountSource| matches!(source, MountSource::Host(path) if path.text == place.text);
            (of_volume || !is_itself) && place_of(&other.place)
        };
        containers.iter().flat_map(|container| &container.mounts).any(is_mounted) || names.iter().any(is_other)
    }

    /// What a mount shows, where it is of this name.
    fn place_of(&self, mount: &Mount) -> Option<MountSource> {
        match (&self.name, &mount.source) {
            (NamedPlace::Volume(name), MountSource::Volume(volume)) if *name == volume.text => {
                Some(with_span(self.place.clone(), volume))
            }
            (NamedPlace::Link(link), MountSource::Host(source) | MountSource::Unresolved(source)) => {
                let rest = split_below(&source.text, &link.text)?.trim_start_matches('/');
                let MountSource::Host(place) = &self.place else { return None };
                let below = |path: &str| if rest.is_empty() { path.to_owned() } else { format!("{path}/{rest}") };
                let text = below(&place.text);
                let shown = place.shown.becomes(&text, below);
                let place = Value { text, shown, span: source.span, symbols: place.symbols.clone() };
                Some(if place.is_symbolic() { MountSource::Unresolved(place) } else { MountSource::Host(place) })
            }
            _ => None,
        }
    }
}

fn with_span(mut source: MountSource, volume: &Value) -> MountSource {
    if let MountSource::Host(place) | MountSource::Unresolved(place) = &mut source {
        place.span = volume.span;
    }
    source
}
