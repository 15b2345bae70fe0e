//! What a call of `mount` or `umount` does, by its words. May use the words and calls of the model.

use super::{Invocation, Word, program_name};

/// Options of `mount` and `umount` with the next word for a value (util-linux, mount(8), umount(8)).
#[rustfmt::skip]
const VALUED: [&str; 14] = [
    "-t", "--types", "-o", "--options", "-O", "--test-opts", "-L", "--label", "-U", "--uuid", "-T", "--fstab", "-N",
    "--namespace",
];
/// Programs that mount something on the last of their words.
const MOUNTERS: [&str; 8] = ["bindfs", "fuse-overlayfs", "gcsfuse", "mergerfs", "mount", "mount.nfs", "s3fs", "sshfs"];

/// A call that mounts something, or takes a mount away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MountCommand<'c> {
    /// Its words that are no options.
    pub(crate) operands: Vec<&'c Word>,
    /// Whether a directory is mounted that is in the tree already.
    pub(crate) binds: bool,
    /// Whether everything of a list of the system is mounted or taken away.
    pub(crate) is_of_list: bool,
    is_removal: bool,
}

impl<'c> MountCommand<'c> {
    /// What a call does; `None` where it is another program's, shows what is mounted, or changes no more than how.
    pub(crate) fn read(call: &'c Invocation) -> Option<Self> {
        let name = program_name(call);
        let is_removal = name == "umount";
        if !is_removal && !MOUNTERS.contains(&name) {
            return None;
        }
        let mut read = Self { operands: Vec::new(), binds: false, is_of_list: false, is_removal };
        let mut words = call.argv.iter().skip(1);
        while let Some(word) = words.next() {
            let text: &str = word;
            let value = match text.split_once('=').filter(|_| text.starts_with("--")) {
                Some((_, value)) => Some(value.to_owned()),
                None if VALUED.contains(&text) => words.next().map(Word::to_string),
                None => None,
            };
            let options = value.as_deref().filter(|_| text.starts_with("-o") || text.starts_with("--options"));
            let options = options.or_else(|| text.strip_prefix("-o").filter(|rest| !rest.is_empty()));
            for option in options.unwrap_or_default().split(',') {
                if option == "remount" || option.starts_with("make-") {
                    return None;
                }
                read.binds |= matches!(option, "bind" | "rbind");
            }
            match text {
                "--bind" | "--rbind" | "-B" | "-R" | "--move" | "-M" => read.binds |= !is_removal,
                "-a" | "--all" => read.is_of_list = true,
                _ if text.starts_with("--make-") => return None,
                _ if text.starts_with('-') && text.len() > 1 => {}
                _ => read.operands.push(word),
            }
        }
        (read.is_of_list || !read.operands.is_empty()).then_some(read)
    }

    /// The directories on which something else is after it.
    pub(crate) fn targets(&self) -> &[&'c Word] {
        let from = if self.is_removal { 0 } else { self.operands.len().saturating_sub(1) };
        self.operands.get(from..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(command: &str) -> Option<(String, bool)> {
        let call = Invocation { argv: command.split(' ').map(Word::parse).collect(), ..Invocation::default() };
        let read = MountCommand::read(&call)?;
        let targets: Vec<String> = read.targets().iter().map(ToString::to_string).collect();
        Some((targets.join(" "), read.binds))
    }

    #[test]
    fn mounts_by_their_words() {
        assert_eq!(read("mount --bind /a /b"), Some(("/b".to_owned(), true)));
        assert_eq!(read("mount -o ro,bind /a /b"), Some(("/b".to_owned(), true)));
        assert_eq!(read("mount -t tmpfs -o size=1m none /b"), Some(("/b".to_owned(), false)));
        assert_eq!(read("mount --options=rbind /a /b"), Some(("/b".to_owned(), true)));
        assert_eq!(read("umount -l /a /b"), Some(("/a /b".to_owned(), false)));
        assert_eq!(read("sshfs host:/a /b -o ro"), Some(("/b".to_owned(), false)));
        for command in ["mount", "mount -o remount,ro /b", "mount --make-rshared /", "ls /b"] {
            assert_eq!(read(command), None, "{command}");
        }
    }
}
