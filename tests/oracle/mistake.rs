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

/// What no service may say.
const BAD: &[(&str, &[&str])] = &[
    ("blkio_config", &["{weight: x}", "{odd: 1}"]),
    ("build", &["{context: ., odd: x}", "[a]", "{args: 3}", "{context: 3}", "{dockerfile: a, dockerfile_inline: b}"]),
    ("cap_add", &["ALL", "[1]", "[[a]]"]),
    ("cgroup", &["odd"]),
    ("command", &["{a: b}", "3", "[1, true]", "\"a 'b\"", "'a \"b'", "'a \\'"]),
    ("configs", &["[{target: /x}]", "[{source: nowhere}]", "{a: b}"]),
    ("cpu_percent", &["50", "\"50\""]),
    ("cpus", &["x", "-1"]),
    (
        "depends_on",
        &[
            "{nowhere: {condition: odd}}",
            "{nowhere: null}",
            "{nowhere: {}}",
            "[1]",
            "{nowhere: {condition: service_started, required: false}}",
        ],
    ),
    (
        "deploy",
        &[
            "{mode: odd}",
            "{replicas: x}",
            "{replicas: -1}",
            "{odd: 1}",
            "{resources: {reservations: {devices: [{count: 1}]}}}",
        ],
    ),
    ("develop", &["{watch: [{path: x}]}", "{watch: [{path: x, action: odd}]}"]),
    ("devices", &["[{target: /x}]", "x", "[{source: a, target: b, odd: c}]"]),
    ("entrypoint", &["\"sh -c 'x\"", "[{a: b}]"]),
    (
        "env_file",
        &[
            "{path: x}",
            "[{required: false}]",
            "[{path: nowhere.env, required: false, odd: 1}]",
            "[{path: nowhere.env, format: odd, required: false}]",
            "3",
            "[\"\"]",
            "\"\"",
        ],
    ),
    (
        "environment",
        &[
            "[1]",
            "{A: [b]}",
            "{A: {b: c}}",
            "[{a: b}]",
            "\"A=1\"",
            "[A=1, A=2]",
            "{A: 2024-01-01}",
            "[\"=x\"]",
            "[\"\"]",
        ],
    ),
    ("expose", &["[x]", "x", "[\"1-x\"]"]),
    ("extends", &["{file: x}", "{service: x, odd: y}", "[x]", "3", "{service: \"\"}", "{service: 3}"]),
    ("extra_hosts", &["[a]", "[\"a=x\"]", "{a: 3}"]),
    ("gpus", &["odd", "[{count: 1, device_ids: [a]}]", "3"]),
    ("healthcheck", &["{test: [a, b]}", "{interval: 1x}", "{retries: x}", "{odd: 1}", "{test: []}", "{timeout: 3}"]),
    ("image", &["\"\"", "\"${UNSET}\"", "null", "[x]", "\"UPPER/Case:tag\""]),
    ("labels", &["[1]", "{a: [b]}", "x", "[a=1, a=2]"]),
    ("logging", &["{driver: [a]}", "{odd: x}", "{options: {a: [b]}}"]),
    ("mem_limit", &["1q", "x", "true"]),
    ("networks", &["[nowhere]", "{default: {odd: 1}}", "{default: {ipv4_address: x}}", "x"]),
    ("network_mode", &["service:nowhere", "\"service:\"", "\"\"", "odd"]),
    ("pid", &["service:nowhere", "3", "odd"]),
    ("ipc", &["service:nowhere", "odd"]),
    ("platform", &["odd", "\"a/b/c/d\"", "3"]),
    (
        "ports",
        &[
            "[x]",
            "[\"99999:1\"]",
            "[{published: 80}]",
            "[\"1:2:3:4\"]",
            "[\"80-81:80-85\"]",
            "[\"80:80/odd\"]",
            "[{target: 80, odd: 1}]",
            "{a: b}",
            "[{target: \"80\"}]",
            "[\"\"]",
        ],
    ),
    ("profiles", &["[\"\"]", "[\"-x\"]", "[\"a b\"]", "one", "[1]"]),
    ("pull_policy", &["odd", "every_x", "3"]),
    ("restart", &["odd", "on-failure:x", "true"]),
    ("scale", &["-1", "1.5", "x", "true"]),
    ("secrets", &["[{target: /x}]", "[{source: nowhere, mode: 9x}]", "[3]"]),
    ("shm_size", &["1q", "x"]),
    ("stop_grace_period", &["1x", "3", "x", "\"\""]),
    ("sysctls", &["[a]", "{a: [b]}", "3"]),
    ("tmpfs", &["{a: b}", "[3]", "[\"\"]", "rel", "[/x, /x/]"]),
    ("tty", &["[true]", "1", "null", "\"\""]),
    ("ulimits", &["{nofile: {soft: 1}}", "{nofile: x}", "[a]", "{NOFILE: 1}", "{nofile: {soft: 2, hard: 1}}"]),
    ("user", &["1000", "[a]", "true"]),
    (
        "volumes",
        &[
            "[3]",
            "{a: b}",
            "[{type: bind}]",
            "[[a]]",
            "[{type: bind, source: 3, target: /x}]",
            "[{type: bind, source: /x, target: /x, bind: {odd: 1}}]",
            "[{type: bind, source: /x, target: /x, read_only: maybe}]",
            "[null]",
            "[{type: tmpfs, target: /x, tmpfs: {size: x}}]",
            "[{type: image, source: x, target: /x}]",
            "[{type: npipe, source: x, target: /x}]",
            "[{type: cluster, source: x, target: /x}]",
        ],
    ),
    ("volumes_from", &["[\"nowhere:ro\"]", "[\"container:\"]", "x", "[\"a:b:c\"]", "[3]"]),
    ("working_dir", &["3", "[a]", "null"]),
];

/// What cannot stand beside the services.
const BAD_ABOVE: &[(&str, &[&str])] = &[
    (
        "services",
        &[
            "{\"bad name\": {image: x}}",
            "{a: null}",
            "{a: [b]}",
            "{a: x}",
            "{1: {image: x}}",
            "[]",
            "{\"é\": {image: x}}",
        ],
    ),
    (
        "volumes",
        &[
            "{a: x}",
            "{a: {odd: 1}}",
            "{\"a b\": {}}",
            "{a: {external: maybe}}",
            "{a: {external: {name: x}}}",
            "{a: {external: true, driver_opts: {a: b}}}",
            "{a: {driver_opts: [a=b]}}",
            "{a: {external: {name: x}, name: y}}",
            "[a]",
            "{a: {labels: 3}}",
            "{a: {external: false, name: y}}",
        ],
    ),
    (
        "secrets",
        &[
            "{a: null}",
            "{a: {}}",
            "{a: {odd: 1}}",
            "{a: {external: true, file: x}}",
            "{a: {file: [x]}}",
            "{a: {content: x}}",
            "{a: {external: true, environment: X}}",
        ],
    ),
    (
        "configs",
        &[
            "{a: {}}",
            "{a: null}",
            "{a: {content: x, environment: X}}",
            "{a: {content: 3}}",
            "{a: {external: true, content: x}}",
        ],
    ),
    (
        "networks",
        &[
            "{a: {external: true, driver: x}}",
            "{a: {odd: 1}}",
            "{default: {external: true}}",
            "{a: {ipam: {config: [{subnet: x}]}}}",
            "{a: {external: {name: x}}}",
            "x",
        ],
    ),
    (
        "include",
        &[
            "x",
            "[{project_directory: x}]",
            "[{path: nowhere.yaml, odd: 1}]",
            "[3]",
            "{path: nowhere.yaml}",
            "[\"\"]",
            "null",
            "[]",
        ],
    ),
    ("name", &["3", "\"\"", "[a]", "null", "Upper", "\"${UNSET}\"", "a.b"]),
    ("version", &["3", "[a]", "3.8"]),
    ("models", &["{a: {}}", "{a: {model: 3}}"]),
    (
        "x-any",
        &[
            "{1: a}",
            "{true: a}",
            "{? [a] : b}",
            "!odd a",
            "!!binary aGk=",
            "!!set {a, b}",
            "{<<: {a: b}, c: d}",
            "{<<: [a]}",
            "{<<: 3}",
            "2024-01-01T00:00:00Z",
            ".inf",
            ".nan",
            "1e400",
            "99999999999999999999",
            "!!int x",
            "!!float 1",
        ],
    ),
];

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
    ("bad value", bad_value),
    ("bad value of another key", bad_value),
    ("bad value above", |maker, at| {
        let (key, values) = maker.dice.pick(BAD_ABOVE);
        at.document().set(key, raw(maker.dice.pick(values)));
    }),
    ("bad piece above", |maker, at| {
        // One that stands beside what is good.
        let (key, values) = maker.dice.pick(&[
            ("volumes", &["odd", "{odd: 1}", "{external: maybe}", "{external: true, driver: x}"]),
            ("secrets", &["{}", "null", "{external: true, file: x}", "{odd: 1}"]),
            ("configs", &["{}", "{content: a, file: b}", "3", "{content: 3}"]),
        ]);
        at.document().at(key).set("spoiled", raw(maker.dice.pick(values)));
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
        let back = map([("image", text("x")), ("depends_on", list(&[&name])), ("extends", text(name.clone()))]);
        match maker.dice.below(6) {
            4 => {
                at.set("depends_on", list(&["loop"]));
                at.document().at("services").set("loop", back);
            }
            5 => {
                at.set("extends", text("loop"));
                at.document().at("services").set("loop", back);
            }
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
    ("service that is off", |maker, at| {
        let off = map([("image", text("x")), ("profiles", list(&["off"]))]);
        at.document().at("services").set("off", off);
        let (key, value) = maker.dice.pick(&[
            ("depends_on", "[off]"),
            ("depends_on", "{off: {condition: service_started, required: false}}"),
            ("volumes_from", "[off]"),
            ("network_mode", "service:off"),
            ("pid", "service:off"),
            ("extends", "off"),
            ("links", "[off]"),
        ]);
        at.set(key, raw(value));
    }),
    ("same container", |_, at| {
        at.set("container_name", text("one"));
        let other = map([("image", text("x")), ("container_name", text("${UNSET:-one}"))]);
        at.document().at("services").set("other", other);
    }),
    ("place taken", |maker, at| {
        at.set("tmpfs", list(&["/taken"]));
        at.set("volumes", list(&[maker.dice.pick(&["/x:/taken", "/taken", "/x:/taken/", "/x:/taken/below"])]));
    }),
    ("tag", |maker, at| {
        let tag = maker.dice.pick(&["!reset", "!override", "!odd", "!!str", "!!map", "!!null", "!"]);
        let key = maker.dice.pick(&["image", "environment", "volumes", "nowhere"]);
        let value = maker.dice.pick(&["null", "[]", "x", "{}"]);
        at.set(key, raw(format!("{tag} {value}")));
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
            "1: x",
            "x-b: {a: 1, a: 2}",
            "x-b: &x {<<: *x}",
            "x-b: &x [*x]",
            "\u{feff}x-b: c",
            "x-b: \"\\q\"",
            "x-b: \"\\x41\\u00e9\"",
            "x-b: |2\n   c",
            "x-b: >\n  c\n\n  d",
            "%YAML 1.2",
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

fn bad_value(maker: &mut Maker, at: &mut Spoiled) {
    let (key, values) = maker.dice.pick(BAD);
    at.set(key, raw(maker.dice.pick(values)));
}

/// Makes one mistake, and names it.
pub(crate) fn make(maker: &mut Maker, project: &mut Project) -> &'static str {
    let service = maker.services()[0].clone();
    let (name, spoil) = maker.dice.pick(MISTAKES);
    spoil(maker, &mut Spoiled { project, service });
    name
}
