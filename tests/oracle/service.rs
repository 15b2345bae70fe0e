//! The keys of a random service.

use super::others::SERVICE;
use super::project::{Maker, Place};
use super::words::{env_file, phrase, raw_file, typed};
use super::yaml::{Node, map, raw, text, with};

type Make = fn(&mut Maker, &Place) -> Node;

/// What a service may say, and how often each is taken for every one of the others.
const KEYS: &[(&str, usize, Make)] = &[
    ("environment", 6, environment),
    ("labels", 3, labels),
    ("command", 3, command),
    ("entrypoint", 3, command),
    ("user", 2, user),
    ("working_dir", 2, working_dir),
    ("tty", 2, flag),
    ("stdin_open", 1, flag),
    ("read_only", 1, flag),
    ("privileged", 1, flag),
    ("init", 1, flag),
    ("pid", 1, pid),
    ("ipc", 1, ipc),
    ("network_mode", 1, network_mode),
    ("networks", 1, networks),
    ("container_name", 1, container_name),
    ("volumes", 10, volumes),
    ("tmpfs", 2, tmpfs),
    ("secrets", 2, secrets),
    ("configs", 2, configs),
    ("volumes_from", 1, volumes_from),
    ("depends_on", 3, depends_on),
    ("links", 1, links),
    ("scale", 2, scale),
    ("deploy", 2, deploy),
    ("env_file", 4, env_files),
    ("label_file", 1, label_file),
    ("hostname", 1, phrase_of),
    ("restart", 1, restart),
    ("ports", 1, ports),
    ("extra_hosts", 1, extra_hosts),
    ("cap_add", 1, capabilities),
    ("healthcheck", 1, healthcheck),
];

/// Random keys, none twice.
pub(crate) fn keys(maker: &mut Maker, place: &Place, most: usize) -> Vec<(String, Node)> {
    let total: usize = KEYS.iter().map(|(_, weight, _)| weight).sum();
    let count = maker.dice.between(1, most);
    let mut found: Vec<(String, Node)> = Vec::new();
    for _ in 0..count {
        let mut at = maker.dice.below(total);
        let (key, _, make) = KEYS
            .iter()
            .find(|(_, weight, _)| {
                let here = at < *weight;
                at = at.saturating_sub(*weight);
                here
            })
            .unwrap();
        if found.iter().all(|(known, _)| known != key) && fits(maker, place, key) {
            found.push(((*key).to_owned(), make(maker, place)));
        }
    }
    if maker.plan.others && maker.dice.once_in(2) {
        for (key, values) in maker.dice.some(SERVICE, 1, 3) {
            if found.iter().all(|(known, _)| known != key) && fits(maker, place, key) {
                found.push((key.to_owned(), raw(maker.dice.pick(values))));
            }
        }
    }
    found
}

/// Whether a key may stand there beside all that the plan has elsewhere.
fn fits(maker: &Maker, place: &Place, key: &str) -> bool {
    let plan = &maker.plan;
    match key {
        "network_mode" => !plan.networked,
        "networks" => plan.networked && !place.foreign,
        "secrets" => !place.foreign && !plan.secrets.is_empty(),
        "configs" => !place.foreign && !plan.configs.is_empty(),
        "container_name" => place.last,
        "scale" => !place.last && !plan.deployed,
        "depends_on" | "links" => !place.earlier.is_empty(),
        _ => true,
    }
}

/// A list of what is made, nothing in it twice.
fn list(maker: &mut Maker, most: usize, mut make: impl FnMut(&mut Maker) -> Node) -> Node {
    let mut items = Vec::new();
    for _ in 0..maker.dice.between(1, most) {
        let item = make(maker);
        if !items.contains(&item) {
            items.push(item);
        }
    }
    Node::List(items)
}

const NAMES: &[&str] = &["A", "B", "E1", "E2", "LEVEL", "PATH_X", "a.b", "lower", "${A}", "a b"];

/// A value as a map of strings may hold it.
fn scalar(maker: &mut Maker) -> Node {
    let raws = [
        "null",
        "~",
        "",
        "true",
        "false",
        "1",
        "0",
        "-7",
        "1.5",
        "1.50",
        "0x10",
        "0o17",
        "010",
        "1e3",
        "1_000",
        ".5",
        "yes",
        "12345678901",
        "1.0",
        "True",
        "off",
        "!!str 3",
        "!!str true",
        "1e21",
        "+3",
    ];
    if maker.dice.once_in(3) { raw(maker.dice.pick(&raws)) } else { text(phrase(&mut maker.dice)) }
}

fn pairs(maker: &mut Maker, names: &[&str]) -> Vec<(String, Node)> {
    let names = maker.dice.some(names, 1, 4);
    names.iter().map(|name| ((*name).to_owned(), scalar(maker))).collect()
}

fn assignments(maker: &mut Maker, names: &[&str]) -> Node {
    let names = maker.dice.some(names, 1, 4);
    let assignment = |name: &&str| {
        if maker.dice.once_in(5) { text(*name) } else { text(format!("{name}={}", phrase(&mut maker.dice))) }
    };
    Node::List(names.iter().map(assignment).collect())
}

fn environment(maker: &mut Maker, place: &Place) -> Node {
    if maker.dice.once_in(2) {
        return assignments(maker, NAMES);
    }
    let mut pairs = pairs(maker, NAMES);
    if let Some(anchor) = place.anchor("env")
        && maker.dice.once_in(2)
    {
        pairs.insert(maker.dice.below(pairs.len() + 1), ("<<".to_owned(), raw(format!("*{anchor}"))));
    }
    Node::Map(pairs)
}

fn labels(maker: &mut Maker, _: &Place) -> Node {
    let names = ["one", "com.x/y", "overlock.role", "A", "two-words"];
    if maker.dice.once_in(2) { assignments(maker, &names) } else { Node::Map(pairs(maker, &names)) }
}

fn command(maker: &mut Maker, _: &Place) -> Node {
    let strings = [
        "run it",
        "sh -c \"echo 'a b' c\"",
        "  spaced   out  ",
        "a\\ b c",
        "'one word' \"and another\"",
        "sh -c 'exec $$0'",
        "echo \"a\\\"b\"",
        "echo \"${A:-x y}\"",
        "echo ${B:-two words}",
        "a \"\" b",
        "a '' b",
        "tab\tand\nline",
        "# no comment",
        "a #b c",
        "x && y; z | w > v",
        "",
        "\"\"",
        "a\\\\b",
        "'a\\b'",
        "\"a\\b\"",
        "$$HOME",
        "é ü",
        "~/x *",
        "a\"b\"c",
        "--flag=\"v w\"",
    ];
    let words = ["sh", "-c", "a b", "", "$$x", "it's", "\"q\"", "--x=${A:-y}", "1"];
    match maker.dice.below(8) {
        0 => raw(maker.dice.pick(&["null", "", "~"])),
        1 => Node::List(Vec::new()),
        2..5 => text(maker.dice.pick(&strings)),
        _ => {
            let words = maker.dice.some(&words, 1, 4);
            Node::List(words.iter().map(|word| text(*word)).collect())
        }
    }
}

fn user(maker: &mut Maker, _: &Place) -> Node {
    text(maker.dice.pick(&["1000", "1000:1000", "root", "${A:-me}", "$B", "a:b", "0"]))
}

fn working_dir(maker: &mut Maker, _: &Place) -> Node {
    let at = typed(&mut maker.dice, "AT", "/work");
    text(if maker.dice.once_in(3) {
        maker.dice.pick(&["/a/../b", "rel", "./rel", "/w/", "~/x"]).to_owned()
    } else {
        at
    })
}

fn flag(maker: &mut Maker, _: &Place) -> Node {
    let word = maker.dice.pick(&["true", "false", "yes", "on", "off", "no", "y", "n", "True", "TRUE"]);
    match maker.dice.below(3) {
        0 => raw(maker.dice.pick(&["true", "false", "True", "FALSE"])),
        1 => text(word),
        _ => text(typed(&mut maker.dice, "FLAG", word)),
    }
}

/// Another service, if there is one that starts before this one.
fn earlier(maker: &mut Maker, place: &Place) -> Option<String> {
    if place.earlier.is_empty() { None } else { Some(place.earlier[maker.dice.below(place.earlier.len())].clone()) }
}

fn pid(maker: &mut Maker, place: &Place) -> Node {
    let other = earlier(maker, place).map(|name| format!("service:{name}"));
    text(other.filter(|_| maker.dice.once_in(2)).unwrap_or_else(|| "host".to_owned()))
}

fn ipc(maker: &mut Maker, place: &Place) -> Node {
    let other = earlier(maker, place).map(|name| format!("service:{name}"));
    let word = maker.dice.pick(&["host", "shareable", "private", "none", "container:x"]);
    text(other.filter(|_| maker.dice.once_in(2)).unwrap_or_else(|| word.to_owned()))
}

fn network_mode(maker: &mut Maker, place: &Place) -> Node {
    let other = earlier(maker, place).map(|name| format!("service:{name}"));
    let word = maker.dice.pick(&["host", "none", "bridge", "${A:+host}", "container:x"]);
    text(other.filter(|_| maker.dice.once_in(2)).unwrap_or_else(|| word.to_owned()))
}

fn networks(maker: &mut Maker, _: &Place) -> Node {
    let names = maker.dice.some(&["front", "default"], 1, 2);
    match maker.dice.below(3) {
        0 => Node::List(names.iter().map(|name| text(*name)).collect()),
        1 => Node::Map(names.iter().map(|name| ((*name).to_owned(), raw("null"))).collect()),
        _ => map([("front", map([("aliases", Node::List(vec![text("${A:-x}"), text("b")]))]))]),
    }
}

fn container_name(maker: &mut Maker, _: &Place) -> Node {
    text(typed(&mut maker.dice, "UNSET", "named"))
}

/// Where a volume may be mounted.
const TARGETS: &[&str] =
    &["/data", "/state", "/var/lib/x", "/a b", "/é", "${AT:-/at}", "${UNSET:-/t}/u", "/etc/x.conf", "/run/secrets/own"];

/// The same places spelled otherwise: a second volume there is one too many.
const SPELLINGS: &[&str] = &["/data/", "/data/./x", "/data/y/../x", "/state/", "//state", "/var/../var/lib/x/"];

fn target(maker: &mut Maker) -> &'static str {
    let from = if maker.dice.once_in(16) { SPELLINGS } else { TARGETS };
    maker.dice.pick(from)
}

fn source(maker: &mut Maker, place: &Place) -> String {
    let paths = [
        "./data",
        "./data/",
        "~other/x",
        "C:\\data",
        "../up",
        "../up/../down",
        "./a/../b",
        "~/home",
        "~",
        "~/a/../b",
        "/abs",
        "/abs/",
        "/abs//x/../y",
        ".",
        "..",
        "./.",
        "./",
        "../",
        "/",
        "./a b",
        "./é",
        "${DIR:-./dir}",
        "${DIR-/srv/d}",
        "${DIR:-./dir}/sub",
        "${UNSET:-~/x}",
        "./${A:+x}",
        "./${UNSET:-y}/../z",
        "$PWD_X/x",
        "${HOME}/x",
        "./$$x",
    ];
    if maker.dice.once_in(150) {
        return "${A:-./w}".to_owned();
    }
    if place.volumes.is_empty() || maker.dice.once_in(2) {
        return maker.dice.pick(&paths).to_owned();
    }
    let name = maker.dice.pick(&place.volumes);
    typed(&mut maker.dice, "UNSET", name)
}

fn volumes(maker: &mut Maker, place: &Place) -> Node {
    list(
        maker,
        4,
        |maker| {
            if maker.dice.once_in(3) { long_volume(maker, place) } else { text(short_volume(maker, place)) }
        },
    )
}

fn short_volume(maker: &mut Maker, place: &Place) -> String {
    let target = target(maker);
    if maker.dice.once_in(6) {
        return target.to_owned();
    }
    let source = source(maker, place);
    let mode = if maker.dice.once_in(2) {
        ""
    } else {
        maker.dice.pick(&[
            ":ro",
            ":rw",
            ":z",
            ":Z",
            ":ro,z",
            ":rshared",
            ":ro,rslave",
            ":nocopy",
            ":cached",
            ":delegated",
            ":${UNSET:-ro}",
            ":z,rw",
            ":consistent",
        ])
    };
    format!("{source}:{target}{mode}")
}

fn long_volume(maker: &mut Maker, place: &Place) -> Node {
    let target = text(target(maker));
    let kind = if place.volumes.is_empty() {
        maker.dice.pick(&["bind", "tmpfs"])
    } else {
        maker.dice.pick(&["bind", "volume", "tmpfs"])
    };
    let mut node = map([("type", text(kind)), ("target", target)]);
    match kind {
        "bind" => bind(maker, &mut node),
        "volume" => named(maker, place, &mut node),
        _ => {
            if maker.dice.once_in(2) {
                let options = [
                    map([("size", text("10m"))]),
                    map([("size", raw("1048576"))]),
                    map([("mode", raw("0755"))]),
                    map([("mode", raw("511"))]),
                ];
                node.set("tmpfs", options[maker.dice.below(4)].clone());
            }
        }
    }
    if maker.dice.once_in(3) {
        let value = flag(maker, place);
        node.set("read_only", value);
    }
    if maker.dice.once_in(8) {
        node.set("consistency", text("cached"));
    }
    node
}

fn bind(maker: &mut Maker, node: &mut Node) {
    let paths =
        ["./data", "../up", "~/home", "/abs", "./a/../b/", ".", "${DIR:-./dir}", "~", "rel", "rel/x", "/abs/../b/"];
    node.set("source", text(maker.dice.pick(&paths)));
    let options = [
        map([("propagation", text("rslave"))]),
        map([("create_host_path", raw("false"))]),
        map([("create_host_path", raw("true"))]),
        map([("selinux", text("z"))]),
        map([("recursive", text("enabled"))]),
        map([("propagation", text("rshared")), ("create_host_path", text("${FLAG:-true}"))]),
        Node::Map(Vec::new()),
    ];
    if maker.dice.once_in(2) {
        node.set("bind", options[maker.dice.below(options.len())].clone());
    }
}

fn named(maker: &mut Maker, place: &Place, node: &mut Node) {
    if maker.dice.below(4) > 0 {
        let name = maker.dice.pick(&place.volumes);
        node.set("source", text(typed(&mut maker.dice, "UNSET", name)));
    }
    let options = [
        map([("nocopy", raw("true"))]),
        map([("subpath", text("a/b"))]),
        map([("subpath", text("${A:-x}/../y"))]),
        map([("labels", map([("one", text("${B:-l}"))]))]),
        map([("nocopy", text("${FLAG:-false}")), ("subpath", text("x"))]),
    ];
    if maker.dice.once_in(2) {
        node.set("volume", options[maker.dice.below(options.len())].clone());
    }
}

fn tmpfs(maker: &mut Maker, _: &Place) -> Node {
    let targets = ["/run/t", "/tmp", "/tmp/:size=10m", "/run/u:mode=1777,size=1g", "${UNSET:-/run/v}", "/run//w"];
    if maker.dice.once_in(3) {
        text(maker.dice.pick(&targets))
    } else {
        Node::List(maker.dice.some(&targets, 1, 3).iter().map(|target| text(*target)).collect())
    }
}

/// A use of a secret or config, short or long.
fn grant(maker: &mut Maker, names: &[&str], target: &[&str]) -> Node {
    let name = maker.dice.pick(names);
    if maker.dice.once_in(2) {
        return text(name);
    }
    let mut node = map([("source", text(name))]);
    if maker.dice.once_in(2) {
        node.set("target", text(maker.dice.pick(target)));
    }
    if maker.dice.once_in(3) {
        node.set("uid", text("${NUM:-103}"));
        node.set("gid", text("103"));
    }
    if maker.dice.once_in(3) {
        node.set("mode", if maker.dice.once_in(2) { raw("0440") } else { text("0444") });
    }
    node
}

fn secrets(maker: &mut Maker, _: &Place) -> Node {
    let names = maker.plan.secrets.clone();
    list(maker, 2, |maker| grant(maker, &names, &["own", "/etc/own", "${A:-x}"]))
}

fn configs(maker: &mut Maker, _: &Place) -> Node {
    let names = maker.plan.configs.clone();
    list(maker, 2, |maker| grant(maker, &names, &["/own", "/etc/own.conf", "${AT:-/x}"]))
}

fn volumes_from(maker: &mut Maker, place: &Place) -> Node {
    let other = earlier(maker, place);
    let items = match other {
        Some(name) => vec![text(format!("{name}{}", maker.dice.pick(&["", ":ro", ":rw"])))],
        None => vec![text("container:elsewhere:ro")],
    };
    Node::List(items)
}

fn depends_on(maker: &mut Maker, place: &Place) -> Node {
    let names: Vec<&str> = place.earlier.iter().map(String::as_str).collect();
    let names = maker.dice.some(&names, 1, 2);
    if maker.dice.once_in(2) {
        return Node::List(names.iter().map(|name| text(*name)).collect());
    }
    let mut depends = Node::Map(Vec::new());
    for name in names {
        let condition = maker.dice.pick(&["service_started", "service_healthy", "service_completed_successfully"]);
        let mut one = map([("condition", text(condition))]);
        if maker.dice.once_in(3) {
            let value = flag(maker, place);
            one.set("restart", value);
        }
        if maker.dice.once_in(3) {
            one.set("required", raw(maker.dice.pick(&["true", "false"])));
        }
        depends.set(name, one);
    }
    depends
}

fn links(maker: &mut Maker, place: &Place) -> Node {
    let name = earlier(maker, place).unwrap();
    Node::List(vec![text(format!("{name}{}", maker.dice.pick(&["", ":alias", ":${UNSET:-other}"])))])
}

fn number(maker: &mut Maker) -> Node {
    let number = maker.dice.pick(&["0", "1", "2", "5"]);
    if maker.dice.once_in(2) { raw(number) } else { text(format!("${{UNSET:-{number}}}")) }
}

fn scale(maker: &mut Maker, _: &Place) -> Node {
    number(maker)
}

fn deploy(maker: &mut Maker, place: &Place) -> Node {
    let mut deploy = Node::Map(Vec::new());
    if maker.plan.deployed && !place.last {
        let number = number(maker);
        deploy.set("replicas", number);
    }
    if maker.dice.once_in(2) {
        deploy.set("labels", map([("one", text("${A:-x}"))]));
    }
    if maker.dice.once_in(3) {
        deploy.set("resources", map([("limits", map([("cpus", text("0.5")), ("memory", text("64m"))]))]));
    }
    deploy
}

fn env_files(maker: &mut Maker, place: &Place) -> Node {
    let long = |maker: &mut Maker| match maker.dice.below(4) {
        0 => {
            let lines = raw_file(&mut maker.dice, &["E1", "E2", "A"]);
            maker.put(&place.directory, "raw.env", lines);
            map([("path", text("raw.env")), ("format", text("raw"))])
        }
        1 => map([("path", text("absent.env")), ("required", raw("false"))]),
        2 => map([("path", text(one_env_file(maker, place))), ("required", text("${FLAG:-true}"))]),
        _ => map([("path", text(one_env_file(maker, place)))]),
    };
    match maker.dice.below(3) {
        0 => text(one_env_file(maker, place)),
        1 => list(maker, 2, |maker| text(one_env_file(maker, place))),
        _ => list(maker, 2, long),
    }
}

fn label_file(maker: &mut Maker, place: &Place) -> Node {
    let lines = env_file(&mut maker.dice, &["one", "A", "FILED"]);
    maker.put(&place.directory, "labels.txt", lines);
    if maker.dice.once_in(2) { text("labels.txt") } else { Node::List(vec![text("./labels.txt")]) }
}

/// The name of an env file beside the compose file, which is written with it.
fn one_env_file(maker: &mut Maker, place: &Place) -> String {
    let name = maker.dice.pick(&["a.env", "b.env", "env.d/c.env"]);
    if !maker.has(&place.directory, name) {
        let lines = env_file(&mut maker.dice, &["A", "E1", "E2", "LEVEL"]);
        maker.put(&place.directory, name, lines);
    }
    maker.dice.pick(&["./", "", "${UNSET:-}", "./env.d/../"]).to_owned() + name
}

fn phrase_of(maker: &mut Maker, _: &Place) -> Node {
    text(phrase(&mut maker.dice))
}

fn restart(maker: &mut Maker, _: &Place) -> Node {
    text(maker.dice.pick(&["always", "no", "unless-stopped", "on-failure:3", "${A:+always}"]))
}

fn ports(maker: &mut Maker, _: &Place) -> Node {
    let long = map([("target", raw("80")), ("published", text("8080")), ("protocol", text("tcp"))]);
    let short = [
        "80",
        "8080:80",
        "127.0.0.1:8080:80/udp",
        "3000-3002",
        "9000-9001:9000-9001",
        "${NUM:-2}:80",
        "[::1]:6060:6060",
    ];
    list(maker, 3, |maker| match maker.dice.below(4) {
        0 => long.clone(),
        1 => raw("80"),
        _ => text(maker.dice.pick(&short)),
    })
}

fn extra_hosts(maker: &mut Maker, _: &Place) -> Node {
    let items = ["a=1.2.3.4", "b:1.2.3.4", "host.docker.internal:host-gateway", "c=[::1]", "d:::1"];
    let pairs = map([("a", text("1.2.3.4")), ("b", Node::List(vec![text("1.1.1.1"), text("2.2.2.2")]))]);
    if maker.dice.once_in(3) {
        pairs
    } else {
        Node::List(maker.dice.some(&items, 1, 3).iter().map(|item| text(*item)).collect())
    }
}

fn capabilities(maker: &mut Maker, _: &Place) -> Node {
    Node::List(maker.dice.some(&["NET_ADMIN", "SYS_PTRACE", "ALL"], 1, 2).iter().map(|one| text(*one)).collect())
}

fn healthcheck(maker: &mut Maker, _: &Place) -> Node {
    let mut check = Node::Map(Vec::new());
    let tests =
        [text("curl -f \"http://x\""), Node::List(vec![text("CMD"), text("a b")]), Node::List(vec![text("NONE")])];
    check.set("test", tests[maker.dice.below(3)].clone());
    if maker.dice.once_in(2) {
        check.set("interval", text(maker.dice.pick(&["1m30s", "90s", "1h", "500ms"])));
        check.set("retries", raw("3"));
    }
    if maker.dice.once_in(4) {
        check.set("disable", raw("true"));
    }
    if maker.dice.once_in(9) { with("&check", check) } else { check }
}
