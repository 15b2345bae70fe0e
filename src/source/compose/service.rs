//! From a project's tree to containers: one for each service that is looked at. May use `text` and `model`.

use std::collections::BTreeMap;

use super::env::environment;
use super::field::{self, flag, pairs, value, values, words, wrong};
use super::volume::{Named, Scope, mounts};
use super::{Profiles, Project};
use crate::model::{
    Command, Container, Diagnostic, EnvValue, EnvVar, Label, Layout, Level, Mount, MountSource, Script, Unseen, Value,
    clean,
};
use crate::text::Span;
use crate::text::yaml::{Entry, Node};

/// The containers of a project, with what could not be judged of it.
pub fn layout(project: &Project, context: &super::Context, sources: &crate::text::Sources) -> Layout {
    let home = context.environment.get("HOME").filter(|home| home.starts_with('/')).map(|home| clean(home));
    let mut layout = Layout { home, diagnostics: project.diagnostics.clone(), ..Layout::default() };
    let mut told = Vec::new();
    let volumes = named_volumes(project, &mut told);
    let scope = Scope { directory: &project.directory, home: layout.home.as_deref(), volumes: &volumes };
    let mut reader = Reader { project, scope, sources, context, told, unseen: Vec::new() };
    let mut from = Vec::new();
    for entry in services(project, &mut reader.told) {
        if let Some(container) = reader.service(entry) {
            let names = entry.value.get("volumes_from").map(|node| values(node)).unwrap_or_default();
            from.extend(names.into_iter().map(|source| (layout.containers.len(), source)));
            layout.containers.push(container);
        }
    }
    volumes_from(&mut layout.containers, &from, &mut reader.told);
    layout.diagnostics.append(&mut reader.told);
    layout
}

fn services<'a>(project: &'a Project, told: &mut Vec<Diagnostic>) -> &'a [Entry] {
    let Some(services) = project.root.entry("services") else {
        if project.root.get("include").is_none() {
            let message = "there are no `services`; a compose file has at least that";
            told.push(Diagnostic::at(
                Level::Error,
                Span { end: project.root.span.start, ..project.root.span },
                message,
            ));
        }
        return &[];
    };
    match services.value.as_map() {
        Some(entries) => entries,
        None => {
            let message = format!("`services` is a mapping of names to services, this is {}", services.value.kind());
            told.push(Diagnostic::at(Level::Error, services.key_span, message));
            &[]
        }
    }
}

/// The project's volumes, by the names services use, as what the engine mounts for them.
fn named_volumes(project: &Project, told: &mut Vec<Diagnostic>) -> BTreeMap<String, Named> {
    let Some(node) = project.root.get("volumes") else { return BTreeMap::new() };
    let Some(entries) = node.as_map() else {
        if !node.is_null() {
            told.push(wrong(node, "a mapping of volumes"));
        }
        return BTreeMap::new();
    };
    let named = |entry: &Entry| Named { source: volume_source(project, entry), span: entry.key_span };
    entries.iter().map(|entry| (entry.key.clone(), named(entry))).collect()
}

fn volume_source(project: &Project, entry: &Entry) -> MountSource {
    let get = |key: &str| entry.value.get(key);
    let option = |key: &str| get("driver_opts").and_then(|options| options.get(key)).and_then(|node| value(node));
    let local = get("driver").and_then(|node| value(node)).is_none_or(|driver| driver.text == "local");
    let (kind, device) = (option("type").map_or_else(String::new, |kind| kind.text), option("device"));
    let options = option("o").map_or_else(String::new, |options| options.text);
    let binds = options.split(',').any(|option| option == "bind" || option == "rbind");
    match device {
        Some(mut device) if local && binds => {
            if !device.is_symbolic() {
                device.text = clean(&device.text);
            }
            return MountSource::Host(device);
        }
        Some(device) if local && !kind.is_empty() && kind != "tmpfs" && kind != "none" => {
            return MountSource::Device { fstype: kind, device, options };
        }
        _ => {}
    }
    let external = get("external").is_some_and(|node| match node.as_map() {
        Some(_) => true,
        None => node.as_scalar().is_some_and(|scalar| scalar.text == "true"),
    });
    let given = get("name").or_else(|| get("external").and_then(|node| node.get("name"))).and_then(|node| value(node));
    let name = given.unwrap_or_else(|| {
        let name = if external { entry.key.clone() } else { format!("{}_{}", project.name, entry.key) };
        Value::known(name, Some(entry.key_span))
    });
    MountSource::Volume(name)
}

struct Reader<'a> {
    project: &'a Project,
    scope: Scope<'a>,
    sources: &'a crate::text::Sources,
    context: &'a super::Context,
    told: Vec<Diagnostic>,
    /// What of the service being read could not be looked at.
    unseen: Vec<Unseen>,
}

impl Reader<'_> {
    fn service(&mut self, entry: &Entry) -> Option<Container> {
        let node = &*entry.value;
        if node.as_map().is_none() {
            let message = format!("the service `{}` is {}, not a mapping; it is not judged", entry.key, node.kind());
            self.told.push(Diagnostic::at(Level::Gap, entry.key_span, message));
            return None;
        }
        let profiles: Vec<String> = node
            .get("profiles")
            .map(|node| values(node))
            .unwrap_or_default()
            .into_iter()
            .map(|name| name.text)
            .collect();
        if !self.starts(&profiles) {
            return None;
        }
        self.unseen.clear();
        let env = self.environment(node);
        let (replicas, replicas_span) = self.replicas(node);
        let build = node.get("build");
        let arguments = build.and_then(|build| build.get("args"));
        Some(Container {
            name: entry.key.clone(),
            project: Some(self.project.name.clone()),
            span: entry.key_span,
            replicas,
            replicas_span,
            profiles,
            image: node.get("image").and_then(|node| value(node)),
            build_args: arguments.map(|node| self.variables(node)).unwrap_or_default(),
            builds: build.is_some_and(|build| !build.is_null()),
            command: self.command(node, "command"),
            entrypoint: self.command(node, "entrypoint"),
            hooks: self.hooks(node),
            script: Script::default(),
            unseen: std::mem::take(&mut self.unseen),
            user: node.get("user").and_then(|node| value(node)),
            working_dir: node.get("working_dir").and_then(|node| value(node)),
            tty: node.get("tty").and_then(|node| flag(node, &mut self.told)),
            stdin_open: node.get("stdin_open").and_then(|node| flag(node, &mut self.told)),
            read_only: node.get("read_only").and_then(|node| flag(node, &mut self.told)).is_some_and(|flag| flag.on),
            labels: self.labels(node),
            env,
            mounts: self.mounts(node),
        })
    }

    fn starts(&self, profiles: &[String]) -> bool {
        match &self.project.profiles {
            Profiles::All => true,
            Profiles::Active(active) => {
                profiles.is_empty()
                    || profiles.iter().any(|profile| active.iter().any(|one| one == profile || one == "*"))
            }
        }
    }

    fn replicas(&mut self, node: &Node) -> (u64, Option<Span>) {
        let deploy = node.get("deploy").and_then(|deploy| deploy.get("replicas"));
        let Some(node) = deploy.or_else(|| node.get("scale")).filter(|node| !node.is_null()) else { return (1, None) };
        match node.as_scalar().and_then(|scalar| scalar.text.trim().parse().ok()) {
            Some(replicas) => (replicas, Some(node.span)),
            None => {
                self.told.push(wrong(node, "a number of replicas"));
                (1, Some(node.span))
            }
        }
    }

    fn command(&mut self, node: &Node, key: &str) -> Option<Command> {
        let node = node.get(key).filter(|node| !node.is_null())?;
        let words = words(node, &mut self.told)?;
        Some(Command { words, span: node.span })
    }

    /// The health check (`CMD-SHELL` text, `CMD` words) and the commands of `post_start` and `pre_stop`.
    fn hooks(&mut self, node: &Node) -> Vec<Command> {
        let mut hooks = Vec::new();
        if let Some(test) = node.get("healthcheck").and_then(|check| check.get("test")) {
            let words = match test.as_seq() {
                None => value(test).into_iter().collect(),
                Some(_) => words(test, &mut self.told).unwrap_or_default(),
            };
            let (kind, rest) = words.split_first().map_or(("NONE", &[][..]), |(kind, rest)| (kind.text.as_str(), rest));
            let text = match (test.as_seq(), kind) {
                (None, _) => words.first(),
                (Some(_), "CMD-SHELL") => rest.first(),
                (Some(_), _) => None,
            };
            let shell = |text: &Value| {
                let word = |word: &str| Value::known(word, Some(Span { end: test.span.start, ..test.span }));
                vec![word("/bin/sh"), word("-c"), text.clone()]
            };
            let words = match text {
                Some(text) => shell(text),
                None if kind == "CMD" => rest.to_vec(),
                None => Vec::new(),
            };
            hooks.push(Command { words, span: test.span });
        }
        for key in ["post_start", "pre_stop"] {
            let items = node.get(key).and_then(|node| node.as_seq()).unwrap_or_default();
            hooks.extend(items.iter().filter_map(|item| self.command(item, "command")));
        }
        hooks.retain(|hook| !hook.words.is_empty());
        hooks
    }

    fn labels(&mut self, node: &Node) -> BTreeMap<String, Label> {
        let Some(node) = node.get("labels") else { return BTreeMap::new() };
        let label = |pair: field::Pair| {
            let scalar = pair.value.unwrap_or_default();
            let value = Value { text: scalar.text, symbols: scalar.symbols, span: Some(pair.value_span) };
            (pair.name, Label { value, span: pair.span })
        };
        pairs(node, &mut self.told).into_iter().map(label).collect()
    }

    /// Names with values, where a name alone is taken from where Compose runs.
    fn variables(&mut self, node: &Node) -> BTreeMap<String, EnvVar> {
        let mut variables = BTreeMap::new();
        for pair in pairs(node, &mut self.told) {
            let outer = || self.project.variables.get(&pair.name).map(|text| Value::known(text.clone(), None));
            let value = match pair.value {
                Some(scalar) => Some(Value { text: scalar.text, symbols: scalar.symbols, span: Some(pair.value_span) }),
                None => outer(),
            };
            let value = value.map_or(EnvValue::Inherited, EnvValue::Set);
            variables.insert(pair.name, EnvVar { value, span: pair.name_span });
        }
        variables
    }

    fn env_files(&mut self, node: &Node) -> BTreeMap<String, EnvVar> {
        let mut unseen = Vec::new();
        let read = environment(node, self.project, self.context, self.sources, &mut self.told, &mut unseen);
        self.unseen.extend(unseen);
        read
    }

    fn environment(&mut self, node: &Node) -> BTreeMap<String, EnvVar> {
        let files = node.get("env_file").map(|node| self.env_files(node));
        let mut variables = files.unwrap_or_default();
        if let Some(node) = node.get("environment") {
            variables.extend(self.variables(node));
        }
        variables
    }

    fn mounts(&mut self, node: &Node) -> Vec<Mount> {
        let mut found = node.get("volumes").map(|node| mounts(node, &self.scope, &mut self.told)).unwrap_or_default();
        let tmpfs = node.get("tmpfs").map(|node| values(node)).unwrap_or_default();
        found.extend(tmpfs.into_iter().filter_map(|mut target| {
            let span = target.span?;
            target.text = clean(target.text.split(':').next().unwrap_or(""));
            Some(Mount { target, source: MountSource::Tmpfs, subpath: None, read_only: false, span, defined: None })
        }));
        for (key, directory) in [("secrets", "/run/secrets"), ("configs", "")] {
            found.extend(self.injected(node, key, directory));
        }
        once_each(found)
    }

    /// Secrets and configs: a file of the host is a read-only bind, other content is no other container's.
    fn injected(&mut self, node: &Node, key: &str, directory: &str) -> Vec<Mount> {
        let items = node.get(key).and_then(|node| node.as_seq()).unwrap_or_default();
        let mut found = Vec::new();
        for item in items {
            let of = |key: &str| item.get(key).and_then(|node| value(node));
            let Some(source) = value(item).or_else(|| of("source")) else { continue };
            let target = of("target").map_or_else(|| source.text.clone(), |target| target.text);
            let target = if target.starts_with('/') { target } else { format!("{directory}/{target}") };
            let defined = self.project.root.get(key).and_then(|all| all.entry(&source.text));
            let file = defined.and_then(|entry| entry.value.get("file")).and_then(|node| value(node));
            found.push(Mount {
                target: Value::known(clean(&target), Some(item.span)),
                source: file.map_or(MountSource::Injected, |file| MountSource::Host(self.scope.path(file))),
                subpath: None,
                read_only: true,
                span: item.span,
                defined: defined.map(|entry| entry.key_span),
            });
        }
        found
    }
}

/// Of several mounts of one target the last one stands, as in Compose.
fn once_each(mounts: Vec<Mount>) -> Vec<Mount> {
    let mut at = std::collections::HashMap::new();
    let mut kept: Vec<Option<Mount>> = Vec::with_capacity(mounts.len());
    for mount in mounts {
        if let Some(earlier) = at.insert(mount.target.text.clone(), kept.len()).and_then(|at: usize| kept.get_mut(at)) {
            *earlier = None;
        }
        kept.push(Some(mount));
    }
    kept.into_iter().flatten().collect()
}

/// `volumes_from`: the mounts of another service, at the same targets. Its anonymous volumes are then shared.
fn volumes_from(containers: &mut [Container], from: &[(usize, Value)], told: &mut Vec<Diagnostic>) {
    // Twice, so that a service that takes from one that takes itself gets all; Compose allows no cycles.
    for _ in 0..2 {
        for (taker, source) in from {
            let (name, mode) = source.text.split_once(':').unwrap_or((&source.text, ""));
            let Some(giver) = containers.iter().position(|container| container.name == name) else { continue };
            let mounts = share(containers, giver);
            let Some(taker) = containers.get_mut(*taker) else { continue };
            for mut mount in mounts {
                mount.read_only |= mode == "ro";
                if taker.mounts.iter().all(|own| own.target.text != mount.target.text) {
                    taker.mounts.push(mount);
                }
            }
        }
    }
    for (taker, source) in from {
        let name = source.text.split(':').next().unwrap_or("");
        if !containers.iter().any(|container| container.name == name) {
            let what = "the mounts that `volumes_from` takes are of a container that is not described";
            told.extend(source.span.map(|span| Diagnostic::at(Level::Gap, span, what)));
            if let (Some(taker), Some(span)) = (containers.get_mut(*taker), source.span) {
                taker.unseen.push(Unseen { what: what.to_owned(), span });
            }
        }
    }
}

/// The mounts that a container gives to others; an anonymous volume gets a name, since it is no longer its own.
fn share(containers: &mut [Container], giver: usize) -> Vec<Mount> {
    let Some(container) = containers.get_mut(giver) else { return Vec::new() };
    let project = container.project.clone().unwrap_or_default();
    for mount in &mut container.mounts {
        if mount.source == MountSource::Anonymous {
            let name = format!("{project}/{}:{}", container.name, mount.target.text);
            mount.source = MountSource::Volume(Value::known(name, Some(mount.span)));
        }
    }
    container.mounts.iter().filter(|mount| mount.source != MountSource::Tmpfs).cloned().collect()
}
