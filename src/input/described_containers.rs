//! Descriptions of containers of kinds that are not known here, in any form of data: a name of an image and mounts stand in
//! them, beside a path to a known program's state directory. They are named as not judged. Uses `other_texts` and `unread`.

use super::other_texts::{is_comment, may_hold_commands};
use super::project::Repository;
use super::unread::{NamedWhere, UnreadKind};
use super::{CandidateFile, FoundInput, InputKind, LoadContext, Piece, UnreadWeight};

/// What an image is set by.
const IMAGE_KEYS: [&str; 6] = ["image", "Image", "imageName", "docker_image", "dockerImage", "container_image"];
/// What mounts are set by.
#[rustfmt::skip]
const MOUNT_KEYS: [&str; 17] = [
    "volume", "volumes", "Volumes", "mount", "mounts", "mountPath", "mount_path", "mountPoints", "mount_points", "containerPath",
    "container_path", "bind", "binds", "hostPath", "volumeMounts", "extraVolumeMounts", "destination",
];
/// A description of unraid's, and its mounts.
const UNRAID: [&str; 2] = ["<Repository>", "Type=\"Path\""];
/// A device of LXD or Incus that is a directory: the instance is a container whatever image it has.
const DISKS: [&str; 4] = ["type: disk", "type: \"disk\"", "\"type\": \"disk\"", "\"type\":\"disk\""];

/// Descriptions of containers of kinds that are not known here.
#[derive(Debug)]
pub(super) struct DescribedContainersKind;

static DESCRIPTION: UnreadKind = UnreadKind {
    name: "container-description",
    phrase: "a description of containers of this kind",
    is_of_kind: may_describe,
    has_container: describes_container,
    named: NamedWhere::Both,
};

impl InputKind for DescribedContainersKind {
    fn name(&self) -> &'static str {
        DESCRIPTION.name
    }

    fn looks_like(&self, _: &CandidateFile<'_>) -> bool {
        // What a person names is for them a compose file.
        false
    }

    fn is_found(&self, file: &CandidateFile<'_>) -> bool {
        may_describe(file) && file.has_state_path() && describes_container(file.beginning())
    }

    fn is_named_if_ignored(&self) -> bool {
        false
    }

    fn weigh_text(&self, text: &str, context: &LoadContext<'_>) -> UnreadWeight {
        let counts = context.programs.have_state_path_in(text) && describes_container(text);
        if counts { UnreadWeight::Counts } else { UnreadWeight::Nothing }
    }

    fn load(&self, input: &FoundInput, context: &LoadContext<'_>, repository: &Repository<'_>) -> Piece {
        DESCRIPTION.load(input, context, repository)
    }
}

/// Whether a file may be data that a program reads, by its name.
fn may_describe(file: &CandidateFile<'_>) -> bool {
    file.ending() == Some("json") || may_hold_commands(file)
}

/// Whether a text describes a container with mounts. A capture of overlock's is one of what runs, and is read where it is
/// named.
fn describes_container(text: &str) -> bool {
    if sets(text, "overlock_capture") {
        return false;
    }
    let text: String = text.lines().filter(|line| !is_comment(line)).flat_map(|line| [line, "\n"]).collect();
    let has_one = |keys: &[&str]| keys.iter().any(|key| sets(&text, key));
    has_one(&IMAGE_KEYS) && has_one(&MOUNT_KEYS)
        || UNRAID.iter().all(|part| text.contains(part))
        || sets(&text, "devices") && DISKS.iter().any(|disk| text.contains(disk))
}

/// Whether a key is given a value in a text, in whichever form: `key: x`, `"key": x`, `key = x`, `key => x`, `[key]`.
fn sets(text: &str, key: &str) -> bool {
    text.match_indices(key).any(|(at, _)| {
        let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + key.len()..).unwrap_or_default());
        let is_own = !before.ends_with(|ch: char| ch.is_alphanumeric() || matches!(ch, '_' | '-' | '.' | '/' | '$'));
        let is_section = before.ends_with('[') && after.starts_with(']');
        let after = after.strip_prefix(['"', '\'']).unwrap_or(after).trim_start_matches([' ', '\t']);
        is_own && (is_section || after.starts_with([':', '=']) && !after.starts_with("==") && !after.starts_with("::"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn container_is_described_by_an_image_and_mounts() {
        for text in [
            "{\"image\":\"x\",\"mountPoints\":[{\"containerPath\":\"/a\"}]}",
            "[agent]\nimage=x\nvolume=\"/a:/b\"",
            "docker::run { 'a':\n  image   => 'x',\n  volumes => ['/a:/b'],\n}",
            "[build]\nimage = \"x\"\n[[mounts]]\nsource = \"a\"",
            "<Repository>x</Repository>\n<Config Target=\"/a\" Type=\"Path\"/>",
            "devices:\n  a: {type: disk, path: /a}",
        ] {
            assert!(describes_container(text), "{text}");
        }
        for text in [
            "",
            "image: x",
            "volumes: [a]",
            "# image: x\n# volumes: [a]",
            "the image and its volumes",
            "image == volumes",
            "my_image: x\nvolumes: [a]",
        ] {
            assert!(!describes_container(text), "{text}");
        }
    }
}
