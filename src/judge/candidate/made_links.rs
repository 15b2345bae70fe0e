//! Links that a container's own commands make before the program runs. May use `model` and earlier parts of `judge`.

use super::calls::seen_calls;
use super::word_path::{UNKNOWN_HOME, expand_word};
use crate::model::{Container, Invocation, Link, clean, is_letter, join, operands, parent_and_name, program_name};
use crate::text::Span;

/// A link, and the command that makes it.
pub(crate) struct MadeLink {
    pub(crate) link: Link,
    pub(crate) span: Span,
}

/// The links that the build of its image and the container's commands make, each with the place of the command. A home
/// that is not known is one all the same.
pub(crate) fn made_links(container: &Container, home: Option<&str>) -> Vec<MadeLink> {
    let made = container.installs.iter().chain(seen_calls(container)).filter(|call| program_name(call) == "ln");
    let home = home.unwrap_or(UNKNOWN_HOME);
    let link = |call: &Invocation| {
        let symbolic = call.argv.iter().any(|word| word == "--symbolic" || is_letter(word, 's'));
        let operands = operands(call);
        let ([target, link], true) = (operands.as_slice(), symbolic) else { return None };
        let name = expand_word(link, call, container, Some(home))?;
        let (_, last) = parent_and_name(target).unwrap_or(("", target));
        // `ln -s FILE DIRECTORY/`.
        let name = if link.ends_with('/') { join(&name, last) } else { name };
        // A link's target is read from where the link is.
        let (directory, _) = parent_and_name(&name)?;
        let target = if target.starts_with(['/', '~', '$']) {
            expand_word(target, call, container, Some(home))?
        } else {
            join(directory, target)
        };
        Some(MadeLink { link: Link { name, target: clean(&target) }, span: call.span })
    };
    made.filter_map(link).collect()
}
