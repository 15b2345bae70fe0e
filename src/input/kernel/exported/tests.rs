use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, Header};

use super::*;
use crate::input::kernel::layers::{Layers, takes_whiteouts};
use crate::input::kernel::program::Tree as _;

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

fn header(kind: EntryType, size: usize) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size as u64);
    header.set_mode(0o755);
    header.set_uid(1000);
    header.set_gid(100);
    header.set_mtime(1_700_000_000);
    header
}

/// A layer with files (`path`, text), links (`path -> text`) and further names (`path = other`).
fn layer(members: &[&str]) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    for member in members {
        if let Some((path, target)) = member.split_once(" -> ") {
            archive.append_link(&mut header(EntryType::Symlink, 0), path, target).unwrap();
        } else if let Some((path, target)) = member.split_once(" = ") {
            archive.append_link(&mut header(EntryType::Link, 0), path, target).unwrap();
        } else if let Some(path) = member.strip_suffix('/') {
            archive.append_data(&mut header(EntryType::Directory, 0), path, &[][..]).unwrap();
        } else {
            let (path, text) = member.split_once(' ').unwrap_or((member, ""));
            archive.append_data(&mut header(EntryType::Regular, text.len()), path, text.as_bytes()).unwrap();
        }
    }
    archive.into_inner().unwrap()
}

fn packed(members: &[(&str, &[u8])], links: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    for (path, bytes) in members {
        archive.append_data(&mut header(EntryType::Regular, bytes.len()), path, *bytes).unwrap();
    }
    for (path, target) in links {
        archive.append_link(&mut header(EntryType::Symlink, 0), path, target).unwrap();
    }
    archive.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

const DIGESTS: [&str; 2] = ["sha256:aa", "sha256:bb"];

fn configuration(digests: &[&str]) -> Vec<u8> {
    serde_json::to_vec(&serde_json::json!({"rootfs": {"type": "layers", "diff_ids": digests}})).unwrap()
}

fn manifest(layers: &[&str]) -> Vec<u8> {
    serde_json::to_vec(&serde_json::json!([{"Config": "config.json", "RepoTags": null, "Layers": layers}])).unwrap()
}

/// An export of two layers.
fn export(low: &[u8], top: &[u8]) -> Vec<u8> {
    let [config, manifest] = [configuration(&DIGESTS), manifest(&["a/layer.tar", "b/layer.tar"])];
    packed(
        &[
            ("a/VERSION", b"1.0"),
            ("a/json", b"{}"),
            ("a/layer.tar", low),
            ("b/layer.tar", top),
            ("config.json", &config),
            ("manifest.json", &manifest),
        ],
        &[],
    )
}

fn read(export: &[u8]) -> Result<Layers, String> {
    let digests = DIGESTS.map(str::to_owned);
    read_export(&mut &*export, &digests, soon()).map(Layers::of_export)
}

fn text(layers: &Layers, path: &str) -> Option<String> {
    layers.read(path, 1_000).map(|bytes| String::from_utf8(bytes).unwrap())
}

const LOW: [&str; 8] = [
    "etc/passwd root",
    "usr/lib/pkg/package.json old",
    "gone/file x",
    "emptied/file x",
    "lib -> /usr/lib",
    "plain/",
    "plain/one first",
    "plain/two = plain/one",
];
const TOP: [&str; 6] = [
    "usr/lib/pkg/package.json new",
    ".wh.gone",
    "emptied/.wh..wh..opq",
    "bin/tool -> ../usr/lib/pkg/package.json",
    "out -> ../../../../../../etc/hostname",
    "plain/.wh.one",
];

/// Puts the same on a disk, as an engine does that keeps directories.
fn put(folder: &Path, members: &[&str]) {
    for member in members {
        let at = |path: &str| {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            path
        };
        if let Some((path, target)) = member.split_once(" -> ") {
            symlink(target, at(path)).unwrap();
        } else if let Some((path, target)) = member.split_once(" = ") {
            fs::hard_link(folder.join(target), at(path)).unwrap();
        } else if let Some(path) = member.strip_suffix('/') {
            fs::create_dir_all(at(path)).unwrap();
        } else {
            let (path, text) = member.split_once(' ').unwrap_or((member, ""));
            fs::write(at(path), text).unwrap();
        }
    }
}

#[test]
fn an_export_shows_what_the_directories_of_the_layers_show() {
    let folder = tempfile::tempdir().unwrap();
    if !takes_whiteouts(folder.path()) {
        return;
    }
    for (name, members) in [("low", &LOW[..]), ("top", &TOP[..])] {
        fs::create_dir(folder.path().join(name)).unwrap();
        put(&folder.path().join(name), members);
    }
    let kept = Layers::of_directories(folder.path(), &["top", "low"]);
    let exported = read(&export(&layer(&LOW), &gzip(&layer(&TOP)))).unwrap();
    let paths = [
        "/etc/passwd",
        "/usr/lib/pkg/package.json",
        "/bin/tool",
        "/lib/pkg/package.json",
        "/gone/file",
        "/emptied/file",
        "/plain/one",
        "/plain/two",
        "/plain",
        "/out",
        "/none",
        "/etc/passwd/below",
        "/",
    ];
    for path in paths {
        assert_eq!(text(&exported, path), text(&kept, path), "{path}");
        let at = |layers: &Layers| layers.at(path).map(|(real, entry)| (real, entry.kind));
        assert_eq!(at(&exported), at(&kept), "{path}");
    }
    assert_eq!(text(&exported, "/bin/tool").as_deref(), Some("new"));
    assert_eq!(text(&exported, "/plain/two").as_deref(), Some("first"));
    let (_, entry) = exported.at("/etc/passwd").unwrap();
    assert_eq!((entry.uid, entry.gid, entry.mode, entry.modified), (1000, 100, 0o755, 1_700_000_000));
}

#[test]
fn both_forms_of_an_export_are_read() {
    // As an engine that keeps images with containerd exports them, each blob by its digest and packed as it came.
    let [config, manifest] = [configuration(&DIGESTS), manifest(&["blobs/sha256/aa", "blobs/sha256/bb"])];
    let manifest = String::from_utf8(manifest).unwrap().replace("config.json", "blobs/sha256/cc");
    let oci = packed(
        &[
            ("blobs/sha256/aa", &gzip(&layer(&LOW))),
            ("blobs/sha256/bb", &layer(&TOP)),
            ("blobs/sha256/cc", &config),
            ("index.json", b"{}"),
            ("manifest.json", manifest.as_bytes()),
            ("oci-layout", b"{\"imageLayoutVersion\": \"1.0.0\"}"),
        ],
        &[],
    );
    assert_eq!(text(&read(&oci).unwrap(), "/bin/tool").as_deref(), Some("new"));
    // A layer that an image has twice is a link the second time.
    let [config, manifest] = [configuration(&DIGESTS), self::manifest(&["a/layer.tar", "b/layer.tar"])];
    let twice = packed(
        &[("a/layer.tar", &layer(&LOW)), ("config.json", &config), ("manifest.json", &manifest)],
        &[("b/layer.tar", "../a/layer.tar")],
    );
    assert_eq!(text(&read(&twice).unwrap(), "/etc/passwd").as_deref(), Some("root"));
}

#[test]
fn layers_packed_with_zstd_are_read() {
    let pack = |part: &[u8]| ruzstd::encoding::compress_to_vec(part, ruzstd::encoding::CompressionLevel::Fastest);
    let low = layer(&LOW);
    // In one frame, or in several with one for others between them.
    let skipped = [0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
    let (head, rest) = low.split_at(512);
    for packed in [pack(&low), [&pack(head)[..], &skipped, &pack(rest)].concat(), [&skipped[..], &pack(&low)].concat()]
    {
        let layers = read(&export(&packed, &layer(&TOP))).unwrap();
        assert_eq!(text(&layers, "/etc/passwd").as_deref(), Some("root"));
        assert_eq!(text(&layers, "/plain/two").as_deref(), Some("first"));
    }
    let torn = [&pack(head)[..], b"nonsense"].concat();
    assert!(read(&export(&torn, &layer(&TOP))).is_err());
}

#[test]
fn long_names_are_read_and_endless_ones_are_not() {
    let long = format!("{}/file", "a/".repeat(300));
    let layers = read(&export(&layer(&[&format!("{long} deep")]), &layer(&TOP))).unwrap();
    assert_eq!(text(&layers, &format!("/{}", crate::model::clean(&long))).as_deref(), Some("deep"));
    let mut archive = Builder::new(Vec::new());
    let endless = vec![b'a'; 1 << 20];
    archive.append(&header(EntryType::GNULongName, endless.len()).clone_checked(), &*endless).unwrap();
    let low = archive.into_inner().unwrap();
    let why = read(&export(&low, &layer(&TOP))).err().unwrap();
    assert!(why.contains("longer than any path"), "{why}");
}

trait Checked {
    fn clone_checked(&self) -> Header;
}

impl Checked for Header {
    fn clone_checked(&self) -> Header {
        let mut header = self.clone();
        header.set_cksum();
        header
    }
}

#[test]
fn nothing_leads_out_of_an_export() {
    let named = |name: &[u8]| {
        let mut header = header(EntryType::Regular, 1);
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name);
        header.set_cksum();
        let mut archive = Builder::new(Vec::new());
        archive.append(&header, &b"x"[..]).unwrap();
        archive.into_inner().unwrap()
    };
    for name in [&b"../../etc/passwd"[..], b"a/../../b", b".."] {
        let why = read(&export(&named(name), &layer(&TOP))).err().unwrap();
        assert!(why.contains("leads out"), "{why}");
    }
    // An absolute one is the image's own.
    let layers = read(&export(&named(b"/etc/hostname"), &layer(&[]))).unwrap();
    assert_eq!(text(&layers, "/etc/hostname").as_deref(), Some("x"));
    // A link to what only this machine has leads to nothing, and one in a circle ends.
    let links =
        ["out -> /proc/self/environ", "up -> ../../../../../../etc/shadow", "round -> round", "far = /etc/shadow"];
    let layers = read(&export(&layer(&links), &layer(&[]))).unwrap();
    for path in ["/out", "/up", "/round", "/far"] {
        assert_eq!(text(&layers, path), None, "{path}");
    }
}

#[test]
fn what_is_torn_or_of_another_image_is_said() {
    let whole = export(&layer(&LOW), &layer(&TOP));
    for (export, part) in [
        (&whole[..whole.len() / 3], "cannot be read"),
        (&[][..], "names no layers"),
        (&b"x".repeat(2_000)[..], "cannot be read"),
        (&export(&gzip(&layer(&LOW))[..80], &layer(&TOP))[..], "cannot be read"),
        (&export(b"no archive", &layer(&TOP))[..], "cannot be read"),
    ] {
        let why = read(export).err().unwrap();
        assert!(why.contains(part), "{why}");
    }
    let other = ["sha256:aa", "sha256:cc"].map(str::to_owned);
    let why = read_export(&mut &*whole, &other, soon()).unwrap_err();
    assert!(why.contains("names no layers"), "{why}");
    let late = read_export(&mut &*whole, &DIGESTS.map(str::to_owned), Instant::now()).unwrap_err();
    assert!(late.contains("time limit"), "{late}");
}

#[test]
fn what_is_packed_small_and_is_large_ends_at_the_deadline() {
    // A megabyte that is a gigabyte; each file of it is read no further than is kept.
    let mut archive = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let size = 1_usize << 26;
    for at in 0..4 {
        let mut header = header(EntryType::Regular, size);
        archive.append_data(&mut header, format!("zeros-{at}"), io::repeat(0).take(size as u64)).unwrap();
    }
    let bomb = archive.into_inner().unwrap().finish().unwrap();
    let layers = read(&export(&bomb, &layer(&TOP))).unwrap();
    let head = layers.read_head("/zeros-3", 1 << 18).unwrap();
    assert!(!head.is_whole && head.bytes.len() == (1 << 18) + 1);
}
