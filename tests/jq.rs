//! `docs/jq.md`: every command of the page, run on its project with the jq of this machine.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::engine::wanted::{self, Wanted};
use crate::harness::{project, root};

const JQ: &[Wanted] = &[("jq", "jq")];

/// A command of the page, and the output below it.
struct Example<'a> {
    command: &'a str,
    shown: &'a str,
}

/// The blocks of the page that hold commands: each a command on its first line.
fn examples(page: &str) -> Vec<Example<'_>> {
    let blocks = page.split("```console\n$ ").skip(1).map(|rest| rest.split_once("```\n").unwrap().0);
    let example = |block| {
        let (command, shown): (&str, &str) = str::split_once(block, '\n').unwrap();
        Example { command, shown }
    };
    blocks.map(example).collect()
}

/// What a command prints in a folder, with this program on the PATH; how it ends.
fn output(command: &str, folder: &Path) -> (String, i32) {
    let programs = Path::new(env!("CARGO_BIN_EXE_overlock")).parent().unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(folder).env_clear().env("HOME", "/home/user");
    shell.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", programs.display()));
    let output = shell.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{command}");
    (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap())
}

#[test]
fn every_command_of_the_page_prints_what_it_shows() {
    if let Some(why) = wanted::missing(JQ) {
        return crate::engine::skip("every_command_of_the_page_prints_what_it_shows", &why).unwrap_or_default();
    }
    let path = root().join("docs/jq.md");
    let page = fs::read_to_string(&path).unwrap();
    let compose = page.split_once("```yaml\n").unwrap().1.split_once("```\n").unwrap().0;
    let folder = project(&[("compose.yaml", compose)]);
    let all = examples(&page);
    assert!(all.len() > 10, "the page has only {} commands", all.len());
    let mut blessed = page.clone();
    for Example { command, shown } in &all {
        let (printed, status) = output(command, folder.path());
        // The report itself ends as the check does; a question that is answered ends with 0.
        assert_eq!(status, i32::from(command.starts_with("overlock ")), "{command}");
        if std::env::var_os("OVERLOCK_BLESS").is_some() {
            blessed = blessed.replace(&format!("$ {command}\n{shown}```"), &format!("$ {command}\n{printed}```"));
        } else {
            assert_eq!(&printed, shown, "{command}");
        }
    }
    if blessed != page {
        fs::write(&path, blessed).unwrap();
    }
}
