//! Paths of the host that the words of its scripts mean. Uses `repository` and `model`.

use super::repository::Repository;
use crate::model::{
    CopiedFrom, Invocation, PartialText, PathInContainer, Value, VariableState, Word, files_of_contents, join,
    keychain_entry,
};

/// The paths of the host that a word means, one for each value of a loop's variable; a variable that is not set stays.
pub(in crate::input) fn host_paths(word: &Word, call: &Invocation, repository: &Repository<'_>) -> Vec<String> {
    let path = |chosen: Option<(&String, &Word)>| {
        let state = |name: &str| match chosen.filter(|(own, _)| *own == name) {
            Some((_, value)) => {
                value.known().map_or(VariableState::Unknown, |text| VariableState::Set(Value::known(text, None)))
            }
            None => repository
                .environment
                .get(name)
                .map_or(VariableState::Unseen, |text| VariableState::Set(Value::known(text.as_str(), None))),
        };
        let text = |word: &Word| PartialText::expand(word, &state).cleaned_path().to_value(None).text;
        let path = text(word);
        if path.starts_with(['/', '$']) {
            return path;
        }
        let here = repository.cwd.display().to_string();
        let base = call.directory.as_ref().map_or_else(|| here.clone(), |directory| join(&here, &text(directory)));
        join(&base, &path)
    };
    match call.choices.iter().find(|(name, _)| word.contains(name.as_str())) {
        Some((name, values)) => values.iter().map(|value| path(Some((name, value)))).collect(),
        None => vec![path(None)],
    }
}

/// What a word of a copy means: paths of the host, or one in another container.
pub(in crate::input) fn copy_origins(word: &Word, call: &Invocation, repository: &Repository<'_>) -> Vec<CopiedFrom> {
    match PathInContainer::of_word(word) {
        Some(inside) => vec![CopiedFrom::Named(inside)],
        None => origin_paths(word, call, repository).into_iter().map(CopiedFrom::Host).collect(),
    }
}

/// The same of what is copied, which may stand for the content of a file or for an entry of a keychain.
fn origin_paths(word: &Word, call: &Invocation, repository: &Repository<'_>) -> Vec<String> {
    let login = keychain_entry(word).and_then(|entry| repository.programs.login_file(entry));
    let file = login.or_else(|| files_of_contents(word).next().map(str::to_owned));
    match file {
        Some(file) => host_paths(&Word::parse(&file), call, repository),
        None if keychain_entry(word).is_some() => Vec::new(),
        None => host_paths(word, call, repository),
    }
}
