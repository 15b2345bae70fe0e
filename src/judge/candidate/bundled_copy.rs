//! The copy of the program that a package brings and calls, whatever is installed beside it: which version that is. May use
//! `model`, `rules`, `finding` and earlier parts of `judge`.

use super::calls::seen_calls;
use super::installations::may_hold_packages;
use super::known_version::{KnownVersion, PinnedVersion};
use super::program_file::is_path_of_installed;
use crate::finding::Evidence;
use crate::model::{Container, Invocation, StageCopy, program_name};
use crate::rules::{Bundle, Profile};

/// Words with which packages are installed.
const INSTALLING: [&str; 13] = [
    "install",
    "i",
    "add",
    "sync",
    "ci",
    "clean-install",
    "install-test",
    "it",
    "cit",
    "wheel",
    "download",
    "create",
    "update",
];
/// Package managers of Node.js.
const NODE_INSTALLERS: [&str; 5] = ["npm", "npx", "pnpm", "yarn", "bun"];
/// The version of the copy that a package brings which is installed while the image is built, in a stage that it copies from,
/// or when the container starts: by the version of the package, where that is pinned. `None` where none is.
pub(super) fn bundled_version(container: &Container, profile: &Profile) -> Option<KnownVersion> {
    let sources = &container.program_sources;
    let others = profile.bundled_by.iter().filter(|bundle| calls_another(container, profile, bundle));
    let others = others.map(|bundle| bundle.module.as_str()).collect();
    let mut found = FoundBundles { profile, known: None, modules: Vec::new(), others };
    for call in container.installs.iter().filter(|call| may_install(call)) {
        found.add(call, "its Dockerfile installs");
    }
    for copy in &sources.stages {
        let calls = copy.installs.as_deref().unwrap_or_default().iter();
        for call in calls.filter(|call| may_install(call) && may_bring(copy, call)) {
            found.add(call, "a stage that its image copies from installs");
        }
    }
    for call in seen_calls(container).filter(|call| may_install(call)).chain(&sources.listed_at_start) {
        found.add(call, "when it starts it installs");
    }
    if matches!(found.known, Some(KnownVersion::Open(_))) {
        return found.known;
    }
    // What people work in has its packages for their projects, and the program for them.
    if container.workplace.is_none()
        && let Some(evidence) = unknown_copy(container, &found)
    {
        return Some(KnownVersion::Replaced(evidence));
    }
    found.known
}

/// What says that there may be a copy of which nothing is known: a list of packages that was not read, or code that imports
/// what calls one and that nothing is seen to install.
fn unknown_copy(container: &Container, found: &FoundBundles<'_>) -> Option<Evidence> {
    let (sources, name) = (&container.program_sources, &found.profile.name);
    let copied = sources.stages.iter().filter(|copy| copy.sources.iter().any(|source| may_hold_packages(source)));
    let mut unread = sources.unread_lists.iter().chain(copied.flat_map(|copy| &copy.unread_lists));
    if let Some(list) = unread.next().filter(|_| !found.profile.bundled_by.is_empty()) {
        let text = format!("which packages it installs is not known, and one may bring its own {name}: {}", list.what);
        return Some(Evidence::seen(text, Some(list.span)));
    }
    let is_unknown = |module: &str| {
        let is_known = found.modules.contains(&module) || found.others.contains(&module);
        !is_known && found.profile.bundled_by.iter().any(|bundle| bundle.module == module)
    };
    let import = sources.imports.iter().find(|import| is_unknown(&import.module))?;
    let text = format!(
        "{} imports {}, which calls a {name} of its own: which version that is is not known",
        import.file, import.module
    );
    Some(Evidence::seen(text, Some(import.span)))
}

/// Whether all code that imports a module has it call the program that is installed.
fn calls_another(container: &Container, profile: &Profile, bundle: &Bundle) -> bool {
    let imports = container.program_sources.imports.iter().filter(|import| import.module == bundle.module);
    let mut paths = imports.map(|import| import.called_path.as_ref()).peekable();
    paths.peek().is_some() && paths.all(|path| path.is_some_and(|path| is_path_of_installed(path, container, profile)))
}

/// The copies that were found.
struct FoundBundles<'a> {
    profile: &'a Profile,
    /// The version of all of them.
    known: Option<KnownVersion>,
    /// The modules that call them.
    modules: Vec<&'a str>,
    /// Modules whose copies are not called.
    others: Vec<&'a str>,
}

impl<'a> FoundBundles<'a> {
    fn add(&mut self, call: &Invocation, does: &str) {
        let profile = self.profile;
        let mut words = call.argv.iter().skip(1);
        let named = words.find_map(|word| {
            Some((profile.bundled_by.iter().find(|bundle| bundle.is_named_by(word))?, word.to_string()))
        });
        let Some((bundle, word)): Option<(&'a Bundle, String)> = named else { return };
        if self.others.contains(&bundle.module.as_str()) {
            return;
        }
        self.modules.push(&bundle.module);
        let pin = bundle.program_range(&word).map(|range| {
            let text = format!("{does} {word}, which brings {} {range}", profile.name);
            PinnedVersion::seen(range, text, Some(call.span))
        });
        // The last of them is there in the end, and another package's beside it.
        self.known = Some(match (pin, self.known.take()) {
            (Some(pin), Some(KnownVersion::Pinned(before))) => KnownVersion::Pinned(before.around(pin)),
            (Some(pin), None) => KnownVersion::Pinned(pin),
            (Some(_), Some(open)) => open,
            (None, _) => KnownVersion::Open(call.span),
        });
    }
}

/// Whether a command may be one that installs what its words name.
fn may_install(call: &Invocation) -> bool {
    let program = program_name(call);
    // `yarn` alone installs, and `uv run` what its script asks for.
    call.argv.iter().any(|word| INSTALLING.contains(&&**word))
        || matches!(program, "yarn" | "uv" | "uvx" | "pipx" | "pip-sync")
}

/// Whether what a command installs in a stage may be where a copy takes it from.
fn may_bring(copy: &StageCopy, call: &Invocation) -> bool {
    let by_node = NODE_INSTALLERS.contains(&program_name(call));
    copy.sources.iter().any(|source| {
        let is_node = source.contains("node_modules");
        may_hold_packages(source) && if by_node { is_node || !source.starts_with("/usr/lib/") } else { !is_node }
    })
}
