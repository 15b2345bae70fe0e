//! A reader at a revision answers what a reader of a checkout of it answers.

use super::*;

/// Everything that loading can ask about a path.
fn answers(reader: &Reader, path: &Path) -> String {
    let (kind, own_kind) = (reader.kind(path), reader.own_kind(path));
    let list = if kind == Ok(EntryKind::Directory) { reader.list(path, 1000) } else { Ok(Vec::new()) };
    let few = reader.list(path, 1);
    let (text, start) = (reader.read(path, LIMIT), reader.read_start(path, 3));
    let (small, real) = (reader.read_text(path, 2), reader.real_path(path).ok());
    let facts = (reader.is_file(path), reader.is_directory(path), reader.has_input(path));
    format!("{kind:?} {own_kind:?} {list:?} {few:?} {text:?} {start:?} {small:?} {real:?} {facts:?}")
}

fn paths_below(directory: &Path, found: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap).filter(|entry| entry.file_name() != ".git") {
        found.insert(entry.path());
        if entry.file_type().unwrap().is_dir() {
            paths_below(&entry.path(), found);
        }
    }
}

/// What is asked about a tree: each path, what would be below and beside it, and ways around.
fn questions(top: &Path) -> BTreeSet<PathBuf> {
    let mut own = BTreeSet::from([top.to_owned()]);
    paths_below(top, &mut own);
    let mut asked = own.clone();
    for path in &own {
        for more in ["x", ".", "..", "../..", "../x", "../../repo/a", "missing/../x", "a", "dir/a"] {
            asked.insert(path.join(more));
        }
    }
    asked.extend(["/etc/hostname", "/nowhere", "/"].map(PathBuf::from));
    asked
}

/// Asks all of a reader of the checkout, commits it, lets the checkout be changed and committed, and asks a reader at
/// the first commit the same.
pub(super) fn compare(top: &Path, more: &[PathBuf], change: impl FnOnce()) {
    commit(top);
    git(top, &["tag", "--force", "then"]);
    let here = Reader::default().with_directory(top);
    let mut asked = questions(top);
    asked.extend(more.iter().cloned());
    let expected: Vec<String> = asked.iter().map(|path| answers(&here, path)).collect();
    change();
    commit(top);
    let (then, files) = reader_then(top, "then");
    for (path, expected) in asked.iter().zip(&expected) {
        assert_eq!(&answers(&then, path), expected, "{}", path.display());
    }
    assert!(files.failure().is_none() && files.unread().is_empty());
}

#[test]
fn every_answer_is_that_of_a_checkout() {
    let (folder, top) = new_repository();
    fs::write(folder.path().join("secret"), "secret").unwrap();
    let names =
        ["with blank", "line\nbreak", "tab\t", "ünïcode", "quote\"'`$", "-dash", "*star?", "back\\slash", ":(top)x"];
    for name in names {
        write_files(&top, &[(&format!("{name}/{name}"), name), (&format!("deep/{name}/er/still/{name}.yaml"), "")]);
    }
    fs::write(top.join(OsStr::from_bytes(b"bytes\xff\xfe")), "b").unwrap();
    write_files(
        &top,
        &[("a", "text"), ("dir/a", "below"), ("dir/sub/c", "c"), ("large", &"x".repeat(9000)), ("run", "#!/bin/sh\n")],
    );
    fs::write(top.join("binary"), [0, 159, 146, 150]).unwrap();
    fs::set_permissions(top.join("run"), fs::Permissions::from_mode(0o755)).unwrap();
    for (link, target) in [
        ("to-file", "a"),
        ("to-dir", "dir"),
        ("dir/up", ".."),
        ("dir/sub/far", "../../to-dir/up/a"),
        ("dangling", "nothing"),
        ("circle", "circle2"),
        ("circle2", "circle"),
        ("leaves", "../secret"),
        ("leaves-nowhere", "../nothing"),
        ("around", "../repo/a"),
        ("around-nowhere", "../repo/nothing"),
        ("system", "/etc/hostname"),
        ("through-file", "a/x"),
        ("dot", "."),
        ("slash", "dir/"),
    ] {
        symlink(target, top.join(link)).unwrap();
    }
    symlink(top.join("dir/sub"), top.join("absolute")).unwrap();
    symlink(top.join("nothing"), top.join("absolute-nowhere")).unwrap();
    let alias = folder.path().join("alias");
    symlink(&top, &alias).unwrap();
    let more = ["", "a", "dir/sub/far", "absolute/c", "nothing", "leaves", "to-dir/../a"].map(|path| alias.join(path));
    compare(&top, &more, || {
        empty_checkout(&top);
        // A file becomes a directory and the other way round; links lead elsewhere.
        write_files(
            &top,
            &[("dir", "file"), ("a/b/c", "new"), ("to-dir/x", "new"), ("absolute", "x"), ("nothing", "now")],
        );
        symlink("/etc", top.join("leaves")).unwrap();
        symlink("a", top.join("large")).unwrap();
    });
}

/// How many random trees are compared.
fn random_cases() -> u64 {
    std::env::var("OVERLOCK_REVISION_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(12)
}

#[test]
fn random_trees_are_read_as_they_were() {
    let names = ["a", "b", "dir", "x y", "é", "n\nl", ".hidden", "compose.yaml"];
    for seed in 0..random_cases() {
        let mut random = fastrand::Rng::with_seed(seed);
        let (folder, top) = new_repository();
        let grow = |random: &mut fastrand::Rng| {
            for _ in 0..random.usize(1..25) {
                let depth = random.usize(1..4);
                let path: PathBuf = (0..depth).map(|_| names[random.usize(..names.len())]).collect();
                let path = top.join(path);
                if fs::create_dir_all(path.parent().unwrap()).is_err() {
                    continue;
                }
                if random.bool() {
                    remove_path(&path);
                    fs::write(&path, random.u32(..).to_string()).unwrap();
                } else {
                    let up = ["", "../", "../../", "./", "/"][random.usize(..5)];
                    let target =
                        format!("{up}{}/{}", names[random.usize(..names.len())], names[random.usize(..names.len())]);
                    let target =
                        if random.bool() { format!("{up}{}", names[random.usize(..names.len())]) } else { target };
                    let _ = symlink(target, &path);
                }
            }
        };
        grow(&mut random);
        compare(&top, &[], || {
            if random.bool() {
                empty_checkout(&top);
            }
            grow(&mut random);
        });
        drop(folder);
    }
}
