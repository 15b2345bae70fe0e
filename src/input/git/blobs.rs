//! What files held, from one `git cat-file --batch` that answers until nobody asks. May use nothing else of this crate.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use super::git_error::GitError;

/// The longest head of an answer: an id, a word and a number.
const MAX_HEAD: u64 = 256;
/// How many bytes that nobody wants are read past. Where more would come, another program is started.
const MAX_PASSED: u64 = 1 << 20;

/// The program, and the thread that speaks with it.
pub(super) struct Blobs {
    child: Child,
    wanted: Sender<WantedBlob>,
    answers: Receiver<Option<BlobAnswer>>,
}

/// The beginning of a blob that is asked for.
struct WantedBlob {
    id: String,
    most: u64,
}

/// The beginning of what a blob holds.
pub(super) struct BlobAnswer {
    pub(super) bytes: Vec<u8>,
    /// How many bytes it has in all.
    pub(super) size: u64,
    /// Whether nothing more can be asked of this program.
    pub(super) is_last: bool,
}

impl Blobs {
    pub(super) fn start_program(mut command: Command) -> io::Result<Self> {
        let mut child = command.stdin(Stdio::piped()).spawn()?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let ((wanted, asked), (send, answers)) = (mpsc::channel::<WantedBlob>(), mpsc::channel());
        if let (Some(mut stdin), Some(stdout)) = (stdin, stdout) {
            thread::spawn(move || {
                let mut stdout = BufReader::new(stdout);
                for wanted in asked {
                    let answer = read_answer(&wanted, &mut stdin, &mut stdout);
                    // After an answer that is not understood nobody knows where the next one begins.
                    let is_last = answer.as_ref().is_none_or(|answer| answer.is_last);
                    if send.send(answer).is_err() || is_last {
                        break;
                    }
                }
            });
        }
        Ok(Self { child, wanted, answers })
    }

    /// The first bytes of a blob, as many as there are up to `most`; `None` where git does not say.
    pub(super) fn read_start(&self, id: &str, most: u64, patience: Duration) -> Option<Result<BlobAnswer, GitError>> {
        self.wanted.send(WantedBlob { id: id.to_owned(), most }).ok()?;
        match self.answers.recv_timeout(patience) {
            Ok(Some(answer)) => Some(Ok(answer)),
            Err(RecvTimeoutError::Timeout) => Some(Err(GitError::TooSlow("cat-file".to_owned()))),
            Ok(None) | Err(RecvTimeoutError::Disconnected) => None,
        }
    }
}

impl Drop for Blobs {
    fn drop(&mut self) {
        // It changes nothing, so that it can be ended at any time.
        if self.child.kill().is_ok() {
            let _ = self.child.wait();
        }
    }
}

/// `ID blob SIZE`, the text and the end of a line; `ID missing` where there is none.
fn read_answer(wanted: &WantedBlob, stdin: &mut ChildStdin, stdout: &mut BufReader<ChildStdout>) -> Option<BlobAnswer> {
    let WantedBlob { id, most } = wanted;
    writeln!(stdin, "{id}").ok()?;
    let mut head = String::new();
    stdout.take(MAX_HEAD).read_line(&mut head).ok()?;
    let size = head.strip_suffix('\n')?.strip_prefix(id)?.strip_prefix(" blob ")?.parse::<u64>().ok()?;
    let taken = size.min(*most);
    let rest = (size - taken).checked_add(1)?;
    let mut bytes = Vec::new();
    stdout.take(taken).read_to_end(&mut bytes).ok()?;
    if bytes.len() as u64 != taken {
        return None;
    }
    let is_last = rest > MAX_PASSED;
    if !is_last {
        let mut passed = Vec::new();
        stdout.take(rest).read_to_end(&mut passed).ok()?;
        if passed.len() as u64 != rest || passed.last() != Some(&b'\n') {
            return None;
        }
    }
    Some(BlobAnswer { bytes, size, is_last })
}
