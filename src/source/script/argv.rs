//! Argument lists: what stands in front of a program is looked through, and the program is what is called.
//! May use the rest of `source::script`.

use super::flock::{self, Run};
use super::shell::{Held, Shell};
use super::{Reader, Word};

/// Programs that run a file that is not read here.
const INTERPRETERS: [&str; 14] = [
    "python",
    "python3",
    "node",
    "ruby",
    "perl",
    "php",
    "deno",
    "make",
    "just",
    "task",
    "npm",
    "yarn",
    "supervisord",
    "s6-svscan",
];
const SHELLS: [&str; 7] = ["sh", "bash", "dash", "ash", "zsh", "ksh", "rbash"];
/// Directories of ordinary programs; a file elsewhere may be a script.
const PROGRAM_DIRECTORIES: [&str; 6] =
    ["/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/", "/usr/local/bin/", "/usr/local/sbin/"];

impl Reader {
    /// Follows an argument list down to the programs it runs.
    pub(super) fn argv(&mut self, words: &[Word], shell: &mut Shell, depth: usize) {
        let Some((first, rest)) = words.split_first().filter(|_| self.fuel(depth)) else { return };
        if first.unknown || first.text.contains('$') || first.text.is_empty() {
            self.unseen("which program it runs hangs on what is not known");
            return;
        }
        match first.name() {
            "flock" => self.flock(first, rest, shell, depth),
            "env" => self.env(rest, shell, depth),
            "eval" | "source" | "." => self.unseen(format!("what `{}` runs was not read", first.text)),
            "busybox" => self.argv(rest, shell, depth + 1),
            "su" => self.option_text(rest, &["-c", "--command"], shell, depth),
            "script" => self.option_text(rest, &["-c", "--command", "-qc", "-qec", "-qefc", "-efqc"], shell, depth),
            name if SHELLS.contains(&name) => self.shell(first, rest, shell, depth),
            name => match wrapped(name, rest) {
                Some(inner) => self.argv(inner, shell, depth + 1),
                None => self.program(words, shell),
            },
        }
    }

    fn program(&mut self, words: &[Word], shell: &Shell) {
        self.call(words, shell);
        let Some(first) = words.first() else { return };
        let path = first.text.as_str();
        let below = |directory: &&str| path.strip_prefix(*directory).is_some_and(|name| !name.contains('/'));
        let ordinary = PROGRAM_DIRECTORIES.iter().any(below);
        // By convention a script is named so, wherever it is.
        let named_so = first.name().rsplit('.').next() == Some("sh") || first.name().contains("entrypoint");
        if named_so || (path.contains('/') && !ordinary) {
            self.unseen(format!("the file {path} was not read"));
        } else if INTERPRETERS.contains(&first.name()) {
            self.unseen(format!("what {} runs was not read", first.name()));
        }
    }

    fn shell(&mut self, first: &Word, rest: &[Word], shell: &mut Shell, depth: usize) {
        let mut inner =
            Shell { files: shell.files.clone(), held: shell.held.clone(), env: shell.env.clone(), ..Shell::default() };
        inner.conditional = shell.conditional;
        let mut at = 0;
        let mut text = false;
        while let Some(word) = rest.get(at).filter(|word| word.text.starts_with(['-', '+']) && word.text.len() > 1) {
            at += 1;
            match word.text.as_str() {
                "--" => break,
                "-o" | "+o" | "-O" | "--rcfile" | "--init-file" => {
                    inner.errexit |= rest.get(at).is_some_and(|option| option.text == "errexit");
                    at += 1;
                }
                long if long.starts_with("--") => {}
                letters => {
                    inner.errexit |= letters.starts_with('-') && letters.contains('e');
                    text |= letters.contains('c');
                    if letters.ends_with('o') {
                        inner.errexit |= rest.get(at).is_some_and(|option| option.text == "errexit");
                        at += 1;
                    }
                }
            }
        }
        match rest.get(at) {
            Some(script) if text => self.text(script, &mut inner, depth + 1),
            Some(file) => self.unseen(format!("the file {} was not read", file.text)),
            None => self.unseen(format!("what is typed into {} cannot be known", first.name())),
        }
    }

    fn env(&mut self, rest: &[Word], shell: &mut Shell, depth: usize) {
        let mut inner = shell.clone();
        let mut at = 0;
        while let Some(word) = rest.get(at) {
            match word.text.as_str() {
                "-i" | "-" | "--ignore-environment" => inner.env.clear(),
                "-u" | "--unset" | "-C" | "--chdir" => at += 1,
                "-S" | "--split-string" => {
                    self.unseen("what `env -S` runs was not read");
                    return;
                }
                option if option.starts_with('-') => {}
                assignment => match assignment.split_once('=') {
                    Some((name, value)) => {
                        inner.env.insert(name.to_owned(), value.to_owned());
                    }
                    None => break,
                },
            }
            at += 1;
        }
        self.argv(rest.get(at..).unwrap_or(&[]), &mut inner, depth + 1);
    }

    fn option_text(&mut self, rest: &[Word], options: &[&str], shell: &mut Shell, depth: usize) {
        let at = rest.iter().position(|word| options.contains(&word.text.as_str()));
        match at.and_then(|at| rest.get(at + 1)) {
            Some(text) => self.text(text, &mut shell.clone(), depth + 1),
            None => self.unseen("what is typed into a shell cannot be known"),
        }
    }

    fn flock(&mut self, first: &Word, rest: &[Word], shell: &mut Shell, depth: usize) {
        let Some(flock) = flock::parse(rest) else {
            self.unseen("an `flock` has options that are not understood");
            return;
        };
        let path = flock.file.text.clone();
        match flock.run {
            Run::Nothing => {
                // In an argument list there is no shell whose descriptor could keep the lock.
                let (mut taken, failed) = self.take(first, &flock, shell.clone());
                let after = if shell.errexit { Shell { dead: true, ..failed } } else { failed };
                (taken, _) = taken.meet(after, None);
                *shell = taken;
            }
            Run::Words(words) => {
                let mut inner = shell.clone();
                inner.held.push(Held { descriptor: None, lock: flock.lock(path, first.span) });
                self.argv(words, &mut inner, depth + 1);
            }
            Run::Text(text) => {
                let mut inner = Shell { errexit: false, ..shell.clone() };
                inner.held.push(Held { descriptor: None, lock: flock.lock(path, first.span) });
                self.text(text, &mut inner, depth + 1);
            }
        }
    }

    /// `flock` on a descriptor: the states in which it has the lock, and in which it has not but goes on.
    pub(super) fn take(&mut self, first: &Word, flock: &flock::Flock<'_>, shell: Shell) -> (Shell, Shell) {
        // `exec {fd}>FILE` names the descriptor by a variable.
        let descriptor = flock.file.text.trim_matches(['$', '{', '}']);
        if flock.unlock {
            let mut released = shell;
            released.release(descriptor);
            return (released.clone(), Shell { dead: true, ..released });
        }
        let Some(path) = shell.files.get(descriptor).cloned() else {
            if flock.file.text.contains('$') || flock.file.unknown {
                self.unseen("which descriptor an `flock` locks is not known");
            }
            // A lock on a descriptor that nothing was opened on fails; the program is not under it.
            return (shell.clone(), shell);
        };
        let lock = flock.lock(path, first.span);
        let mut taken = shell.clone();
        taken.hold(descriptor, lock.clone());
        let mut failed = shell;
        failed.hold(descriptor, crate::model::FileLock { failure_ignored: true, ..lock });
        failed.dead |= flock.wait == crate::model::Wait::Forever;
        (taken, failed)
    }
}

/// What a wrapper runs: the words after its own options.
fn wrapped<'a>(name: &str, rest: &'a [Word]) -> Option<&'a [Word]> {
    let text = |at: usize| rest.get(at).map_or("", |word| word.text.as_str());
    let mut at = 0;
    // Options that take the next word with them.
    let valued: &[&str] = match name {
        "exec" => &["-a"],
        "command" | "nohup" | "setsid" | "time" | "builtin" | "gosu" | "su-exec" | "chroot" => &[],
        "nice" => &["-n", "--adjustment"],
        "ionice" => &["-c", "-n", "-p", "--class", "--classdata"],
        "stdbuf" => &["-i", "-o", "-e"],
        "timeout" => &["-s", "--signal", "-k", "--kill-after"],
        "tini" | "docker-init" | "catatonit" => &["-p", "-e"],
        "dumb-init" => &["-r", "--rewrite"],
        "sudo" => &["-u", "--user", "-g", "--group", "-h", "-p", "-C", "-D"],
        "runuser" | "setpriv" => &["-u", "--user", "-g", "--group", "--reuid", "--regid", "--groups"],
        "xargs" => &["-n", "-P", "-I", "-L", "-d", "-a", "-s", "-E"],
        "watch" => &["-n", "--interval"],
        _ => return None,
    };
    while text(at).starts_with('-') {
        let option = text(at);
        at += 1;
        if option == "--" {
            break;
        }
        if valued.contains(&option) {
            at += 1;
        }
    }
    // What stands between the options and the command.
    at += usize::from(matches!(name, "timeout" | "gosu" | "su-exec" | "chroot"));
    while name == "sudo" && text(at).contains('=') {
        at += 1;
    }
    rest.get(at..).filter(|inner| !inner.is_empty())
}
