//! `--since`: what a revision had, with repositories on disk. Attacks by a repository are in `hostile/git.rs`.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use crate::accept::{SHARED, guarded, with_third};
use crate::harness::{Run, commit, git, overlock, project, repository};

fn since(directory: &Path, path: &str) -> Run {
    overlock(directory, &["check", path, "--since", "main"])
}

/// Whether something that `--since main` counts is found in a file.
fn counts(directory: &Path, path: &str) -> bool {
    let run = since(directory, path);
    assert!(run.status < 2, "{path}: {} {}", run.out, run.err);
    run.status == 1
}

#[test]
fn renamed_file_is_changed() {
    // What was no layout becomes one.
    let files = repository(&[("example.txt", SHARED), ("old.yaml", SHARED)]);
    let path = files.path();
    git(path, &["checkout", "--quiet", "-b", "topic"]);
    git(path, &["mv", "example.txt", "compose.yaml"]);
    assert!(counts(path, "compose.yaml"));
    commit(path);
    assert!(counts(path, "compose.yaml"));
    let strange = "with blank é\t\n.yaml";
    git(path, &["mv", "old.yaml", strange]);
    commit(path);
    assert!(counts(path, strange));
    git(path, &["branch", "--force", "main"]);
    assert!(!counts(path, strange), "the base has it by that name");
}

#[test]
fn file_that_git_does_not_have_is_new() {
    let files = repository(&[("compose.yaml", &guarded()), (".gitignore", "ignored.yaml\n")]);
    for name in ["untracked.yaml", "ignored.yaml"] {
        fs::write(files.path().join(name), SHARED).unwrap();
        assert!(counts(files.path(), name), "{name}");
    }
    git(files.path(), &["add", "untracked.yaml"]);
    assert!(counts(files.path(), "untracked.yaml"), "in the index it is as new");
    git(files.path(), &["update-index", "--assume-unchanged", "compose.yaml"]);
    assert!(!counts(files.path(), "compose.yaml"));
    fs::write(files.path().join("compose.yaml"), SHARED).unwrap();
    assert!(counts(files.path(), "compose.yaml"), "whatever the index says");
}

#[test]
fn mode_of_a_file_is_no_hit() {
    let files = repository(&[("compose.yaml", SHARED)]);
    for mode in [0o600, 0o755] {
        fs::set_permissions(files.path().join("compose.yaml"), fs::Permissions::from_mode(mode)).unwrap();
        assert!(!counts(files.path(), "compose.yaml"), "{mode:o}");
    }
}

#[test]
fn link_that_leads_elsewhere_is_read_as_it_led_then() {
    let other = SHARED.replace("/srv/claude", "/srv/other");
    let files = repository(&[("one/compose.yaml", SHARED), ("two/compose.yaml", &other), ("three/compose.yaml", "")]);
    let path = files.path();
    let link = |target: &str, name: &str| {
        let _ = fs::remove_file(path.join(name));
        symlink(target, path.join(name)).unwrap();
    };
    link("one", "folder");
    link("folder/compose.yaml", "file.yaml");
    link("../one/compose.yaml", "three/up.yaml");
    commit(path);
    let names = ["folder/compose.yaml", "file.yaml", "three/up.yaml"];
    assert!(names.iter().all(|name| !counts(path, name)));
    link("two", "folder");
    assert!(counts(path, "folder/compose.yaml") && counts(path, "file.yaml"), "also one on the way");
    assert!(!counts(path, "three/up.yaml") && !counts(path, "two/compose.yaml"));
    // A file that becomes a link, and a link that becomes a file like the one that it led to.
    git(path, &["reset", "--quiet", "--hard"]);
    link("../one/compose.yaml", "two/compose.yaml");
    assert!(counts(path, "two/compose.yaml"));
    git(path, &["reset", "--quiet", "--hard"]);
    fs::remove_file(path.join("file.yaml")).unwrap();
    fs::write(path.join("file.yaml"), SHARED).unwrap();
    assert!(!counts(path, "file.yaml"));
    // One that leads out of the repository is not read at all.
    let outside = project(&[("compose.yaml", SHARED)]);
    link(outside.path().join("compose.yaml").to_str().unwrap(), "out.yaml");
    commit(path);
    let run = overlock(path, &["check", "out.yaml", "--since", "HEAD"]);
    assert!(run.status == 2 && run.err.contains("outside this repository"), "{}", run.err);
    // Outside the repository a link is nobody's change.
    symlink(path, outside.path().join("way")).unwrap();
    assert!(!counts(outside.path(), "way/one/compose.yaml"));
}

#[test]
fn line_ends_of_the_checkout_are_no_hit() {
    let files = repository(&[("compose.yaml", SHARED)]);
    let path = files.path().join("compose.yaml");
    let dos = SHARED.replace('\n', "\r\n");
    fs::write(&path, &dos).unwrap();
    assert!(!counts(files.path(), "compose.yaml"));
    fs::write(&path, with_third().replace('\n', "\r\n")).unwrap();
    let run = since(files.path(), "compose.yaml");
    assert!(run.status == 1 && run.out.contains("unchanged"), "one alone is new: {}", run.out);
    git(files.path(), &["checkout", "--quiet", "-b", "topic"]);
    commit(files.path());
    assert!(counts(files.path(), "compose.yaml"));
    git(files.path(), &["branch", "--force", "main"]);
    assert!(!counts(files.path(), "compose.yaml"));
}

#[test]
fn carriage_returns_hide_no_line() {
    // To git all of this is one line, to YAML it is many.
    let files = repository(&[("compose.yaml", &SHARED.replace('\n', "\r"))]);
    assert!(!counts(files.path(), "compose.yaml"));
    let text = with_third().replace('\n', "\r");
    fs::write(files.path().join("compose.yaml"), text).unwrap();
    assert!(counts(files.path(), "compose.yaml"));
}

#[test]
fn linked_working_trees_and_submodules_are_repositories() {
    let files = repository(&[("compose.yaml", SHARED)]);
    let around = tempfile::tempdir().unwrap();
    let linked = around.path().join("linked");
    git(files.path(), &["worktree", "add", "--quiet", "-b", "topic", linked.to_str().unwrap()]);
    let above = repository(&[("compose.yaml", "services: {}")]);
    let source = files.path().to_str().unwrap();
    git(above.path(), &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", source, "sub"]);
    commit(above.path());
    for directory in [linked, above.path().join("sub")] {
        assert!(!counts(&directory, "compose.yaml"));
        fs::write(directory.join("compose.yaml"), with_third()).unwrap();
        assert!(counts(&directory, "compose.yaml"));
    }
    // From above, the files of a submodule are no files of the repository.
    git(&above.path().join("sub"), &["checkout", "--quiet", "--", "."]);
    let both = ["check", "compose.yaml", "sub/compose.yaml", "--since", "main"];
    assert_eq!(overlock(above.path(), &both).status, 1);
    assert!(!counts(above.path(), "sub/compose.yaml"), "by itself it is one of its own");
}

#[test]
fn shallow_clone_says_what_to_fetch() {
    let files = repository(&[("compose.yaml", SHARED)]);
    git(files.path(), &["checkout", "--quiet", "-b", "topic"]);
    fs::write(files.path().join("x"), "").unwrap();
    commit(files.path());
    git(files.path(), &["checkout", "--quiet", "main"]);
    fs::write(files.path().join("y"), "").unwrap();
    commit(files.path());
    let folder = tempfile::tempdir().unwrap();
    let clone = folder.path().join("clone");
    let (source, clone_path) = (format!("file://{}", files.path().display()), clone.to_str().unwrap());
    git(folder.path(), &["clone", "--quiet", "--depth=1", "--branch=topic", &source, clone_path]);
    for (revision, name) in [("main", "main:main"), ("origin/main", "main:refs/remotes/origin/main")] {
        let run = overlock(&clone, &["check", "compose.yaml", "--since", revision]);
        let command = format!(" fetch it with `git fetch --deepen=100 origin {name}`");
        assert!(run.status == 2 && run.err.contains(&command), "{}", run.err);
    }
    git(&clone, &["fetch", "--quiet", "--depth=1", "origin", "main:main"]);
    let run = since(&clone, "compose.yaml");
    assert!(run.status == 2 && run.err.contains("git fetch --unshallow origin main"), "{}", run.err);
    git(&clone, &["fetch", "--quiet", "--unshallow", "origin", "main"]);
    assert!(!counts(&clone, "compose.yaml"));
}

#[test]
fn missing_object_fails_the_comparison() {
    let files = repository(&[("compose.yaml", SHARED)]);
    let objects = files.path().join(".git/objects");
    // The tree and the file are gone, the commit is not.
    git(files.path(), &["gc", "--quiet"]);
    fs::remove_dir_all(objects.join("pack")).unwrap();
    let run = since(files.path(), "compose.yaml");
    assert!(run.status == 2 && run.out.is_empty(), "{} {}", run.out, run.err);
}
