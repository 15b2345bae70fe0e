//! A command that goes on until it is told to stop: its own thread, the real streams, and signals. Part of the program
//! and not of the library; the one home of signal-hook.

use std::io;
use std::process::ExitCode;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

use overlock::cli::Cli;
use overlock::command::{self, World};
use overlock::render::{SafeLines, safe};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Runs what goes on until it is told to stop, and prints as it goes.
pub(crate) fn run(cli: Cli, world: World) -> ExitCode {
    let (ends, ended) = mpsc::channel();
    // Nothing that it does, such as a look at a filesystem that hangs, keeps this thread from ending the process.
    let by_signal = ends.clone();
    let work = move || {
        let result = command::run(&cli, &world, &mut io::stdout(), &mut SafeLines::new(io::stderr()));
        let is_unread = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
        let _ = ends.send(match result {
            Ok(status) => RunEnd::Done(status.code()),
            Err(error) if error.downcast_ref().is_some_and(is_unread) => RunEnd::Done(0),
            Err(error) => RunEnd::Failed(format!("overlock: {}\n", safe(&format!("{error:#}")))),
        });
    };
    let begun = signals(by_signal).and_then(|()| thread::Builder::new().spawn(work).map(drop));
    if let Err(error) = begun {
        return super::print(b"", format!("overlock: cannot begin to watch: {error}\n").as_bytes(), 2);
    }
    match ended.recv() {
        Ok(RunEnd::Done(status)) => ExitCode::from(status),
        Ok(RunEnd::Failed(why)) => super::print(b"", why.as_bytes(), 2),
        Ok(RunEnd::Signal) => {
            // A line that is being written is finished, unless nobody reads it.
            let _ = ended.recv_timeout(Duration::from_millis(50));
            ExitCode::SUCCESS
        }
        Ok(RunEnd::Quiet) | Err(_) => ExitCode::SUCCESS,
    }
}

/// What ends a run that lasts.
enum RunEnd {
    /// It ended by itself: with this status, which is 0 where nobody reads on.
    Done(u8),
    /// It could not go on.
    Failed(String),
    /// It is told to stop.
    Signal,
    /// No line is half written, and none is begun any more.
    Quiet,
}

/// Waits for the signals to stop. The first process of a container has none of them by default, and ignores them.
fn signals(to: Sender<RunEnd>) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let wait = move || {
        if signals.forever().next().is_some() && to.send(RunEnd::Signal).is_ok() {
            let _held = io::stdout().lock();
            let _ = to.send(RunEnd::Quiet);
            thread::park();
        }
    };
    thread::Builder::new().spawn(wait).map(drop)
}
