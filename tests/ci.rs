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
        let mut entry: Vec<&str> = hook["entry"].as_str().unwrap().split(' ').collect();
        if hook["language"] == "docker_image" {
            // The image's entry point is the program.
            assert_eq!(entry[0], concat!("ghcr.io/overlock/overlock:", env!("CARGO_PKG_VERSION")));
            entry[0] = "overlock";
        }
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
fn the_hook_runs_before_each_commit_whatever_changes() {
    // A Makefile, a manifest or a script without an ending may start a container as a compose file does.
    for hook in hooks() {
        assert_eq!((&hook["always_run"], &hook["files"]), (&Value::Bool(true), &Value::Null), "{hook:?}");
    }
}

#[test]
fn hook_of_the_page_that_wants_no_release_is_that_of_the_installed_program() {
    let page = fs::read_to_string(root().join("docs/ci.md")).unwrap();
    let block = page.split("```yaml\n").find(|rest| rest.contains("  - repo: local\n")).expect("a local hook");
    let config: Value = serde_yaml::from_str(block.split("```").next().unwrap()).unwrap();
    let hook = &config["repos"][0]["hooks"][0];
    let known = hooks().into_iter().find(|known| known["id"] == "overlock-system").unwrap();
    for key in ["name", "entry", "language", "pass_filenames", "always_run"] {
        assert_eq!(hook[key], known[key], "{key}");
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

/// What the program was called with, beside what every call has.
fn words(said: &str) -> Vec<&str> {
    let words: Vec<&str> = said.lines().collect();
    assert_eq!(words[..3], ["check", "--fail-on", "error"]);
    let report = words.iter().position(|word| word.starts_with("markdown="));
    let kept = |at: usize| report.is_none_or(|report| at != report && at + 1 != report);
    words.iter().enumerate().skip(3).filter(|(at, _)| kept(*at)).map(|(_, word)| *word).collect()
}

#[test]
fn the_action_keeps_words_whole_and_runs_none() {
    let folder = tempfile::tempdir().unwrap();
    echo(folder.path());
    let of = |inputs: &[(&str, &str)]| act(folder.path(), folder.path(), inputs).out;
    let said = of(&[("OVERLOCK_PATHS", "stack a\r\n\n$(touch ran)\n-x"), ("OVERLOCK_ARGS", "--profile\nnight shift")]);
    let wanted = ["--profile", "night shift", "--", "stack a", "$(touch ran)", "-x"];
    assert_eq!(words(&said), [&["--output", "text"][..], &wanted].concat());
    assert!(!folder.path().join("ran").exists());
    let said = of(&[("GITHUB_ACTIONS", "true"), ("OVERLOCK_SARIF", "a b.sarif")]);
    assert_eq!(words(&said), ["--output", "github", "--output", "sarif=a b.sarif", "--", "."]);
    // One thing is printed, and what is printed is chosen once.
    let said = of(&[("GITHUB_ACTIONS", "true"), ("OVERLOCK_ARGS", "--output\nconcise")]);
    assert_eq!(words(&said), ["--output", "concise", "--", "."]);
    let said = of(&[("OVERLOCK_ARGS", "--output\njson=x.json\n--output=sarif=y")]);
    assert_eq!(words(&said), ["--output", "text", "--output", "json=x.json", "--output=sarif=y", "--", "."]);
    assert_eq!(words(&of(&[("OVERLOCK_ARGS", "--format=json")])), ["--format=json", "--", "."]);
    // Forgejo's runner says that it is GitHub, and shows no annotations.
    assert!(!of(&[("GITHUB_ACTIONS", "true"), ("FORGEJO_ACTIONS", "true")]).contains("github"));
}

#[test]
fn the_action_says_on_the_page_of_the_job_why_it_did_not_run() {
    let program = program();
    let repository = repository("unguarded-share/ok-both-through-flock");
    let summary = repository.path().join("summary");
    let shown = [("GITHUB_ACTIONS", "true"), ("GITHUB_STEP_SUMMARY", summary.to_str().unwrap())];
    for (input, why) in [
        (("OVERLOCK_FAIL_ON", "sometimes"), "invalid value 'sometimes' for '--fail-on"),
        (("OVERLOCK_ARGS", "--since origin/main"), "takes one word a line: `--since origin/main` is more than one"),
    ] {
        let refused = act(repository.path(), program.path(), &[&shown[..], &[input]].concat());
        assert_eq!(refused.status, 2, "{input:?}: {}{}", refused.out, refused.err);
        let said = fs::read_to_string(&summary).unwrap();
        assert!(said.starts_with("## Overlock did not run\n") && said.contains(why), "{input:?}: {said}");
        assert!(refused.out.contains("::error title=overlock::") && refused.out.contains(why), "{}", refused.out);
        fs::remove_file(&summary).unwrap();
    }
    // What is judged has its report there.
    assert_eq!(act(repository.path(), program.path(), &shown).status, 0);
    assert!(!fs::read_to_string(&summary).unwrap().contains("did not run"));
}

/// A folder of releases with version 1.2.3 of a program that prints its words, and what the action is told of it.
fn releases(folder: &Path) -> PathBuf {
    let release = folder.join("releases/v1.2.3");
    fs::create_dir_all(&release).unwrap();
    echo(&release);
    let shell = "for arch in x86_64 aarch64; do file=overlock-1.2.3-$arch-linux.tar.gz; tar czf $file overlock && \
                 sha256sum $file > $file.sha256; done";
    assert!(Command::new("sh").args(["-c", shell]).current_dir(&release).status().unwrap().success());
    release
}

#[test]
fn the_action_takes_a_release_whose_checksum_is_right() {
    if let Some(why) = wanted::missing(&[("curl", "curl")]) {
        return skip("the_action_takes_a_release_whose_checksum_is_right", &why).unwrap_or_default();
    }
    let folder = tempfile::tempdir().unwrap();
    let release = releases(folder.path());
    let (url, temp) = (format!("file://{}/releases", folder.path().display()), folder.path().join("temp"));
    let empty = folder.path().join("empty");
    let of = |version: &str, more: &[(&str, &str)]| {
        let _ = fs::remove_dir_all(&temp);
        let inputs =
            [("OVERLOCK_VERSION", version), ("OVERLOCK_RELEASES", &url), ("RUNNER_TEMP", temp.to_str().unwrap())];
        act(folder.path(), &empty, &[&inputs, more].concat())
    };
    for version in ["1.2.3", "v1.2.3"] {
        let taken = of(version, &[]);
        assert_eq!((taken.status, words(&taken.out)), (0, vec!["--output", "text", "--", "."]), "{}", taken.err);
    }
    let summary = folder.path().join("summary");
    let shown = [("GITHUB_ACTIONS", "true"), ("GITHUB_STEP_SUMMARY", summary.to_str().unwrap())];
    for (version, why) in [
        ("../1.2.3", "no version"),
        ("", concat!("/v", env!("CARGO_PKG_VERSION"), "/overlock-")),
        ("9.9.9", "/v9.9.9/overlock-9.9.9-"),
        ("source", "cargo, which is not on the PATH"),
    ] {
        let refused = of(version, &shown);
        assert_eq!(refused.status, 2, "{version}: {}{}", refused.out, refused.err);
        let said = fs::read_to_string(&summary).unwrap();
        for told in [&refused.out, &refused.err, &said] {
            assert!(told.contains(why), "{version}: {told}");
        }
        assert!(refused.out.starts_with("::error title=overlock::"), "{}", refused.out);
        fs::remove_file(&summary).unwrap();
    }
    for arch in ["x86_64", "aarch64"] {
        fs::write(release.join(format!("overlock-1.2.3-{arch}-linux.tar.gz")), "something else").unwrap();
    }
    let refused = of("1.2.3", &[]);
    assert!(refused.status == 2 && refused.out.is_empty(), "{}", refused.out);
    assert!(refused.err.contains("not what its checksum says"), "{}", refused.err);
}

#[test]
fn the_action_takes_the_release_of_the_machine() {
    let folder = tempfile::tempdir().unwrap();
    let release = releases(folder.path());
    fs::remove_file(release.join("overlock-1.2.3-x86_64-linux.tar.gz")).unwrap();
    let (url, programs) = (format!("file://{}/releases", folder.path().display()), folder.path().join("programs"));
    fs::create_dir(&programs).unwrap();
    let uname = programs.join("uname");
    for (system, machine, status) in [
        ("Linux", "aarch64", 0),
        ("Linux", "arm64", 0),
        ("Linux", "x86_64", 2),
        ("Linux", "riscv64", 2),
        ("Darwin", "arm64", 2),
    ] {
        fs::write(&uname, format!("#!/bin/sh\ncase $1 in -s) echo {system} ;; *) echo {machine} ;; esac\n")).unwrap();
        fs::set_permissions(&uname, fs::Permissions::from_mode(0o755)).unwrap();
        let told = act(folder.path(), &programs, &[("OVERLOCK_VERSION", "1.2.3"), ("OVERLOCK_RELEASES", &url)]);
        assert_eq!(told.status, status, "{system} {machine}: {}{}", told.out, told.err);
        let named = if system == "Linux" { machine } else { system };
        assert!(status == 0 || told.err.contains(named), "{}", told.err);
    }
}

#[test]
fn the_action_writes_the_report_as_the_summary_of_the_job() {
    let program = program();
    let repository = repository("unguarded-share/bad-no-flock");
    let summary = repository.path().join("summary");
    fs::write(&summary, "before\n").unwrap();
    let inputs = [("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()), ("GITHUB_ACTIONS", "true")];
    let told = act(repository.path(), program.path(), &inputs);
    assert!(told.status == 1 && told.out.starts_with("::error file=compose.yaml,line="), "{}{}", told.out, told.err);
    let said = fs::read_to_string(&summary).unwrap();
    assert!(said.starts_with("before\n## Overlock: 1 error"), "{said}");
    act(repository.path(), program.path(), &[&inputs[..], &[("OVERLOCK_ARGS", "--format\njson")]].concat());
    assert!(fs::read_to_string(&summary).unwrap().ends_with("The report is in the log of this step.\n"));
}
