//! Which file a call of the program runs: the one that the image's build installed, or another one. May use `model`,
//! `rules` and earlier parts of `judge`.

use super::installations::{InstalledByCommand, Installer, installed_by_build};
use super::word_path::{UNKNOWN_HOME, expand_word, word_text};
use crate::finding::Evidence;
use crate::model::{
    Container, EnvValue, Invocation, Mount, MountSource, USUAL_PATH, Word, parent_and_name, split_below,
    split_search_path,
};
use crate::rules::Profile;

/// Directories in which package managers of the system and links of a Dockerfile put programs.
const SYSTEM_DIRECTORIES: [&str; 3] = ["/usr/local/bin", "/usr/bin", "/bin"];
/// Directories below a home, each with what puts programs there.
const HOME_DIRECTORIES: [(&str, Installer); 4] = [
    ("/.local/bin", Installer::Native),
    ("/.bun/bin", Installer::Bun),
    ("/.volta/bin", Installer::Volta),
    ("/.yarn/bin", Installer::Yarn),
];
/// Words that bring Node.js by the system's packages, whose programs are in `/usr/bin`.
const NODE_OF_SYSTEM: [&str; 2] = ["nodejs", "nodesource"];

/// What says that a call by a path runs another file than the one that was installed; `None` where it does not, and for a
/// call by name.
pub(super) fn other_file(container: &Container, profile: &Profile, call: &Invocation) -> Option<Evidence> {
    let path = called_path(container, call).filter(|_| !container.is_running())?;
    let name = &profile.name;
    // Of a program that is mounted by itself the mount tells more.
    if let Some(mount) = mount_of(container, &path) {
        let told = || {
            Evidence::seen(
                format!("{path} is on a mount: which version of {name} it is is not known"),
                Some(mount.span),
            )
        };
        return (mount.target.text != path).then(told);
    }
    let installed = installed_by_build(&container.installs, profile);
    let is_other = !installed.is_empty() && !is_where_installed(&path, container, profile, &installed);
    let text = || format!("{path} is not where its image installs {name}: which version it is is not known");
    is_other.then(|| Evidence::seen(text(), Some(call.span)))
}

/// The path that a call names its program by; `None` for one by name.
pub(super) fn called_path(container: &Container, call: &Invocation) -> Option<String> {
    let program = call.argv.first().filter(|program| program.contains('/'))?;
    let path = expand_word(program, call, container, unknown_home(container));
    Some(path.unwrap_or_else(|| program.to_string()))
}

/// Whether a program is mounted where the usual `PATH` and that of the container do not look: something else does, since it
/// is mounted.
pub(super) fn is_off_path(container: &Container, profile: &Profile, mount: &Mount) -> bool {
    let Some((directory, name)) = parent_and_name(&mount.target.text) else { return false };
    let is_program = directory.ends_with("/bin") && profile.commands.iter().any(|own| own == name);
    is_program && !searched_directories(container, None).iter().any(|searched| searched == directory)
}

/// The mount that a call by name finds the program on, before it comes to where the image has it; without a call one that
/// nobody saw.
pub(super) fn mount_found_first<'a>(
    container: &'a Container,
    profile: &Profile,
    call: Option<&Invocation>,
) -> Option<&'a Mount> {
    let installed = installed_by_build(&container.installs, profile);
    let own = installed_directories(container, profile, &installed);
    for directory in searched_directories(container, call) {
        let is_program = |mount: &&Mount| {
            let parts = parent_and_name(&mount.target.text);
            parts.is_some_and(|(at, name)| at == directory && profile.commands.iter().any(|own| own == name))
        };
        if let Some(mount) = container.mounts.iter().find(is_program) {
            return Some(mount);
        }
        if let Some(mount) = mount_of(container, &directory) {
            return Some(mount);
        }
        let is_own = |place: &String| match place.strip_prefix(UNKNOWN_HOME) {
            Some(below) => directory.ends_with(below),
            None => *place == directory,
        };
        if own.iter().any(is_own) {
            return None;
        }
    }
    None
}

/// The mount that a path is on, where what is there may be anything.
fn mount_of<'a>(container: &'a Container, path: &str) -> Option<&'a Mount> {
    let below_home = path.strip_prefix(UNKNOWN_HOME);
    let is_over = |mount: &&Mount| {
        let target = mount.target.text.as_str();
        let home = || {
            let user = target.strip_prefix("/home/").and_then(|rest| rest.split('/').next());
            user.map_or("/root".to_owned(), |user| format!("/home/{user}"))
        };
        below_home.is_some_and(|below| split_below(&format!("{}{below}", home()), target).is_some())
    };
    let mount = container.mount_holding(path).map(|(mount, _)| mount);
    let mount = mount.or_else(|| container.mounts.iter().find(is_over));
    mount.filter(|mount| !matches!(mount.source, MountSource::Tmpfs | MountSource::Anonymous))
}

/// The home to put in where the environment has none.
fn unknown_home(container: &Container) -> Option<&'static str> {
    (!container.env.contains_key("HOME")).then_some(UNKNOWN_HOME)
}

/// The directories of `PATH`, as far as they are known.
fn searched_directories(container: &Container, call: Option<&Invocation>) -> Vec<String> {
    let own = split_search_path(container.search_path(), USUAL_PATH);
    let home = unknown_home(container);
    let expand = |call: &Invocation, part: &String| {
        let word = Word::parse(part);
        expand_word(&word, call, container, home).or_else(|| word_text(&word, call, container, home))
    };
    match call {
        Some(call) => {
            let parts = match call.env.get("PATH") {
                Some(path) => split_search_path(path, &own.join(":")),
                None => own,
            };
            parts.iter().filter_map(|part| expand(call, part)).collect()
        }
        None => own.into_iter().map(|part| part.replace("${HOME}", UNKNOWN_HOME)).collect(),
    }
}

/// Whether a path that no mount holds is where one of the installers puts the program.
fn is_where_installed(
    path: &str,
    container: &Container,
    profile: &Profile,
    installed: &[InstalledByCommand<'_>],
) -> bool {
    let Some((directory, _)) = parent_and_name(path) else { return false };
    // A package's own files: of the global ones, or of one directory.
    let is_of_package = |package: &String| path.contains(&format!("node_modules/{package}/"));
    if directory.ends_with("node_modules/.bin") || profile.packages.iter().any(is_of_package) {
        let is_global = path.contains("lib/node_modules/");
        return installed.iter().any(|one| one.is_global() == is_global);
    }
    if SYSTEM_DIRECTORIES.contains(&directory) {
        return true;
    }
    let known = HOME_DIRECTORIES.iter().find(|(below, _)| directory.ends_with(below));
    if known.is_some_and(|(_, installer)| installed.iter().any(|one| one.installer == *installer)) {
        return true;
    }
    // A place that the build or the environment names, such as npm's prefix, or where a file is moved to.
    let place = directory.strip_suffix("/bin").unwrap_or(directory);
    let Some(last) = place.rsplit('/').next().filter(|last| !last.is_empty() && *last != ".") else { return false };
    let names = |text: &str| text.split(['/', '=', ':']).any(|part| part == last);
    let said = container.env.values().filter_map(|variable| match &variable.value {
        EnvValue::Set(value) => Some(value.text.as_str()),
        EnvValue::Inherited => None,
    });
    let built = container.installs.iter().flat_map(|call| &call.argv);
    path.starts_with(['/', '$']) && (said.into_iter().any(names) || built.into_iter().any(|word| names(word)))
}

/// The directories in which the image has the program, as far as that is known.
fn installed_directories(
    container: &Container,
    profile: &Profile,
    installed: &[InstalledByCommand<'_>],
) -> Vec<String> {
    let words = || container.installs.iter().flat_map(|call| &call.argv);
    let mut found: Vec<String> = Vec::new();
    for one in installed {
        match one.installer {
            Installer::Npm if one.is_global() && !moves_prefix(container) => {
                let by_system = words().any(|word| NODE_OF_SYSTEM.iter().any(|name| word.contains(name)));
                found.push(if by_system { "/usr/bin" } else { "/usr/local/bin" }.to_owned());
            }
            Installer::System => found.push("/usr/bin".to_owned()),
            other => {
                let below = HOME_DIRECTORIES.iter().find(|(_, installer)| *installer == other);
                found.extend(below.map(|(below, _)| format!("{UNKNOWN_HOME}{below}")));
            }
        }
    }
    // Where a link to it, or itself, is put.
    let put = words().filter_map(|word| parent_and_name(word));
    let put = put.filter(|(_, name)| profile.commands.iter().any(|command| command == name));
    let put = put.filter(|(directory, _)| directory.starts_with('/') && directory.ends_with("/bin"));
    found.extend(put.map(|(directory, _)| directory.to_owned()));
    found
}

/// Whether npm's programs are elsewhere than usual.
fn moves_prefix(container: &Container) -> bool {
    let is_name = |name: &String| name.eq_ignore_ascii_case("NPM_CONFIG_PREFIX");
    let words = container.installs.iter().flat_map(|call| &call.argv);
    container.env.keys().any(is_name) || words.into_iter().any(|word| word.contains("prefix"))
}
