//! What a person is told: how long it is, what comes first, and that what it says can be done.

use std::fmt::Write as _;
use std::fs;

use crate::harness::{overlock, project, root, run};

fn told(folder: &str) -> String {
    overlock(&root().join("fixtures").join(folder), &["check", "."]).out
}

#[test]
fn unsound_project_is_told_as_one_finding_with_its_hits_and_what_ends_them() {
    insta::assert_snapshot!(told("report/unsound"));
}

#[test]
fn sound_project_takes_a_line_a_login_and_three_more_at_most() {
    let text = told("report/sound");
    let logins = text.lines().filter(|line| line.starts_with("ok: ")).count();
    assert!(logins == 4 && text.lines().count() <= logins + 3, "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn sound_factory_takes_at_most_eight_lines() {
    let text = told("factory");
    assert!(text.lines().count() <= 8, "{text}");
}

/// A compose project of services with this login and entrypoint.
fn services(count: usize, source: impl Fn(usize) -> String, entrypoint: &str) -> String {
    let mut text = "name: p\nservices:\n".to_owned();
    for number in 1..=count {
        let source = source(number);
        let service = format!(
            "  agent-{number}:\n    image: x\n    environment: {{HOME: /home/agent}}\n    volumes: [\"{source}:/home/agent/.claude\"]\n    entrypoint: {entrypoint}\n"
        );
        write!(text, "{service}").unwrap();
    }
    text
}

#[test]
fn twenty_services_on_one_directory_take_at_most_forty_lines() {
    let text = services(20, |_| "/srv/claude".to_owned(), "[claude, -p]");
    let run = overlock(project(&[("compose.yaml", &text)]).path(), &["check", "."]);
    assert!(run.status == 1 && run.out.lines().count() <= 40, "{}", run.out);
    assert!(run.out.starts_with("error[unguarded-share]: 20 containers refresh one login"), "{}", run.out);
}

#[test]
fn sound_logins_take_a_line_each() {
    let text = services(9, |number| format!("/srv/claude-{number}"), "[claude, -p]");
    let run = overlock(project(&[("compose.yaml", &text)]).path(), &["check", "."]);
    assert!(run.status == 0 && run.out.lines().count() <= 12, "{}", run.out);
}

#[test]
fn thirty_running_containers_with_one_cause_take_at_most_forty_five_lines() {
    let path = root().join("fixtures/unguarded-call/bad-one-without/capture.json");
    let mut capture: serde_json::Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let bare = capture["containers"].as_array().unwrap().iter().find(|one| one["name"] == "runner").unwrap().clone();
    let many = (1..=30).map(|number| {
        let mut one = bare.clone();
        one["name"] = format!("runner-{number}").into();
        one["id"] = format!("{number:064x}").into();
        one
    });
    capture["containers"] = many.collect::<Vec<_>>().into();
    let directory = project(&[("host.json", &capture.to_string())]);
    let run = overlock(directory.path(), &["audit", "--from", "host.json"]);
    assert!(run.status == 1 && run.out.lines().count() <= 45, "{} {}", run.out, run.err);
    assert!(run.out.contains("30 containers"), "{}", run.out);
}

#[test]
fn quiet_tells_what_fails_the_run_alone_and_concise_a_line_of_each_finding() {
    let folder = root().join("fixtures/report");
    assert_eq!(overlock(&folder.join("sound"), &["check", ".", "-q"]).out, "");
    let quiet = overlock(&folder.join("unsound"), &["check", ".", "-q"]);
    assert!(quiet.status == 1 && quiet.out.starts_with("error[unguarded-share]") && !quiet.out.contains("judged"));
    let concise = overlock(&folder.join("unsound"), &["check", ".", "--format", "concise"]);
    assert_eq!(
        concise.out,
        "compose.yaml:17:9: error[unguarded-share] 4 containers refresh one login, and no lock joins them\n"
    );
}

#[test]
fn notices_about_the_input_are_counted_and_told_where_all_is() {
    let directory = project(&[("compose.yaml", "# overlock: ignore[file-mount] known\nservices: {a: {image: x}}\n")]);
    let call = |more: &[&str]| run(crate::harness::command(directory.path(), &[&["check", "."], more].concat()));
    let (short, whole) = (call(&[]), call(&["-v"]));
    assert!(short.err.is_empty() && short.out.contains("1 remark about the input (-v)"), "{} {}", short.out, short.err);
    assert!(whole.err.contains("this ignores nothing") && !whole.out.contains("(-v)"), "{} {}", whole.out, whole.err);
}
