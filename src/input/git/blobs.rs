//! What files held, from one `git cat-file --batch` that answers until nobody asks. May use nothing else of this crate.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use super::git_error::GitError;
use super::working;

/// The longest head of an answer: an id, a word and a number.
const MAX_HEAD: u64 = 256;

/// The program, and the thread that speaks with it.
pub(super) struct Blobs {
    child: Child,
    ids: Sender<String>,
    answers: Receiver<Option<Blob>>,
}

enum Blob {
    Text(Vec<u8>),
    TooLarge,
}

impl Blobs {
    pub(super) fn start_program(mut command: Command) -> io::Result<Self> {
        let mut child = command.stdin(Stdio::piped()).spawn()?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let ((ids, asked), (send, answers)) = (mpsc::channel::<String>(), mpsc::channel());
        if let (Some(mut stdin), Some(stdout)) = (stdin, stdout) {
            thread::spawn(move || {
                let mut stdout = BufReader::new(stdout);
                for id in asked {
                    let blob = read_blob(&id, &mut stdin, &mut stdout);
                    // After an answer that is not understood nobody knows where the next one begins.
                    let is_last = blob.is_none();
                    if send.send(blob).is_err() || is_last {
                        break;
                    }
                }
            });
        }
        Ok(Self { child, ids, answers })
    }

    /// What a blob holds; `None` where git does not say.
    pub(super) fn read_next(&self, id: &str, patience: Duration) -> Option<Result<Vec<u8>, GitError>> {
        self.ids.send(id.to_owned()).ok()?;
        match self.answers.recv_timeout(patience) {
            Ok(Some(Blob::Text(text))) => Some(Ok(text)),
            Ok(Some(Blob::TooLarge)) => Some(Err(GitError::TooLarge("cat-file".to_owned()))),
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
fn read_blob(id: &str, stdin: &mut ChildStdin, stdout: &mut BufReader<ChildStdout>) -> Option<Blob> {
    writeln!(stdin, "{id}").ok()?;
    let mut head = String::new();
    stdout.take(MAX_HEAD).read_line(&mut head).ok()?;
    let size = head.strip_suffix('\n')?.strip_prefix(id)?.strip_prefix(" blob ")?.parse::<u64>().ok()?;
    let length = size.checked_add(1)?;
    if size > working::MAX_FILE {
        let skipped = io::copy(&mut stdout.take(length), &mut io::sink()).ok()?;
        return (skipped == length).then_some(Blob::TooLarge);
    }
    let mut text = Vec::new();
    stdout.take(length).read_to_end(&mut text).ok()?;
    (text.len() as u64 == length && text.pop() == Some(b'\n')).then_some(Blob::Text(text))
}
