//! What is read of units of systemd.

use std::fs;

use super::SystemdServiceKind;
use crate::input::entry_file_tests::{read_text, read_text_below};

/// The commands of a unit of some name, without what gives them their environment.
fn commands(name: &str, text: &str) -> Vec<String> {
    let read = read_text(&SystemdServiceKind, name, text);
    assert_eq!(read.faults, Vec::<String>::new(), "{text}");
    let last = |text: &String| {
        let (run, text) = text.split_once(": ").unwrap();
        format!("{run}: {}", text.split("\ncd ").nth(1).unwrap_or(text).split_once('\n').unwrap_or(("", text)).1)
    };
    read.entries.iter().map(last).collect()
}

#[test]
fn commands_are_split_by_systemd_and_no_shell() {
    for (line, wanted) in [
        ("ExecStart=/usr/bin/docker run x", ": /usr/bin/docker run x"),
        ("ExecStart=-@!docker name run x", ": docker run x"),
        ("ExecStart=docker run \"a b\" 'c\"d' e\\x20f g\\sh", ": docker run \"a b\" \"c\\\"d\" \"e f\" \"g h\""),
        ("ExecStart=docker run \\\n  # a comment\n  ; another\n  x \\\n  y", ": docker run x y"),
        (
            "Environment=\"A=b c\" D=%p\nExecStart=docker run ${A} $A ${D}/x $D/y $$Z",
            ": docker run \"b c\" b c agents/x \"\\$D/y\" \"\\$Z\"",
        ),
        ("Environment=A=b\nExecStart=:docker run ${A}", ": docker run \"\\${A}\""),
        ("EnvironmentFile=-/etc/a\nExecStart=docker run ${A}", ": docker run \"${A_of_etc_a}\""),
        ("ExecStart=docker run %n %N %p %% %T", ": docker run agents.service agents agents % /tmp"),
        ("User=app\nExecStart=docker run %h ${HOME}", ": docker run /root \"${home_of_app}\""),
        ("ExecStart=docker run %h\n[Install]\nWantedBy=default.target", ": docker run \"${HOME}\""),
        ("ExecStart=docker run %h\n[Install]\nWantedBy=multi-user.target", ": docker run /root"),
        ("ExecStart=docker run a\nExecStart=\nExecStart=docker run b", ": docker run b"),
        ("ExecStart=/bin/sh -c 'docker run \"$$X\" | cat'", ": /bin/sh -c \"docker run \\\"\\$X\\\" | cat\""),
    ] {
        assert_eq!(commands("agents.service", &format!("[Service]\n{line}\n")), [wanted], "{line}");
    }
}

#[test]
fn what_runs_beside_the_service_is_an_entry_of_its_own() {
    let text = "[Unit]\nExecStart=no\n[Service]\nExecStartPre=docker run a\nExecStart=docker run b ; docker run c\n\
                ExecStop=docker stop b\nExecStartPost=docker run d\n";
    let wanted = [
        ": docker run a",
        ": docker run b",
        ": docker run c",
        "ExecStartPost: docker run d",
        "ExecStop: docker stop b",
    ];
    assert_eq!(commands("agents.service", text), wanted);
}

#[test]
fn instance_of_a_template_is_not_known_and_of_a_unit_is() {
    let text = "[Service]\nExecStart=docker run --name %N -v /srv/%i:/x i\n";
    let wanted = ": docker run --name \"agent@${systemd_instance}\" -v \"/srv/${systemd_instance}:/x\" i";
    assert_eq!(commands("agent@.service", text), [wanted]);
    assert_eq!(commands("agent@one.service", text), [": docker run --name agent@one -v /srv/one:/x i"]);
    assert_eq!(commands("agent.service", text), [": docker run --name agent -v /srv/:/x i"]);
}

#[test]
fn malformed_unit_has_a_fault_where_it_begins() {
    for (text, wanted) in [
        ("[Service]\ndocker run x\n", "2:1 this is no section, no setting and no comment"),
        ("ExecStart=docker run x\n[Service]\n", "1:1 this setting is in no section"),
        ("[Service\nExecStart=docker run x\n", "1:1 the name of a section is not closed"),
        ("[Service]\nExecStart=docker run 'x\n", "2:11 a quote of this command is not closed"),
    ] {
        assert_eq!(
            read_text(&SystemdServiceKind, "a.service", text).faults.first().map(String::as_str),
            Some(wanted),
            "{text}"
        );
    }
}

#[test]
fn files_that_change_a_unit_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path().canonicalize().unwrap();
    let text = "[Service]\nExecStart=docker run x\n";
    assert!(read_text_below(&top, &SystemdServiceKind, "a.service", text).unread.is_empty());
    fs::create_dir(top.join("a.service.d")).unwrap();
    fs::write(top.join("a.service.d/more.conf"), "[Service]\n").unwrap();
    let read = read_text_below(&top, &SystemdServiceKind, "a.service", text);
    assert_eq!(read.unread, ["1:1 what the files beside it change is not read"]);
}

#[test]
fn long_units_end() {
    for text in [
        format!("[Service]\nExecStart=docker run {}\n", "%n".repeat(50_000)),
        format!("[Service]\nExecStart=docker run {}\n", "\\\n".repeat(50_000)),
        "[Service]\nExecStart=docker run x\n".repeat(10_000),
        format!("[Service]\nEnvironment=A={}\nExecStart=docker {}\n", "x".repeat(100_000), "${A} ".repeat(20_000)),
        format!("[Service]\nEnvironment=A={}\n{}", "x".repeat(100_000), "ExecStart=docker x\n".repeat(5_000)),
        format!("[Service]\nEnvironment={}\nExecStart=docker run x\n", "A=%n ".repeat(20_000)),
    ] {
        let begun = std::time::Instant::now();
        read_text(&SystemdServiceKind, "a.service", &text);
        assert!(begun.elapsed() < std::time::Duration::from_secs(60), "{}", &text[..60]);
    }
}
