//! An image's files as the engine packs them (`docker image save`), handed on as they come. Uses `client`, `context` and
//! `look`.

use std::io::{self, Read};
use std::thread;

use hyper::body::{Buf as _, Bytes};
use tokio::sync::mpsc::{Receiver, channel};

use super::client::EngineClient;
use super::context;
use super::error::EngineError;
use super::look::runtime;
use super::options::Options;

/// How many pieces may wait to be read.
const WAITING: usize = 16;

/// Reads the archive of an image, by its id, as it comes. What reads it may end before it is over.
///
/// # Errors
/// The engine does not export it, or not whole before the deadline.
pub fn export_image(
    options: &Options,
    id: &str,
    read: &mut (dyn FnMut(&mut dyn Read) + Send),
) -> Result<(), EngineError> {
    let endpoint = context::endpoint(options)?;
    let runtime = runtime()?;
    let (to, pieces) = channel(WAITING);
    let sent = thread::scope(|scope| {
        let reader = scope.spawn(move || read(&mut Pieces { pieces, piece: Bytes::new() }));
        let sent = runtime.block_on(async { EngineClient::exporting(&endpoint, options)?.export_image(id, to).await });
        match reader.join() {
            Ok(()) => sent,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    });
    // A look-up of a name that hangs must not be waited for.
    runtime.shutdown_background();
    sent
}

/// What came, as it is read.
struct Pieces {
    pieces: Receiver<Bytes>,
    piece: Bytes,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.pieces.blocking_recv() {
                Some(piece) => self.piece = piece,
                None => return Ok(0),
            }
        }
        let length = buffer.len().min(self.piece.len());
        let (now, _) = buffer.split_at_mut(length);
        self.piece.copy_to_slice(now);
        Ok(length)
    }
}
