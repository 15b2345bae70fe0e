//! Which commands a container's words run, and which `flock` is held around each: the shell read as a shell would.
//! May use `text` and `model`. Script files and Dockerfiles are not read yet: a file given to a shell is named as unseen.
//!
//! ```text
//! place     a Compose value's characters, found in the file
//! grammar   text -> statements (the grammar crate)
//! walk      statements, one after the other, down every branch: `list`, `branch`, `question`, `command`,
//!           `builtin`, `variable`, `redirect` are its larger cases; `state` and `outcome` what it carries along
//! expand    words -> what they stand for
//! launch    a program's words: wrappers (`wrapper`, `user`) looked through, locks (`flock`) taken, the program noted
//! start     the words that start a container, as plain data
//! ```

mod branch;
mod builtin;
mod command;
mod expand;
mod flock;
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

use self::walk::Walker;
use crate::model::{Command, Script, Sight};
use crate::text::{Sources, Span};

/// Reads what an entrypoint and a command run. `None` for the entrypoint means the image's own, which is not seen.
///
/// A command without an entrypoint is read as if it were run itself. Bounded on any input: what is too large or too
/// deep is named in [`Script::unseen`].
pub fn read(entrypoint: Option<&Command>, command: Option<&Command>, sources: &Sources) -> Script {
    let Some(first) = entrypoint.or(command) else {
        return partial("the image's own command was not read");
    };
    let words: Vec<_> =
        [entrypoint, command].into_iter().flatten().flat_map(|command| place::words(command, sources)).collect();
    let mut walker = Walker::new(sources, Span::at(first.span.file, first.span.start));
    if words.is_empty() {
        return partial("neither entrypoint nor command has a word");
    }
    walker.top(&words);
    let (sight, unseen) = match walker.unseen {
        Some(reason) => (Sight::Partial, Some(reason)),
        None if entrypoint.is_none() => (Sight::Arguments, Some("the image's own entrypoint was not read".to_owned())),
        None => (Sight::Whole, None),
    };
    Script { invocations: walker.found, sight, unseen, without_environment: walker.dropped }
}

fn partial(reason: &str) -> Script {
    Script { unseen: Some(reason.to_owned()), ..Script::default() }
}
