//! Projects with a mistake, of which Compose refuses most.

use super::project::{Contents, Maker, Project};
use super::yaml::{Node, map, raw, text};

type Spoil = fn(&mut Maker, &mut Spoiled);

/// What a mistake is made in.
struct Spoiled<'a> {
    project: &'a mut Project,
    service: String,
}

impl Spoiled<'_> {
    fn document(&mut self) -> &mut Node {
        let Some(Contents::Yaml(documents)) = self.project.files.get_mut(&self.project.main) else {
            panic!("the main file is gone")
        };
        &mut documents[0]
    }

    fn service(&mut self) -> &mut Node {
        let name = self.service.clone();
        self.document().at("services").at(&name)
    }

    fn set(&mut self, key: &str, value: Node) {
        self.service().set(key, value);
    }
}

fn list(items: &[&str]) -> Node {
    Node::List(items.iter().map(|item| text(*item)).collect())
}

const MISTAKES: &[(&str, Spoil)] = &[
    ("undefined resource", |maker, at| {
        let (key, value) = match maker.dice.below(7) {
            0 => ("volumes", list(&["nowhere:/nowhere"])),
            1 => ("secrets", list(&["nowhere"])),
            2 => ("configs", list(&["nowhere"])),
            3 => ("networks", list(&["nowhere"])),
            4 => ("depends_on", list(&["nowhere"])),
            5 => ("volumes_from", list(&["nowhere"])),
            _ => ("network_mode", text("service:nowhere")),
        };
        at.set(key, value);
    }),
    ("unknown key", |maker, at| match maker.dice.below(4) {
        0 => at.set("imagee", text("x")),
        1 => at.document().set("servicess", map([])),
        2 => at.set("build", map([("context", text(".")), ("dockerfil", text("x"))])),
        _ => at.set(
            "volumes",
            Node::List(vec![map([("type", text("bind")), ("from", text("/x")), ("target", text("/x"))])]),
        ),
    }),
    ("wrong type", |maker, at| {
        let keys = [
            "environment",
            "command",
            "tty",
            "volumes",
            "image",
            "ports",
            "depends_on",
            "labels",
            "env_file",
            "user",
            "profiles",
            "tmpfs",
            "extends",
            "secrets",
            "entrypoint",
            "working_dir",
            "scale",
            "volumes_from",
            "container_name",
            "deploy",
        ];
        let values = [
            raw("3"),
            list(&["x"]),
            map([("a", text("b"))]),
            text("word"),
            raw("true"),
            raw("1.5"),
            raw("null"),
            raw("2024-01-01"),
            Node::List(vec![raw("1")]),
        ];
        let key = maker.dice.pick(&keys);
        at.set(key, values[maker.dice.below(values.len())].clone());
    }),
    ("wrong type above", |maker, at| {
        let key = maker.dice.pick(&["services", "volumes", "secrets", "configs", "networks", "include", "name"]);
        let values = [raw("3"), list(&["x"]), text("word"), raw("true"), map([("x", text("y"))]), raw("null")];
        at.document().set(key, values[maker.dice.below(values.len())].clone());
    }),
    ("required variable", |maker, at| {
        let key = maker.dice.pick(&["image", "user", "hostname"]);
        let word = maker.dice.pick(&[
            "${NOPE:?must}",
            "${NOPE?must}",
            "${EMPTY:?must be}",
            "${UNSET:-${NOPE:?}}",
            "${SET:+${NOPE?}}",
            "${SET:-${NOPE?}}",
            "${UNSET:+${NOPE:?}}",
        ]);
        at.set(key, text(word));
    }),
    ("missing file", |maker, at| match maker.dice.below(6) {
        0 => at.set("env_file", text("nowhere.env")),
        1 => at.set("env_file", Node::List(vec![map([("path", text("./nowhere.env")), ("required", raw("true"))])])),
        2 => at.set("extends", map([("file", text("nowhere.yaml")), ("service", text("x"))])),
        3 => at.document().set("include", list(&["nowhere.yaml"])),
        4 => at.project.arguments.extend(["--env-file", "nowhere.env"].map(str::to_owned)),
        _ => at.project.arguments.extend(["-f", "nowhere.yaml"].map(str::to_owned)),
    }),
    ("missing service", |_, at| at.set("extends", text("nowhere"))),
    ("cycle", |maker, at| {
        let name = at.service.clone();
        match maker.dice.below(4) {
            0 => at.set("extends", text(name)),
            1 => at.set("depends_on", list(&[&name])),
            2 => at.document().at("services").set("loop", map([("image", text("x")), ("extends", text(name))])),
            _ => {
                let main = at.project.main.rsplit('/').next().unwrap().to_owned();
                at.document().set("include", list(&[&main]));
            }
        }
    }),
    ("bad template", |maker, at| {
        let word = maker.dice.pick(&[
            "${A",
            "${A!}",
            "$",
            "${}",
            "$ x",
            "${1A}",
            "a$",
            "${A:}",
            "${A:-${B}",
            "$1",
            "${A B}",
            "${A:?",
            "${-x}",
            "$}",
            "${A}}",
            "${$A}",
            "$(A)",
            "${A:=x}",
            "${A-}",
        ]);
        let key = maker.dice.pick(&["image", "user", "command"]);
        at.set(key, text(word));
    }),
    ("bad cast", |maker, at| {
        let word = maker.dice.pick(&["maybe", "${NOPE:-maybe}", "", "${NOPE}", "2", "yess", "1", "0", "t", "f"]);
        let key = maker.dice.pick(&["tty", "read_only", "scale", "privileged", "init", "stdin_open"]);
        at.set(key, text(word));
    }),
    ("duplicate key", |_, at| {
        let entries = at.service().entries();
        let first = entries[0].clone();
        entries.push(first);
    }),
    ("conflict of include", |maker, at| {
        let name = at.service.clone();
        let folder = at.project.main.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        let other = map([("image", text(maker.dice.pick(&["other", "busybox:1.36"])))]);
        let document = Node::Map(vec![("services".to_owned(), Node::Map(vec![(name, other)]))]);
        at.project.files.insert(format!("{folder}conflict.yaml"), Contents::Yaml(vec![document]));
        at.document().set("include", list(&["conflict.yaml"]));
    }),
    ("mutually exclusive", |maker, at| match maker.dice.below(6) {
        0 => {
            at.set("network_mode", text("host"));
            at.set("networks", list(&["default"]));
        }
        1 => {
            at.set("scale", raw("2"));
            at.set("deploy", map([("replicas", raw("3"))]));
        }
        2 => {
            at.set("container_name", text("one"));
            at.set("scale", raw("2"));
        }
        3 => at.document().at("secrets").set("both", map([("file", text("x")), ("environment", text("A"))])),
        4 => at.document().at("volumes").set("both", map([("external", raw("true")), ("driver", text("local"))])),
        _ => at.document().at("configs").set("both", map([("content", text("x")), ("file", text("x"))])),
    }),
    ("no image", |_, at| at.service().entries().retain(|(key, _)| !["image", "build"].contains(&key.as_str()))),
    ("bad name", |maker, at| {
        let name = maker.dice.pick(&["Upper", "with space", "-dash", "", "dot.ted", "_x", "é"]);
        match maker.dice.below(3) {
            0 => at.document().set("name", text(name)),
            1 => at.project.arguments.extend(["-p".to_owned(), name.to_owned()]),
            _ => drop(at.project.environment.insert("COMPOSE_PROJECT_NAME".to_owned(), name.to_owned())),
        }
    }),
    ("bad mount", |maker, at| {
        let word = maker.dice.pick(&[
            "a:b:c:d",
            "",
            ":",
            "::",
            ":/x",
            "/x:",
            "./x:rel",
            "rel",
            "./rel",
            "data:",
            "/a:/b:",
            "/a:/b:bad",
            "/a:/b:ro,rw",
            "C:\\x:/y",
            "data:/b:ro:z",
            " /a:/b",
            "/a: /b",
        ]);
        at.set("volumes", list(&[word]));
    }),
    ("bad long mount", |maker, at| {
        let mounts = [
            map([("type", text("bind")), ("source", text("/x"))]),
            map([("type", text("odd")), ("source", text("/x")), ("target", text("/x"))]),
            map([("source", text("/x")), ("target", text("/x"))]),
            map([("type", text("bind")), ("target", text("/x"))]),
            map([("type", text("volume")), ("source", text("./x")), ("target", text("/x"))]),
            map([("type", text("tmpfs")), ("source", text("x")), ("target", text("/x"))]),
            map([("type", text("bind")), ("source", text("")), ("target", text("/x"))]),
            map([("type", text("volume")), ("source", text("")), ("target", text("/x"))]),
        ];
        at.set("volumes", Node::List(vec![mounts[maker.dice.below(mounts.len())].clone()]));
    }),
    ("twice in a list", |maker, at| {
        let (key, item) = maker.dice.pick(&[
            ("volumes", "/x:/y"),
            ("profiles", "one"),
            ("environment", "A=1"),
            ("depends_on", "nowhere"),
            ("tmpfs", "/x"),
            ("cap_add", "ALL"),
            ("labels", "a=b"),
            ("command", "x"),
            ("env_file", "nowhere.env"),
            ("volumes_from", "container:x"),
            ("ports", "80:80"),
            ("expose", "80"),
        ]);
        at.set(key, list(&[item, item]));
    }),
    ("unreadable", |maker, at| {
        let line = maker.dice.pick(&[
            "a: [",
            "\tx: y",
            "a: 'b",
            "a: b: c",
            "- a",
            "a: *nowhere",
            "services: {",
            "}",
            "a: &x",
            "%",
            "...",
            "---",
            "? a",
            "a: @b",
            "x-a: !!str 3",
            "x-a: !odd 3",
            "",
        ]);
        let text = super::yaml::write(std::slice::from_ref(at.document()), maker.dice.salt());
        let main = at.project.main.clone();
        at.project.files.insert(main, Contents::Lines(vec![text, line.to_owned()]));
    }),
    ("nothing there", |maker, at| {
        let main = at.project.main.clone();
        let lines = maker.dice.pick(&[
            "",
            "# empty",
            "services:",
            "services: {}",
            "null",
            "[]",
            "x",
            "name: x",
            "version: '3'",
        ]);
        at.project.files.insert(main, Contents::Lines(vec![lines.to_owned()]));
    }),
    ("bad env file", |maker, at| {
        let line = maker.dice.pick(&[
            "A B",
            "=x",
            "A='open",
            "A=\"open",
            "A=${",
            "A=${B:?must}",
            "é=x",
            "A-B=x",
            "A.B",
            "1A=x",
            "A=${B",
            "export",
            "A=\"${NOPE:?must}\"",
            "A:B",
            "\u{feff}A=1",
            "A+=x",
            "A=\"a\" b",
            "A='a' b",
        ]);
        let folder = at.project.main.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        let name = maker.dice.pick(&[".env", "bad.env"]);
        at.project.files.insert(
            format!("{folder}{name}"),
            Contents::Lines(vec!["FIRST=1".to_owned(), line.to_owned(), "LAST=1".to_owned()]),
        );
        at.set("env_file", text(name));
    }),
];

/// Makes one mistake, and names it.
pub(crate) fn make(maker: &mut Maker, project: &mut Project) -> &'static str {
    let service = maker.services()[0].clone();
    let (name, spoil) = maker.dice.pick(MISTAKES);
    spoil(maker, &mut Spoiled { project, service });
    name
}
