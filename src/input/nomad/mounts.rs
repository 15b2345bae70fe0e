//! What a task mounts: `volume_mount` of its group's volumes, its driver's `volumes`, `mount` and `mounts`, and the
//! directories that each task has. Uses `task`, `task_templates`, `local_volume` and `model`.

use std::collections::HashMap;

use super::hcl_value::{Evaluated, PlacedValue};
use super::host_volumes::HOST_VOLUME;
use super::stanza::Stanza;
use super::task::{MANY, TaskReader, with_symbols};
use super::task_templates::task_path;
use crate::input::local_volume::DriverOptions;
use crate::model::{Container, Mount, MountSource, PartialText, Symbol, Unseen, Value, clean, split_below};
use crate::text::Span;

/// What the filesystem of a volume of a storage plugin is called: other hosts may have it too.
const CSI_VOLUME: &str = "nomad csi volume";

/// The fields of a mount, from a stanza or an object.
type Fields = HashMap<String, PlacedValue>;

/// Mounts as they are found, with the paths of those that are of the task's own directory.
#[derive(Default)]
struct FoundMounts {
    mounts: Vec<Mount>,
    /// The path in the task's directory, by the number of the mount.
    own: Vec<(usize, String)>,
    unseen: Vec<Unseen>,
    /// Why there may be more mounts.
    missed: Option<Unseen>,
}

impl FoundMounts {
    fn miss(&mut self, what: impl Into<String>, span: Span) {
        let missed = Unseen { what: what.into(), span };
        self.missed.get_or_insert_with(|| missed.clone());
        self.unseen.push(missed);
    }
}

impl<'a> TaskReader<'_, 'a> {
    /// Adds all mounts of a task.
    pub(super) fn add_mounts(
        &self,
        config: &Stanza,
        engine: &str,
        container: &mut Container,
        unseen: &mut Vec<Unseen>,
    ) {
        let mut found = FoundMounts::default();
        self.add_own_directories(&mut found);
        self.add_volume_mounts(&mut found);
        self.add_short_volumes(config, &mut found);
        self.add_long_mounts(config, &mut found);
        if engine == "podman" {
            self.add_tmpfs(config, &mut found);
        }
        self.add_rendered_files(&mut found);
        // Of several at one target the last one stands.
        let mut last: HashMap<&str, usize> = HashMap::new();
        for (at, mount) in found.mounts.iter().enumerate() {
            last.insert(&mount.target.text, at);
        }
        let is_last = |at: usize, mount: &Mount| last.get(mount.target.text.as_str()) == Some(&at);
        let kept = found.mounts.iter().enumerate().filter(|(at, mount)| is_last(*at, mount));
        container.mounts = kept.map(|(_, mount)| mount.clone()).collect();
        unseen.append(&mut found.unseen);
        if let Some(missed) = found.missed {
            container.unseen_mounts.get_or_insert(missed);
        }
    }

    /// What Nomad mounts in each container: of its own, and one directory for all tasks of the allocation.
    fn add_own_directories(&self, found: &mut FoundMounts) {
        let span = self.task.name_span();
        let target = |path: &str| Value::known(path, None);
        found.own.extend([(0, "local".to_owned()), (1, "secrets".to_owned())]);
        found.mounts.push(Mount::new(target("/local"), MountSource::Anonymous, span));
        found.mounts.push(Mount::new(target("/secrets"), MountSource::Tmpfs, span));
        if self.facts.has_siblings {
            found.mounts.push(Mount::new(target("/alloc"), self.shared_directory(span), span));
        }
    }

    /// The directory that all tasks of an allocation have.
    fn shared_directory(&self, span: Span) -> MountSource {
        let of = format!("{}.{}", self.facts.project, self.facts.group.label());
        if !self.facts.has_siblings {
            return MountSource::Anonymous;
        }
        if self.facts.is_single() {
            return MountSource::Volume(Value::known(format!("nomad allocation of {of}"), Some(span)));
        }
        let name = format!("NOMAD_ALLOC_DIR of {}", of.replace(['$', '{', '}'], "_"));
        let symbols = vec![Symbol { name: name.clone(), required: true }];
        MountSource::Unresolved(Value { text: format!("${{{name}}}"), symbols, span: Some(span), ..Value::default() })
    }

    fn add_volume_mounts(&self, found: &mut FoundMounts) {
        for made in self.task.dynamic("volume_mount").chain(self.facts.group.dynamic("volume")) {
            found.miss("its mounts are made by a `dynamic` block", made.kind_span);
        }
        for mount in self.task.all("volume_mount").take(MANY) {
            let named = self.reader.known(mount, "volume");
            let Some(volume) = named.and_then(|name| self.facts.volumes.get(&name).copied()) else {
                found.miss("which volume of its group it mounts is not known", mount.kind_span);
                continue;
            };
            let Some(target) = given_target(self.reader.value(mount, "destination")) else { continue };
            let source = self.volume_source(volume);
            let switches = [(volume, "read_only"), (mount, "read_only")];
            let mode = self.reader.known(volume, "access_mode");
            let is_for_readers = mode.is_some_and(|mode| mode.ends_with("reader-only"));
            let is_set = switches.into_iter().any(|(stanza, name)| self.is_read_only(stanza, name, found));
            let read_only = is_set || is_for_readers;
            let defined = Some(volume.name_span());
            let span = mount.span_of_attributes(&["volume", "destination"]);
            found.mounts.push(Mount { read_only, defined, must_exist: true, ..Mount::new(target, source, span) });
        }
    }

    fn is_read_only(&self, stanza: &Stanza, name: &str, found: &mut FoundMounts) -> bool {
        let Some(value) = self.reader.value(stanza, name) else { return false };
        is_switched_on(&value, found)
    }

    /// What a volume of the group is: the host's by a name of Nomad's, or a storage plugin's.
    fn volume_source(&self, volume: &Stanza) -> MountSource {
        let span = volume.name_span();
        let given = self.reader.value(volume, "source").and_then(|source| source.value.text());
        let mut name = given.map_or_else(|| PartialText::plain(volume.label()), |text| with_symbols(&text));
        if self.reader.is_on(volume, "per_alloc") == Some(true) {
            let index = PartialText::variable("NOMAD_ALLOC_INDEX");
            name = name.followed_by(&PartialText::plain("[")).followed_by(&index).followed_by(&PartialText::plain("]"));
        }
        let device = name.to_value(Some(span));
        let kind = self.reader.value(volume, "type").map(|kind| (kind.value.known(), kind));
        let fstype = match &kind {
            None => HOST_VOLUME,
            Some((Some(kind), _)) if kind == "host" => HOST_VOLUME,
            Some((Some(_), _)) => CSI_VOLUME,
            Some((None, kind)) => {
                let unknown = kind.value.text().unwrap_or_else(|| PartialText::variable("type"));
                return MountSource::Unresolved(unknown.to_value(Some(kind.span)));
            }
        };
        MountSource::Device { fstype: fstype.to_owned(), device, options: String::new() }
    }

    /// `volumes`: `SOURCE:TARGET:MODES`.
    fn add_short_volumes(&self, config: &Stanza, found: &mut FoundMounts) {
        for made in ["volumes", "mount", "mounts"].iter().flat_map(|kind| config.dynamic(kind)) {
            found.miss("its mounts are made by a `dynamic` block", made.kind_span);
        }
        let Some(given) = self.reader.value(config, "volumes") else { return };
        let Evaluated::List(items) = &*given.value else {
            return found.miss("its `volumes` depend on a value that is not known", given.span);
        };
        if items.len() > MANY {
            found.miss(format!("of its `volumes` no more than {MANY} were read"), given.span);
        }
        let driver = filled(self.reader.value(config, "volume_driver"));
        for item in items.iter().take(MANY) {
            let parts = item.value.text().map(|text| with_symbols(&text).split(':')).unwrap_or_default();
            let [source, target, modes @ ..] = parts.as_slice() else {
                found.miss("what one of its `volumes` mounts, and where, is not known", item.span);
                continue;
            };
            let Some(target) = target_of(target, item.span) else { continue };
            let modes: Vec<PartialText> = modes.iter().flat_map(|modes| modes.split(',')).collect();
            if modes.iter().any(PartialText::is_symbolic) {
                let what = "the modes of a volume depend on a value that is not known".to_owned();
                found.unseen.push(Unseen { what, span: item.span });
            }
            let read_only = modes.iter().any(|mode| mode.known().as_deref() == Some("ro"));
            let source = match &driver {
                Some(driver) => named_volume(source, driver, item.span),
                None => self.task_source(source, item.span, found),
            };
            found.mounts.push(Mount { read_only, ..Mount::new(target, source, item.span) });
        }
    }

    /// A source that may be of the host, of the allocation, or of the task itself: what is relative is below its directory.
    fn task_source(&self, source: &PartialText, span: Span, found: &mut FoundMounts) -> MountSource {
        if let Some(path) = task_path(source) {
            found.own.push((found.mounts.len(), path));
            return MountSource::Anonymous;
        }
        let known = source.known().map(|path| clean(&path));
        let shared = known.as_deref().is_some_and(|path| path == "../alloc" || path.starts_with("../alloc/"));
        if shared || source.first_unknown().is_some_and(|part| part.name == "NOMAD_ALLOC_DIR") {
            return self.shared_directory(span);
        }
        match source.first_unknown() {
            Some(_) if !source.contains_char('/') => MountSource::Unresolved(source.to_value(Some(span))),
            _ => MountSource::Host(source.cleaned_path().to_value(Some(span))),
        }
    }

    /// `mount` stanzas and objects, `mounts` lists of them.
    fn add_long_mounts(&self, config: &Stanza, found: &mut FoundMounts) {
        for stanza in ["mount", "mounts"].into_iter().flat_map(|kind| config.all(kind)).take(MANY) {
            let span = stanza.span_of_attributes(&["source", "target", "destination"]);
            self.add_long_mount(&self.fields(stanza), span, found);
        }
        for name in ["mount", "mounts"] {
            let Some(given) = self.reader.value(config, name) else { continue };
            let items = match &*given.value {
                Evaluated::List(items) => items.clone(),
                Evaluated::Map(_) => vec![given.clone()],
                _ => {
                    found.miss(format!("its `{name}` depends on a value that is not known"), given.span);
                    continue;
                }
            };
            if items.len() > MANY {
                found.miss(format!("of its `{name}` no more than {MANY} were read"), given.span);
            }
            for item in items.iter().take(MANY) {
                match fields_of(item) {
                    Some(fields) => self.add_long_mount(&fields, item.span, found),
                    None => found.miss("what one of its mounts is is not known", item.span),
                }
            }
        }
    }

    /// The fields of a stanza, with those of the stanzas in it.
    fn fields(&self, stanza: &Stanza) -> Fields {
        let attributes = stanza.attributes.iter();
        let mut fields: Fields =
            attributes.map(|one| (one.name.clone(), self.reader.scope.placed(&one.value))).collect();
        for inner in &stanza.stanzas {
            let entries = self.fields(inner).into_iter().map(|(name, value)| (name, inner.kind_span, value));
            let value = Evaluated::Map(entries.collect());
            fields.insert(inner.kind.clone(), PlacedValue { value: value.into(), span: inner.span });
        }
        fields
    }

    fn add_long_mount(&self, fields: &Fields, span: Span, found: &mut FoundMounts) {
        let get = |names: &[&str]| names.iter().find_map(|name| fields.get(*name)).cloned();
        let Some(target) = given_target(get(&["target", "destination"])) else { return };
        let source = get(&["source"]).and_then(|source| source.value.text()).filter(|source| !source.is_empty());
        let source = source.map(|source| with_symbols(&source));
        let kind = get(&["type"]);
        let name = kind.as_ref().map_or(Some("volume".to_owned()), |kind| kind.value.known());
        let options = get(&["volume_options"]);
        let source = match (name.as_deref(), source) {
            (Some("bind"), Some(source)) => self.task_source(&source, span, found),
            (Some("bind"), None) => return found.miss("a mount of the host has no source", span),
            (Some("tmpfs"), _) => MountSource::Tmpfs,
            (Some(_), source) => volume_of(source, options.as_ref(), span),
            (None, source) => {
                let unknown = source.filter(PartialText::is_symbolic);
                let unknown = unknown.unwrap_or_else(|| PartialText::variable("type of a mount"));
                MountSource::Unresolved(unknown.to_value(Some(span)))
            }
        };
        let read_only = get(&["readonly", "read_only"]).is_some_and(|on| is_switched_on(&on, found));
        let told = options.as_ref().and_then(|options| driver_option(options, "o"));
        let driver_options = told.map(|told| told.text).unwrap_or_default();
        found.mounts.push(Mount { read_only, driver_options, ..Mount::new(target, source, span) });
    }

    fn add_tmpfs(&self, config: &Stanza, found: &mut FoundMounts) {
        let given = self.reader.value(config, "tmpfs");
        let Some(Evaluated::List(items)) = given.as_ref().map(|given| &*given.value) else { return };
        for item in items.iter().take(MANY) {
            let target = item.value.text().and_then(|text| text.split(':').into_iter().next());
            let target = target.and_then(|target| target_of(&target, item.span));
            found.mounts.extend(target.map(|target| Mount::new(target, MountSource::Tmpfs, item.span)));
        }
    }

    /// The files that templates make, where they are mounted.
    fn add_rendered_files(&self, found: &mut FoundMounts) {
        let mut files = Vec::new();
        for rendered in self.rendered_files().into_iter().take(MANY) {
            for (at, path) in &found.own {
                let (Some(mount), Some(rest)) = (found.mounts.get(*at), split_below(&rendered.path, path)) else {
                    continue;
                };
                let target =
                    if rest.is_empty() { mount.target.text.clone() } else { format!("{}/{rest}", mount.target.text) };
                let target = Value { text: target, ..mount.target.clone() };
                let content = rendered.text.clone().map(Box::new);
                files.push(Mount { content, ..Mount::new(target, MountSource::Injected, mount.span) });
            }
        }
        found.mounts.append(&mut files);
    }
}

fn given_target(given: Option<PlacedValue>) -> Option<Value> {
    let given = given?;
    target_of(&with_symbols(&given.value.text()?), given.span)
}

fn is_switched_on(value: &PlacedValue, found: &mut FoundMounts) -> bool {
    let on = value.value.is_true();
    if on.is_none() {
        let what = "whether a mount is read-only depends on a value that is not known".to_owned();
        found.unseen.push(Unseen { what, span: value.span });
    }
    on == Some(true)
}

fn filled(given: Option<PlacedValue>) -> Option<Value> {
    given?.to_value().filter(|value| !value.text.is_empty())
}

/// A target as it is in the container, where what is relative is below its root.
fn target_of(text: &PartialText, span: Span) -> Option<Value> {
    let text = TaskReader::in_container(text);
    if text.is_empty() {
        return None;
    }
    let is_whole = text.starts_with('/') || text.first_unknown().is_some();
    let whole = if is_whole { text } else { PartialText::plain("/").followed_by(&text) };
    Some(whole.cleaned_path().to_value(Some(span)))
}

/// A volume of the engine, or of a driver of its own, which other hosts may have too.
fn named_volume(name: &PartialText, driver: &Value, span: Span) -> MountSource {
    if name.starts_with('/') {
        return MountSource::Host(name.cleaned_path().to_value(Some(span)));
    }
    let name = name.to_value(Some(span));
    match driver.text.as_str() {
        "local" => MountSource::Volume(name),
        driver => MountSource::Device { fstype: format!("volume of {driver}"), device: name, options: String::new() },
    }
}

/// The volume of a mount, by its driver and what that is told.
fn volume_of(source: Option<PartialText>, options: Option<&PlacedValue>, span: Span) -> MountSource {
    let option = |name: &str| options.and_then(|options| driver_option(options, name));
    let driver = options.and_then(|options| field(options, "driver_config"));
    let name = driver.as_ref().and_then(|driver| field(driver, "name")).and_then(|name| name.to_value());
    let given = DriverOptions {
        driver: name.clone(),
        kind: option("type"),
        mount_options: option("o"),
        device: option("device"),
    };
    let cleaned = |device: Value| Value { text: clean(&device.text), ..device };
    match (given.source(cleaned), source) {
        (Some(source), _) => source,
        (None, None) => MountSource::Anonymous,
        (None, Some(source)) if source.first_unknown().is_some() => {
            MountSource::Unresolved(source.to_value(Some(span)))
        }
        (None, Some(source)) => {
            let local = || Value::known("local", None);
            named_volume(&source, &name.filter(|name| !name.text.is_empty()).unwrap_or_else(local), span)
        }
    }
}

/// What the driver of a volume is told under a name.
fn driver_option(options: &PlacedValue, name: &str) -> Option<Value> {
    field(&field(&field(options, "driver_config")?, "options")?, name)?.to_value()
}

/// A field of an object; of a list of objects that of the first.
fn field(value: &PlacedValue, name: &str) -> Option<PlacedValue> {
    match &*value.value {
        Evaluated::Map(entries) => entries.iter().find(|(key, ..)| key == name).map(|(_, _, found)| found.clone()),
        Evaluated::List(items) => items.first().and_then(|first| field(first, name)),
        _ => None,
    }
}

fn fields_of(value: &PlacedValue) -> Option<Fields> {
    match &*value.value {
        Evaluated::Map(entries) => Some(entries.iter().map(|(name, _, value)| (name.clone(), value.clone())).collect()),
        _ => None,
    }
}
