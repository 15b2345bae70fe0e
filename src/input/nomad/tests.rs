//! Expressions beside another reader of HCL, and texts that would take long.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use hcl::eval::{Context as HclContext, Evaluate};

use super::evaluate::Scope;
use super::hcl_value::Evaluated;
use super::job::JobReader;
use super::{hcl_text, read_stanzas};
use crate::input::ProgramNames;
use crate::model::{Container, Mount, MountSource};
use crate::text::Sources;

/// Expressions that are worth something without functions.
const EXPRESSIONS: &str = r#"
a = "x"
b = "a ${var.name} b"
c = "${var.name}"
d = var.list[1]
e = var.map.key
f = var.map["key"]
g = var.on ? "yes" : "no"
h = !var.on ? "yes" : "no"
i = var.name == "n" && !false
j = var.name != "n" || 1 > 2
k = "$${HOME} %%{ x }"
l = 1 + 2 * 3
m = var.number >= 3 ? var.list : []
n = { one = var.name, "two" = [var.number, true, null] }
o = <<EOT
first ${var.name}
  second
EOT
p = <<-EOT
    first
      ${var.name}
    EOT
q = "%{ if var.on }on%{ else }off%{ endif } %{ if !var.on }x%{ endif }"
r = "tab\t\"quoted\" \u00e9 \\ é"
s = local.inner
t = (var.number)
u = [for one in var.list : one]
v = var.list[*]
"#;

/// The variables of `EXPRESSIONS`.
const VARIABLES: &str = r#"
variable "name" { default = "n" }
variable "list" { default = ["one", "two"] }
variable "map" { default = { key = "value" } }
variable "on" { default = true }
variable "number" { default = 3 }
locals { inner = "in ${var.name}" }
"#;

/// A value as JSON; what is not known is told by its name.
fn as_json(value: &Evaluated) -> serde_json::Value {
    match value {
        Evaluated::Null => serde_json::Value::Null,
        Evaluated::Bool(on) => (*on).into(),
        Evaluated::Number(number) => serde_json::from_str(number).unwrap(),
        Evaluated::Text(text) => text.to_value(None).text.into(),
        Evaluated::List(items) => items.iter().map(|item| as_json(&item.value)).collect(),
        Evaluated::Map(entries) => entries.iter().map(|(key, _, item)| (key.clone(), as_json(&item.value))).collect(),
        Evaluated::Unknown(name) => format!("not known: {name}").into(),
    }
}

#[test]
fn expressions_are_worth_what_another_reader_says() {
    let sources = Sources::default();
    let text = format!("{VARIABLES}{EXPRESSIONS}");
    let file = sources.add("x.hcl", text.as_str());
    let top = hcl_text::parse(file, &text).unwrap();
    let environment = BTreeMap::new();
    let programs = ProgramNames::default();
    let reader = JobReader::new(&top, Scope::new(&environment, false, &sources), sources.get(file), &programs);
    let mut context = HclContext::new();
    let variables = hcl::value!({
        "name" = "n",
        "list" = ["one", "two"],
        "map" = { "key" = "value" },
        "on" = true,
        "number" = 3
    });
    context.declare_var("var", variables);
    context.declare_var("local", hcl::value!({ "inner" = "in n" }));
    let mut compared = 0;
    for attribute in hcl::parse(EXPRESSIONS).unwrap().attributes() {
        let wanted: serde_json::Value = serde_json::to_value(attribute.expr().evaluate(&context).unwrap()).unwrap();
        let own = &top.attribute(attribute.key()).unwrap().value;
        let got = as_json(&reader.lookup.scope.evaluate(own));
        // Loops and splats are not worked out.
        if matches!(attribute.key(), "u" | "v") {
            assert!(got.as_str().is_some_and(|text| text.starts_with("not known: value at x.hcl:")), "{got}");
            continue;
        }
        let number = |value: &serde_json::Value| value.as_f64();
        let is_same = got == wanted || number(&got).is_some() && number(&got) == number(&wanted);
        assert!(is_same, "{}: {got} {wanted}", attribute.key());
        compared += 1;
    }
    assert_eq!(compared, 20);
}

fn containers(text: &str, variables: &[(&str, &str)]) -> Vec<Container> {
    let sources = Sources::default();
    let file = sources.add("x.hcl", text);
    let top = read_stanzas(file, text, text.starts_with('{')).unwrap();
    let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let programs = ProgramNames::default();
    let reader = JobReader::new(&top, Scope::new(&environment, false, &sources), sources.get(file), &programs);
    reader.read_all(&top).containers
}

/// A job with one task, and what its driver is told.
fn job(config: &str) -> String {
    format!("job \"j\" {{\ngroup \"g\" {{\ntask \"t\" {{\ndriver = \"docker\"\nconfig {{\n{config}\n}}\n}}\n}}\n}}\n")
}

/// What is mounted at a place by a driver that is told something, as a text, and whether it is read-only.
fn mounted(config: &str, target: &str, variables: &[(&str, &str)]) -> (String, bool) {
    let found = containers(&job(config), variables);
    let mount = found[0].mounts.iter().find(|mount| mount.target.text == target).unwrap();
    (source_text(mount), mount.read_only)
}

fn source_text(mount: &Mount) -> String {
    match &mount.source {
        MountSource::Host(path) => format!("host {}", path.text),
        MountSource::Volume(name) => format!("volume {}", name.text),
        MountSource::Unresolved(text) => format!("unresolved {}", text.text),
        MountSource::Device { fstype, device, .. } => format!("{fstype} {}", device.text),
        other => format!("{other:?}"),
    }
}

#[test]
fn sources_of_mounts() {
    let bind = "mount {\ntype = \"bind\"\nsource = \"/srv/a\"\ntarget = \"/m\"\nreadonly = true\n}";
    let named = "mounts = [{ type = \"volume\", source = \"name\", target = \"/m\" }]";
    let plugin = "mount {\ntype = \"volume\"\nsource = \"name\"\ntarget = \"/m\"\nvolume_options {\ndriver_config {\n\
                  name = \"pxd\"\n}\n}\n}";
    for (config, wanted, read_only) in [
        ("volumes = [\"/srv/x/../y:/m\"]", "host /srv/y", false),
        ("volumes = [\"/srv/x:/m:ro,z\"]", "host /srv/x", true),
        ("volumes = [\"local/x:/m\"]", "Anonymous", false),
        ("volumes = [\"name:/m:ro\"]", "Anonymous", true),
        ("volumes = [\"${NOMAD_TASK_DIR}/x:/m\"]", "Anonymous", false),
        ("volumes = [\"../alloc/x:/m\"]", "Anonymous", false),
        ("volumes = [\"${HOME}/.claude:/m\"]", "host ${HOME}/.claude", false),
        ("volumes = [\"${var.x}:/m\"]", "unresolved ${var.x}", false),
        ("volumes = [\"${attr.unique.hostname}:/m\"]", "unresolved ${attr.unique.hostname}", false),
        ("volume_driver = \"local\"\nvolumes = [\"name:/m\"]", "volume name", false),
        ("volume_driver = \"pxd\"\nvolumes = [\"name:/m\"]", "volume of pxd name", false),
        (bind, "host /srv/a", true),
        (named, "volume name", false),
        (plugin, "volume of pxd name", false),
    ] {
        assert_eq!(mounted(config, "/m", &[]), (wanted.to_owned(), read_only), "{config}");
    }
    let config = "volumes = [\"${var.x}:/m\"]";
    assert_eq!(mounted(config, "/m", &[("NOMAD_VAR_x", "/srv/set")]).0, "host /srv/set");
    let found = containers(&job(config), &[("NOMAD_VAR_x", "/srv/set")]);
    let mount = found[0].mounts.iter().find(|mount| mount.target.text == "/m").unwrap();
    let MountSource::Host(path) = &mount.source else { panic!("{mount:?}") };
    assert_eq!(&*path.shown.path(&path.text), "${NOMAD_VAR_x}");
}

#[test]
fn what_nomad_leaves_to_the_shell_stays_in_its_text() {
    let args = "args = [\"-c\", \"claude $HOME $${X} ${Y} ${NOMAD_TASK_DIR} ${NOMAD_TASK_NAME}\"]";
    let found = containers(&job(args), &[]);
    let words = &found[0].command.as_ref().unwrap().words;
    assert_eq!(words[1].text, "claude $HOME ${X} ${Y} /local t");
    assert!(words[1].symbols.is_empty());
}

#[test]
fn texts_that_put_themselves_into_themselves_end() {
    let doubling: String =
        (1..60).map(|at| format!("l{at} = \"${{local.l{}}}${{local.l{}}}\"\n", at - 1, at - 1)).collect();
    let circle = "a = \"x${local.b}\"\nb = \"${local.a}y\"\n";
    let chain: String = (1..3000).map(|at| format!("c{at} = local.c{}\n", at - 1)).collect();
    let many = format!("many = [{}]\n", "1, ".repeat(20_000));
    let uses = "local.many, ".repeat(2_000);
    let text = format!(
        "locals {{\nl0 = \"xx\"\nc0 = \"x\"\n{doubling}{circle}{chain}{many}}}\n{}",
        job(&format!("args = [local.l59, local.a, local.c2999, {uses}]\nvolumes = [\"${{local.a}}:/m\"]"))
    );
    let began = Instant::now();
    let found = containers(&text, &[]);
    assert_eq!(found.len(), 1);
    assert!(!found[0].unseen.is_empty());
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}
