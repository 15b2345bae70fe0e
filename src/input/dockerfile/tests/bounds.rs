//! Any input ends soon, and what is too much is told.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use super::{at, made, none, shown};
use crate::input::dockerfile::dockerignore::Dockerignore;
use crate::input::dockerfile::wildcard::{matches_name, matches_path};
use crate::input::dockerfile::{
    BuildContext, BuildSection, ContextDirectory, ContextEntry, DockerfileSource, PathContent, load_image,
};
use crate::text::{Reader, Sources, Span};

#[test]
fn large_and_deep_files_end_soon() {
    let start = Instant::now();
    let chain = |count: usize| (1..count).map(|n| format!("FROM s{} AS s{n}\nRUN x $a\n", n - 1)).collect::<String>();
    let texts = [
        "RUN a && \\\n".repeat(5_000),
        "ENV a=$a$a$a$a\n".repeat(400),
        format!("ENV a={}", "${a:-".repeat(50_000)),
        format!("ENV a={}", "\"".repeat(100_000)),
        (0..500).map(|n| format!("ENV v{n}=1\nRUN a\n")).collect(),
        format!("ENV {}", "a=1 ".repeat(100_000)),
        "RUN cat <<EOF\n".repeat(2000),
        "COPY <<A <<B <<C /x\n".repeat(300),
        format!("CMD [{}\"\"]", "\"a\",".repeat(50_000)),
        format!("{}USER u", "ONBUILD ".repeat(20_000)),
        chain(500),
        "COPY **/**/**/**/**/x /x\n".repeat(300),
        "RUN ln -s /x/x /x\n".repeat(300),
        "RUN cp /x /y\nRUN cp /y /x\n".repeat(300),
        format!("RUN {}", "( ".repeat(20_000)),
    ];
    for text in &texts {
        let whole = format!("FROM scratch AS s0\n{text}");
        let made = made(&whole);
        for path in ["/x", "/usr/bin/y", "/x/x/x"] {
            let _ = made.image.find_file(path, &made.sources);
        }
    }
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    assert!(shown(&made(&format!("FROM scratch AS s0\n{}", chain(500))).image).contains("more than 64 stages"));
    assert!(shown(&made(&format!("FROM x\n{}", texts[1])).image).contains("longer than any kernel takes"));
    assert!(shown(&made(&format!("FROM x\n{}", texts[2])).image).contains("too deep in each other"));
    assert!(
        shown(&made(&format!("FROM x\n{}", "USER u\n".repeat(1001))).image).contains("more than 1000 instructions")
    );
    assert!(at(&format!("FROM x\n{}", texts[13]), "/x").starts_with("? there is too much"));
}

#[test]
fn wildcards_are_those_of_go() {
    for (pattern, name, expected) in [
        ("*", "abc", true),
        ("a*c", "abbc", true),
        ("a*b*c", "abxbxc", true),
        ("a?c", "abc", true),
        ("a?c", "ac", false),
        ("[a-c]x", "bx", true),
        ("[^a-c]x", "bx", false),
        ("[]a]", "a", true),
        ("[a", "a", false),
        ("\\*", "*", true),
        ("\\*", "a", false),
        ("", "", true),
        ("*", "", true),
        ("a", "ab", false),
    ] {
        assert_eq!(matches_name(pattern, name), expected, "{pattern} {name}");
    }
    assert!(
        matches_path("a/*/c", "a/b/c")
            && !matches_path("a/*", "a/b/c")
            && matches_path("**/c", "c")
            && matches_path("a/**/c", "a/x/y/c")
    );
    assert!(!matches_name(&"*a".repeat(200), &"a".repeat(199)));
}

#[test]
fn dockerignore_leaves_out_its_patterns() {
    let ignored = Dockerignore::parse("# c\n*.md\n!README.md\n/sub/\n!sub/kept\n **/tmp \nx/../y\n\n!\n");
    let out = |path| ignored.leaves_out(path);
    assert!(out("a.md") && !out("README.md") && !out("b/a.md"));
    assert!(out("sub") && out("sub/a") && !out("sub/kept") && !out("sub/kept/a"));
    assert!(out("tmp") && out("a/b/tmp/c") && out("y") && !out("x"));
}

#[test]
fn links_out_of_the_context_are_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("context");
    fs::create_dir_all(root.join("sub")).unwrap();
    fs::write(folder.path().join("outside"), "").unwrap();
    fs::write(root.join("a"), "").unwrap();
    fs::write(root.join("sub/b"), "").unwrap();
    fs::write(root.join("secret"), "").unwrap();
    fs::write(root.join(".dockerignore"), "secret\n").unwrap();
    std::os::unix::fs::symlink("../outside", root.join("out")).unwrap();
    std::os::unix::fs::symlink("a", root.join("in")).unwrap();
    std::os::unix::fs::symlink("..", root.join("up")).unwrap();
    std::os::unix::fs::symlink("gone", root.join("dangling")).unwrap();
    let reader = std::sync::Arc::new(Reader::of_host());
    let context = ContextDirectory::new(&root, None, &reader);
    for (path, kind) in [
        ("", Some(ContextEntry::Directory)),
        ("a", Some(ContextEntry::File)),
        ("sub", Some(ContextEntry::Directory)),
        ("sub/b", Some(ContextEntry::File)),
        ("secret", None),
        ("missing", None),
        ("../outside", None),
        ("out", Some(ContextEntry::Other)),
        ("in", Some(ContextEntry::File)),
        ("up/outside", Some(ContextEntry::Other)),
        ("dangling", Some(ContextEntry::Other)),
    ] {
        assert_eq!(context.kind(path), kind, "{path}");
    }
    assert_eq!(context.list("sub").unwrap(), ["b"]);
    fs::write(root.join("other.Dockerfile.dockerignore"), "a\n").unwrap();
    let other = ContextDirectory::new(&root, Some(&root.join("other.Dockerfile")), &reader);
    assert_eq!((other.kind("a"), other.kind("secret")), (None, Some(ContextEntry::File)));
}

#[test]
fn unreadable_dockerfile_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::write(root.join("Dockerfile"), "FROM x\nCOPY run.sh /\n").unwrap();
    fs::write(root.join("run.sh"), "").unwrap();
    fs::write(root.join("latin"), b"FROM x\nUSER \xe9\n").unwrap();
    fs::write(root.join("huge"), vec![b'#'; 1024 * 1024 + 1]).unwrap();
    let sources = Sources::reading(Reader::of_host());
    let one = |dockerfile: DockerfileSource, context: Option<&Path>| {
        let context = context.map(Path::to_owned);
        let build = BuildSection { context, dockerfile, target: None, args: &none(), span: Span::default() };
        load_image(&build, &sources, &|path| path.strip_prefix(root).unwrap_or(path).display().to_string(), &|_| None)
    };
    let path = |name: &str| DockerfileSource::Path(name.into());
    let image = one(DockerfileSource::default(), Some(root));
    assert_eq!(image.find_file("/run.sh", &sources), PathContent::File(root.join("run.sh")));
    let crate::input::dockerfile::BaseImage::Named(name) = &image.base else { panic!("{image:?}") };
    assert_eq!(sources.get(name.span.unwrap().file).name(), "Dockerfile");
    let absolute = one(DockerfileSource::Path(root.join("Dockerfile")), None);
    assert!(
        matches!(absolute.find_file("/run.sh", &sources), PathContent::Unknown { why, .. } if why.contains("not at hand"))
    );
    let inline = DockerfileSource::Inline { name: "compose.yaml".into(), text: "FROM x\nUSER u\n".into() };
    assert_eq!(shown(&one(inline, Some(root))), "on x ; user u");
    for (name, expected) in [
        ("missing", "the Dockerfile `missing` cannot be read: No such file or directory; check `build`"),
        ("./latin", "the Dockerfile `latin` is not UTF-8; save it as UTF-8"),
        ("huge", "the Dockerfile `huge` is larger than 1 MiB and is not read"),
        (".", "the Dockerfile `` is no file; check `build`"),
    ] {
        assert_eq!(shown(&one(path(name), Some(root))), format!("unread ; ! {expected}"), "{name}");
    }
    assert!(shown(&one(path("x"), None)).contains("not on this machine"));
}

#[test]
fn comments_are_whole_lines_or_shell_comments() {
    let of = |text: &str| {
        crate::input::dockerfile::comments(text).into_iter().map(|at| text[at].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        of("# one\nFROM x # no\n  # two\nRUN a \\\n# three\n  b # four\nENV A=1 # no\n"),
        ["# one", "# two", "# three", "# four"]
    );
    assert_eq!(of("CMD [\"a\", \"# no\"]\nENTRYPOINT a '# no' # yes\n"), ["# yes"]);
    assert_eq!(of("RUN <<E\n# shell\necho '# no'\nE\nCOPY <<F /x\n# no\nF\n# yes\n"), ["# shell", "# yes"]);
    let _ = of("RUN <<E\n#");
}
