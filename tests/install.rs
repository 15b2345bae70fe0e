//! What a release gives, made by the script that makes releases, without the optimisation that takes minutes: each thing
//! is installed where nothing else of it is, and judges a project.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::engine::wanted::{self, Wanted};
use crate::engine::{output, say, skip};
use crate::harness::{commit, git, project, root, run};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const DPKG: &[Wanted] = &[("dpkg-deb", "dpkg")];

/// The folder of what `ci/release.sh` makes, made once; wheels are in it where their maker is there.
fn released() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let into = Path::new(env!("CARGO_TARGET_TMPDIR")).join("release");
        let mut make = Command::new(root().join("ci/release.sh"));
        make.env("OVERLOCK_PROFILE", "dev").env("OVERLOCK_DIST", &into);
        if let Some(tools) = tools() {
            make.env("MATURIN", tools.join("maturin"));
        }
        output(&mut make).unwrap_or_else(|error| panic!("no release: {error}"));
        into
    })
}

/// Where the programs of `ci/python-tools.txt` are.
fn tools() -> Option<PathBuf> {
    std::env::var_os("OVERLOCK_PYTHON_TOOLS").map(PathBuf::from)
}

/// The same, or a word that a test is skipped.
fn tools_for(test: &str) -> Option<PathBuf> {
    let tools = tools();
    if tools.is_none() {
        say(&format!("skipped, {test}: no OVERLOCK_PYTHON_TOOLS (ci/python-tools.sh brings them)"));
    }
    tools
}

/// The one file of a release with this ending.
fn file(ending: &str) -> PathBuf {
    let files = fs::read_dir(released()).unwrap().map(|entry| entry.unwrap().path());
    let found: Vec<PathBuf> = files.filter(|path| path.to_str().unwrap().ends_with(ending)).collect();
    assert_eq!(found.len(), 1, "{ending}: {found:?}");
    found.into_iter().next().unwrap()
}

/// A program that was installed says its version, and what is wrong and what is right; nothing of this machine helps it.
fn judges(program: &Path) {
    let call = |arguments: &[&str], folder: &Path| {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(folder).env_clear().env("HOME", "/home/user");
        run(command)
    };
    assert_eq!(call(&["--version"], &root()).out, format!("overlock {VERSION}\n"));
    for (fixture, status) in [("unguarded-share/bad-no-flock", 1), ("unguarded-share/ok-both-through-flock", 0)] {
        let folder = root().join("fixtures").join(fixture);
        let told = call(&["check", ".", "--no-config"], &folder);
        assert_eq!(told.status, status, "{fixture}: {}{}", told.out, told.err);
    }
}

/// The names in an archive of source, below its one folder.
fn names(archive: &Path) -> Vec<String> {
    let listed = output(Command::new("tar").arg("--list").arg("--gzip").arg("--file").arg(archive)).unwrap();
    listed.lines().map(|line| line.split_once('/').unwrap().1.to_owned()).collect()
}

/// Whether a packed file of source is one that builds the program or says what it is.
fn is_needed(name: &str) -> bool {
    let folders = ["src/", "build/", "rules/"];
    let files = [
        "Cargo.toml",
        "Cargo.toml.orig",
        "Cargo.lock",
        ".cargo_vcs_info.json",
        "README.md",
        "CHANGELOG.md",
        "LICENSE-MIT",
        "LICENSE-APACHE",
        "PKG-INFO",
        "pyproject.toml",
    ];
    folders.iter().any(|folder| name.starts_with(folder)) || files.contains(&name)
}

#[test]
fn archive_holds_a_program_that_needs_nothing() {
    let archive = file("-linux.tar.gz");
    let sum =
        output(Command::new("sha256sum").args(["--check", "--strict"]).arg(file(".sha256")).current_dir(released()));
    assert!(sum.unwrap().ends_with(": OK"));
    let folder = tempfile::tempdir().unwrap();
    output(Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(folder.path())).unwrap();
    judges(&folder.path().join("overlock"));
    for held in [
        "completions/overlock",
        "completions/_overlock",
        "completions/overlock.fish",
        "man/overlock-check.1",
        "LICENSE-MIT",
    ] {
        assert!(folder.path().join(held).is_file(), "{held}");
    }
    let headers = output(Command::new("readelf").arg("--program-headers").arg(folder.path().join("overlock")));
    if let Ok(headers) = headers {
        assert!(!headers.contains("INTERP"), "it wants a loader: {headers}");
    }
}

#[test]
fn debian_package_holds_what_it_says() {
    if let Some(why) = wanted::missing(DPKG) {
        return skip("debian_package_holds_what_it_says", &why).unwrap_or_default();
    }
    let (package, folder) = (file(".deb"), tempfile::tempdir().unwrap());
    let field = |name: &str| output(Command::new("dpkg-deb").arg("--field").arg(&package).arg(name)).unwrap();
    assert_eq!(
        (field("Package").as_str(), field("Version").as_str(), field("Depends").as_str()),
        ("overlock", VERSION, "")
    );
    output(Command::new("dpkg-deb").arg("--extract").arg(&package).arg(folder.path())).unwrap();
    judges(&folder.path().join("usr/bin/overlock"));
    for held in ["bash-completion/completions/overlock", "man/man1/overlock-audit.1.gz", "doc/overlock/copyright"] {
        assert!(folder.path().join("usr/share").join(held).is_file(), "{held}");
    }
    // Installed for real, beside nothing else of the machine's.
    let database = tempfile::tempdir().unwrap();
    let mut install = Command::new("dpkg");
    install.arg("--root").arg(database.path()).args(["--force-not-root", "--install"]).arg(&package);
    fs::create_dir_all(database.path().join("var/lib/dpkg/updates")).unwrap();
    fs::create_dir_all(database.path().join("var/lib/dpkg/info")).unwrap();
    fs::write(database.path().join("var/lib/dpkg/status"), "").unwrap();
    output(&mut install).unwrap_or_else(|error| panic!("{error}"));
    judges(&database.path().join("usr/bin/overlock"));
}

#[test]
fn wheel_installs_into_a_clean_environment() {
    let Some(tools) = tools_for("wheel_installs_into_a_clean_environment") else { return };
    let wheel = file(".whl");
    let name = wheel.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with(&format!("overlock_cli-{VERSION}-py3-none-manylinux")), "{name}");
    assert!(name.contains("musllinux"), "{name}");
    let folder = tempfile::tempdir().unwrap();
    output(Command::new(tools.join("python")).args(["-m", "venv"]).arg(folder.path())).unwrap();
    let mut install = Command::new(folder.path().join("bin/python"));
    install.args(["-m", "pip", "install", "--quiet", "--no-index", "--find-links"]).arg(released()).arg("overlock-cli");
    output(&mut install).unwrap_or_else(|error| panic!("{error}"));
    judges(&folder.path().join("bin/overlock"));
    let source = names(&file(&format!("overlock_cli-{VERSION}.tar.gz")));
    let beyond: Vec<&String> = source.iter().filter(|name| !is_needed(name)).collect();
    assert!(source.len() > 300 && beyond.is_empty(), "{beyond:?}");
}

#[test]
fn hook_of_pre_commit_installs_the_wheel_and_stops_a_commit() {
    let Some(tools) = tools_for("hook_of_pre_commit_installs_the_wheel_and_stops_a_commit") else { return };
    let hooks = tempfile::tempdir().unwrap();
    for name in ["pyproject.toml", ".pre-commit-hooks.yaml"] {
        fs::copy(root().join(name), hooks.path().join(name)).unwrap();
    }
    // Nothing of the source is beside them: what is installed comes from the wheel.
    git(hooks.path(), &["init", "--quiet", "--initial-branch", "main"]);
    commit(hooks.path());
    git(hooks.path(), &["tag", "v0.1.0"]);
    let config =
        format!("repos:\n  - repo: {}\n    rev: v0.1.0\n    hooks:\n      - id: overlock\n", hooks.path().display());
    let bad = fs::read_to_string(root().join("fixtures/unguarded-share/bad-no-flock/compose.yaml")).unwrap();
    let ok = fs::read_to_string(root().join("fixtures/unguarded-share/ok-both-through-flock/compose.yaml")).unwrap();
    let cache = tempfile::tempdir().unwrap();
    released();
    for (compose, status) in [(bad, 1), (ok, 0)] {
        let files = project(&[("compose.yaml", &compose), (".pre-commit-config.yaml", &config)]);
        git(files.path(), &["init", "--quiet"]);
        git(files.path(), &["add", "--all"]);
        let started = std::time::Instant::now();
        let mut call = Command::new(tools.join("pre-commit"));
        call.arg("run").current_dir(files.path()).env("PRE_COMMIT_HOME", cache.path());
        call.env("PIP_FIND_LINKS", format!("{} {}", released().display(), tools.with_file_name("wheels").display()));
        call.env("PIP_NO_INDEX", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        let told = run(call);
        assert_eq!(told.status, status, "{}{}", told.out, told.err);
        assert!(status == 0 || told.out.contains("error[unguarded-share]"), "{}", told.out);
        // No program is built: that takes minutes.
        assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    }
}

#[test]
fn crate_holds_what_builds_it_and_no_more() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut list = Command::new(cargo);
    list.current_dir(root()).args(["package", "--list", "--locked", "--allow-dirty"]);
    let listed = output(&mut list).unwrap_or_else(|error| panic!("{error}"));
    let held: Vec<&str> = listed.lines().collect();
    let beyond: Vec<&&str> = held.iter().filter(|name| !is_needed(name)).collect();
    assert!(beyond.is_empty(), "{beyond:?}");
    // What the compiler read for the library. What it made meanwhile is not of the crate.
    let built = Path::new(env!("CARGO_BIN_EXE_overlock")).parent().unwrap();
    let read = newest_list_of_sources(&built.join("deps"));
    let read: Vec<&str> = read.split_whitespace().skip(1).filter(|path| !Path::new(path).is_absolute()).collect();
    assert!(read.len() > 300, "only {} files are read", read.len());
    let missing: Vec<&&str> = read.iter().filter(|path| !held.contains(path)).collect();
    assert!(missing.is_empty(), "not packed: {missing:?}");
    // And what the build script reads.
    assert!(["build/main.rs", "rules/matrix.yaml", "Cargo.lock"].iter().all(|name| held.contains(name)));
}

/// The first line of the newest list of files that the compiler read for the library. Clippy's lists hold its settings too.
fn newest_list_of_sources(folder: &Path) -> String {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let lists = files.filter(|path| path.extension().is_some_and(|extension| extension == "d"));
    let of_library = lists.filter_map(|path| {
        let line = fs::read_to_string(&path).ok()?.lines().next()?.to_owned();
        let is_of_library = line.contains(": src/lib.rs ");
        is_of_library.then(|| (fs::metadata(&path).and_then(|known| known.modified()).unwrap(), line))
    });
    of_library.max().expect("a list of the library").1
}

/// The files that `.dockerignore` lets an image be built from.
fn build_context() -> Vec<String> {
    let text = fs::read_to_string(root().join(".dockerignore")).unwrap();
    text.lines().filter_map(|line| line.strip_prefix('!')).map(str::to_owned).collect()
}

#[test]
fn images_are_built_from_what_the_engine_is_handed() {
    let context = build_context();
    let handed = |path: &str| context.iter().any(|known| path == known || path.starts_with(&format!("{known}/")));
    for (file, places) in [("ci/Dockerfile", 1), ("ci/plugin.Dockerfile", 3)] {
        let text = fs::read_to_string(root().join(file)).unwrap().replace("${BINARY}", "dist/overlock");
        assert!(text.contains("ARG BINARY=dist/overlock\n"), "{file}");
        let copied = text.lines().filter_map(|line| line.strip_prefix("COPY "));
        let copied: Vec<&str> = copied.flat_map(|words| words.rsplit_once(' ').unwrap().0.split(' ')).collect();
        assert_eq!(copied.len(), places, "{copied:?}");
        assert!(copied.iter().all(|path| handed(path)), "{file}: {copied:?}");
        assert!(
            copied.iter().all(|path| path.starts_with("dist/") || root().join(path).is_file()),
            "{file}: {copied:?}"
        );
    }
    // From source: cargo reads the manifest of what is handed over, and builds no target that is not there.
    let folder = tempfile::tempdir().unwrap();
    for path in context.iter().filter(|path| !path.starts_with("dist/") && !path.starts_with("ci/")) {
        output(Command::new("cp").arg("-r").arg(root().join(path)).arg(folder.path())).unwrap();
    }
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut read = Command::new(cargo);
    read.current_dir(folder.path()).args(["metadata", "--no-deps", "--offline", "--locked", "--format-version", "1"]);
    let told: serde_json::Value = serde_json::from_str(&output(&mut read).unwrap()).unwrap();
    let programs =
        told["packages"][0]["targets"].as_array().unwrap().iter().filter(|target| target["kind"][0] == "bin");
    let programs: Vec<&str> = programs.map(|target| target["src_path"].as_str().unwrap()).collect();
    assert!(programs.len() == 1 && Path::new(programs[0]).is_file(), "{programs:?}");
}

#[test]
fn every_version_that_is_named_is_this_one() {
    let mut named = 0;
    for page in ["pyproject.toml", ".pre-commit-hooks.yaml", "templates/overlock.yml", "docs/install.md", "docs/ci.md"]
    {
        let text = fs::read_to_string(root().join(page)).unwrap();
        for before in [
            "overlock-cli==",
            "overlock:",
            "overlock-ci:",
            "overlock@v",
            "overlock/overlock@",
            "rev: v",
            "version = \"",
            "version=",
        ] {
            for (at, _) in text.match_indices(before) {
                let rest = &text[at + before.len()..];
                let version: String = rest.chars().take_while(|sign| sign.is_ascii_digit() || *sign == '.').collect();
                if version.contains('.') {
                    named += 1;
                    assert_eq!(version.trim_end_matches('.'), VERSION, "{page}: {before}");
                }
            }
        }
    }
    assert!(named > 12, "only {named} versions are named");
    let tag = |named: &str| {
        run({
            let mut script = Command::new(root().join("ci/release.sh"));
            script.args(["tag", named]);
            script
        })
    };
    assert!(tag("v9.9.9").status == 1 && tag("v9.9.9").err.contains("Cargo.toml says"));
}

#[test]
fn scripts_of_the_release_are_sound() {
    const SHELLCHECK: &[Wanted] = &[("shellcheck", "shellcheck")];
    if let Some(why) = wanted::missing(SHELLCHECK) {
        return skip("scripts_of_the_release_are_sound", &why).unwrap_or_default();
    }
    let scripts = fs::read_dir(root().join("ci")).unwrap().map(|entry| entry.unwrap().path());
    let scripts: Vec<PathBuf> = scripts.filter(|path| path.extension().is_some_and(|end| end == "sh")).collect();
    assert!(scripts.len() > 6, "{scripts:?}");
    let mut check = Command::new("shellcheck");
    check.args(&scripts);
    let told = run(check);
    assert_eq!(told.status, 0, "{}", told.out);
}

#[test]
fn archive_is_taken_as_the_page_says() {
    const CURL: &[Wanted] = &[("curl", "curl")];
    if let Some(why) = wanted::missing(CURL) {
        return skip("archive_is_taken_as_the_page_says", &why).unwrap_or_default();
    }
    let page = fs::read_to_string(root().join("docs/install.md")).unwrap();
    let (_, section) = page.split_once("## Archive\n").unwrap();
    let block = section.split("```console\n").nth(1).unwrap().split("```").next().unwrap();
    let (folder, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let from = "https://github.com/overlock/overlock/releases/download/v$version";
    assert!(block.contains(from) && block.contains(" /usr/local/bin/"), "{block}");
    let block = block.replace(from, &format!("file://{}", released().display()));
    let block = block.replace("/usr/local/bin/", &format!("{}/", into.path().display()));
    output(Command::new("sh").args(["-ec", &block]).current_dir(folder.path()))
        .unwrap_or_else(|error| panic!("{error}"));
    judges(&into.path().join("overlock"));
}
