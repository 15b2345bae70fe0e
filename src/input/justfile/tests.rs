//! What is read of justfiles, held against what just says that it would run where it is installed.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use super::JustfileKind;
use crate::input::compose::{Context, Options};
use crate::input::script::HoldsEntries;
use crate::input::shell::file_system::Lookup;
use crate::input::{LoadContext, ProgramNames};
use crate::text::{Reader, Sources};

/// The commands of each recipe of a justfile, and why it was not read whole.
fn read(text: &str) -> (BTreeMap<String, Vec<String>>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path().canonicalize().unwrap();
    std::fs::write(top.join("justfile"), text).unwrap();
    read_below(&top)
}

fn read_below(top: &Path) -> (BTreeMap<String, Vec<String>>, Vec<String>) {
    let sources = Sources::reading(Reader::default().with_path(top));
    let surroundings =
        Context { environment: BTreeMap::new(), cwd: top.to_owned(), shows_values: false, ..Context::default() };
    let context = LoadContext {
        sources: &sources,
        surroundings: &surroundings,
        compose: &Options::default(),
        programs: &ProgramNames::default(),
        store: None,
        on_loaded: &|| {},
    };
    let repository = context.open_repository();
    let Lookup::Text(file) = repository.open(&top.join("justfile")) else { panic!("no text") };
    let read = JustfileKind.read_entries(file, top, &repository);
    let commands = read.entries.into_iter().map(|entry| {
        let name = entry.run.rsplit('#').next().unwrap().to_owned();
        (name, entry.texts.iter().map(|text| text.text.raw()).collect())
    });
    (commands.collect(), read.faults.into_iter().chain(read.unread).map(|fault| fault.what).collect())
}

/// Justfiles, each with what its recipe `a` runs.
const READ: [(&str, &[&str]); 15] = [
    ("a:\n  docker run x\n  @docker ps\n", &["docker run x", "docker ps"]),
    ("x := 'docker'\ny := x + ' run'\na:\n\t{{y}} {{ x }} {{{{z}}\n", &["docker run docker {{z}}"]),
    (
        "a: b && c\n  docker run a\nb:\n  docker run b\nc:\n  docker run c\n",
        &["docker run b", "docker run a", "docker run c"],
    ),
    (
        "a: (b 'x' 'y z') (b 'x' 'y z')\nb one two='2' three='3':\n  docker run {{one}}{{two}}{{three}}\n",
        &["docker run xy z3"],
    ),
    ("a:\n  docker run \\\n    x \\\n    y\n", &["docker run x y"]),
    ("a:\n  #!/bin/bash\n  if x; then\n    docker run x\n  fi\n", &["#!/bin/bash\nif x; then\n  docker run x\nfi\n"]),
    ("a b='c' *d:\n  docker run {{b}} '{{d}}'\n", &["docker run ${1-c} ''\"${@}\"''"]),
    (
        "set quiet\nset shell := ['bash', '-c']\nalias b := a\n[private]\n[group('x')]\n@a:\n  docker run x # y\n",
        &["docker run x # y"],
    ),
    ("export X := \"a\\tb\"\na $y:\n  docker run x\n", &["export X=\"a\tb\"\nexport y=\"${1}\"\ndocker run x"]),
    ("v := if 'a' == 'a' { 'x' } else if 'b' != 'c' { 'y' } else { 'z' }\na:\n  docker run {{v}}\n", &["docker run x"]),
    ("a:\n  docker run {{env('X')}} {{env_var_or_default('Y', '/y')}}\n", &["docker run ${X} ${Y-/y}"]),
    ("v := `echo 1`\na:\n  docker run {{v}} {{ 'a' / 'b' }}\n", &["docker run $(echo 1) a/b"]),
    ("a:\n  just b one 'two'\nb x y:\n  docker run {{x}} {{y}}\n", &["docker run one two"]),
    (
        "v := '''\n  one\n    two\n'''\na:\n  docker run {{trim(v)}} {{uppercase('x')}} {{quote('a b')}}\n",
        &["docker run one\n  two X \"a b\""],
    ),
    ("[no-cd]\na:\n  -docker run x\n", &["cd \"${just_invocation_directory}\"\ndocker run x"]),
];

#[test]
fn recipes_run_what_their_lines_say() {
    for (text, wanted) in READ {
        let (recipes, faults) = read(text);
        assert_eq!(faults, Vec::<String>::new(), "{text}");
        assert_eq!(recipes.get("a").map(Vec::as_slice).unwrap_or_default(), wanted, "{text}");
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn recipes_run_what_just_says() {
    if Command::new("just").arg("--version").output().is_err() {
        eprintln!("skipped: there is no just");
        return;
    }
    // What asks the environment, a command or the caller has no text of its own.
    let is_same = |wanted: &[&str]| !wanted.iter().any(|line| line.contains(['$', '"']) || line.contains("#!"));
    for (text, wanted) in READ.into_iter().filter(|(_, wanted)| is_same(wanted)) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("justfile"), text).unwrap();
        let mut just = Command::new("just");
        let output = just.args(["--dry-run", "a"]).current_dir(folder.path()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said.trim_end(), wanted.join("\n"), "{text}");
    }
}

#[test]
fn private_recipe_is_no_entry_where_another_one_runs_it() {
    let text = "_b x:\n  docker run {{x}}\n_c:\n  docker run c\na: (_b 'y')\n";
    let (recipes, _) = read(text);
    assert_eq!(recipes.keys().collect::<Vec<_>>(), ["_c", "a"]);
    // At once with others, and where the call is not followed.
    for text in [
        "[parallel]\na: _b _c\n_b:\n  docker run b\n_c:\n  docker run c\n",
        "a:\n  if x; then just _b; else just _c; fi\n_b:\n  docker run b\n_c:\n  docker run c\n",
    ] {
        assert_eq!(read(text).0.keys().collect::<Vec<_>>(), ["_b", "_c", "a"], "{text}");
    }
}

#[test]
fn malformed_justfile_has_one_fault_where_it_begins() {
    for (text, wanted) in [
        ("what is this\na:\n  docker run x\n", "this is no recipe, no variable and no setting"),
        ("  docker run x\n", "this line belongs to no recipe"),
        ("a := 'b\n", "a string is not closed"),
        ("a := `b\n", "a backtick is not closed"),
        ("a := (b\n", "a `)` is missing here"),
        ("a := b c\n", "this is more than a line can say"),
        ("a:\n  docker run {{x\n", "a `}}` is missing here"),
        ("a := if b { c }\n", "this condition compares nothing"),
        ("a := if b == c { d }\n", "this condition has no `else`"),
        ("[private\na:\n", "an attribute is not closed"),
        ("a: (b\n", "an expression is missing here"),
        ("import 'justfile'\na:\n  docker run x\n", "it imports more files than are read, or one that imports itself"),
    ] {
        assert_eq!(read(text).1, [wanted], "{text}");
    }
}

#[test]
fn values_that_are_built_of_themselves_end() {
    let doubled: String = (1..60).map(|number| format!("v{number} := v{0} + v{0}\n", number - 1)).collect();
    let texts = [
        format!("v0 := 'docker'\n{doubled}a:\n  docker run {{{{v59}}}}\n"),
        "x := x + x\na:\n  docker run {{x}}\n".to_owned(),
        format!("x := {}\n", "(".repeat(50_000)),
        format!("a:\n  docker run {}\n", "{{".repeat(50_000)),
        (0..4_000).map(|number| format!("t{number}: t{}\n  docker run x\n", number + 1)).collect(),
        (0..200)
            .map(|number| format!("t{number} x: (t{0} x + 'a') (t{0} x + 'b')\n  docker run x\n", number + 1))
            .collect(),
        format!("a: {}\n", "b ".repeat(100_000)),
    ];
    for text in texts {
        let begun = std::time::Instant::now();
        read(&text);
        assert!(begun.elapsed() < std::time::Duration::from_secs(60), "{}", &text[..60]);
    }
}
