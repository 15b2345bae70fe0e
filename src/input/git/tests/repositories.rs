//! What a revision says nothing of, and what cannot be read; odd repositories.

use super::checkouts::compare;
use super::*;

#[test]
fn ignored_files_that_no_revision_knows_are_those_of_the_disk() {
    let (_folder, top) = new_repository();
    write_files(
        &top,
        &[
            (".gitignore", "*.env\n/made/\n/now-ignored/\n/swap/\n"),
            ("a", "then"),
            ("now-ignored/kept", "then"),
            ("swap", "then"),
        ],
    );
    git(&top, &["add", "--force", "now-ignored"]);
    commit(&top);
    git(&top, &["tag", "then"]);
    write_files(&top, &[("tracked.env", "tracked"), ("new/tracked", "x"), ("a", "now")]);
    git(&top, &["add", "--force", "tracked.env"]);
    commit(&top);
    git(&top, &["rm", "--quiet", "-r", "--cached", "now-ignored", "swap"]);
    remove_path(&top.join("swap"));
    write_files(
        &top,
        &[
            (".env", "A=1"),
            ("new/.env", "B=2"),
            ("made/deep/file", "made"),
            ("untracked", "x"),
            ("only/new.env", "C=3"),
            ("now-ignored/kept", "now"),
            ("now-ignored/beside", "beside"),
            ("now-ignored/sub/deep", "deep"),
            ("a.env/x", "file below"),
            ("swap/x", "below what was a file"),
        ],
    );
    symlink("../.env", top.join("made/link")).unwrap();
    symlink("../../../secret", top.join("made/leaves")).unwrap();
    let (then, _) = reader_then(&top, "then");
    let text = |path: &str| then.read_text(&top.join(path), LIMIT);
    for (path, expected) in [
        ("a", "then"),
        (".env", "A=1"),
        ("new/.env", "B=2"),
        ("only/new.env", "C=3"),
        ("made/deep/file", "made"),
        ("made/link", "A=1"),
        ("now-ignored/kept", "then"),
        ("swap", "then"),
        ("now-ignored/beside", "beside"),
        ("now-ignored/sub/deep", "deep"),
        ("a.env/x", "file below"),
    ] {
        assert_eq!(text(path).as_deref(), Ok(expected), "{path}");
    }
    for path in ["tracked.env", "new/tracked", "untracked", "a/x", "swap/x"] {
        assert_eq!(text(path), Err(ReadError::Absent), "{path}");
    }
    assert!(matches!(text("made/leaves"), Err(ReadError::Outside { .. })));
    let list = |path: &str| -> Vec<String> {
        let listed = then.list(&top.join(path), 100).unwrap();
        listed.into_iter().map(|entry| entry.name.into_string().unwrap()).collect()
    };
    assert_eq!(list(""), [".env", ".git", ".gitignore", "a", "a.env", "made", "new", "now-ignored", "only", "swap"]);
    assert_eq!(list("new"), [".env"]);
    assert_eq!(list("now-ignored"), ["beside", "kept", "sub"]);
    assert_eq!(list("made"), ["deep", "leaves", "link"]);
}

#[test]
fn typed_path_is_read_as_it_was_and_is_no_way_out() {
    let (folder, top) = new_repository();
    fs::write(folder.path().join("secret"), "secret").unwrap();
    write_files(&top, &[("a", "then"), ("sub/b", "b"), ("link-later", "x")]);
    symlink("../secret", top.join("leaves")).unwrap();
    commit(&top);
    git(&top, &["tag", "then"]);
    remove_path(&top.join("leaves"));
    write_files(&top, &[("a", "now"), ("leaves", "a file now"), ("new", "new")]);
    commit(&top);
    let files = open(&top, "then").unwrap();
    let typed = ["a", "new", "leaves", "gone"].map(|name| top.join(name));
    let reader = typed
        .iter()
        .fold(Reader::default(), |reader, path| reader.with_path(path))
        .with_typed(&folder.path().join("secret"));
    let then = reader.at_revisions(files.trees().to_vec());
    assert_eq!(then.read_text(&typed[0], LIMIT).as_deref(), Ok("then"));
    assert_eq!(then.read_text(&typed[1], LIMIT), Err(ReadError::Absent));
    assert!(matches!(then.read_text(&typed[2], LIMIT), Err(ReadError::Outside { .. })));
    assert!(matches!(then.kind(&typed[2]), Err(ReadError::Outside { .. })));
    assert!(matches!(then.real_path(&typed[2]), Err(ReadError::Outside { .. })));
    assert_eq!(then.read_text(&typed[3], LIMIT), Err(ReadError::Absent));
    assert_eq!(then.read_text(&folder.path().join("secret"), LIMIT).as_deref(), Ok("secret"), "outside is as here");
}

#[test]
fn submodule_is_read_at_its_commit_where_that_is_here() {
    let (folder, top) = new_repository();
    let other = folder.path().canonicalize().unwrap().join("other");
    fs::create_dir(&other).unwrap();
    git(&other, &["init", "--quiet", "--initial-branch", "main"]);
    write_files(&other, &[("compose.yaml", "one"), ("deep/x", "x")]);
    commit(&other);
    git(&top, &["submodule", "--quiet", "add", other.to_str().unwrap(), "sub"]);
    compare(&top, &[top.join("sub/deep/x")], || {
        write_files(&top, &[("sub/compose.yaml", "two"), ("sub/new", "new")]);
        remove_path(&top.join("sub/deep"));
        commit(&top.join("sub"));
    });
    // What is not committed in it was not there either.
    fs::write(top.join("sub/compose.yaml"), "three").unwrap();
    let (then, _) = reader_then(&top, "then");
    assert_eq!(then.read_text(&top.join("sub/compose.yaml"), LIMIT).as_deref(), Ok("one"));

    // A commit of it that is nowhere here.
    git(&top, &["update-index", "--cacheinfo", &format!("160000,{},sub", "1".repeat(40))]);
    git(&top, &["commit", "--quiet", "--message", "x"]);
    git(&top, &["tag", "lost"]);
    let (lost, files) = reader_then(&top, "lost");
    assert_eq!(files.unread().len(), 1);
    for told in
        [lost.read_text(&top.join("sub/compose.yaml"), LIMIT).unwrap_err(), lost.list(&top.join("sub"), 9).unwrap_err()]
    {
        assert!(told.to_string().contains("git fetch origin 1111"), "{told}");
    }
    assert_eq!(lost.kind(&top.join("sub")), Ok(EntryKind::Directory));

    // Not checked out: a checkout of the revision would bring none of its files.
    git(&top, &["submodule", "--quiet", "deinit", "--force", "sub"]);
    let (then, files) = reader_then(&top, "then");
    assert_eq!(then.list(&top.join("sub"), 9), Ok(Vec::new()));
    assert_eq!(files.unread().iter().map(|one| one.path.clone()).collect::<Vec<_>>(), [top.join("sub")]);
    assert!(files.unread()[0].why.contains("git submodule update --init"));
}

#[test]
fn no_filter_runs_and_what_one_would_change_is_not_read() {
    let (folder, top) = new_repository();
    let mark = folder.path().join("ran");
    let evil = format!("touch {}; cat", mark.display());
    write_files(
        &top,
        &[
            ("a.evil", "raw"),
            ("crlf.sh", "one\r\ntwo\r\n"),
            ("large.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"),
            ("close.bin", "version https://git-lfs.example"),
        ],
    );
    fs::write(top.join("secret.key"), b"\0GITCRYPT\0xyz").unwrap();
    commit(&top);
    write_files(&top, &[(".gitattributes", "*.evil filter=evil diff=evil\n*.sh text eol=crlf\n*.bin filter=lfs\n")]);
    for setting in ["filter.evil.smudge", "filter.evil.clean", "diff.evil.textconv", "core.fsmonitor"] {
        git(&top, &["config", setting, &evil]);
    }
    git(&top, &["-c", "filter.evil.clean=cat", "-c", "core.fsmonitor=false", "add", ".gitattributes"]);
    git(&top, &["-c", "filter.evil.clean=cat", "-c", "core.fsmonitor=false", "commit", "--quiet", "--message", "x"]);
    git(&top, &["tag", "then"]);
    let _ = fs::remove_file(&mark);
    let (then, _) = reader_then(&top, "then");
    assert_eq!(then.read_text(&top.join("a.evil"), LIMIT).as_deref(), Ok("raw"));
    assert_eq!(then.read_text(&top.join("crlf.sh"), LIMIT).as_deref(), Ok("one\r\ntwo\r\n"), "as it was committed");
    assert_eq!(then.read_text(&top.join("close.bin"), LIMIT).as_deref(), Ok("version https://git-lfs.example"));
    for (path, word) in [("large.bin", "Git LFS"), ("secret.key", "git-crypt")] {
        for told in [
            then.read(&top.join(path), LIMIT).unwrap_err(),
            then.read_start(&top.join(path), 4).map(|_| ()).unwrap_err(),
        ] {
            assert!(told.to_string().contains(word), "{told}");
        }
    }
    assert!(!mark.exists());
}

#[test]
fn sparse_checkout_and_linked_working_tree_are_read_whole() {
    let (folder, top) = new_repository();
    write_files(&top, &[("in/a", "a"), ("out/b", "b"), ("top", "t")]);
    commit(&top);
    git(&top, &["tag", "then"]);
    git(&top, &["sparse-checkout", "set", "--cone", "--sparse-index", "in"]);
    assert!(!top.join("out").exists());
    let (then, _) = reader_then(&top, "then");
    assert_eq!(then.read_text(&top.join("out/b"), LIMIT).as_deref(), Ok("b"));
    git(&top, &["sparse-checkout", "disable"]);

    let linked = folder.path().canonicalize().unwrap().join("linked");
    git(&top, &["worktree", "add", "--quiet", linked.to_str().unwrap()]);
    write_files(&linked, &[("in/a", "changed"), (".gitignore", "*.env\n"), ("x.env", "e")]);
    let (then, _) = reader_then(&linked, "then");
    assert_eq!(then.read_text(&linked.join("in/a"), LIMIT).as_deref(), Ok("a"));
    assert_eq!(then.read_text(&linked.join("x.env"), LIMIT).as_deref(), Ok("e"));
    assert_eq!(then.read_text(&top.join("in/a"), LIMIT), Err(then.read(&top, LIMIT).unwrap_err()), "it is outside");

    // A repository that its settings call bare has a working tree here all the same.
    git(&top, &["config", "core.bare", "true"]);
    let (then, _) = reader_then(&top, "then");
    assert_eq!(then.read_text(&top.join("out/b"), LIMIT).as_deref(), Ok("b"));
    // One without a `.git` is no repository.
    git(&top, &["clone", "--quiet", "--bare", ".", folder.path().join("bare").to_str().unwrap()]);
    assert!(matches!(open(&folder.path().join("bare"), "then"), Err(GitError::NoRepository(_))));
}

/// The commands that a message gives.
fn commands(told: &str) -> Vec<Vec<String>> {
    let quoted = told.split('`').skip(1).step_by(2);
    let commands = quoted.filter_map(|text| text.strip_prefix("git "));
    commands.map(|text| text.split(' ').map(str::to_owned).collect()).collect()
}

#[test]
fn clone_without_the_revision_says_what_to_fetch_and_that_helps() {
    let (folder, top) = new_repository();
    for text in ["1", "2", "3"] {
        write_files(&top, &[("a", text)]);
        commit(&top);
    }
    git(&top, &["checkout", "--quiet", "-b", "topic", "HEAD~2"]);
    write_files(&top, &[("b", "")]);
    commit(&top);
    let id = Command::new("git").arg("-C").arg(&top).args(["rev-parse", "main"]).output().unwrap().stdout;
    let id = String::from_utf8(id).unwrap().trim_end().to_owned();
    let url = format!("file://{}", top.display());
    let clone = |how: &[&str]| {
        let clone = tempfile::tempdir().unwrap();
        let whole = [&["clone", "--quiet", "--branch=topic"], how, &[&url, clone.path().to_str().unwrap()]].concat();
        git(folder.path(), &whole);
        clone
    };
    for name in ["origin/main", "main", "HEAD~1", id.as_str()] {
        for command in 0..if name == "HEAD~1" { 2 } else { 1 } {
            let clone = clone(&["--depth=1"]);
            let told = open(clone.path(), name).unwrap_err().to_string();
            assert!(told.contains("shallow") && told.contains("fetch-depth: 0"), "{told}");
            let command = &commands(&told)[command];
            git(clone.path(), &command.iter().map(String::as_str).collect::<Vec<_>>());
            assert!(open(clone.path(), name).is_ok(), "{name}: {told}");
        }
    }
    // The commit is here, and what leads from HEAD to it is not.
    for command in 0..2 {
        let clone = clone(&["--depth=1"]);
        git(clone.path(), &["fetch", "--quiet", "--depth=1", "origin", "main:refs/remotes/origin/main"]);
        let error = open(clone.path(), "origin/main").unwrap_err();
        assert!(matches!(error, GitError::Shallow(_)));
        let command = &commands(&error.to_string())[command];
        git(clone.path(), &command.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(open(clone.path(), "origin/main").is_ok(), "{error}");
    }
    for name in ["origin/main", "main"] {
        let clone = clone(&["--single-branch"]);
        let error = open(clone.path(), name).unwrap_err();
        assert!(matches!(error, GitError::NoCommit(_)), "a whole clone is not called shallow");
        let command = &commands(&error.to_string())[0];
        git(clone.path(), &command.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(open(clone.path(), name).is_ok(), "{error}");
    }
    let told = open(&top, "HEAD~9").unwrap_err().to_string();
    assert!(commands(&told).is_empty() && told.contains("spelling"), "{told}");
}

#[test]
fn object_that_is_missing_fails_the_whole_reading() {
    let (_folder, top) = new_repository();
    write_files(&top, &[("a", "first"), ("b", "second")]);
    commit(&top);
    git(&top, &["tag", "then"]);
    let id = Command::new("git").arg("-C").arg(&top).args(["rev-parse", "then:a"]).output().unwrap().stdout;
    let id = String::from_utf8(id).unwrap();
    remove_path(&top.join(".git/objects").join(&id[..2]).join(id[2..].trim_end()));
    let (then, files) = reader_then(&top, "then");
    assert!(files.failure().is_none());
    assert!(matches!(then.read(&top.join("a"), LIMIT), Err(ReadError::Failed(_))));
    assert!(matches!(files.failure(), Some(GitError::Failed { .. })));
    assert!(
        matches!(then.read(&top.join("b"), LIMIT), Err(ReadError::Failed(_))),
        "nothing is made of what comes after"
    );
}

#[test]
fn large_files_are_told_by_their_size_and_read_by_their_start() {
    let (_folder, top) = new_repository();
    let large = "0123456789".repeat(800_000);
    write_files(&top, &[("large", &large), ("small", "small")]);
    commit(&top);
    git(&top, &["tag", "then"]);
    let (then, _) = reader_then(&top, "then");
    for _ in 0..3 {
        assert_eq!(then.read(&top.join("large"), 100), Err(ReadError::TooLarge { limit: 100 }));
        assert_eq!(then.read_start(&top.join("large"), 12).as_deref(), Ok("012345678901".as_bytes()));
        assert_eq!(then.read_text(&top.join("small"), 5).as_deref(), Ok("small"));
    }
    assert_eq!(then.read_text(&top.join("large"), 8_000_000).as_deref(), Ok(large.as_str()));
    assert_eq!(then.read(&top.join("large"), 7_999_999), Err(ReadError::TooLarge { limit: 7_999_999 }));
}

#[test]
fn tree_that_no_checkout_would_write_leads_nowhere() {
    let (_folder, top) = new_repository();
    write_files(&top, &[("a", "text")]);
    commit(&top);
    // A tree object with names that `git add` refuses.
    let id = Command::new("git").arg("-C").arg(&top).args(["rev-parse", "HEAD:a"]).output().unwrap().stdout;
    let id: Vec<u8> = (0..20)
        .map(|at| u8::from_str_radix(std::str::from_utf8(&id[at * 2..at * 2 + 2]).unwrap(), 16).unwrap())
        .collect();
    let entry = |mode: &str, name: &str| [mode.as_bytes(), b" ", name.as_bytes(), b"\0", &id].concat();
    let tree =
        [entry("100644", ".."), entry("100644", ".git"), entry("100644", "a"), entry("100644", "b/../../c")].concat();
    fs::write(top.join("tree"), tree).unwrap();
    let run = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.arg("-C").arg(&top).args(["-c", "user.name=t", "-c", "user.email=t@t"]).args(arguments);
        String::from_utf8(git.output().unwrap().stdout).unwrap().trim_end().to_owned()
    };
    let tree = run(&["hash-object", "-t", "tree", "-w", "--literally", "tree"]);
    let evil = run(&["commit-tree", &tree, "-m", "x"]);
    remove_path(&top.join("tree"));
    git(&top, &["update-ref", "refs/heads/main", &evil]);
    git(&top, &["tag", "evil", &evil]);
    let (then, _) = reader_then(&top, "evil");
    assert_eq!(then.read_text(&top.join("a"), LIMIT).as_deref(), Ok("text"));
    let listed: Vec<_> = then.list(&top, 10).unwrap().into_iter().map(|entry| entry.name).collect();
    assert_eq!(listed, [".git", "a"]);
    assert_eq!(then.kind(&top.join(".git")), Ok(EntryKind::Directory));
    assert!(then.read(&top.join("b/../../c"), LIMIT).is_err());
}
