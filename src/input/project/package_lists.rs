//! Which lists of packages a command installs by: `pip install -r FILE`, `npm ci`, `pipenv install` and their kin. Uses
//! `model`.

use crate::model::Invocation;

/// A list of packages that a command reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PackageList {
    pub(super) kind: ListKind,
    /// The file, as seen from where the command runs.
    pub(super) path: String,
    /// Whether the command fails without it.
    pub(super) needed: bool,
}

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ListKind {
    /// Lines, as pip has them, also of a Conda environment.
    Requirements,
    /// `pyproject.toml`, or what stands in its place.
    Project,
    /// `Pipfile`.
    Pipfile,
    /// `package.json`.
    Manifest {
        /// Whether `devDependencies` are left out.
        skips_dev: bool,
    },
    /// A script with a list in its first comments (PEP 723).
    Script,
}

impl PackageList {
    fn needed(kind: ListKind, path: impl Into<String>) -> Self {
        Self { kind, path: path.into(), needed: true }
    }

    fn perhaps(kind: ListKind, path: impl Into<String>) -> Self {
        Self { kind, path: path.into(), needed: false }
    }
}

/// The words that an installer is looked for among.
const FIRST_WORDS: usize = 4;
/// Options of the package managers of Node.js that name the directory of the project.
const DIRECTORY_OPTIONS: [&str; 5] = ["--prefix", "-C", "--dir", "--cwd", "--directory"];
/// Options of theirs with another value.
const NODE_VALUES: [&str; 11] = [
    "--omit",
    "--include",
    "--registry",
    "--cache",
    "--loglevel",
    "--network-timeout",
    "--filter",
    "-F",
    "--workspace",
    "--cache-folder",
    "--store-dir",
];
/// Words with which they install.
const NODE_INSTALLS: [&str; 9] =
    ["install", "i", "ci", "clean-install", "add", "install-test", "it", "cit", "install-ci-test"];
/// Words with which those of Python do.
const PYTHON_INSTALLS: [&str; 5] = ["install", "sync", "add", "wheel", "download"];
/// Options of theirs with a value that is no package.
const PYTHON_VALUES: [&str; 22] = [
    "-w",
    "--wheel-dir",
    "-d",
    "--dest",
    "-t",
    "--target",
    "--prefix",
    "--root",
    "-f",
    "--find-links",
    "-i",
    "--index-url",
    "--extra-index-url",
    "--cache-dir",
    "-c",
    "--constraint",
    "--python",
    "-p",
    "--extra",
    "--group",
    "--with",
    "--without",
];

/// The lists that a command installs packages by.
pub(super) fn lists_of(call: &Invocation) -> Vec<PackageList> {
    let words: Vec<&str> = call.argv.iter().map(|word| &**word).collect();
    let is_module = words.get(1) == Some(&"-m");
    if words.first().is_some_and(|program| !is_module && runs_python(program)) {
        // What `uv run` and its kin run installs what it asks for first.
        return lists_of_run(&words);
    }
    let found = words.iter().take(FIRST_WORDS).enumerate().find_map(|(at, word)| Some((at, tool_of(word)?)));
    let Some((at, tool)) = found else { return Vec::new() };
    let rest = words.get(at + 1..).unwrap_or_default();
    match tool {
        "npm" | "pnpm" | "yarn" | "bun" => lists_of_node(tool, rest),
        "uv" if rest.first() == Some(&"run") => lists_of_run(rest.get(1..).unwrap_or_default()),
        "pipx" if rest.first() == Some(&"run") => lists_of_script(rest.get(1..).unwrap_or_default()),
        "pipenv" => lists_of_pipenv(rest),
        "conda" => lists_of_conda(rest),
        "pip-sync" => lists_of_pip_sync(rest),
        _ => lists_of_python(tool, rest),
    }
}

/// Whether a program is a script of Python, or runs one.
fn runs_python(program: &str) -> bool {
    let name = program.rsplit('/').next().unwrap_or(program);
    ending_of(name) == "py" || name.trim_end_matches(|ch: char| ch.is_ascii_digit() || ch == '.') == "python"
}

/// The installer that a word names.
fn tool_of(word: &str) -> Option<&'static str> {
    let name = word.rsplit('/').next()?;
    Some(match name.trim_end_matches(|ch: char| ch.is_ascii_digit() || ch == '.') {
        "pip" => "pip",
        "uv" => "uv",
        "poetry" => "poetry",
        "pdm" => "pdm",
        "rye" => "rye",
        "pipx" => "pipx",
        "pipenv" => "pipenv",
        "pip-sync" => "pip-sync",
        "conda" | "mamba" | "micromamba" => "conda",
        "npm" => "npm",
        "pnpm" => "pnpm",
        "yarn" | "yarnpkg" => "yarn",
        "bun" => "bun",
        _ => return None,
    })
}

/// What npm and its kin read: the manifest of the project that they run in, and those of directories that they are given.
fn lists_of_node(tool: &str, words: &[&str]) -> Vec<PackageList> {
    let mut directory = ".";
    let mut plain = Vec::new();
    let mut rest = words.iter().copied();
    while let Some(word) = rest.next() {
        let joined = word.split_once('=').filter(|(option, _)| DIRECTORY_OPTIONS.contains(option));
        match word {
            _ if DIRECTORY_OPTIONS.contains(&word) => directory = rest.next().unwrap_or("."),
            _ if NODE_VALUES.contains(&word) => _ = rest.next(),
            _ if joined.is_some() => directory = joined.map_or(".", |(_, value)| value),
            _ if word.starts_with('-') => {}
            _ => plain.push(word),
        }
    }
    let has = |option: &str| words.contains(&option);
    let is_alone = tool == "yarn" && plain.is_empty() && !["--version", "-v", "--help", "-h"].into_iter().any(has);
    let installs = is_alone || plain.first().is_some_and(|verb| NODE_INSTALLS.contains(verb));
    if !installs {
        return Vec::new();
    }
    let skips_dev = ["--production", "--prod", "--omit=dev", "-P"].into_iter().any(has)
        || words.windows(2).any(|two| matches!(two, ["--omit", "dev"]));
    let kind = ListKind::Manifest { skips_dev };
    let operands = plain.get(1..).unwrap_or_default();
    if operands.is_empty() {
        return vec![PackageList::needed(kind, file_in(directory, "package.json"))];
    }
    let is_global = has("-g") || has("--global") || has("--location=global");
    let local = operands.iter().filter(|word| is_local(word));
    let local = local.map(|word| file_in(&file_in(directory, word), "package.json"));
    let mut lists: Vec<_> = local.map(|path| PackageList::needed(kind, path)).collect();
    // What the project has already is installed along with what is named.
    lists.extend((!is_global).then(|| PackageList::perhaps(kind, file_in(directory, "package.json"))));
    lists
}

/// What `uv run` reads: the script that it is given, and the project around it.
fn lists_of_run(words: &[&str]) -> Vec<PackageList> {
    let mut lists = lists_of_script(words);
    lists.push(PackageList::perhaps(ListKind::Project, "pyproject.toml"));
    lists.extend(values_of("--with-requirements", words).map(|path| PackageList::needed(ListKind::Requirements, path)));
    lists
}

fn lists_of_script(words: &[&str]) -> Vec<PackageList> {
    let script = words.iter().find(|word| ending_of(word) == "py");
    script.map(|script| PackageList::perhaps(ListKind::Script, *script)).into_iter().collect()
}

fn lists_of_pipenv(words: &[&str]) -> Vec<PackageList> {
    let mut plain = words.iter().filter(|word| !word.starts_with('-'));
    let installs = plain.next().is_some_and(|verb| matches!(*verb, "install" | "sync" | "update"));
    let needed = plain.next().is_none();
    let list = PackageList { kind: ListKind::Pipfile, path: "Pipfile".to_owned(), needed };
    let mut lists: Vec<_> = installs.then_some(list).into_iter().collect();
    let given = values_of("-r", words).chain(values_of("--requirements", words)).filter(|_| installs);
    lists.extend(given.map(|path| PackageList::needed(ListKind::Requirements, path)));
    lists
}

fn lists_of_conda(words: &[&str]) -> Vec<PackageList> {
    let installs = words.iter().any(|word| matches!(*word, "install" | "create" | "update"));
    let mut lists = Vec::new();
    for (at, word) in words.iter().enumerate().filter(|_| installs) {
        let joined = word.strip_prefix("--file=");
        let value = match *word {
            "-f" | "--file" => words.get(at + 1).copied(),
            _ => joined,
        };
        lists.extend(value.map(|path| PackageList::needed(ListKind::Requirements, path)));
    }
    if lists.is_empty() && words.first() == Some(&"env") && installs {
        lists.push(PackageList::needed(ListKind::Requirements, "environment.yml"));
    }
    lists
}

fn lists_of_pip_sync(words: &[&str]) -> Vec<PackageList> {
    let named: Vec<_> = words.iter().filter(|word| !word.starts_with('-')).collect();
    if named.is_empty() {
        return vec![PackageList::needed(ListKind::Requirements, "requirements.txt")];
    }
    named.into_iter().map(|path| PackageList::needed(ListKind::Requirements, *path)).collect()
}

/// What pip and its kin read.
fn lists_of_python(tool: &str, words: &[&str]) -> Vec<PackageList> {
    let Some(verb) = words.iter().take(FIRST_WORDS).position(|word| PYTHON_INSTALLS.contains(word)) else {
        return Vec::new();
    };
    let is_pip = tool.starts_with("pip") || words.first() == Some(&"pip");
    let is_sync = words.get(verb) == Some(&"sync");
    let mut lists = Vec::new();
    let mut rest = words.iter().copied().skip(verb + 1);
    let mut names_any = false;
    let project = |directory: &str| PackageList::needed(ListKind::Project, file_in(directory, "pyproject.toml"));
    let given = |path: &str| PackageList::needed(ListKind::Requirements, path);
    while let Some(word) = rest.next() {
        let (option, value) = word.split_once('=').unwrap_or((word, ""));
        match option {
            "-r" | "--requirement" | "--requirements" if value.is_empty() => lists.extend(rest.next().map(given)),
            "--requirement" | "--requirements" => lists.push(given(value)),
            "-e" | "--editable" => {
                let directory = if value.is_empty() { rest.next().unwrap_or(".") } else { value };
                names_any = true;
                lists.extend(is_local(directory).then(|| project(without_extras(directory))));
            }
            "--project" | "--directory" if !is_pip && !value.is_empty() => lists.push(project(value)),
            "--project" | "--directory" if !is_pip => lists.extend(rest.next().map(project)),
            _ if PYTHON_VALUES.contains(&word) => _ = rest.next(),
            _ if word.starts_with("-r") => lists.extend(word.get(2..).map(given)),
            _ if word.starts_with('-') => {}
            _ if is_local(word) => {
                lists.push(project(without_extras(word)));
                names_any = true;
            }
            _ if is_sync && word.rsplit('.').next() == Some("txt") => lists.push(given(word)),
            _ => names_any = true,
        }
    }
    // What names nothing installs the project that it stands in.
    if !is_pip && lists.is_empty() && !names_any {
        lists.push(project("."));
    }
    lists
}

/// The values of an option that stand in words of their own.
fn values_of<'w>(option: &'w str, words: &'w [&'w str]) -> impl Iterator<Item = &'w str> {
    words.iter().zip(words.iter().skip(1)).filter(move |(word, _)| **word == option).map(|(_, value)| *value)
}

fn ending_of(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, ending)| ending)
}

/// Whether a word means a directory, and no package or archive.
fn is_local(word: &str) -> bool {
    let is_path =
        word == "." || word == ".." || word.starts_with(['/']) || word.starts_with("./") || word.starts_with("../");
    let is_archive = [".whl", ".tgz", ".gz", ".zip", "*"].iter().any(|ending| word.ends_with(ending));
    (is_path || word.starts_with(".[")) && !is_archive
}

/// A directory without the extras behind it (`.[dev]`).
fn without_extras(directory: &str) -> &str {
    directory.split('[').next().filter(|directory| !directory.is_empty()).unwrap_or(".")
}

fn file_in(directory: &str, name: &str) -> String {
    if directory == "." { name.to_owned() } else { format!("{}/{name}", directory.trim_end_matches('/')) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Word;

    fn paths(words: &str) -> Vec<String> {
        let call = Invocation { argv: words.split(' ').map(Word::literal).collect(), ..Invocation::default() };
        lists_of(&call).into_iter().map(|list| list.path).collect()
    }

    #[test]
    fn lists_are_found_in_the_words_of_installers() {
        for (words, lists) in [
            ("pip install -r requirements.txt", &["requirements.txt"][..]),
            ("/opt/venv/bin/pip install --no-cache-dir --requirement=a.txt -rb.txt", &["a.txt", "b.txt"]),
            ("python3 -m pip install -r requirements.txt", &["requirements.txt"]),
            ("pip3.12 install -r requirements.txt", &["requirements.txt"]),
            ("uv pip install --system -r requirements.txt", &["requirements.txt"]),
            ("uv pip sync requirements.txt", &["requirements.txt"]),
            ("pip wheel -w /wheels -r requirements.txt", &["requirements.txt"]),
            ("uv sync --frozen", &["pyproject.toml"]),
            ("uv run app.py", &["app.py", "pyproject.toml"]),
            ("python app.py", &["app.py", "pyproject.toml"]),
            ("poetry install --no-root", &["pyproject.toml"]),
            ("pip install .", &["pyproject.toml"]),
            ("pip install -e .", &["pyproject.toml"]),
            ("pip install -e ./agent[dev]", &["./agent/pyproject.toml"]),
            ("pip install -e git+https://a.example/b.git", &[]),
            ("pip install requests", &[]),
            ("pip install /wheels/a.whl", &[]),
            ("pipenv install --system --deploy", &["Pipfile"]),
            ("pip-sync", &["requirements.txt"]),
            ("conda env create -f environment.yml", &["environment.yml"]),
            ("apt-get install -y python3", &[]),
            ("npm ci", &["package.json"]),
            ("npm install --omit dev", &["package.json"]),
            ("npm --prefix server ci", &["server/package.json"]),
            ("npm install -g typescript", &[]),
            ("npm install express", &["package.json"]),
            ("npm install ./tools", &["./tools/package.json", "package.json"]),
            ("npm run build", &[]),
            ("pnpm install --frozen-lockfile", &["package.json"]),
            ("pnpm -C web i", &["web/package.json"]),
            ("yarn", &["package.json"]),
            ("yarn build", &[]),
            ("bun install", &["package.json"]),
        ] {
            assert_eq!(paths(words), lists, "{words}");
        }
    }
}
