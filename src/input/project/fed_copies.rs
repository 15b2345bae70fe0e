//! What commands in a container write of what they are fed from outside: copies of files of the host. Uses `host_paths`,
//! `shell` and `model`.

use super::host_paths::copy_origins;
use super::repository::Repository;
use crate::input::shell::ContainerStart;
use crate::model::{
    Container, HostCopy, Invocation, PartialText, Value, VariableState, Word, WordsOfCopy, earlier_in_line,
    files_of_contents, join, words_of_copies,
};

/// What the calls of a command in a container write of the files of the host that the command is fed.
pub(super) fn copies_of_input(
    inside: &Container,
    started: &ContainerStart,
    repository: &Repository<'_>,
) -> Vec<HostCopy> {
    let mut found = Vec::new();
    let calls = &inside.script.invocations;
    for (number, call) in calls.iter().enumerate() {
        let before = || earlier_in_line(call, calls, number);
        // What the host's shell put into its words comes from the host.
        let of_words = |words: &WordsOfCopy| files_of_contents(&words.from).next().is_some();
        let own = words_of_copies(call, before());
        let copies: Vec<WordsOfCopy> = if own.is_empty() {
            let through = words_of_copies(call, before().chain(&started.fed));
            if through.is_empty() { words_of_copies(call, started.fed.iter()) } else { through }
        } else {
            own.into_iter().filter(of_words).collect()
        };
        let outer = started.fed.first().unwrap_or(call);
        for words in copies.into_iter().filter(|words| words.recipient.is_none()) {
            found.extend(copy_origins(&words.from, outer, repository).into_iter().map(|from| HostCopy {
                from,
                shown: words.shown_origin(),
                to: path_inside(&words.to, call, inside),
                whole: words.whole,
                excluded: words.excluded.clone(),
                skips_hidden: words.skips_hidden,
                span: started.span,
            }));
        }
    }
    found
}

/// The path in a container that a word of a call means, as far as it is known; a home that is not stays `$HOME`.
pub(super) fn path_inside(word: &Word, call: &Invocation, inside: &Container) -> String {
    let state = |name: &str| {
        let own = call.env.get(name).and_then(|value| value.known()).map(str::to_owned);
        let text = own.or_else(|| inside.env.get(name)?.known().map(str::to_owned));
        text.map_or(VariableState::Unseen, |text| VariableState::Set(Value::known(text, None)))
    };
    let text = |word: &Word| PartialText::expand(word, &state).cleaned_path().to_value(None).text;
    let path = text(word).replacen("${HOME}", "$HOME", 1);
    if path.starts_with(['/', '$']) {
        return path;
    }
    let here = inside.working_dir.as_ref().map_or("/", |directory| &directory.text);
    let base = call.directory.as_ref().map_or_else(|| here.to_owned(), |directory| join(here, &text(directory)));
    join(&base, &path)
}
