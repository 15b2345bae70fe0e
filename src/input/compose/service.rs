//! From a project's tree to containers: one for each service that is looked at. May use `text` and `model`.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;

use super::env::Reading;
use super::field::{self, flag, pairs, value, values, words, wrong};
use super::mount::{Volumes, cleaned, mounts, named_volumes};
use super::tree::{as_text, is_symbolic, items_of, section, written};
use super::{Context, Project};
use crate::model::{
    Build, Command, Container, Diagnostic, EngineHost, FixedName, Flag, HostPort, Label, Layout, Level, MistakenPart,
    Mount, MountSource, ProgramSources, Rights, Script, Spread, Timing, Unseen, Value, clean,
};
use crate::text::yaml::{Entry, Node};
use crate::text::{Sources, Span};

/// The containers of a project, with what could not be judged of it.
pub fn layout(project: &Project, context: &Context, sources: &Sources) -> Layout {
    let home = context.environment.get("HOME").filter(|home| home.starts_with('/')).map(|home| clean(home));
    let mut layout = Layout { home, diagnostics: project.diagnostics.clone(), ..Layout::default() };
    let shown = project.shown_name.word(&project.name);
    if shown != project.name {
        layout.hidden.projects.insert(project.name.clone(), shown.into_owned());
    }
    let volumes = named_volumes(&project.root);
    let reading = Reading::new(project, context, sources);
    let mut reader = ServiceReader { project, volumes, reading };
    if project.root.get("services").is_none() && project.diagnostics.is_empty() {
        let message = "there are no `services`; a compose file has at least that";
        let span = Span { end: project.root.span.start, ..project.root.span };
        reader.reading.told.push(Diagnostic::at(Level::Error, span, message));
    }
    let mut from = Vec::new();
    for entry in section(&project.root, "services").iter().filter(|entry| project.active.contains(&entry.key)) {
        let names = entry.value.get("volumes_from").map(|node| values(node)).unwrap_or_default();
        from.extend(names.into_iter().map(|source| (layout.containers.len(), source)));
        layout.containers.push(reader.service(entry));
    }
    let mut told = reader.reading.told;
    volumes_from(&mut layout.containers, &from, &mut told);
    let mut known: HashSet<(Option<Span>, String)> =
        layout.diagnostics.iter().map(|diagnostic| (diagnostic.span, diagnostic.message.clone())).collect();
    told.retain(|diagnostic| known.insert((diagnostic.span, diagnostic.message.clone())));
    layout.diagnostics.append(&mut told);
    layout
}

struct ServiceReader<'a> {
    project: &'a Project,
    volumes: Volumes,
    reading: Reading<'a>,
}

impl ServiceReader<'_> {
    fn service(&mut self, entry: &Entry) -> Container {
        let node = &*entry.value;
        self.reading.unseen = self.project.unseen.get(&entry.key).cloned().unwrap_or_default();
        self.reading.mistakes = self.project.mistakes.get(&entry.key).cloned().unwrap_or_default();
        let env = self.reading.environment(node);
        let (replicas, replicas_span) = self.replicas(node);
        let shown_replicas = replicas_node(node).and_then(value).and_then(|count| count.concealed());
        let build = node.get("build");
        let arguments = build.and_then(|build| build.get("args"));
        let given_name = node.get("container_name").and_then(|node| value(node)).filter(is_written);
        let timing = timing(node, given_name.as_ref());
        let profiles = node.get("profiles").map(|node| values(node)).unwrap_or_default();
        Container {
            host_copies: Vec::new(),
            names_no_program: false,
            has_root_base: false,
            has_busybox_flock: false,
            name: entry.key.clone(),
            project: Some(self.project.name.clone()),
            span: entry.key_span,
            replicas: if shown_replicas.is_some() { replicas.min(2) } else { replicas },
            shown_replicas,
            replicas_span,
            profiles: profiles.into_iter().map(|name| name.text).collect(),
            image: node.get("image").and_then(|node| value(node)).filter(is_written),
            build_args: arguments.map(|node| self.reading.variables(node)).unwrap_or_default(),
            build: build.filter(|build| !build.is_null()).map(|build| Box::new(built(build, &self.project.root))),
            installs: Vec::new(),
            program_sources: ProgramSources::default(),
            other_builds: Vec::new(),
            given_name,
            start: None,
            way_of: None,
            variant: None,
            host_ports: host_ports(node),
            engine_host: EngineHost::Here,
            spread: spread(node),
            is_of_job: false,
            timing,
            starts_described: false,
            command: self.command(node, "command"),
            entrypoint: self.command(node, "entrypoint"),
            hooks: self.hooks(node),
            own_health: own_health(node),
            script: Script::default(),
            workplace: None,
            user: node.get("user").and_then(|node| value(node)).filter(is_written),
            rights: rights(node),
            working_dir: node.get("working_dir").and_then(|node| value(node)).filter(is_written),
            tty: self.flag(node, "tty"),
            stdin_open: self.flag(node, "stdin_open"),
            read_only: self.flag(node, "read_only").is_some_and(|flag| flag.on),
            labels: self.labels(node),
            declared: BTreeMap::new(),
            env,
            mounts: self.mounts(node),
            lenders: Vec::new(),
            unseen: std::mem::take(&mut self.reading.unseen),
            mistakes: std::mem::take(&mut self.reading.mistakes),
            missing_env_files: std::mem::take(&mut self.reading.missing),
            unseen_mounts: None,
            live: None,
            service: None,
            recurring_name: None,
        }
    }

    fn flag(&mut self, node: &Node, key: &str) -> Option<Flag> {
        let node = node.get(key)?;
        if is_symbolic(node) {
            // Whether its own layer can be written changes nothing that a finding says is fine.
            if key != "read_only" {
                let what = format!("its `{key}` depends on a variable that is not set");
                self.reading.unseen.push(Unseen { what, span: node.span });
                let mistake = MistakenPart { key: key.to_owned(), span: node.span, may_declare: false };
                self.reading.mistakes.push(mistake);
            }
            return None;
        }
        flag(node, &mut self.reading.told)
    }

    fn replicas(&mut self, node: &Node) -> (u64, Option<Span>) {
        let Some(node) = replicas_node(node) else { return (1, None) };
        if is_symbolic(node) {
            let what = "how often it is started depends on a variable that is not set".to_owned();
            self.reading.unseen.push(Unseen { what, span: node.span });
            return (1, Some(node.span));
        }
        match node.as_scalar().and_then(|scalar| scalar.text.trim().parse().ok()) {
            Some(replicas) => (replicas, Some(node.span)),
            None => {
                self.reading.told.push(wrong(node, "a number of replicas"));
                (1, Some(node.span))
            }
        }
    }

    fn command(&mut self, node: &Node, key: &str) -> Option<Command> {
        let node = node.get(key).filter(|node| !node.is_null())?;
        let words = words(node, &mut self.reading.told)?;
        Some(Command { words, span: node.span })
    }

    /// The health check (`CMD-SHELL` text, `CMD` words) and the commands of `post_start`, `pre_stop` and `develop.watch`.
    fn hooks(&mut self, node: &Node) -> Vec<Command> {
        let mut hooks = Vec::new();
        if let Some(test) = node.get("healthcheck").and_then(|check| check.get("test")) {
            let words = match test.as_seq() {
                None => value(test).into_iter().collect(),
                Some(_) => words(test, &mut self.reading.told).unwrap_or_default(),
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
        let watch = node.get("develop").and_then(|develop| develop.get("watch"));
        for trigger in watch.and_then(|watch| watch.as_seq()).unwrap_or_default() {
            hooks.extend(trigger.get("exec").and_then(|exec| self.command(exec, "command")));
        }
        hooks.retain(|hook| !hook.words.is_empty());
        hooks
    }

    fn labels(&mut self, node: &Node) -> BTreeMap<String, Label> {
        let files = self.reading.label_files(node).into_iter();
        let mut labels: BTreeMap<String, Label> =
            files.map(|(name, (text, span))| (name, Label::new(Value::known(text, None), span))).collect();
        let Some(node) = node.get("labels") else { return labels };
        let label = |pair: field::Pair| {
            let scalar = pair.value.unwrap_or_default();
            let value = field::of_scalar(&scalar, pair.value_span);
            (pair.name, Label::new(value, pair.span))
        };
        labels.extend(pairs(node, &mut self.reading.told).into_iter().map(label));
        labels
    }

    fn mounts(&mut self, node: &Node) -> Vec<Mount> {
        let mut found = mounts(node, &self.volumes, &mut self.reading.told);
        let tmpfs = node.get("tmpfs").map(|node| values(node)).unwrap_or_default();
        found.extend(tmpfs.into_iter().filter_map(|mut target| {
            let span = target.span?;
            target.text = clean(target.text.split(':').next().unwrap_or(""));
            Some(Mount::new(target, MountSource::Tmpfs, span))
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
            let target = Value::known(clean(&target), Some(item.span));
            let content = defined.and_then(|entry| entry.value.get("content")).and_then(|node| value(node));
            let content = content.map(Box::new);
            let must_exist = file.is_some();
            let source = file.map_or(MountSource::Injected, |file| MountSource::Host(cleaned(file)));
            let defined = defined.map(|entry| entry.key_span);
            found.push(Mount {
                read_only: true,
                defined,
                must_exist,
                content,
                ..Mount::new(target, source, item.span)
            });
        }
        found
    }
}

/// Where it is written how often a service is started.
fn replicas_node(service: &Node) -> Option<&Node> {
    let deploy = service.get("deploy").and_then(|deploy| deploy.get("replicas"));
    deploy.or_else(|| service.get("scale")).map(|node| &**node).filter(|node| !node.is_null())
}

/// The ports of the host that a service takes. What depends on a variable, and a range to choose from, is none of them.
fn host_ports(service: &Node) -> Vec<HostPort> {
    let mut ports = Vec::new();
    // On the host's own network, or on none, the engine publishes nothing.
    let network = service.get("network_mode").and_then(|node| as_text(node));
    if network.is_some_and(|network| !matches!(network, "bridge" | "default")) {
        return ports;
    }
    for port in items_of(service, "ports") {
        let of = |key: &str| port.get(key).and_then(|node| value(node)).filter(is_written);
        let known = |value: Value| (!value.is_symbolic()).then_some(value.text);
        let Some(number) = of("published").and_then(known).and_then(|text| text.parse().ok()) else { continue };
        // No port is asked for: the engine takes one that is free.
        if number == 0 {
            continue;
        }
        let address = match of("host_ip").map(|host| known(host).and_then(|text| text.parse::<IpAddr>().ok())) {
            None => None,
            Some(Some(address)) => Some(address),
            Some(None) => continue,
        };
        let Some(protocol) = of("protocol").map_or_else(|| Some("tcp".to_owned()), known) else { continue };
        ports.push(HostPort { number, protocol, address });
    }
    ports
}

/// What is written of the hosts of a cluster that a service's containers run on.
fn spread(service: &Node) -> Option<Spread> {
    let deploy = service.get("deploy")?;
    let mode = deploy.get("mode").filter(|mode| as_text(mode).is_some_and(|mode| mode.starts_with("global")));
    let most = || deploy.get("placement").and_then(|placement| placement.get("max_replicas_per_node"));
    let (is_global, node) = mode.map(|mode| (true, mode)).or_else(|| Some((false, most()?)))?;
    let no_limit = written(node).is_some_and(|text| text == "0");
    (!no_limit).then_some(Spread { is_global, span: node.span })
}

fn rights(node: &Node) -> Rights {
    let all = |key: &str| node.get(key).map(|node| values(node)).unwrap_or_default();
    let texts = |key: &str| all(key).into_iter().map(|value| value.text).collect::<Vec<_>>();
    let privileged = node.get("privileged").and_then(|node| value(node)).is_some_and(|value| value.text != "false");
    Rights::of(all("group_add").len(), &texts("cap_add"), &texts("cap_drop"), privileged)
}

fn built(node: &Node, root: &Node) -> Build {
    let of = |key: &str| node.get(key).and_then(|node| value(node)).filter(is_written);
    let more = node.get("additional_contexts").and_then(|contexts| contexts.as_map()).unwrap_or_default();
    let context = |entry: &Entry| Some((entry.key.clone(), value(&entry.value)?));
    Build {
        context: of("context"),
        dockerfile: of("dockerfile"),
        inline: of("dockerfile_inline"),
        target: of("target"),
        contexts: more.iter().filter_map(context).collect(),
        secrets: items_of(node, "secrets").iter().filter_map(|item| lent_file(item, root)).collect(),
        span: node.span,
    }
}

/// A file of the host that a build is lent, with what the build calls it.
fn lent_file(item: &Node, root: &Node) -> Option<(String, Value)> {
    let of = |key: &str| item.get(key).and_then(|node| value(node));
    let source = value(item).or_else(|| of("source"))?;
    let secrets = root.get("secrets")?;
    let file = secrets.entry(&source.text)?.value.get("file").and_then(|node| value(node))?;
    Some((of("target").unwrap_or(source).text, cleaned(file)))
}

/// An empty text is as good as none, to Compose.
fn is_written(value: &Value) -> bool {
    !value.text.is_empty()
}

/// Of several mounts of one target the last one stands, as in Compose.
fn once_each(mounts: Vec<Mount>) -> Vec<Mount> {
    let mut at = HashMap::new();
    let mut kept: Vec<Option<Mount>> = Vec::with_capacity(mounts.len());
    for mount in mounts {
        if let Some(earlier) = at.insert(mount.target.text.clone(), kept.len()).and_then(|at: usize| kept.get_mut(at)) {
            *earlier = None;
        }
        kept.push(Some(mount));
    }
    kept.into_iter().flatten().collect()
}

/// What its file says of when it runs: whom it waits for, and whether it is kept up.
fn timing(node: &Node, given_name: Option<&Value>) -> Timing {
    let waited_for = node.get("depends_on").and_then(|all| all.as_map()).unwrap_or_default();
    let policy = node.get("restart").and_then(|node| written(node));
    // A policy that hangs on a variable may be any.
    let restarts = policy.is_some_and(|policy| !matches!(policy.as_str(), "" | "no" | "false"));
    // A swarm takes no names; its services are spread over hosts.
    let name = given_name.filter(|name| !name.is_symbolic() && spread(node).is_none());
    let fixed_name = name.map(|name| FixedName { name: name.text.clone(), engine: String::new() });
    let starts_first = waited_for.iter().map(|entry| entry.key.clone()).collect();
    Timing { fixed_name, starts_first, restarts, ..Timing::default() }
}

/// `volumes_from`: the mounts of another service, at the same targets. Its anonymous volumes are then shared.
fn volumes_from(containers: &mut [Container], from: &[(usize, Value)], told: &mut Vec<Diagnostic>) {
    let at: HashMap<String, usize> =
        containers.iter().enumerate().map(|(at, container)| (container.name.clone(), at)).collect();
    // Twice, so that a service that takes from one that takes itself gets all; Compose allows no cycles.
    for _ in 0..2 {
        for (taker, source) in from {
            let (name, mode) = source.text.split_once(':').unwrap_or((&source.text, ""));
            let Some(&giver) = at.get(name) else { continue };
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
        if let Some(lender) = source.text.strip_prefix("container:").filter(|_| !source.is_symbolic()) {
            if let Some(taker) = containers.get_mut(*taker) {
                taker.lenders.push(Value { text: lender.to_owned(), ..source.clone() });
            }
        } else if !at.contains_key(name) {
            let what = "the mounts that `volumes_from` takes are of a container that is not described";
            let level = if source.is_symbolic() { Level::Warning } else { Level::Gap };
            told.extend(source.span.map(|span| Diagnostic::at(level, span, what)));
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

/// Whether a service says what its health check is, or that it has none.
fn own_health(node: &Node) -> bool {
    let check = node.get("healthcheck");
    let says = |key: &str| check.and_then(|check| check.get(key)).filter(|node| !node.is_null());
    says("test").is_some() || says("disable").and_then(|on| on.as_scalar()).is_some_and(|on| on.text == "true")
}
