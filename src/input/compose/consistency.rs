//! What the schema cannot say and Compose refuses all the same: parts that exclude each other, references to nothing,
//! circles (compose-go, `validation.Validate` and `loader.checkConsistency`). Pure. May use `text` and `model`.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::IpAddr;

use super::Refusal;
use super::tree::{as_text, is_symbolic, items_of, section, written};
use crate::model::Level;
use crate::text::scalar::Kind;
use crate::text::yaml::{Entry, Node};
use crate::text::{Span, quoted, quoted_path};

fn text_of<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    node.get(key).and_then(|value| as_text(value)).filter(|text| !text.is_empty())
}

fn is_on(node: &Node, key: &str) -> bool {
    node.get(key).and_then(|value| written(value)).is_some_and(|value| value == "true")
}

/// What is wrong with the parts of one model, each by itself.
pub(super) fn validate(root: &Node) -> Vec<Refusal> {
    let mut told = Vec::new();
    for entry in section(root, "volumes") {
        external_alone(entry, &mut told);
    }
    for (name, sources) in [("configs", &["file", "environment", "content"][..]), ("secrets", &["file", "environment"])]
    {
        for entry in section(root, name) {
            one_source(name, entry, sources, &mut told);
        }
    }
    for service in section(root, "services") {
        for port in items_of(&service.value, "ports") {
            let Some(host) = port.get("host_ip").filter(|host| !is_symbolic(host)) else { continue };
            if as_text(host).is_none_or(|host| host.parse::<IpAddr>().is_err()) {
                told.push(Refusal::new(host.span, "`host_ip` is no IP address").at_most(Level::Warning));
            }
        }
        for trigger in service.value.get("develop").map(|develop| items_of(develop, "watch")).unwrap_or_default() {
            if trigger.get("path").is_some_and(|path| as_text(path) == Some("")) {
                told.push(Refusal::new(trigger.span, "an empty `path` to watch").at_most(Level::Warning));
            }
        }
        let reserved = ["deploy", "resources", "reservations"];
        let reserved = reserved.iter().try_fold(&service.value, |node, key| node.get(key));
        let reserved = reserved.map(|node| items_of(node, "devices")).unwrap_or_default();
        for request in items_of(&service.value, "gpus").iter().chain(reserved) {
            if request.get("count").is_some() && request.get("device_ids").is_some() {
                let message = "`count` and `device_ids` exclude each other";
                told.push(Refusal::new(request.span, message).at_most(Level::Warning));
            }
        }
    }
    told
}

fn external_alone(entry: &Entry, told: &mut Vec<Refusal>) {
    if !is_on(&entry.value, "external") {
        return;
    }
    for other in entry.value.as_map().unwrap_or_default() {
        if !matches!(other.key.as_str(), "name" | "external") && !other.key.starts_with("x-") {
            let message = format!("the volume {} is external and takes no {}", quoted(&entry.key), quoted(&other.key));
            told.push(Refusal::new(other.key_span, message));
        }
    }
}

fn one_source(section: &str, entry: &Entry, sources: &[&str], told: &mut Vec<Refusal>) {
    let has = |key: &str| entry.value.get(key).is_some();
    let count = sources.iter().filter(|source| has(source)).count();
    if count > 1 {
        let message = format!("{}: {} exclude each other", quoted_path([section, &entry.key], "."), sources.join(", "));
        told.push(Refusal::new(entry.key_span, message));
    } else if count == 0 && !has("driver") && !has("external") {
        let message = format!("{} needs one of {}", quoted_path([section, &entry.key], "."), sources.join(", "));
        told.push(Refusal::new(entry.key_span, message));
    }
}

/// What is wrong between the parts of a project. `active` are the services that are started; the others are there all
/// the same, and none of them is looked at.
pub(super) fn consistency(root: &Node, active: &BTreeSet<String>) -> Vec<Refusal> {
    let services = section(root, "services");
    let names = |name: &&'static str| {
        (*name, section(root, name).iter().map(|entry| entry.key.as_str()).collect::<HashSet<&str>>())
    };
    let check = ConsistencyCheck {
        root,
        defined: ["networks", "volumes", "secrets", "configs", "models"].iter().map(names).collect(),
        all: services.iter().map(|entry| (entry.key.as_str(), &*entry.value)).collect(),
        active,
        told: Vec::new(),
    };
    check.all_services(services)
}

struct ConsistencyCheck<'a> {
    root: &'a Node,
    /// The names in each section.
    defined: HashMap<&'static str, HashSet<&'a str>>,
    all: HashMap<&'a str, &'a Node>,
    active: &'a BTreeSet<String>,
    told: Vec<Refusal>,
}

impl ConsistencyCheck<'_> {
    fn all_services(mut self, services: &[Entry]) -> Vec<Refusal> {
        for entry in services.iter().filter(|entry| self.active.contains(&entry.key)) {
            self.image(entry);
            self.build(entry);
            self.networks(entry);
            self.depends_on(entry);
            self.references(entry);
            self.numbers(entry);
            self.limits(entry);
            self.targets(entry);
            self.words(entry);
        }
        self.container_names(services);
        for entry in section(self.root, "secrets") {
            let secret = &entry.value;
            let has = |key: &str| text_of(secret, key).is_some();
            if !is_on(secret, "external") && !has("file") && !has("environment") {
                let message = format!("the secret {} needs `file` or `environment`", quoted(&entry.key));
                self.refuse_elsewhere(entry.key_span, message);
            }
        }
        self.circles(services);
        self.told
    }

    fn refuse(&mut self, span: Span, message: String) {
        self.told.push(Refusal::new(span, message));
    }

    /// Refuses what says nothing of what a service mounts and runs, nor of how often: a review goes on as if it were right.
    fn refuse_elsewhere(&mut self, span: Span, message: String) {
        self.told.push(Refusal::new(span, message).at_most(Level::Warning));
    }

    fn is_defined(&self, section: &str, name: &str) -> bool {
        self.defined.get(section).is_some_and(|names| names.contains(name))
    }

    fn image(&mut self, entry: &Entry) {
        let service = &entry.value;
        let has_image =
            service.get("image").is_some_and(|image| is_symbolic(image)) || text_of(service, "image").is_some();
        if !has_image && service.get("build").is_none() && service.get("provider").is_none() {
            let message =
                format!("the service {} has neither `image` nor `build`, which Compose refuses", quoted(&entry.key));
            // Such a service says all the same what it mounts.
            self.told.push(Refusal::new(entry.key_span, message).at_most(Level::Warning));
        }
    }

    fn build(&mut self, entry: &Entry) {
        let Some(build) = entry.value.get("build") else { return };
        if text_of(build, "dockerfile_inline").is_some() && text_of(build, "dockerfile").is_some() {
            self.refuse(build.span, "`dockerfile` and `dockerfile_inline` exclude each other".to_owned());
        }
        for context in build.get("additional_contexts").and_then(|all| all.as_map()).unwrap_or_default() {
            let Some(name) = as_text(&context.value).and_then(|text| text.strip_prefix("service:")) else { continue };
            if !self.active.contains(name) || self.all.get(name).is_none_or(|other| other.get("build").is_none()) {
                self.refuse(context.value.span, format!("there is no service {} that is built", quoted(name)));
            }
        }
        if let Some(platform) = text_of(&entry.value, "platform") {
            let platforms = items_of(build, "platforms");
            if !platforms.is_empty() && !platforms.iter().any(|one| as_text(one) == Some(platform)) {
                self.refuse_elsewhere(
                    build.span,
                    "`build.platforms` does not have the service's `platform`".to_owned(),
                );
            }
        }
        for secret in items_of(build, "secrets") {
            self.reference("secrets", "secret", secret, secret_source(secret).as_deref());
        }
    }

    fn networks(&mut self, entry: &Entry) {
        let networks = entry.value.get("networks").and_then(|networks| networks.as_map()).unwrap_or_default();
        if text_of(&entry.value, "network_mode").is_some() && !networks.is_empty() {
            let message =
                format!("`network_mode` and `networks` of the service {} exclude each other", quoted(&entry.key));
            self.refuse_elsewhere(entry.key_span, message);
        }
        for network in networks {
            if !self.is_defined("networks", &network.key) {
                let message =
                    format!("the network {} is not defined under the top-level `networks`", quoted(&network.key));
                self.refuse_elsewhere(network.key_span, message);
            }
        }
    }

    fn depends_on(&mut self, entry: &Entry) {
        for other in entry.value.get("depends_on").and_then(|all| all.as_map()).unwrap_or_default() {
            if self.active.contains(&other.key) {
                continue;
            }
            let required = other.value.get("required").and_then(|value| written(value)).is_none_or(|on| on == "true");
            let message = match self.all.contains_key(other.key.as_str()) {
                true if !required => continue,
                true => {
                    format!(
                        "the service {} depends on {}, which no active profile starts",
                        quoted(&entry.key),
                        quoted(&other.key)
                    )
                }
                false => format!(
                    "the service {} depends on {}, which is not defined",
                    quoted(&entry.key),
                    quoted(&other.key)
                ),
            };
            self.refuse_elsewhere(other.key_span, message);
        }
    }

    fn references(&mut self, entry: &Entry) {
        let service = &entry.value;
        for mount in items_of(service, "volumes") {
            let Some(source) = mount.get("source").filter(|source| !is_symbolic(source)) else { continue };
            if text_of(mount, "type") == Some("volume") && as_text(source) != Some("") {
                self.reference("volumes", "volume", mount, as_text(source));
            }
        }
        for (section, one) in [("configs", "config"), ("secrets", "secret")] {
            for item in items_of(service, section) {
                self.reference(section, one, item, secret_source(item).as_deref());
            }
        }
        for model in service.get("models").and_then(|models| models.as_map()).unwrap_or_default() {
            if !self.is_defined("models", &model.key) {
                let message = format!("the model {} is not defined under the top-level `models`", quoted(&model.key));
                self.refuse_elsewhere(model.key_span, message);
            }
        }
    }

    fn reference(&mut self, section: &str, one: &str, at: &Node, name: Option<&str>) {
        let Some(name) = name else { return };
        if !self.is_defined(section, name) {
            let message = format!("the {one} {} is not defined under the top-level `{section}`", quoted(name));
            // What a service mounts under which name is said all the same.
            self.refuse_elsewhere(at.span, message);
        }
    }

    fn numbers(&mut self, entry: &Entry) {
        let service = &entry.value;
        let deploy = service.get("deploy");
        let scale = service.get("scale").and_then(|node| Some((whole(node)?, node.span)));
        let replicas =
            deploy.and_then(|deploy| deploy.get("replicas")).and_then(|node| Some((whole(node)?, node.span)));
        if let (Some((scale, span)), Some((replicas, _))) = (scale, replicas)
            && scale != replicas
        {
            self.refuse(span, format!("`scale` and `deploy.replicas` of the service {} differ", quoted(&entry.key)));
        }
        for (count, span) in [scale, replicas].into_iter().flatten() {
            if count < 0 {
                self.refuse(span, "a number of replicas is not negative".to_owned());
            }
        }
        let count = scale.or(replicas).map_or(1, |(count, _)| count);
        if count > 1 && text_of(service, "container_name").is_some() {
            let message =
                format!("the service {} has a `container_name` and is started more than once", quoted(&entry.key));
            self.refuse(entry.key_span, message);
        }
        let watch = service.get("develop").map(|develop| items_of(develop, "watch")).unwrap_or_default();
        for trigger in watch {
            let action = text_of(trigger, "action");
            if text_of(trigger, "target").is_none() && !matches!(action, Some("rebuild" | "restart")) {
                self.refuse_elsewhere(trigger.span, "a file to sync needs a `target`".to_owned());
            }
        }
    }

    /// Mount points, each once. Two of one spelling are one already.
    fn targets(&mut self, entry: &Entry) {
        let mut known: BTreeMap<&str, Span> = BTreeMap::new();
        let tmpfs = entry.value.get("tmpfs").map(|tmpfs| tmpfs.as_seq().unwrap_or(std::slice::from_ref(tmpfs)));
        let tmpfs =
            tmpfs.unwrap_or_default().iter().filter_map(|item| Some((as_text(item)?.split(':').next()?, item.span)));
        let volumes = items_of(&entry.value, "volumes").iter();
        let volumes = volumes.filter_map(|mount| Some((as_text(mount.get("target")?)?, mount.span)));
        for (target, span) in tmpfs.chain(volumes) {
            if known.insert(target, span).is_some() {
                self.told.push(Refusal::new(span, "something else is mounted at this target already"));
            }
        }
    }

    fn words(&mut self, entry: &Entry) {
        let Some(test) = entry.value.get("healthcheck").and_then(|check| check.get("test")) else { return };
        let Some(first) = test.as_seq().and_then(<[_]>::first) else { return };
        if !is_symbolic(first) && !matches!(as_text(first), Some("CMD" | "CMD-SHELL" | "NONE")) {
            self.refuse_elsewhere(first.span, "a health check begins with CMD, CMD-SHELL or NONE".to_owned());
        }
    }

    /// Names of containers, each once.
    fn container_names(&mut self, services: &[Entry]) {
        let mut known: HashMap<&str, &str> = HashMap::new();
        for entry in services.iter().filter(|entry| self.active.contains(&entry.key)) {
            let Some(node) = entry.value.get("container_name").filter(|name| !is_symbolic(name)) else { continue };
            let Some(name) = as_text(node).filter(|name| !name.is_empty()) else { continue };
            if let Some(other) = known.insert(name, &entry.key) {
                let message =
                    format!("the services {} and {} have one `container_name`", quoted(other), quoted(&entry.key));
                // A review looks at all services, of which profiles may start but one.
                self.told.push(Refusal::new(node.span, message).at_most(Level::Warning));
            }
        }
    }

    /// Limits that are said in both ways that there are.
    fn limits(&mut self, entry: &Entry) {
        let resources = entry.value.get("deploy").and_then(|deploy| deploy.get("resources"));
        for (key, kind, other, is_size) in [
            ("cpus", "limits", "cpus", false),
            ("mem_limit", "limits", "memory", true),
            ("mem_reservation", "reservations", "memory", true),
            ("pids_limit", "limits", "pids", false),
        ] {
            let Some(limits) = resources.and_then(|resources| resources.get(kind)).filter(|it| !it.is_null()) else {
                continue;
            };
            let Some(node) = entry.value.get(key).filter(|node| !is_symbolic(node)) else { continue };
            let said = limits.get(other);
            let own = amount(node, is_size);
            let same = said.map_or(0.0, |node| amount(node, is_size)).total_cmp(&own).is_eq();
            if own != 0.0 && !same && said.is_none_or(|it| !is_symbolic(it)) {
                let message = format!(
                    "`{key}` and `deploy.resources.{kind}.{other}` of the service {} differ",
                    quoted(&entry.key)
                );
                self.refuse_elsewhere(node.span, message);
            }
        }
    }

    /// Services that wait for each other.
    fn circles(&mut self, services: &[Entry]) {
        let mut done: BTreeSet<&str> = BTreeSet::new();
        for entry in services.iter().filter(|entry| self.active.contains(&entry.key)) {
            // Depth first, without recursion: a chain may be as long as the project.
            let mut path: Vec<(&str, std::slice::Iter<'_, Entry>)> = Vec::new();
            let mut on_path: BTreeSet<&str> = BTreeSet::new();
            let mut next = Some(&*entry.key);
            loop {
                if let Some(name) = next.take()
                    && let Some(service) = self.all.get(name)
                    && done.insert(name)
                {
                    let needs = service.get("depends_on").and_then(|all| all.as_map()).unwrap_or_default();
                    path.push((name, needs.iter()));
                    on_path.insert(name);
                }
                let Some((name, needs)) = path.last_mut() else { break };
                match needs.next() {
                    None => {
                        on_path.remove(*name);
                        path.pop();
                    }
                    Some(need) if on_path.contains(need.key.as_str()) => {
                        let message = format!(
                            "the services {} and {} wait for each other in a circle",
                            quoted(name),
                            quoted(&need.key)
                        );
                        self.told.push(Refusal::new(need.key_span, message).at_most(Level::Warning));
                    }
                    Some(need) if self.active.contains(&need.key) => next = Some(&need.key),
                    Some(_) => {}
                }
            }
        }
    }
}

fn secret_source(item: &Node) -> Option<String> {
    match item.get("source") {
        Some(source) if is_symbolic(source) => None,
        Some(source) => written(source),
        None => Some(String::new()),
    }
}

/// A number, or a size in bytes; zero where it is neither.
fn amount(node: &Node, is_size: bool) -> f64 {
    let text = written(node).unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "Compose compares sizes of far less than 2^53 bytes")]
    let size = |text: &str| super::units::bytes(text).map(|bytes| bytes as f64);
    if is_size { size(&text) } else { text.parse().ok() }.unwrap_or(0.0)
}

fn whole(node: &Node) -> Option<i128> {
    match node.as_scalar()?.kind() {
        Kind::Int(whole) => Some(whole),
        Kind::Text => node.as_scalar()?.text.parse().ok(),
        _ => None,
    }
}
