//! Streams and exit status.

mod lasting;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use overlock::cli::{self, Call};
use overlock::command::{self, World};
use overlock::render::{SafeLines, safe};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The width of the terminal that is written to: as it tells, or where it tells none, as is usual.
fn width() -> u16 {
    let told = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0);
    told.unwrap_or_else(|| command::usual_width(std::env::var("COLUMNS").ok().as_deref()))
}

fn main() -> ExitCode {
    match cli::call(std::env::args_os().collect()) {
        Call::Plain(words) => run(words, None),
        Call::Plugin(words, engine) => run(words, Some(engine)),
        Call::Metadata => print(cli::METADATA.as_bytes(), b"", 0),
        Call::Unclear(problem) => print(b"", format!("overlock: {}\n", safe(&problem)).as_bytes(), 2),
    }
}

/// Does what the words say; `engine` is what docker said before them, where docker called.
fn run(words: Vec<OsString>, engine: Option<cli::Engine>) -> ExitCode {
    // A name that a shell put in the place of `*` is foreign text; colours of the message are lost where one is odd.
    let are_safe = words.iter().all(|word| word.to_str().is_some_and(|word| safe(word) == word));
    let cli = match cli::parse(words, engine.is_some()) {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() && !are_safe => {
            return print(b"", error.to_string().as_bytes(), 2);
        }
        Err(error) => {
            // Help and version are results, and a closed pipe is no failure of theirs.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let mut world = World::of_process(io::stdout().is_terminal().then(width), io::stderr().is_terminal());
    world.choose(engine.unwrap_or_default());
    if cli.lasts() {
        return lasting::run(cli, world);
    }
    // Output is built up whole, so that a failure leaves no half of it behind.
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let status = match command::run(&cli, &world, &mut out, &mut err) {
        Ok(status) => status.code(),
        Err(error) => {
            let _ = writeln!(err, "overlock: {}", safe(&format!("{error:#}")));
            2
        }
    };
    print(&out, &err, status)
}

fn print(out: &[u8], err: &[u8], status: u8) -> ExitCode {
    let _ = SafeLines::new(io::stderr()).write_all(err);
    match io::stdout().write_all(out).and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let _ = writeln!(io::stderr(), "overlock: cannot write the result: {error}");
            ExitCode::from(2)
        }
        _ => ExitCode::from(status),
    }
}
