//! Random projects: files, arguments and environment.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::dice::Dice;
use super::mistake;
use super::others::{NETWORKS, TOP};
use super::service;
use super::words::{ANY, TYPED, VALUES, env_file, phrase, typed};
use super::yaml::{self, Node, map, raw, text, with};

/// A project that a Compose can be asked about.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    pub(crate) files: BTreeMap<String, Contents>,
    /// Compose's options, as they stand before its `config` and after ours.
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: BTreeMap<String, String>,
    /// The file in which the services are.
    pub(crate) main: String,
    /// What was done to it so that it may be refused.
    pub(crate) mistake: Option<&'static str>,
    pub(crate) salt: u64,
}

/// What is in a file.
#[derive(Debug, Clone)]
pub(crate) enum Contents {
    Yaml(Vec<Node>),
    Lines(Vec<String>),
}

impl Project {
    /// Case N of seed S.
    pub(crate) fn of(seed: u64, case: u64) -> Self {
        let mut maker = Maker::new(Dice::of(seed, case));
        let mut project = maker.project();
        if maker.dice.once_in(5) {
            project.mistake = Some(mistake::make(&mut maker, &mut project));
        }
        project
    }

    /// The texts of the files, by their paths.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, String)> {
        self.files.iter().map(|(path, contents)| {
            let text = match contents {
                Contents::Yaml(documents) => yaml::write(documents, self.salt),
                Contents::Lines(lines) => lines.iter().map(|line| format!("{line}\n")).collect(),
            };
            (path.as_str(), text)
        })
    }

    /// Puts the files into a folder.
    pub(crate) fn write(&self, folder: &Path) {
        for (path, text) in self.texts() {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    /// What `fixtures/compose` keeps beside the files.
    pub(crate) fn case(&self) -> Value {
        json!({"args": self.arguments, "env": self.environment})
    }
}

/// What holds for all files of a project.
pub(crate) struct Plan {
    /// Below which everything relative is found; empty where Compose is called.
    root: &'static str,
    services: Vec<String>,
    gates: Vec<Vec<&'static str>>,
    volumes: Vec<&'static str>,
    pub(crate) secrets: Vec<&'static str>,
    pub(crate) configs: Vec<&'static str>,
    /// Some services say more than what is looked at first.
    pub(crate) others: bool,
    /// Services have `networks`; otherwise they may have a `network_mode`.
    pub(crate) networked: bool,
    /// Services have `deploy.replicas`; otherwise they may have a `scale`.
    pub(crate) deployed: bool,
}

/// Where a service stands.
#[derive(Clone)]
pub(crate) struct Place {
    /// Against which its relative paths are read, below the root.
    pub(crate) directory: String,
    /// The services that it may wait for.
    pub(crate) earlier: Vec<String>,
    pub(crate) volumes: Vec<&'static str>,
    /// Not in the project's own files: their secrets, configs and networks are not its.
    pub(crate) foreign: bool,
    /// No service waits for it or extends it.
    pub(crate) last: bool,
    anchors: Vec<&'static str>,
}

impl Place {
    fn below(directory: &str, volumes: &[&'static str]) -> Self {
        Self {
            directory: directory.to_owned(),
            earlier: Vec::new(),
            volumes: volumes.to_vec(),
            foreign: true,
            last: false,
            anchors: Vec::new(),
        }
    }

    /// An anchor, if the document has it.
    pub(crate) fn anchor(&self, name: &'static str) -> Option<&'static str> {
        self.anchors.contains(&name).then_some(name)
    }
}

/// Makes projects.
pub(crate) struct Maker {
    pub(crate) dice: Dice,
    pub(crate) plan: Plan,
    files: BTreeMap<String, Contents>,
}

const SERVICES: &[&str] = &["web", "db", "worker", "job.1-a_b"];
const PROFILES: &[&str] = &["one", "two", "three"];

impl Maker {
    fn new(mut dice: Dice) -> Self {
        let services: Vec<String> = dice.some(SERVICES, 1, 4).into_iter().map(str::to_owned).collect();
        let gates =
            services.iter().map(|_| if dice.once_in(5) { dice.some(PROFILES, 1, 2) } else { Vec::new() }).collect();
        let plan = Plan {
            root: if dice.once_in(6) { "app" } else { "" },
            services,
            gates,
            volumes: dice.some(&["data", "cache", "state", "s.h-a_red"], 0, 4),
            secrets: dice.some(&["key", "token"], 0, 2),
            configs: dice.some(&["settings", "rules"], 0, 2),
            others: dice.once_in(3),
            networked: dice.once_in(2),
            deployed: dice.once_in(2),
        };
        Self { dice, plan, files: BTreeMap::new() }
    }

    pub(crate) fn services(&self) -> &[String] {
        &self.plan.services
    }

    fn path(&self, directory: &str, name: &str) -> String {
        let parts = [self.plan.root, directory, name];
        parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("/")
    }

    pub(crate) fn has(&self, directory: &str, name: &str) -> bool {
        self.files.contains_key(&self.path(directory, name))
    }

    /// Writes a file of lines below the root.
    pub(crate) fn put(&mut self, directory: &str, name: &str, lines: Vec<String>) {
        self.files.insert(self.path(directory, name), Contents::Lines(lines));
    }

    fn put_yaml(&mut self, directory: &str, name: &str, document: Node) {
        self.files.insert(self.path(directory, name), Contents::Yaml(vec![document]));
    }

    fn project(&mut self) -> Project {
        let base = self.base();
        let overrides: Vec<Node> = (0..self.dice.pick(&[0, 0, 1, 1, 2])).map(|_| self.overriding()).collect();
        let mut project = Project {
            files: BTreeMap::new(),
            arguments: Vec::new(),
            environment: self.environment(),
            main: String::new(),
            mistake: None,
            salt: self.dice.salt(),
        };
        self.lay_out(base, overrides, &mut project);
        self.dotenv(&mut project);
        self.name(&mut project);
        self.profiles(&mut project);
        project.files.append(&mut self.files);
        project
    }

    /// Which files the documents are in and how they are named to Compose.
    fn lay_out(&mut self, base: Node, overrides: Vec<Node>, project: &mut Project) {
        let root = self.plan.root;
        let mut documents: Vec<Vec<Node>> = vec![vec![base]];
        for document in overrides {
            if self.dice.once_in(4) {
                documents.last_mut().unwrap().push(document);
            } else {
                documents.push(vec![document]);
            }
        }
        let found = root.is_empty() && documents.len() <= 2 && self.dice.below(3) > 0;
        let names: Vec<String> = if found {
            let (name, extension) = self.dice.pick(&[
                ("compose", "yaml"),
                ("compose", "yml"),
                ("docker-compose", "yml"),
                ("docker-compose", "yaml"),
            ]);
            vec![format!("{name}.{extension}"), format!("{name}.override.{extension}")]
        } else {
            let stated = !root.is_empty() && self.dice.once_in(2);
            if stated {
                project.arguments.extend([
                    "--project-directory".to_owned(),
                    self.dice.pick(&["app", "./app/", "app/../app"]).to_owned(),
                ]);
            }
            let first = if stated || root.is_empty() { "base.yaml".to_owned() } else { format!("{root}/base.yaml") };
            vec![first, "second.yaml".to_owned(), "parts/third.yaml".to_owned()]
        };
        let used = &names[..documents.len()];
        if !found {
            if self.dice.once_in(5) {
                let separator = self.dice.pick(&[":", ":", "%"]);
                if separator != ":" {
                    project.environment.insert("COMPOSE_PATH_SEPARATOR".to_owned(), separator.to_owned());
                }
                self.state(project, "COMPOSE_FILE", &used.join(separator));
            } else {
                project.arguments.extend(used.iter().flat_map(|name| ["-f".to_owned(), name.clone()]));
            }
        }
        project.main.clone_from(&names[0]);
        for (name, documents) in used.iter().zip(documents) {
            project.files.insert(name.clone(), Contents::Yaml(documents));
        }
    }

    fn environment(&mut self) -> BTreeMap<String, String> {
        let mut environment =
            BTreeMap::from([("SET".to_owned(), "set".to_owned()), ("EMPTY".to_owned(), String::new())]);
        for name in ANY {
            if self.dice.once_in(2) {
                environment.insert((*name).to_owned(), self.dice.pick(VALUES).to_owned());
            }
        }
        for (name, values) in TYPED {
            if self.dice.once_in(4) {
                environment.insert((*name).to_owned(), self.dice.pick(values).to_owned());
            }
        }
        environment
    }

    /// A `.env`, or files that stand in for it.
    fn dotenv(&mut self, project: &mut Project) {
        if self.dice.once_in(2) {
            let mut lines = self.variables();
            if let Some(Contents::Lines(known)) = self.files.get(&self.path("", ".env")) {
                lines.extend(known.iter().cloned());
            }
            self.put("", ".env", lines);
        }
        if self.dice.once_in(6) {
            for name in self.dice.some(&["first.env", "conf/second.env"], 1, 2) {
                project.files.insert(name.to_owned(), Contents::Lines(self.variables()));
                project.arguments.extend(["--env-file".to_owned(), name.to_owned()]);
            }
        } else if self.dice.once_in(12) {
            project.files.insert("third.env".to_owned(), Contents::Lines(self.variables()));
            project.environment.insert("COMPOSE_ENV_FILES".to_owned(), "third.env".to_owned());
        }
        if self.dice.once_in(25) {
            let word = self.dice.pick(&["1", "true", "0"]);
            project.environment.insert("COMPOSE_DISABLE_ENV_FILE".to_owned(), word.to_owned());
        }
    }

    /// Sets one of Compose's own variables, in the environment or the `.env`.
    fn state(&mut self, project: &mut Project, name: &str, value: &str) {
        let dotenv = self.path("", ".env");
        let read = !project.arguments.iter().any(|argument| argument == "--env-file");
        if self.dice.once_in(2) && read && (self.plan.root.is_empty() || name != "COMPOSE_FILE") {
            let Contents::Lines(lines) = self.files.entry(dotenv).or_insert(Contents::Lines(Vec::new())) else {
                return;
            };
            lines.push(format!("{name}={value}"));
        } else {
            project.environment.insert(name.to_owned(), value.to_owned());
        }
    }

    fn variables(&mut self) -> Vec<String> {
        let mut lines = env_file(&mut self.dice, ANY);
        for (name, values) in TYPED {
            if self.dice.once_in(4) {
                lines.insert(0, format!("{name}={}", self.dice.pick(values)));
            }
        }
        lines
    }

    fn name(&mut self, project: &mut Project) {
        if self.dice.once_in(6) {
            project.arguments.extend(["-p".to_owned(), self.dice.pick(&["given", "given-2", "g_1"]).to_owned()]);
        }
        if self.dice.once_in(8) {
            project
                .environment
                .insert("COMPOSE_PROJECT_NAME".to_owned(), self.dice.pick(&["from-env", "e2"]).to_owned());
        }
    }

    fn profiles(&mut self, project: &mut Project) {
        if self.dice.once_in(4) {
            for profile in self.dice.some(&["one", "two", "three", "*", "unknown"], 1, 2) {
                project.arguments.extend(["--profile".to_owned(), profile.to_owned()]);
            }
        }
        if self.dice.once_in(6) {
            let profiles = self.dice.pick(&["one", "one,two", "two, three", "*", ""]);
            self.state(project, "COMPOSE_PROFILES", profiles);
        }
    }

    /// The place of a service of the project's own files.
    fn place(&self, index: usize) -> Place {
        let open = (0..index).filter(|at| self.plan.gates[*at].is_empty());
        Place {
            directory: String::new(),
            earlier: open.map(|at| self.plan.services[at].clone()).collect(),
            volumes: self.plan.volumes.clone(),
            foreign: false,
            last: index + 1 == self.plan.services.len(),
            anchors: Vec::new(),
        }
    }

    /// The first document.
    fn base(&mut self) -> Node {
        let mut base = Node::Map(Vec::new());
        if self.dice.once_in(6) {
            base.set("name", text(self.dice.pick(&["named", "named-${NUM:-2}", "${UNSET:-fallback}", "n_1"])));
        }
        let anchors = if self.dice.once_in(3) { self.anchors(&mut base) } else { Vec::new() };
        let included = if self.dice.once_in(5) { self.include(&mut base) } else { Vec::new() };
        for index in 0..self.plan.services.len() {
            let mut place = self.place(index);
            place.anchors.clone_from(&anchors);
            if self.dice.once_in(2) {
                place.earlier.extend(included.iter().cloned());
            }
            let name = self.plan.services[index].clone();
            let service = self.service(&place, index);
            base.at("services").set(&name, service);
        }
        self.resources(&mut base);
        base
    }

    /// Pieces for the services to repeat.
    fn anchors(&mut self, base: &mut Node) -> Vec<&'static str> {
        let place = Place::below("", &self.plan.volumes.clone());
        let names = ["env", "base", "more", "vols", "image"];
        for name in names {
            let piece = match name {
                "env" => map([("A", text(phrase(&mut self.dice))), ("SHARED", raw("1")), ("E1", raw("null"))]),
                "vols" => Node::List(vec![text("./data:/data"), text("/anonymous"), text("${DIR:-./dir}:/dir:ro")]),
                "image" => text("${UNSET:-repeated}"),
                "more" if self.dice.once_in(3) => {
                    let mut more = Node::Map(service::keys(self, &place, 3));
                    more.entries().insert(0, ("<<".to_owned(), raw("*base")));
                    more
                }
                _ => Node::Map(service::keys(self, &place, 3)),
            };
            base.set(&format!("x-{name}"), with(&format!("&{name}"), piece));
        }
        // An anchor may be set again: from there on it is another.
        if self.dice.once_in(6) {
            base.set("x-again", with("&env", map([("AGAIN", text(phrase(&mut self.dice)))])));
        }
        names.to_vec()
    }

    fn service(&mut self, place: &Place, index: usize) -> Node {
        let mut node = Node::Map(Vec::new());
        match self.dice.below(8) {
            0 => {
                let build = self.build();
                node.set("build", build);
            }
            1 => {
                let build = self.build();
                node.set("build", build);
                node.set("image", text("built:${A:+1}${UNSET:-2}"));
            }
            2 if place.anchor("image").is_some() => node.set("image", raw("*image")),
            _ => node.set("image", text(typed(&mut self.dice, "UNSET", "busybox:1.36"))),
        }
        if !self.plan.gates[index].is_empty() {
            node.set("profiles", Node::List(self.plan.gates[index].iter().map(|one| text(*one)).collect()));
        }
        let mut keys = service::keys(self, place, 7);
        keys.retain(|(key, _)| key != "build");
        node.entries().append(&mut keys);
        if place.anchor("base").is_some() && self.dice.once_in(2) {
            let merged = self.dice.pick(&["*base", "*more", "[*base, *more]", "[*more, *base]"]);
            let at = self.dice.below(node.entries().len() + 1);
            node.entries().insert(at, ("<<".to_owned(), raw(merged)));
        }
        if self.dice.once_in(4) {
            let extends = self.extends(index);
            node.set("extends", extends);
        }
        node
    }

    fn build(&mut self) -> Node {
        let long = map([
            (
                "context",
                text(self.dice.pick(&[".", "./ctx", "../ctx", "${DIR:-./dir}", "https://example.com/x.git#main"])),
            ),
            ("dockerfile", text(self.dice.pick(&["Dockerfile", "sub/Dockerfile", "../x/Dockerfile"]))),
            ("args", map([("A", text(phrase(&mut self.dice))), ("N", raw("1")), ("B", raw(""))])),
        ]);
        let short = text(self.dice.pick(&[".", "./ctx", "ctx/", "../ctx", "~/ctx", "/abs/../ctx"]));
        if self.dice.once_in(2) { short } else { long }
    }

    /// What a service extends: one of this file, or one below that may extend another.
    fn extends(&mut self, index: usize) -> Node {
        let earlier = self.plan.services[..index].to_vec();
        if !earlier.is_empty() && self.dice.once_in(2) {
            let name = text(earlier[self.dice.below(earlier.len())].clone());
            return if self.dice.once_in(2) { name } else { map([("service", name)]) };
        }
        let services = self.extended("sub", "common.yaml");
        let service = services[self.dice.below(services.len())];
        let file = self.dice.pick(&[
            "sub/common.yaml",
            "./sub/common.yaml",
            "sub/../sub/common.yaml",
            "${UNSET:-sub}/common.yaml",
        ]);
        map([("file", text(file)), ("service", text(service))])
    }

    /// Writes a file to extend from, and names the services in it.
    fn extended(&mut self, directory: &str, name: &str) -> Vec<&'static str> {
        let services = vec!["common", "leaf", "far"];
        if self.has(directory, name) {
            return services;
        }
        let mut place = Place::below(directory, &self.plan.volumes.clone());
        if self.dice.once_in(20) {
            place.earlier.push(self.plan.services[0].clone());
        }
        let mut common = Node::Map(service::keys(self, &place, 4));
        common.set("image", text("common"));
        let mut leaf = Node::Map(service::keys(self, &place, 3));
        leaf.set("extends", text("common"));
        let mut far = Node::Map(service::keys(self, &place, 3));
        far.set("extends", map([("file", text("deep/root.yaml")), ("service", text("root"))]));
        let deep = Place::below(&format!("{directory}/deep"), &self.plan.volumes.clone());
        let root = Node::Map(service::keys(self, &deep, 4));
        self.put_yaml(&deep.directory, "root.yaml", map([("services", map([("root", root)]))]));
        let mut document = map([("services", map([("common", common), ("leaf", leaf), ("far", far)]))]);
        // What is not extended from is nobody's.
        if self.dice.once_in(4) {
            document.set("name", text("elsewhere"));
            document.set("volumes", map([("data", self.volume()), ("unheard", raw("null"))]));
        }
        self.put_yaml(directory, name, document);
        services
    }

    /// Includes another project, and names the services that come with it.
    fn include(&mut self, base: &mut Node) -> Vec<String> {
        let (item, directory) = match self.dice.below(5) {
            0 => (map([("path", text("inc/compose.yaml")), ("project_directory", text("other"))]), "other"),
            1 => (map([("path", text("./inc/compose.yaml")), ("project_directory", text("."))]), ""),
            2 => {
                let lines = self.variables();
                self.put("inc", "own.env", lines);
                let files =
                    if self.dice.once_in(2) { text("inc/own.env") } else { Node::List(vec![text("inc/own.env")]) };
                (map([("path", text("inc/compose.yaml")), ("env_file", files)]), "inc")
            }
            3 => {
                let place = Place::below("inc", &["side-data"]);
                let more = Node::Map(service::keys(self, &place, 3));
                self.put_yaml("inc", "more.yaml", map([("services", map([("side", more)]))]));
                (map([("path", Node::List(vec![text("inc/compose.yaml"), text("inc/more.yaml")]))]), "inc")
            }
            _ => {
                (text(self.dice.pick(&["inc/compose.yaml", "./inc/compose.yaml", "${UNSET:-inc}/compose.yaml"])), "inc")
            }
        };
        base.set("include", Node::List(vec![item]));
        self.included(directory)
    }

    fn included(&mut self, directory: &str) -> Vec<String> {
        let place = Place::below(directory, &["side-data"]);
        let mut side = Node::Map(service::keys(self, &place, 4));
        side.set("image", text("side:${A:+x}${B:-y}"));
        if self.dice.once_in(3) {
            let below = if directory.is_empty() { "sub".to_owned() } else { format!("{directory}/sub") };
            let services = self.extended(&below, "common.yaml");
            let service = services[self.dice.below(services.len())];
            side.set("extends", map([("file", text("sub/common.yaml")), ("service", text(service))]));
        }
        let mut document = map([("services", map([("side", side)])), ("volumes", map([("side-data", self.volume())]))]);
        if self.dice.once_in(6) {
            document.set("name", text("elsewhere"));
        }
        if self.dice.once_in(3) {
            side_secret(&mut document);
        }
        if self.dice.once_in(20) {
            document.at("volumes").set("data", raw("null"));
        }
        if self.dice.once_in(3) {
            document.set("include", Node::List(vec![text("nested/compose.yaml")]));
            let nested = if directory.is_empty() { "nested".to_owned() } else { format!("{directory}/nested") };
            let mut deep = Node::Map(service::keys(self, &Place::below(&nested, &[]), 3));
            deep.set("image", text("deep:${B:-x}"));
            self.put_yaml(&nested, "compose.yaml", map([("services", map([("deep", deep)]))]));
        }
        if self.dice.once_in(2) {
            let lines = self.variables();
            self.put(directory, ".env", lines);
        }
        self.put_yaml("inc", "compose.yaml", document);
        vec!["side".to_owned()]
    }

    /// What stands beside the services.
    fn resources(&mut self, base: &mut Node) {
        for name in self.plan.volumes.clone() {
            let volume = self.volume();
            base.at("volumes").set(name, volume);
        }
        for (key, names) in [("secrets", self.plan.secrets.clone()), ("configs", self.plan.configs.clone())] {
            for name in names {
                let definition = self.granted(key);
                base.at(key).set(name, definition);
            }
        }
        if self.plan.networked {
            let network = raw(self.dice.pick(NETWORKS));
            base.at("networks").set("front", network);
        }
        if self.plan.others && self.dice.once_in(4) {
            let (key, values) = self.dice.pick(TOP);
            base.set(key, raw(self.dice.pick(values)));
        }
    }

    fn volume(&mut self) -> Node {
        let device = self.dice.pick(&["./dev", "/srv/dev", "../dev", "~/dev", "${DIR:-./dir}", "/srv/../dev/"]);
        let options = || map([("type", text("none")), ("o", text("bind,rw")), ("device", text(device))]);
        match self.dice.below(10) {
            8 => map([("external", raw("false")), ("name", text("own"))]),
            0 => map([("name", text("own-${A:+x}"))]),
            1 => map([("external", raw("true"))]),
            2 => map([("external", text("${UNSET:-true}")), ("name", text("there"))]),
            3 => map([("driver", text("local")), ("driver_opts", options())]),
            4 => map([("driver_opts", map([("o", text("bind")), ("device", text(device))]))]),
            5 => map([("labels", Node::List(vec![text("one=${A}"), text("two")]))]),
            6 => map([
                ("labels", map([("one", raw("1")), ("two", raw("null"))])),
                ("driver_opts", map([("size", raw("10"))])),
            ]),
            7 => Node::Map(Vec::new()),
            _ => raw(self.dice.pick(&["null", "", "~"])),
        }
    }

    fn granted(&mut self, key: &str) -> Node {
        let file = self.dice.pick(&["./s.txt", "../s.txt", "/abs/s.txt", "~/s.txt", "s.txt", "${DIR:-./dir}/s"]);
        match self.dice.below(if key == "configs" { 5 } else { 4 }) {
            0 => map([("environment", text("A"))]),
            1 => map([("external", raw("true"))]),
            2 => map([("external", raw("true")), ("name", text("there-${A:+x}"))]),
            3 if self.dice.once_in(2) => map([("file", text(file)), ("labels", raw("{a: b}"))]),
            3 => map([("file", text(file)), ("name", text("own"))]),
            _ => map([("content", text(format!("x={}\n", phrase(&mut self.dice))))]),
        }
    }

    /// A document that goes over the first.
    fn overriding(&mut self) -> Node {
        let mut document = Node::Map(Vec::new());
        for index in 0..self.plan.services.len() {
            if self.dice.once_in(2) {
                let place = self.place(index);
                let name = self.plan.services[index].clone();
                let mut service = self.overriding_service(&place);
                if self.dice.once_in(12) {
                    // Only what stands in the same file can be named without one.
                    let extends = self.extends(0);
                    service.set("extends", extends);
                }
                if self.dice.once_in(30) {
                    service.set("image", text("anew"));
                    service = with("!override", service);
                }
                document.at("services").set(&name, if self.dice.once_in(40) { raw("null") } else { service });
            }
        }
        if self.dice.once_in(6) {
            let place = Place { last: false, ..self.place(0) };
            let mut extra = Node::Map(service::keys(self, &place, 4));
            extra.set("image", text("extra"));
            document.at("services").set("extra", extra);
        }
        self.overriding_resources(&mut document);
        if document.entries().is_empty() {
            document.set("services", Node::Map(Vec::new()));
        }
        document
    }

    fn overriding_resources(&mut self, document: &mut Node) {
        for name in self.plan.volumes.clone() {
            if self.dice.once_in(20) {
                let volume = match self.dice.below(6) {
                    0 => with("!reset", raw("null")),
                    1 => with("!override", self.volume()),
                    2 | 3 => map([("labels", map([("more", text("${A:-x}"))]))]),
                    _ => self.volume(),
                };
                document.at("volumes").set(name, volume);
            }
        }
        for (key, names) in [("secrets", self.plan.secrets.clone()), ("configs", self.plan.configs.clone())] {
            for name in names {
                if self.dice.once_in(16) {
                    let definition = self.granted(key);
                    document
                        .at(key)
                        .set(name, if self.dice.once_in(2) { with("!override", definition) } else { definition });
                }
            }
        }
        match self.dice.below(40) {
            0 => document.set("name", text("renamed")),
            1 if !self.files.keys().any(|path| path.ends_with("inc/compose.yaml")) => drop(self.include(document)),
            2 => document.set("x-more", map([("a", raw("2"))])),
            3 => document.set("volumes", with("!reset", raw("null"))),
            _ => {}
        }
    }

    fn overriding_service(&mut self, place: &Place) -> Node {
        let mut node = Node::Map(service::keys(self, place, 5));
        for (_, value) in node.entries() {
            if self.dice.once_in(8) {
                *value = with("!override", value.clone());
            } else if self.dice.once_in(10) {
                *value = with("!reset", if self.dice.once_in(2) { raw("null") } else { value.clone() });
            } else if self.dice.once_in(200) {
                *value = raw("null");
            }
        }
        if self.dice.once_in(6) {
            node.set("image", text("newer"));
        }
        if self.dice.once_in(15) {
            node.set("profiles", Node::List(vec![text(self.dice.pick(PROFILES))]));
        }
        if self.dice.once_in(10) {
            node.at("environment");
            node.set("environment", map([("A", with("!reset", raw("null"))), ("NEW", text("new"))]));
        }
        node
    }
}

/// A secret of the included project's own, whose file is beside it.
fn side_secret(document: &mut Node) {
    document.set("secrets", map([("side-key", map([("file", text("./key.txt"))]))]));
    document.at("services").at("side").set("secrets", Node::List(vec![text("side-key")]));
}
