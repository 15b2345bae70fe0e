//! Where it is run without anybody watching: the pre-commit hook's entry and the action's shell, run for real in a
//! repository of their own.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_yaml::Value;

use crate::engine::{skip, wanted};
use crate::harness::{Run, command, root, run};

/// A git repository with a fixture in it.
fn repository(fixture: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in fs::read_dir(root().join("fixtures").join(fixture)).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    for arguments in [&["init", "--quiet"][..], &["add", "--all"]] {
        let done = Command::new("git").args(arguments).current_dir(folder.path()).status().unwrap();
        assert!(done.success());
    }
    folder
}

/// A folder with the program in it, for a PATH.
fn program() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    symlink(env!("CARGO_BIN_EXE_overlock"), folder.path().join("overlock")).unwrap();
    folder
}

/// A program that prints its words, one a line, in the place of the real one.
fn echo(folder: &Path) -> PathBuf {
    let path = folder.join("overlock");
    fs::write(&path, "#!/bin/sh\nprintf '%s\\n' \"$@\"\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// What the weekly script ends with where cargo prints this and ends so.
fn weekly(printed: &str, status: i32) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let cargo = folder.path().join("cargo");
    fs::write(
        &cargo,
        format!("#!/bin/sh\necho \"$OVERLOCK_REAL$OVERLOCK_REAL_NEWEST $*\"\necho '{printed}'\nexit {status}\n"),
    )
    .unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new(root().join("contrib/newest-program.sh"));
    command.env("CARGO", &cargo);
    run(command)
}

#[test]
fn weekly_script_fails_where_the_locks_differ_or_nothing_was_found_out() {
    let passed = weekly("test result: ok. 1 passed; 0 failed", 0);
    assert_eq!(passed.status, 0, "{}{}", passed.out, passed.err);
    assert!(passed.out.starts_with("11 test "), "{}", passed.out);
    assert_eq!(weekly("test result: FAILED. 0 passed; 1 failed", 101).status, 101);
    assert_eq!(weekly("skipped, newest: no network\ntest result: ok. 1 passed", 0).status, 1);
    assert_eq!(weekly("test result: ok. 0 passed; 0 failed", 0).status, 1);
    let asked_for = passed.out.lines().next().unwrap().rsplit(' ').next().unwrap().to_owned();
    let (module, test) = asked_for.rsplit_once("::").unwrap();
    let file = root().join("tests").join(format!("{}.rs", module.replace("::", "/")));
    let source = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    assert!(source.contains(&format!("fn {test}()")), "{asked_for} is no test");
}

#[test]
fn page_of_the_weekly_script_has_a_workflow_that_runs_it() {
    let page = fs::read_to_string(root().join("docs/program.md")).unwrap();
    let block = page.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let workflow: Value = serde_yaml::from_str(block).unwrap();
    let steps = workflow["jobs"]["locks"]["steps"].as_sequence().unwrap();
    let commands: Vec<&str> = steps.iter().filter_map(|step| step["run"].as_str()).collect();
    assert!(commands.iter().any(|command| command.ends_with("contrib/newest-program.sh")), "{commands:?}");
    assert!(!workflow["on"]["schedule"][0]["cron"].as_str().unwrap().is_empty());
    let named = commands.iter().flat_map(|command| command.split([' ', '(', ')'])).filter(|word| word.contains(".sh"));
    for script in named {
        assert!(root().join(script.trim_matches('"')).exists(), "{script}");
    }
}

fn hooks() -> Vec<Value> {
    let text = fs::read_to_string(root().join(".pre-commit-hooks.yaml")).unwrap();
    serde_yaml::from_str(&text).unwrap()
}

#[test]
fn the_hooks_entry_fails_a_commit_that_is_wrong() {
    let program = program();
    for hook in hooks() {
        assert_eq!(hook["pass_filenames"], Value::Bool(false), "files apart cannot be judged");
        let entry: Vec<&str> = hook["entry"].as_str().unwrap().split(' ').collect();
        for (fixture, status) in [("unguarded-share/bad-no-flock", 1), ("unguarded-share/ok-both-through-flock", 0)] {
            let repository = repository(fixture);
            let mut command = Command::new(program.path().join(entry[0]));
            command.args(&entry[1..]).current_dir(repository.path()).env_clear().env("HOME", "/home/user");
            let run = run(command);
            assert_eq!(run.status, status, "{fixture}: {}{}", run.out, run.err);
        }
    }
}

#[test]
fn the_hook_runs_on_what_can_change_the_verdict() {
    let wanted = [
        ("compose.yaml", true),
        ("docker-compose.override.yml", true),
        ("stacks/a/compose.prod.yaml", true),
        ("Dockerfile", true),
        ("docker/agent.Dockerfile", true),
        ("Dockerfile.chat", true),
        ("scripts/run.sh", true),
        (".env", true),
        ("prod.env", true),
        ("overlock.yaml", true),
        ("README.md", false),
        ("src/main.rs", false),
        ("values.yaml", false),
        ("compose/notes.txt", false),
    ];
    for hook in hooks() {
        for (path, runs) in wanted {
            let mut grep = Command::new("grep");
            grep.args(["-qE", hook["files"].as_str().unwrap(), "-"]).stdin(std::process::Stdio::piped());
            let mut grep = grep.spawn().unwrap();
            std::io::Write::write_all(&mut grep.stdin.take().unwrap(), path.as_bytes()).unwrap();
            assert_eq!(grep.wait().unwrap().success(), runs, "{path}");
        }
    }
}

#[test]
fn the_action_hands_its_inputs_to_its_shell() {
    let action: Value = serde_yaml::from_str(&fs::read_to_string(root().join("action.yml")).unwrap()).unwrap();
    let step = &action["runs"]["steps"][0];
    let shell = step["run"].as_str().unwrap().trim_matches('"').strip_prefix("${{ github.action_path }}/").unwrap();
    let text = fs::read_to_string(root().join(shell)).unwrap();
    assert!(fs::metadata(root().join(shell)).unwrap().permissions().mode() & 0o111 != 0, "{shell} cannot be run");
    let inputs = action["inputs"].as_mapping().unwrap();
    assert_eq!(inputs.len(), step["env"].as_mapping().unwrap().len());
    for (name, _) in inputs {
        let name = name.as_str().unwrap();
        let variable = format!("OVERLOCK_{}", name.to_uppercase().replace('-', "_"));
        assert_eq!(step["env"][variable.as_str()].as_str(), Some(format!("${{{{ inputs.{name} }}}}").as_str()));
        assert!(text.contains(&format!("${{{variable}:-")), "{shell} does not read {variable}");
    }
}

/// Runs the action's shell in a repository.
fn act(repository: &Path, path: &Path, inputs: &[(&str, &str)]) -> Run {
    let mut command = Command::new(root().join("ci/action.sh"));
    command.current_dir(repository).env_clear().env("HOME", "/home/user").envs(inputs.iter().copied());
    command.env("PATH", format!("{}:/usr/bin:/bin", path.display())).env("GITHUB_OUTPUT", repository.join("output"));
    run(command)
}

#[test]
fn the_action_ends_as_the_check_does() {
    let program = program();
    let repository = repository("unguarded-share/bad-no-flock");
    let of = |inputs: &[(&str, &str)]| act(repository.path(), program.path(), inputs);
    let judged = of(&[]);
    let own = run(command(repository.path(), &["check", "."]));
    assert_eq!((judged.status, judged.out), (1, own.out));
    assert_eq!(of(&[("OVERLOCK_FAIL_ON", "never")]).status, 0);
    assert_eq!(of(&[("OVERLOCK_PATHS", "no such file.yaml")]).status, 2);
    assert_eq!(of(&[("OVERLOCK_ARGS", "--format\njson\n")]).json()["schema_version"], 2);
    assert_eq!(
        fs::read_to_string(repository.path().join("output")).unwrap(),
        "status=1\nstatus=0\nstatus=2\nstatus=1\n"
    );
}

#[test]
fn the_action_keeps_words_whole_and_runs_none() {
    let folder = tempfile::tempdir().unwrap();
    echo(folder.path());
    let of = |inputs: &[(&str, &str)]| act(folder.path(), folder.path(), inputs).out;
    let said = of(&[("OVERLOCK_PATHS", "stack a\r\n\n$(touch ran)\n-x"), ("OVERLOCK_ARGS", "--profile\nnight shift")]);
    let wanted = ["check", "--fail-on", "error", "--profile", "night shift", "--", "stack a", "$(touch ran)", "-x"];
    assert_eq!(said.lines().collect::<Vec<_>>(), wanted);
    assert!(!folder.path().join("ran").exists());
    let said = of(&[("GITHUB_ACTIONS", "true"), ("OVERLOCK_SARIF", "a b.sarif")]);
    let wanted = ["check", "--fail-on", "error", "--output", "github", "--output", "sarif=a b.sarif", "--", "."];
    assert_eq!(said.lines().collect::<Vec<_>>(), wanted);
    // Forgejo's runner says that it is GitHub, and shows no annotations.
    assert!(!of(&[("GITHUB_ACTIONS", "true"), ("FORGEJO_ACTIONS", "true")]).contains("github"));
}

#[test]
fn the_action_takes_a_release_whose_checksum_is_right() {
    if let Some(why) = wanted::missing(&[("curl", "curl")]) {
        return skip("the_action_takes_a_release_whose_checksum_is_right", &why).unwrap_or_default();
    }
    let folder = tempfile::tempdir().unwrap();
    let releases = folder.path().join("releases/v1.2.3");
    fs::create_dir_all(&releases).unwrap();
    echo(&releases);
    let shell = "tar czf overlock-1.2.3-x86_64-linux.tar.gz overlock && \
                 sha256sum overlock-1.2.3-x86_64-linux.tar.gz > overlock-1.2.3-x86_64-linux.tar.gz.sha256";
    assert!(Command::new("sh").args(["-c", shell]).current_dir(&releases).status().unwrap().success());
    let (url, temp) = (format!("file://{}/releases", folder.path().display()), folder.path().join("temp"));
    let inputs = |version| {
        [("OVERLOCK_VERSION", version), ("OVERLOCK_RELEASES", url.as_str()), ("RUNNER_TEMP", temp.to_str().unwrap())]
    };
    let empty = folder.path().join("empty");
    let taken = act(folder.path(), &empty, &inputs("1.2.3"));
    assert_eq!((taken.status, taken.out.as_str()), (0, "check\n--fail-on\nerror\n--\n.\n"), "{}", taken.err);
    assert_eq!(act(folder.path(), &empty, &inputs("../1.2.3")).status, 2);
    fs::write(releases.join("overlock-1.2.3-x86_64-linux.tar.gz"), "something else").unwrap();
    let refused = act(folder.path(), &empty, &inputs("1.2.3"));
    assert!(refused.status != 0 && refused.out.is_empty(), "{}", refused.out);
}

#[test]
fn what_the_package_holds_is_made_by_the_release() {
    let (manifest, release) = (root().join("Cargo.toml"), root().join("ci/release.sh"));
    let (manifest, release) = (fs::read_to_string(manifest).unwrap(), fs::read_to_string(release).unwrap());
    let assets = manifest.split("\nassets = [\n").nth(1).unwrap().split("\n]").next().unwrap();
    let made: Vec<&str> = assets.lines().filter_map(|line| line.split('"').nth(1)).collect();
    assert_eq!(made.iter().filter(|path| path.starts_with("dist/")).count(), 5);
    for path in made {
        let known = match path.strip_suffix("/*.1") {
            Some(folder) => release.contains(&format!("man --out {folder}\n")),
            None if path.starts_with("dist/") => release.lines().any(|line| line.ends_with(path)),
            None => root().join(path).is_file(),
        };
        assert!(known, "{path}");
    }
}
