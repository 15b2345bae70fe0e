//! The first process of every container the engine tests start: does what it is told on standard input, one line an
//! order, one line an answer, so that a lock costs no `docker exec`. Uses std alone and is linked statically.
//!
//! An order and an answer are words between tabs; `%`, a tab and line ends in a word are written `%XX`. An answer is
//! `ok` and words, or `err`, the kernel's number and a text. Standard input that ends, ends it, and so its container.
//! Called as `claude`, or as another file of the program, it imitates that: it only stays.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Error, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const PROGRAM: &str = "/usr/local/bin/claude";
const EWOULDBLOCK: i32 = 11;
const O_NOCTTY: i32 = 0o400;

fn main() {
    let mut arguments = std::env::args_os();
    let called = arguments.next().map(PathBuf::from).unwrap_or_default();
    let words: Vec<OsString> = arguments.collect();
    let first = words.first().and_then(|word| word.to_str());
    if called.to_str().is_some_and(|path| path.contains("claude")) {
        stay()
    }
    match (first, words.get(1)) {
        (Some("lock-stdin"), _) => lock_stdin(),
        (Some("hold"), Some(path)) => hold(Path::new(path), &words[2..]),
        (Some("under"), Some(path)) => under(Path::new(path), &words[2..]),
        _ => serve(),
    }
}

fn stay() -> ! {
    loop {
        std::thread::park();
    }
}

/// The part of `flock 9` in `( flock 9; claude ) 9>FILE`: it locks what it was given and is gone.
fn lock_stdin() {
    let file = File::from(io::stdin().as_fd().try_clone_to_owned().expect("standard input"));
    file.try_lock().expect("the lock is free");
}

/// `flock --close FILE claude ...`: it holds the lock and its child does not even have the file.
fn hold(path: &Path, words: &[OsString]) {
    let file = open(path).expect("the file can be opened");
    file.try_lock().expect("the lock is free");
    let mut child = program(words).stdout(Stdio::null()).spawn().expect("the program starts");
    println!("{}", child.id());
    let _ = child.wait();
}

/// `flock FILE COMMAND ...` of any command.
fn under(path: &Path, words: &[OsString]) {
    let file = open(path).expect("the file can be opened");
    file.try_lock().expect("the lock is free");
    let _ = Command::new(&words[0]).args(&words[1..]).status();
}

fn program(words: &[OsString]) -> Command {
    let mut command = Command::new(PROGRAM);
    let (name, rest) = words.split_first().expect("a name for the program");
    command.arg0(name).args(rest).stdin(Stdio::null()).stderr(Stdio::null());
    command
}

/// As flock(1) opens its file: for reading, made where it is missing.
fn open(path: &Path) -> io::Result<File> {
    // std asks for writing where a file is to be made, so the flag goes in by number (O_CREAT).
    OpenOptions::new().read(true).custom_flags(0o100 | O_NOCTTY).open(path)
}

#[derive(Default)]
struct State {
    held: HashMap<PathBuf, File>,
    siblings: HashMap<PathBuf, PathBuf>,
    children: Vec<Child>,
}

fn serve() {
    let mut state = State::default();
    answer(&Ok(vec!["ready".into()]));
    for line in io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        let words: Vec<String> = line.split('\t').map(decoded).collect();
        if words[0] == "exit" {
            break;
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        answer(&state.obey(&words));
    }
    // Children end with the first process of their pid namespace.
    std::process::exit(0);
}

fn answer(result: &io::Result<Vec<String>>) {
    let words = match result {
        Ok(words) => [&["ok".to_owned()], words.as_slice()].concat(),
        Err(error) => vec!["err".into(), error.raw_os_error().unwrap_or(0).to_string(), error.to_string()],
    };
    let line: Vec<String> = words.iter().map(|word| encoded(word)).collect();
    let mut out = io::stdout().lock();
    // Nobody listens: the end of standard input follows.
    let _ = writeln!(out, "{}", line.join("\t")).and_then(|()| out.flush());
}

impl State {
    fn obey(&mut self, words: &[&str]) -> io::Result<Vec<String>> {
        match *words {
            ["mkdir", path] => fs::create_dir(path).map(nothing),
            ["mkdir-all", path] => fs::create_dir_all(path).map(nothing),
            ["rmdir", path] => fs::remove_dir(path).map(nothing),
            ["mkdir-sibling", directory] => self.make_sibling(Path::new(directory)),
            ["rmdir-sibling", directory] => self.remove_sibling(Path::new(directory)),
            ["flock", path] => self.flock(Path::new(path)),
            ["unflock", path] => {
                self.held.remove(Path::new(path));
                Ok(Vec::new())
            }
            ["realpath", path] => Ok(vec![text(&fs::canonicalize(path)?)]),
            ["symlink", target, link] => symlink(target, link).map(nothing),
            ["write", path, content] => fs::write(path, content).map(nothing),
            ["read", path] => Ok(vec![fs::read_to_string(path)?]),
            ["rename", from, to] => fs::rename(from, to).map(nothing),
            ["stat", path] => {
                let found = fs::metadata(path)?;
                Ok([found.dev(), found.ino(), u64::from(found.mode())].iter().map(u64::to_string).collect())
            }
            ["places", directory, guard] => Ok(places(Path::new(directory), Path::new(guard))),
            ["spawn", how, lock, ref program @ ..] if !program.is_empty() => {
                self.spawn(how, Path::new(lock), &program.iter().map(OsString::from).collect::<Vec<_>>())
            }
            ["end"] => {
                for mut child in self.children.drain(..) {
                    let _ = child.kill();
                    child.wait()?;
                }
                Ok(Vec::new())
            }
            _ => Err(Error::other(format!("no such order: {words:?}"))),
        }
    }

    /// As proper-lockfile does: beside what the directory really is.
    fn make_sibling(&mut self, directory: &Path) -> io::Result<Vec<String>> {
        let lock = beside(&fs::canonicalize(directory)?);
        fs::create_dir(&lock)?;
        self.siblings.insert(directory.to_owned(), lock);
        Ok(Vec::new())
    }

    fn remove_sibling(&mut self, directory: &Path) -> io::Result<Vec<String>> {
        let lock = self.siblings.remove(directory).ok_or_else(|| Error::other("no sibling was made"))?;
        fs::remove_dir(lock).map(nothing)
    }

    fn flock(&mut self, path: &Path) -> io::Result<Vec<String>> {
        let file = open(path)?;
        file.try_lock().map_err(|error| match error {
            fs::TryLockError::WouldBlock => Error::from_raw_os_error(EWOULDBLOCK),
            fs::TryLockError::Error(error) => error,
        })?;
        self.held.insert(path.to_owned(), file);
        Ok(Vec::new())
    }

    /// Starts the program: `free`, without a lock; `self`, with the locked file open in it; `gone`, the same, locked by
    /// a command that is gone; `ancestor`, with the lock held by its parent alone.
    fn spawn(&mut self, how: &str, lock: &Path, words: &[OsString]) -> io::Result<Vec<String>> {
        let me = std::env::current_exe()?;
        let mut command = program(words);
        match how {
            "free" => {}
            "self" => {
                let file = open(lock)?;
                file.try_lock()?;
                command.stdin(Stdio::from(file));
            }
            "gone" => {
                let file = open(lock)?;
                let locker = Command::new(&me).arg("lock-stdin").stdin(Stdio::from(file.try_clone()?)).status()?;
                if !locker.success() {
                    return Err(Error::other("the lock was not got"));
                }
                command.stdin(Stdio::from(file));
            }
            "ancestor" => {
                command = Command::new(&me);
                command.arg("hold").arg(lock).args(words).stdin(Stdio::null()).stdout(Stdio::piped());
                let mut holder = command.spawn()?;
                let mut pid = String::new();
                if let Some(out) = holder.stdout.take() {
                    BufReader::new(out).read_line(&mut pid)?;
                }
                self.children.push(holder);
                return Ok(vec![pid.trim().to_owned()]);
            }
            _ => return Err(Error::other(format!("no such way to start: {how}"))),
        }
        let child = command.stdout(Stdio::null()).spawn()?;
        let pid = child.id().to_string();
        self.children.push(child);
        Ok(vec![pid])
    }
}

fn nothing((): ()) -> Vec<String> {
    Vec::new()
}

fn beside(directory: &Path) -> PathBuf {
    let mut name = directory.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

/// What the three locks of a state directory and a guard are, as the kernel numbers files: the sibling, the inside lock
/// and the guard. Two processes that get the same answer would lock the same thing.
fn places(directory: &Path, guard: &Path) -> Vec<String> {
    let (real, missing) = settled(directory);
    let sibling = beside(&if missing.as_os_str().is_empty() { real } else { real.join(missing) });
    [sibling, directory.join(".oauth_refresh.lock"), guard.to_owned()].iter().map(|path| identity(path)).collect()
}

fn identity(path: &Path) -> String {
    let (real, missing) = settled(path);
    match fs::metadata(&real) {
        Ok(found) => format!("{}:{}/{}", found.dev(), found.ino(), missing.display()),
        Err(error) => format!("unknown: {error}"),
    }
}

/// The longest part of a path that exists, without links, and the rest.
fn settled(path: &Path) -> (PathBuf, PathBuf) {
    for above in path.ancestors() {
        if let Ok(real) = fs::canonicalize(above) {
            return (real, path.strip_prefix(above).map(Path::to_owned).unwrap_or_default());
        }
    }
    (PathBuf::from("/"), path.to_owned())
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn encoded(word: &str) -> String {
    word.replace('%', "%25").replace('\t', "%09").replace('\n', "%0A").replace('\r', "%0D")
}

fn decoded(word: &str) -> String {
    word.replace("%09", "\t").replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
}
