//! What is read of Taskfiles.

use super::TaskfileKind;
use crate::input::entry_file_tests::{read_text, read_text_below};

/// The texts of the tasks below `tasks:`, and what was not read.
fn texts(tasks: &str) -> (Vec<String>, Vec<String>) {
    let read = read_text(&TaskfileKind, "Taskfile.yml", &format!("version: '3'\n{tasks}"));
    assert_eq!(read.faults, Vec::<String>::new(), "{tasks}");
    (read.entries, read.unread)
}

#[test]
fn tasks_run_what_their_commands_say() {
    for (tasks, wanted) in [
        ("tasks:\n  a: docker run x\n", &["a: docker run x"][..]),
        ("tasks:\n  a: [docker run x, docker ps]\n", &["a: docker run x", "a: docker ps"]),
        ("tasks:\n  a:\n    cmd: docker run x\n", &["a: docker run x"]),
        (
            "tasks:\n  a:\n    deps: [b]\n    cmds:\n      - cmd: docker run x\n      - defer: docker rm x\n      - docker ps\n  b:\n    internal: true\n    cmds: [docker run b]\n",
            &["a: docker run b", "a: docker run x", "a: docker ps", "a: docker rm x"],
        ),
        (
            "vars: {A: x, B: '{{.A}}y', C: {sh: which it}}\ntasks:\n  a: docker run {{.B}} {{.C}} {{.D}} {{.E | default \"e\"}} {{default .A .F}}\n",
            &["a: docker run xy $(which it) ${D} ${E-e} ${F-x}"],
        ),
        (
            "tasks:\n  a:\n    cmds:\n      - task: b\n        vars: {X: one}\n      - {task: b, vars: {X: two}}\n  b:\n    internal: true\n    cmds: ['docker run {{.X}}']\n",
            &["a: docker run one", "a: docker run two"],
        ),
        (
            "env: {A: 1}\nset: [errexit]\ntasks:\n  a:\n    dir: sub\n    env: {B: '{{.A}}2'}\n    cmds: ['docker run {{.CLI_ARGS}}']\n",
            &["a: export A=\"1\"\nexport B=\"12\"\ncd \"sub\"\ndocker run ${@}"],
        ),
        (
            "tasks:\n  a:\n    cmds:\n      - for: [x, y]\n        cmd: docker run {{.ITEM}}\n      - for: {var: LIST}\n        cmd: docker run {{.ITEM}}\n",
            &["a: docker run x", "a: docker run y", "a: docker run ${task_item_"],
        ),
        ("tasks:\n  a:\n    cmds: ['docker run {{/* x */}}{{.X}} {{- .Y -}} z']\n", &["a: docker run ${X} ${Y} z"]),
        ("tasks:\n  a:\n    cmds:\n      - |\n        docker run \\\n          x\n", &["a: docker run \\\n  x"]),
        (
            "tasks:\n  a:\n    platforms: [windows]\n    cmds: [docker run x]\n  b:\n    cmds: [{cmd: docker run y, platforms: [windows/amd64]}, docker run z]\n",
            &["b: docker run z"],
        ),
        (
            "tasks:\n  a:\n    deps: [b, c]\n  b: {internal: true, cmds: [docker run b]}\n  c: {internal: true, cmds: [docker run c]}\n",
            &[
                "a: (\n(\n:\ndocker run b\n) || exit\n:\n) &\n(\n(\n:\ndocker run c\n) || exit\n:\n) &\nwait",
                "b: docker run b",
                "c: docker run c",
            ],
        ),
    ] {
        let (read, unread) = texts(tasks);
        assert_eq!(unread, Vec::<String>::new(), "{tasks}");
        let is_alike =
            |(read, wanted): (&String, &&str)| read == wanted || wanted.ends_with('_') && read.starts_with(wanted);
        assert!(read.len() == wanted.len() && read.iter().zip(wanted).all(is_alike), "{tasks}: {read:?}");
    }
}

#[test]
fn included_file_has_a_name_of_its_own_and_the_variables_of_both() {
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path().canonicalize().unwrap();
    std::fs::create_dir(top.join("sub")).unwrap();
    std::fs::write(top.join("sub/Taskfile.yml"), "vars: {B: two}\ntasks:\n  a: docker run {{.A}} {{.B}} {{.C}}\n")
        .unwrap();
    let text = "vars: {A: one}\nincludes:\n  s: {taskfile: ./sub, dir: ./sub, vars: {C: three}}\ntasks:\n  x: {cmds: [{task: 's:a'}]}\n";
    let read = read_text_below(&top, &TaskfileKind, "Taskfile.yml", text);
    let wanted = "cd \"./sub\"\ndocker run one two three";
    assert_eq!((read.entries, read.faults), (vec![format!("x: {wanted}"), format!("s:a: {wanted}")], vec![]));
}

#[test]
fn part_that_is_not_known_is_told() {
    for (tasks, wanted) in [
        ("tasks:\n  a:\n    cmds: ['docker run {{if .X}}x{{end}} y']\n", "what a template decides is not followed"),
        ("tasks:\n  a:\n    cmds: [{task: nobody}]\n", "a task that this calls is not described here"),
        ("tasks:\n  a:\n    cmds: [{task: '{{.X}}'}]\n", "which task this calls is not known"),
        ("tasks:\n  a:\n    cmds: [[docker run x]]\n", "this is no command of a task"),
        ("tasks:\n  a:\n    other: [docker run x]\n", "a task says something that is not known"),
        ("includes: {a: ./nowhere.yml}\n", "a file that it includes was not read"),
    ] {
        let unread = texts(tasks).1;
        assert!(unread.first().is_some_and(|one| one.ends_with(wanted)), "{tasks}: {unread:?}");
    }
}

#[test]
fn malformed_taskfile_has_a_fault_where_it_begins() {
    for (text, wanted) in [
        ("tasks: [\n", ""),
        ("[a]\n", "1:1 a Taskfile is a mapping"),
        ("tasks:\n- docker run x\n", "2:3 `tasks` of a Taskfile is a mapping"),
        ("includes:\n  a: Taskfile.yml\n", "2:3 it includes more files than are read, or one that includes itself"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        std::fs::write(top.join("Taskfile.yml"), text).unwrap();
        let faults = read_text_below(&top, &TaskfileKind, "Taskfile.yml", text).faults;
        assert!(faults.len() == 1 && (wanted.is_empty() || faults[0] == wanted), "{text}: {faults:?}");
    }
}

#[test]
fn values_that_are_built_of_themselves_end() {
    let doubled: String =
        (1..60).map(|number| format!("  V{number}: '{{{{.V{0}}}}}{{{{.V{0}}}}}'\n", number - 1)).collect();
    for text in [
        format!("vars:\n  V0: docker\n{doubled}tasks:\n  a: docker run {{{{.V59}}}}\n"),
        "tasks:\n  a: {cmds: [{task: a, vars: {X: '{{.X}}x'}}, docker run x]}\n".to_owned(),
        format!(
            "tasks:\n{}",
            (0..3_000)
                .map(|number| format!("  t{number}: {{deps: [t{}], cmds: [docker run x]}}\n", number + 1))
                .collect::<String>()
        ),
        format!("tasks:\n  a: docker run {}\n", "'{{'".repeat(20_000)),
        format!("tasks:\n  a: {{cmds: [{{for: [{}], cmd: docker run x}}]}}\n", "x, ".repeat(20_000)),
    ] {
        let begun = std::time::Instant::now();
        read_text(&TaskfileKind, "Taskfile.yml", &text);
        assert!(begun.elapsed() < std::time::Duration::from_secs(60), "{}", &text[..60]);
    }
}
