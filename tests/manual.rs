//! Completion scripts and manual pages: each shell can read its own, and every subcommand and option is in them.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::harness::{overlock, root};

/// The subcommands, as `--help` lists them.
fn subcommands() -> Vec<String> {
    let help = overlock(&root(), &["--help"]).out;
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.map(|line| line.split_whitespace().next().unwrap().to_owned()).filter(|name| name != "help").collect()
}

/// The long options of a subcommand, as `--help` lists them.
fn options(subcommand: &str) -> Vec<String> {
    let help = overlock(&root(), &[subcommand, "--help"]).out;
    let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with("--") || line.starts_with("-f, "));
    let long = lines.filter_map(|line| line.split([' ', ',', '[', '=']).find(|word| word.starts_with("--")));
    let found: Vec<String> = long.map(str::to_owned).collect();
    assert!(found.contains(&"--rules".to_owned()), "{subcommand}: {help}");
    found
}

#[test]
fn completions_know_every_subcommand_and_option() {
    let names = subcommands();
    assert!(names.len() >= 8 && names.contains(&"check".to_owned()), "{names:?}");
    for shell in ["bash", "zsh", "fish"] {
        let run = overlock(&root(), &["completions", shell]);
        assert_eq!((run.status, run.err.as_str()), (0, ""), "{shell}");
        for name in &names {
            assert!(run.out.contains(name.as_str()), "{shell} does not know {name}");
        }
        for option in options("check") {
            let known = if shell == "fish" { format!("-l {}", &option[2..]) } else { option.clone() };
            assert!(run.out.contains(&known), "{shell} does not know {option}");
        }
    }
    assert_eq!(overlock(&root(), &["completions", "tcsh"]).status, 2);
}

#[test]
fn bash_completes_with_its_script() {
    let script = overlock(&root(), &["completions", "bash"]).out;
    let asked = "COMP_WORDS=(overlock che); COMP_CWORD=1; _overlock overlock che overlock; echo \"${COMPREPLY[@]}\"\n";
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-s"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut bash = bash.spawn().unwrap();
    bash.stdin.take().unwrap().write_all(format!("{script}\n{asked}").as_bytes()).unwrap();
    let output = bash.wait_with_output().unwrap();
    let said = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!((said.0.trim(), said.1.as_str()), ("check", ""));
}

#[test]
fn every_subcommand_has_a_manual_page_with_its_options() {
    let folder = tempfile::tempdir().unwrap();
    let run = overlock(folder.path(), &["man", "--out", "pages"]);
    assert_eq!((run.status, run.out.as_str()), (0, ""), "{}", run.err);
    let pages = folder.path().join("pages");
    for name in subcommands() {
        let page = fs::read_to_string(pages.join(format!("overlock-{name}.1"))).unwrap();
        for option in options(&name) {
            // To roff, a hyphen that is to be typed has a backslash before it.
            assert!(page.contains(&option.replace('-', "\\-")), "{option} is not on the page of {name}");
        }
    }
    let own = overlock(folder.path(), &["man"]);
    assert_eq!((own.status, own.out), (0, fs::read_to_string(pages.join("overlock.1")).unwrap()));
    fs::write(folder.path().join("file"), "").unwrap();
    let refused = overlock(folder.path(), &["man", "--out", "file"]);
    assert_eq!(refused.status, 2);
    assert!(refused.err.contains("cannot make the directory"), "{}", refused.err);
}
