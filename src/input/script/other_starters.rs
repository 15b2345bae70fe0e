//! Programs beside the engines that start something in surroundings of its own, with directories of the host in it: what they
//! start is not followed. Uses `model`.

use crate::model::{Invocation, Word, program_name};

/// Such programs, and the words with which they start something; none where they do with any.
#[rustfmt::skip]
const OTHER_STARTERS: [(&str, &[&str]); 24] = [
    ("apptainer", &["exec", "instance", "run", "shell"]),
    ("buildah", &["run"]),
    ("bwrap", &[]),
    ("ch-run", &[]),
    // Apple's.
    ("container", &["create", "exec", "run", "start"]),
    ("crictl", &["create", "exec", "run", "runp"]),
    ("crun", &["create", "exec", "run"]),
    ("ctr", &["exec", "run"]),
    ("distrobox", &["assemble", "create", "enter", "ephemeral"]),
    ("distrobox-create", &[]),
    ("distrobox-enter", &[]),
    ("enroot", &["start"]),
    ("firejail", &[]),
    ("incus", &["config", "exec", "init", "launch", "start"]),
    ("kubectl", &["apply", "create", "debug", "exec", "replace", "run"]),
    ("lxc", &["config", "exec", "init", "launch", "start"]),
    ("lxc-execute", &[]),
    ("machinectl", &["bind", "shell", "start"]),
    ("nsjail", &[]),
    ("oc", &["apply", "create", "exec", "run"]),
    ("runc", &["create", "exec", "run"]),
    ("singularity", &["exec", "instance", "run", "shell"]),
    ("systemd-nspawn", &[]),
    ("toolbox", &["create", "enter", "run"]),
];
/// Programs that send what they are given to a socket.
const SENDERS: [&str; 4] = ["curl", "http", "nc", "socat"];
/// How many words before the one that tells what is done may be options and their values.
const WORDS: usize = 8;

/// Whether a line of a text has the name of such a program in it, before words with which it starts something.
pub(super) fn names_other_starter(text: &str) -> bool {
    OTHER_STARTERS.iter().any(|(name, subcommands)| {
        text.match_indices(name).any(|(at, _)| {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            let is_in_word = before.is_some_and(|ch| ch.is_alphanumeric() || matches!(ch, '_' | '-' | '.'));
            let rest = text.get(at + name.len()..).unwrap_or_default().lines().next().unwrap_or_default();
            let mut words = rest.split_whitespace().take(WORDS);
            !is_in_word
                && rest.starts_with([' ', '\t'])
                && (subcommands.is_empty() || words.any(|word| subcommands.contains(&word)))
        })
    })
}

/// The program by which a command starts something that is not followed.
pub(super) fn other_starter(call: &Invocation) -> Option<&str> {
    let name = program_name(call);
    let words = call.argv.get(1..).unwrap_or_default();
    if SENDERS.contains(&name) {
        let asks_engine = words.iter().any(|word| word.contains("docker.sock") || word.contains("podman.sock"));
        let makes = words.iter().any(|word| word.contains("/containers/create") || word.contains("/start"));
        return (asks_engine && makes).then_some(name);
    }
    let (name, subcommands) = OTHER_STARTERS.iter().find(|(known, _)| *known == name)?;
    let does = |word: &Word| subcommands.contains(&&**word);
    (subcommands.is_empty() || words.iter().take(WORDS).any(does)).then_some(*name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starter(words: &str) -> Option<String> {
        let argv = words.split(' ').map(Word::literal).collect();
        other_starter(&Invocation { argv, ..Invocation::default() }).map(str::to_owned)
    }

    #[test]
    fn a_name_is_a_word_of_its_own_before_what_it_does() {
        assert!(names_other_starter("set -e\nkubectl -n x apply -f - <<END"));
        assert!(!names_other_starter("local docker container\nlxc-ls\nkubectl get pods\nmy-bwrap x\n# bwrap"));
    }

    #[test]
    fn only_what_starts_something_is_a_starter() {
        for words in ["bwrap --bind / / sh", "kubectl -n agents apply -f -", "/usr/bin/lxc exec agents -- claude"] {
            assert!(starter(words).is_some(), "{words}");
        }
        assert!(starter("curl --unix-socket /var/run/docker.sock http://localhost/containers/create").is_some());
        for words in ["kubectl get pods", "curl http://localhost/containers/create", "lxc list", "docker run x"] {
            assert!(starter(words).is_none(), "{words}");
        }
    }
}
