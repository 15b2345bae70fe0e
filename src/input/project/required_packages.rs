//! Packages that an image's build installs by a list of them: what `pip install -r FILE`, `pip install .` and their kin read
//! in the image. Uses `repository` and `source::dockerfile`.

use super::repository::Repository;
use crate::input::dockerfile::{Image, PathContent};
use crate::input::shell::file_system::Lookup;
use crate::model::{Invocation, Word, join};

/// Lists within each other.
const NESTED_LISTS: usize = 4;
/// Lines of a list that are read.
const MOST_LINES: usize = 2_000;

/// A call of the build with the packages that it finds in lists as further words. `directory` is where it runs, `at` the
/// step of the image that it is in.
pub(super) fn with_required_packages(
    mut call: Invocation,
    directory: &str,
    image: &Image,
    at: usize,
    repository: &Repository<'_>,
) -> Invocation {
    let named = lists_of(&call);
    if named.is_empty() {
        return call;
    }
    // It reads what is there before it runs.
    let mut before = image.clone();
    before.steps.truncate(at);
    let lists = Lists { image: &before, repository };
    let mut words = Vec::new();
    for list in named {
        lists.read(&join(directory, &list), NESTED_LISTS, &mut words);
    }
    call.argv.extend(words.iter().map(|word| Word::literal(word)));
    call
}

/// The files that a call installs packages by.
fn lists_of(call: &Invocation) -> Vec<String> {
    let words: Vec<&str> = call.argv.iter().map(|word| &**word).collect();
    let is_installer = |word: &&str| {
        matches!(word.rsplit('/').next(), Some("pip" | "pip3" | "uv" | "poetry" | "pdm" | "pipx")) || *word == "-m"
    };
    let installs = words.iter().any(|word| matches!(*word, "install" | "sync" | "add"));
    if !installs || !words.iter().take(3).any(is_installer) {
        return Vec::new();
    }
    let mut lists = Vec::new();
    let mut rest = words.iter().copied().skip_while(|word| !matches!(*word, "install" | "sync" | "add")).skip(1);
    let mut names_any = false;
    while let Some(word) = rest.next() {
        match word {
            "-r" | "--requirement" | "--requirements" => lists.extend(rest.next().map(str::to_owned)),
            _ if word.starts_with("--requirement=") || word.starts_with("--requirements=") => {
                lists.extend(word.split_once('=').map(|(_, list)| list.to_owned()));
            }
            "-e" | "--editable" => {}
            _ if word.starts_with("-r") => lists.extend(word.get(2..).map(str::to_owned)),
            _ if word.starts_with('-') => {}
            _ if word == "." || word.starts_with("./") || word.starts_with(".[") || word.starts_with('/') => {
                let directory = word.split('[').next().unwrap_or(".");
                lists.push(join_list(directory, "pyproject.toml"));
                names_any = true;
            }
            _ if word.rsplit('.').next() == Some("txt") && words.contains(&"sync") => lists.push(word.to_owned()),
            _ => names_any = true,
        }
    }
    // What names nothing installs the project that it stands in.
    if lists.is_empty()
        && !names_any
        && !words.iter().any(|word| word.rsplit('/').next().is_some_and(|name| name.starts_with("pip")))
    {
        lists.push("pyproject.toml".to_owned());
    }
    lists
}

fn join_list(directory: &str, name: &str) -> String {
    if directory == "." { name.to_owned() } else { format!("{}/{name}", directory.trim_end_matches('/')) }
}

struct Lists<'a, 'b> {
    image: &'a Image,
    repository: &'a Repository<'b>,
}

impl Lists<'_, '_> {
    fn read(&self, path: &str, depth: usize, words: &mut Vec<String>) {
        let Some(depth) = depth.checked_sub(1) else { return };
        let sources = self.repository.sources;
        let text = match self.image.find_file(path, sources) {
            PathContent::File(file) => match self.repository.open_copied(&file) {
                Lookup::Text(file) => sources.get(file).text().to_owned(),
                _ => return,
            },
            PathContent::Text(text) => text.text,
            _ => return,
        };
        let directory = path.rsplit_once('/').map_or("/", |(directory, _)| directory);
        if path.rsplit('.').next() == Some("toml") {
            words.extend(packages_of_project(&text));
            return;
        }
        for line in text.lines().take(MOST_LINES) {
            let line = line.split(" #").next().unwrap_or_default().trim();
            match line.split_once(char::is_whitespace) {
                Some(("-r" | "--requirement" | "-c" | "--constraint", list)) => {
                    self.read(&join(directory, list.trim()), depth, words);
                }
                _ if line.is_empty() || line.starts_with(['#', '-']) => {}
                // A space may stand before what is asked of the version.
                _ => words.push(line.split(" \\").next().unwrap_or(line).replace(' ', "")),
            }
        }
    }
}

/// The packages that a `pyproject.toml` asks for: strings of a list (PEP 621), or keys with a version (Poetry).
fn packages_of_project(text: &str) -> Vec<String> {
    let mut packages = Vec::new();
    for line in text.lines().take(MOST_LINES) {
        let line = line.split(" #").next().unwrap_or_default().trim();
        if let Some((name, value)) = line.split_once('=').filter(|(name, _)| is_name(name.trim().trim_matches('"'))) {
            let name = name.trim().trim_matches('"');
            let version = value.split('"').nth(1).unwrap_or_default();
            // `^1.2` is from there on as far as what it begins with goes.
            let asked = version.trim_start_matches(['^', '~']);
            let exact = asked.len() == version.len() && asked.starts_with(|first: char| first.is_ascii_digit());
            if !value.trim_start().starts_with('[') {
                let operator = if exact {
                    "=="
                } else if asked.len() < version.len() {
                    ">="
                } else {
                    ""
                };
                packages.push(format!("{name}{operator}{}", if asked == "*" { "" } else { asked }));
                continue;
            }
        }
        packages.extend(line.split(['"', '\'']).skip(1).step_by(2).map(|word| word.replace(' ', "")));
    }
    packages
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(words: &str) -> Invocation {
        Invocation { argv: words.split(' ').map(Word::literal).collect(), ..Invocation::default() }
    }

    #[test]
    fn lists_are_found_in_the_words_of_installers() {
        for (words, lists) in [
            ("pip install -r requirements.txt", &["requirements.txt"][..]),
            ("/opt/venv/bin/pip install --no-cache-dir --requirement=a.txt -rb.txt", &["a.txt", "b.txt"]),
            ("python3 -m pip install -r requirements.txt", &["requirements.txt"]),
            ("uv pip install --system -r requirements.txt", &["requirements.txt"]),
            ("uv pip sync requirements.txt", &["requirements.txt"]),
            ("uv sync --frozen", &["pyproject.toml"]),
            ("poetry install --no-root", &["pyproject.toml"]),
            ("pip install .", &["pyproject.toml"]),
            ("pip install -e ./agent[dev]", &["./agent/pyproject.toml"]),
            ("pip install requests", &[]),
            ("npm install -r requirements.txt", &[]),
            ("apt-get install -y python3", &[]),
        ] {
            assert_eq!(lists_of(&call(words)), lists, "{words}");
        }
    }

    #[test]
    fn packages_of_a_project_are_strings_or_keys() {
        let text = "[project]\ndependencies = [\n  \"claude-agent-sdk >= 0.1.76\", # why\n  'httpx',\n]\n\
                    [tool.poetry.dependencies]\npython = \"^3.11\"\nclaude-agent-sdk = \"^0.2.1\"\nexact = \"1.2.3\"\nany = \"*\"\n";
        let packages = packages_of_project(text);
        for wanted in ["claude-agent-sdk>=0.1.76", "httpx", "claude-agent-sdk>=0.2.1", "exact==1.2.3", "any"] {
            assert!(packages.iter().any(|one| one == wanted), "{wanted} {packages:?}");
        }
    }
}
