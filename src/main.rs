//! Streams and exit status.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

use overlock::cli::{self, Call};
use overlock::command::{self, World};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The terminal's width, where it tells.
fn width() -> u16 {
    terminal_size::terminal_size().map_or(100, |(width, _)| width.0)
}

fn main() -> ExitCode {
    match cli::call(std::env::args_os().collect()) {
        Call::Plain(words) => run(words, None),
        Call::Plugin(words, engine) => run(words, Some(engine)),
        Call::Metadata => print(cli::METADATA.as_bytes(), b"", 0),
        Call::Unclear(problem) => print(b"", format!("overlock: {problem}\n").as_bytes(), 2),
    }
}

/// Does what the words say; `engine` is what docker said before them, where docker called.
fn run(words: Vec<OsString>, engine: Option<cli::Engine>) -> ExitCode {
    let cli = match cli::parse(words, engine.is_some()) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are results, and a closed pipe is no failure of theirs.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let mut world = World::of_process(io::stdout().is_terminal().then(width), io::stderr().is_terminal());
    world.choose(engine.unwrap_or_default());
    if cli.lasts() {
        return last(cli, world);
    }
    // Output is built up whole, so that a failure leaves no half of it behind.
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let status = match command::run(&cli, &world, &mut out, &mut err) {
        Ok(status) => status.code(),
        Err(error) => {
            let _ = writeln!(err, "overlock: {error:#}");
            2
        }
    };
    print(&out, &err, status)
}

/// Runs what goes on until it is told to stop, and prints as it goes.
fn last(cli: cli::Cli, world: World) -> ExitCode {
    let (ends, ended) = mpsc::channel();
    // Nothing that it does, such as a look at a filesystem that hangs, keeps this thread from ending the process.
    let by_signal = ends.clone();
    let work = move || {
        let result = command::run(&cli, &world, &mut io::stdout(), &mut io::stderr());
        let is_unread = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
        let _ = ends.send(match result {
            Ok(status) => End::Done(status.code()),
            Err(error) if error.downcast_ref().is_some_and(is_unread) => End::Done(0),
            Err(error) => End::Failed(format!("overlock: {error:#}\n")),
        });
    };
    let begun = signals(by_signal).and_then(|()| thread::Builder::new().spawn(work).map(drop));
    if let Err(error) = begun {
        return print(b"", format!("overlock: cannot begin to watch: {error}\n").as_bytes(), 2);
    }
    match ended.recv() {
        Ok(End::Done(status)) => ExitCode::from(status),
        Ok(End::Failed(why)) => print(b"", why.as_bytes(), 2),
        Ok(End::Signal) => {
            // A line that is being written is finished, unless nobody reads it.
            let _ = ended.recv_timeout(Duration::from_millis(50));
            ExitCode::SUCCESS
        }
        Ok(End::Quiet) | Err(_) => ExitCode::SUCCESS,
    }
}

/// What ends a run that lasts.
enum End {
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
fn signals(to: Sender<End>) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let wait = move || {
        if signals.forever().next().is_some() && to.send(End::Signal).is_ok() {
            let _held = io::stdout().lock();
            let _ = to.send(End::Quiet);
            thread::park();
        }
    };
    thread::Builder::new().spawn(wait).map(drop)
}

fn print(out: &[u8], err: &[u8], status: u8) -> ExitCode {
    let _ = io::stderr().write_all(err);
    match io::stdout().write_all(out).and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let _ = writeln!(io::stderr(), "overlock: cannot write the result: {error}");
            ExitCode::from(2)
        }
        _ => ExitCode::from(status),
    }
}
