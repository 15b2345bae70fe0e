//! Which file a call of the program runs: the one that the image's build installed, or another one. May use `model`,
//! `rules` and earlier parts of `judge`.

use super::installations::{InstalledByCommand, Installer, installed_by_commands, installed_in_image, program_file_of};
use super::word_path::{UNKNOWN_HOME, expand_word, word_text};
use crate::finding::Evidence;
use crate::model::{
    Container, EnvValue, Invocation, Mount, MountSource, PlacedProgram, StageCopy, USUAL_PATH, Word, parent_and_name,
    split_below, split_search_path,
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
    let installed = installed_in_image(container, profile);
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
    let installed = installed_in_image(container, profile);
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
        if own.iter().any(|place| is_place(place, &directory)) {
            return None;
        }
    }
    None
}

/// A file of which nothing is known and that a call by name finds as the program, since the build puts it where the program
/// is looked for; without a call one that nobody saw. `paths` are those that calls name.
pub(super) fn placed_found_first(
    container: &Container,
    profile: &Profile,
    by_name: &[Option<&Invocation>],
    paths: &[String],
) -> Option<PlacedProgram> {
    let installed = installed_in_image(container, profile);
    let placed = placed_programs(container, profile, &installed);
    if let Some(found) = placed.iter().find(|one| paths.contains(&one.path)) {
        return Some(found.clone());
    }
    let own = installed_directories(container, profile, &installed);
    for call in by_name.iter().filter(|_| !placed.is_empty()) {
        for directory in searched_directories(container, *call) {
            let is_here = |one: &&PlacedProgram| parent_and_name(&one.path).is_some_and(|(at, _)| at == directory);
            if let Some(found) = placed.iter().find(is_here) {
                return Some(found.clone());
            }
            if own.iter().any(|place| is_place(place, &directory)) {
                break;
            }
        }
    }
    None
}

/// The files of which nothing is known that a build puts where the program is, and that nothing is installed over later.
fn placed_programs(
    container: &Container,
    profile: &Profile,
    installed: &[InstalledByCommand<'_>],
) -> Vec<PlacedProgram> {
    let sources = &container.program_sources;
    let is_program = |one: &&PlacedProgram| {
        let name = parent_and_name(&one.path).map(|(_, name)| name);
        name.is_some_and(|name| profile.commands.iter().any(|own| own == name))
    };
    let from_elsewhere = sources.stages.iter().filter_map(|copy| {
        let brings = |installs: &[Invocation]| !installed_by_commands(installs, profile).is_empty();
        let is_known = copy.installs.as_deref().is_some_and(brings);
        let path = program_file_of(copy, profile).or_else(|| program_of_whole(copy, profile));
        let path = path.filter(|path| !is_known && !sources.scripts.contains(path))?;
        let why = "it is copied from where nothing is known to install it".to_owned();
        Some(PlacedProgram { path, why, commands_before: copy.commands_before, span: copy.span })
    });
    let is_last = |placed: &PlacedProgram| {
        !installed.iter().any(|one| {
            let is_later = one.place.is_some_and(|place| place.command >= placed.commands_before);
            let directories = usual_directories(container, std::slice::from_ref(one));
            let at = parent_and_name(&placed.path).map_or("/", |(at, _)| at);
            is_later && directories.iter().any(|place| is_place(place, at))
        })
    };
    // What a script in its place was read from counts as what it calls.
    let known = sources.placed.iter().filter(is_program).cloned();
    known.chain(from_elsewhere).filter(is_last).collect()
}

/// The path of the program where all that npm has installed is copied from an image from elsewhere.
fn program_of_whole(copy: &StageCopy, profile: &Profile) -> Option<String> {
    let holds = |source: &String| {
        let is_package = profile.packages.iter().any(|package| source.ends_with(package.as_str()));
        source == "/usr/local" || source.ends_with("/lib/node_modules") || is_package
    };
    let is_whole = copy.installs.is_none() && copy.sources.iter().any(holds);
    is_whole.then(|| format!("/usr/local/bin/{}", profile.commands.first().map_or("", String::as_str)))
}

/// Whether a directory is one that the program is installed in, perhaps below a home that is not known.
fn is_place(place: &str, directory: &str) -> bool {
    match place.strip_prefix(UNKNOWN_HOME) {
        Some(below) => directory.ends_with(below),
        None => place == directory,
    }
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

/// Whether a path, or a name, means the program that the image has by an installer.
pub(super) fn is_path_of_installed(path: &str, container: &Container, profile: &Profile) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    if !profile.commands.iter().any(|own| own == name) {
        return false;
    }
    let installed = installed_in_image(container, profile);
    let is_there = || mount_of(container, path).is_none() && is_where_installed(path, container, profile, &installed);
    !installed.is_empty() && (!path.contains('/') || is_there())
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
    let mut found = usual_directories(container, installed);
    // Where a link to it, or itself, is put.
    let words = container.installs.iter().flat_map(|call| &call.argv);
    let put = words.filter_map(|word| parent_and_name(word));
    let put = put.filter(|(_, name)| profile.commands.iter().any(|command| command == name));
    let put = put.filter(|(directory, _)| directory.starts_with('/') && directory.ends_with("/bin"));
    found.extend(put.map(|(directory, _)| directory.to_owned()));
    found
}

/// The directories in which installers put the program by themselves.
fn usual_directories(container: &Container, installed: &[InstalledByCommand<'_>]) -> Vec<String> {
    let mut words = container.installs.iter().flat_map(|call| &call.argv);
    let mut found: Vec<String> = Vec::new();
    for one in installed {
        match one.installer {
            Installer::Npm if one.is_global() && !moves_prefix(container) => {
                let by_system = words.any(|word| NODE_OF_SYSTEM.iter().any(|name| word.contains(name)));
                found.push(if by_system { "/usr/bin" } else { "/usr/local/bin" }.to_owned());
            }
            Installer::System => found.push("/usr/bin".to_owned()),
            other => {
                let below = HOME_DIRECTORIES.iter().find(|(_, installer)| *installer == other);
                found.extend(below.map(|(below, _)| format!("{UNKNOWN_HOME}{below}")));
            }
        }
    }
    found
}

/// Whether npm's programs are elsewhere than usual.
fn moves_prefix(container: &Container) -> bool {
    let is_name = |name: &String| name.eq_ignore_ascii_case("NPM_CONFIG_PREFIX");
    let words = container.installs.iter().flat_map(|call| &call.argv);
    container.env.keys().any(is_name) || words.into_iter().any(|word| word.contains("prefix"))
}
