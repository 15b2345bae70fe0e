//! Which commands a container's words run, and which `flock` is held around each: the shell read as a shell would,
//! through the script files that it runs. May use `text` and `model`.
//!
//! ```text
//! place     a Compose value's characters, found in the file
//! grammar   text -> statements (the grammar crate)
//! walk      statements, one after the other, down every branch: `list`, `branch`, `question`, `command`,
//!           `builtin`, `variable`, `redirect` are its larger cases; `state` and `outcome` what it carries along
//! expand    words -> what they stand for; `compute` what substituted commands print; `doubt` what may be missing
//! disk      the files and variables of where it runs, asked for; `follow` from a word to the script file it means
//! launch    a program's words: wrappers (`wrapper`, `user`) looked through, locks (`flock`) taken, the program noted
//! start     the words of `docker run` and its kin -> a container; `begun`: where a text starts one
//! ```

mod begun;
mod branch;
mod builtin;
mod command;
mod compute;
pub mod disk;
mod doubt;
mod expand;
mod flock;
mod follow;
mod glyph;
mod grammar;
mod launch;
mod list;
mod outcome;
mod place;
mod program;
mod question;
mod redirect;
pub mod start;
mod state;
mod syntax;
mod user;
mod variable;
mod walk;
mod wrapper;

#[cfg(test)]
mod tests;

use std::ops::Range;

pub use self::begun::Started;
pub use self::disk::Setting;
use self::walk::Walker;
use crate::model::{Command, Script, Sight};
use crate::text::{Sources, Span};

/// Reads what an entrypoint and a command run. `None` for the entrypoint means the image's own, which is not seen.
///
/// A command without an entrypoint is read as if it were run itself. Bounded on any input: what is too large or too
/// deep is named in [`Script::unseen`].
pub fn read(entrypoint: Option<&Command>, command: Option<&Command>, sources: &Sources) -> Script {
    follow(entrypoint, command, &Setting::unknown(sources)).0
}

/// The same, through the files of where they run; and the containers that they start.
pub fn follow(
    entrypoint: Option<&Command>,
    command: Option<&Command>,
    setting: &Setting<'_>,
) -> (Script, Vec<Started>) {
    let sources = setting.sources;
    let Some(first) = entrypoint.or(command) else {
        return (partial("the image's own command was not read"), Vec::new());
    };
    let words: Vec<_> =
        [entrypoint, command].into_iter().flatten().flat_map(|command| place::words(command, sources)).collect();
    let mut walker = Walker::new(*setting, Span::at(first.span.file, first.span.start));
    if words.is_empty() {
        return (partial("neither entrypoint nor command has a word"), Vec::new());
    }
    walker.top(&words);
    walker.part();
    let covered = walker.unseen.is_none() && walker.covered.is_some();
    let unseen_span = if covered { walker.covered.as_ref().and_then(|(_, span)| *span) } else { walker.unseen_span };
    let (sight, unseen) = match walker.unseen {
        Some(reason) => (Sight::Partial, Some(reason)),
        None if covered => (Sight::Partial, walker.covered.map(|(reason, _)| reason)),
        None if entrypoint.is_none() => (Sight::Arguments, Some("the image's own entrypoint was not read".to_owned())),
        None => (Sight::Whole, None),
    };
    let (misread, without_environment) = (walker.misread, walker.dropped);
    let script =
        Script { invocations: walker.found, sight, unseen, unseen_span, misread, covered, without_environment };
    (script, walker.started)
}

/// The comments of a script, each in bytes from its `#` on, by the shell's rules.
pub fn comments(text: &str) -> Vec<Range<usize>> {
    grammar::comments(text)
}

fn partial(reason: &str) -> Script {
    Script { unseen: Some(reason.to_owned()), ..Script::default() }
}
