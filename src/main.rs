//! Streams and exit status.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;
use overlock::cli::Cli;
use overlock::command::{self, World};

/// The terminal's width, where it tells.
fn width() -> u16 {
    terminal_size::terminal_size().map_or(100, |(width, _)| width.0)
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are results, and a closed pipe is no failure of theirs.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let world = World::of_process(io::stdout().is_terminal().then(width));
    // Output is built up whole, so that a failure leaves no half of it behind.
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let status = match command::run(&cli, &world, &mut out, &mut err) {
        Ok(status) => status.code(),
        Err(error) => {
            let _ = writeln!(err, "overlock: {error:#}");
            2
        }
    };
    let _ = io::stderr().write_all(&err);
    match io::stdout().write_all(&out).and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let _ = writeln!(io::stderr(), "overlock: cannot write the result: {error}");
            ExitCode::from(2)
        }
        _ => ExitCode::from(status),
    }
}
