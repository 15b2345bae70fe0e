//! The commands that install the program: those of the image's build, and those that the container itself runs before it
//! calls it. May use `model` and `rules`.

use super::calls::{package_version, program_arguments, seen_calls};
use super::word_path::{UNKNOWN_HOME, word_text};
use crate::model::{Condition, Container, Feature, Invocation, StageCopy, Word, parent_and_name, split_below};
use crate::rules::Profile;

/// The command of an image's build that decides which version is there: the last one that installs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Installation {
    /// The command, as an index in the container's `installs`.
    pub(crate) command: usize,
    /// The word that names the package, as an index in the command's words; `None` for the native installer and the
    /// system's package manager.
    pub(crate) package: Option<usize>,
}

/// What one command installs.
pub(super) struct InstalledByCommand<'a> {
    pub(super) installer: Installer,
    pub(super) call: &'a Invocation,
    /// Where in the container's own commands it is; `None` for one of another stage, out of which the image copies it.
    pub(super) place: Option<Installation>,
    /// The version as it is asked for; empty where none is.
    pub(super) version: String,
}

/// What brings the program; each has a place of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Installer {
    Npm,
    Bun,
    Pnpm,
    Yarn,
    Volta,
    /// The native installer: a script that is fetched, and what it is given.
    Native,
    /// The package manager of the system.
    System,
}

impl Installer {
    fn of_command(name: &str) -> Option<Self> {
        Some(match name {
            "npm" | "npx" => Self::Npm,
            "bun" | "bunx" => Self::Bun,
            "pnpm" => Self::Pnpm,
            "yarn" => Self::Yarn,
            "volta" => Self::Volta,
            "bash" | "sh" => Self::Native,
            "apt-get" | "apt" | "aptitude" | "apk" | "dnf" | "microdnf" | "yum" | "zypper" | "brew" => Self::System,
            _ => return None,
        })
    }
}

impl InstalledByCommand<'_> {
    /// Whether it is there for all, and not for one directory alone.
    pub(super) fn is_global(&self) -> bool {
        installs_globally(self.installer, self.call)
    }
}

fn installs_globally(installer: Installer, call: &Invocation) -> bool {
    let says = |word: &Word| matches!(&**word, "-g" | "--global" | "--location=global" | "global");
    matches!(installer, Installer::Native | Installer::System | Installer::Volta) || call.argv.iter().any(says)
}

/// What some commands install, the last by each installer.
pub(super) fn installed_by_commands<'a>(installs: &'a [Invocation], profile: &Profile) -> Vec<InstalledByCommand<'a>> {
    let mut reader = InstallReader { profile, fetched: false };
    let mut found = Vec::new();
    for (command, call) in installs.iter().enumerate() {
        reader.add(command, call, &mut found);
    }
    found
}

/// What an image has: what its build installs, and what it copies from where another stage has it; the last by each
/// installer.
pub(super) fn installed_in_image<'a>(container: &'a Container, profile: &Profile) -> Vec<InstalledByCommand<'a>> {
    let mut reader = InstallReader { profile, fetched: false };
    let mut found = Vec::new();
    let mut copies = container.program_sources.stages.iter().peekable();
    for (command, call) in container.installs.iter().enumerate() {
        while let Some(copy) = copies.next_if(|copy| copy.commands_before <= command) {
            add_copied(copy, profile, &mut found);
        }
        reader.add(command, call, &mut found);
    }
    copies.for_each(|copy| add_copied(copy, profile, &mut found));
    found
}

/// Adds what comes along with a copy out of another stage.
fn add_copied<'a>(copy: &'a StageCopy, profile: &Profile, found: &mut Vec<InstalledByCommand<'a>>) {
    let installs = copy.installs.as_deref().unwrap_or_default();
    let brought = installed_by_commands(installs, profile).into_iter().filter(|one| comes_along(one, copy, profile));
    for one in brought {
        let is_over = |known: &InstalledByCommand<'_>| {
            let is_file = program_file_of(copy, profile).is_some_and(|file| file.starts_with("/usr/local/bin/"));
            is_replaced(known, one.installer, one.call)
                || is_file && known.installer == Installer::Npm && known.is_global()
        };
        found.retain(|known| !is_over(known));
        found.push(InstalledByCommand { place: None, ..one });
    }
}

/// The path that a copy puts the program itself at, where it names that.
pub(super) fn program_file_of(copy: &StageCopy, profile: &Profile) -> Option<String> {
    let own = |path: &str| {
        let (_, name) = parent_and_name(path)?;
        profile.commands.iter().find(|command| *command == name)
    };
    if own(&copy.target).is_some() {
        return Some(copy.target.clone());
    }
    let name = copy.sources.iter().find_map(|source| own(source))?;
    Some(format!("{}/{name}", copy.target.trim_end_matches('/')))
}

/// Whether what a command installs in another stage is at a path that is copied.
fn comes_along(one: &InstalledByCommand<'_>, copy: &StageCopy, profile: &Profile) -> bool {
    if program_file_of(copy, profile).is_some() {
        return true;
    }
    if !one.is_global() {
        return copy.sources.iter().any(|source| may_hold_packages(source));
    }
    let below: &[&str] = match one.installer {
        Installer::Npm => &["/usr/local/lib/node_modules", "/usr/lib/node_modules", "/usr/local/bin", "/usr/bin"],
        Installer::System => &["/usr/bin", "/usr/share", "/usr/lib"],
        _ => &[],
    };
    // Other installers, and npm where it is told another place, put it below a home, or a directory that is named so.
    let moves = one.call.argv.iter().any(|word| word.contains("prefix"));
    let is_home = |source: &str| {
        let user = source.strip_prefix("/home").is_some_and(|rest| rest.matches('/').count() < 2);
        source == "/root"
            || user
            || ["/.local", "/.bun", "/.volta", "/.yarn", "/pnpm"].iter().any(|own| source.contains(own))
    };
    copy.sources.iter().any(|source| {
        let is_related = |place: &&str| split_below(place, source).is_some() || split_below(source, place).is_some();
        let is_package = profile.packages.iter().any(|package| source.ends_with(package.as_str()));
        source == "/"
            || is_package
            || below.iter().any(is_related)
            || !matches!(one.installer, Installer::Npm | Installer::System) && is_home(source)
            || moves && !source.starts_with("/usr/")
    })
}

/// Whether packages may be at or below a path that is copied: it is no single program, and no directory of code that is made
/// of other code.
pub(super) fn may_hold_packages(source: &str) -> bool {
    let (directory, last) = parent_and_name(source).unwrap_or(("/", ""));
    !MADE.contains(&last) && !directory.ends_with("/bin") && directory != "/etc"
}

/// Whether what is known to be installed is so no longer once a command of an installer ran. What is installed for one
/// directory stays there beside that of another.
fn is_replaced(known: &InstalledByCommand<'_>, installer: Installer, call: &Invocation) -> bool {
    known.installer == installer && known.is_global() && installs_globally(installer, call)
}

/// The last of what was installed while the image was built.
pub(crate) fn last_installation(container: &Container, profile: &Profile) -> Option<Installation> {
    installed_by_commands(&container.installs, profile).pop().and_then(|installed| installed.place)
}

/// What the container installs itself, each with the version that it asks for; empty where it asks for none, or for one
/// that is not known.
pub(super) fn installed_at_start<'a>(container: &'a Container, profile: &Profile) -> Vec<(&'a Invocation, String)> {
    let home = (!container.env.contains_key("HOME")).then_some(UNKNOWN_HOME);
    let text =
        |word: &Word, call: &Invocation| word_text(word, call, container, home).unwrap_or_else(|| word.to_string());
    let mut reader = InstallReader { profile, fetched: false };
    let mut found = Vec::new();
    let calls = seen_calls(container).chain(&container.program_sources.listed_at_start);
    for call in calls.filter(|call| !is_switched_off(call, container)) {
        if let Some((_, InstallAction::Installed { version, .. })) = reader.read(call, &text) {
            found.push((call, version));
        }
    }
    found
}

/// Whether a call runs only where a variable is set that nothing sets: neither the container nor its image, which was read.
fn is_switched_off(call: &Invocation, container: &Container) -> bool {
    let is_known = container.build.is_some() && container.unseen.is_empty() && container.missing_env_files.is_empty();
    let is_off = |condition: &Condition| {
        !container.env.contains_key(&condition.variable) && condition.test.holds(None) == Some(false)
    };
    is_known && call.when.iter().any(is_off)
}

/// Names of directories with code that is made of other code.
const MADE: [&str; 6] = ["assets", "build", "dist", "out", "public", "static"];

/// What a command is asked for.
enum InstallAction {
    Installed { package: Option<usize>, version: String },
    Removed,
}

/// Reads commands in their order: the native installer is one that fetches and one that runs what was fetched.
struct InstallReader<'a> {
    profile: &'a Profile,
    fetched: bool,
}

impl InstallReader<'_> {
    /// Adds what a command installs, in the place of what the same installer had there.
    fn add<'c>(&mut self, command: usize, call: &'c Invocation, found: &mut Vec<InstalledByCommand<'c>>) {
        let text = |word: &Word, _: &Invocation| word.to_string();
        let Some((installer, asked)) = self.read(call, &text) else { return };
        found.retain(|known| !is_replaced(known, installer, call));
        match asked {
            InstallAction::Installed { package, version } => {
                let place = Some(Installation { command, package });
                found.push(InstalledByCommand { installer, call, place, version });
            }
            InstallAction::Removed => found.retain(|known| known.installer != installer || known.is_global()),
        }
    }

    fn read(
        &mut self,
        call: &Invocation,
        text: &dyn Fn(&Word, &Invocation) -> String,
    ) -> Option<(Installer, InstallAction)> {
        let (program, words) = call.argv.split_first()?;
        let installer = Installer::of_command(program.rsplit('/').next().unwrap_or(program));
        let was_fetched = std::mem::take(&mut self.fetched);
        let is_address = |word: &Word| self.profile.installers.iter().any(|address| word.contains(address.as_str()));
        self.fetched = words.iter().any(is_address);
        if let Some(version) = self.version_of_own_install(call, text) {
            return Some((Installer::Native, InstallAction::Installed { package: None, version }));
        }
        let installer = installer?;
        if installer == Installer::Native {
            // `-s -- 2.1.98` after a pipe, and `-c "$(curl …)" -- 2.1.98`.
            let version = words.iter().find(|word| !word.starts_with('-') && !is_address(word));
            let version = version.map(|word| text(word, call)).unwrap_or_default();
            return was_fetched.then_some((installer, InstallAction::Installed { package: None, version }));
        }
        let does = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&&**word));
        if installer == Installer::System && !does(&["install", "add", "in"]) {
            return None;
        }
        let (package, version) = words.iter().enumerate().find_map(|(at, word)| {
            let package = (installer != Installer::System).then_some(at + 1);
            chosen_words(word, call)
                .iter()
                .find_map(|word| Some((package, self.version_of(&text(word, call), installer)?)))
        })?;
        let is_removed = does(&["uninstall", "remove", "rm"]);
        Some((
            installer,
            if is_removed { InstallAction::Removed } else { InstallAction::Installed { package, version } },
        ))
    }

    /// The version that the program installs by itself, in the place of the native installer.
    fn version_of_own_install(&self, call: &Invocation, text: &dyn Fn(&Word, &Invocation) -> String) -> Option<String> {
        let [command, rest @ ..] = program_arguments(call, self.profile)? else { return None };
        let version = rest.iter().find(|word| !word.starts_with('-'));
        (*command == "install").then(|| version.map(|word| text(word, call)).unwrap_or_default())
    }

    /// The version that a word asks for, where it names the package.
    fn version_of(&self, word: &str, installer: Installer) -> Option<String> {
        match installer {
            Installer::System => self.profile.system_package_version(word).map(str::to_owned),
            _ => package_version(word, self.profile).map(str::to_owned),
        }
    }
}

/// The words that a word stands for: in a loop over names each of them.
fn chosen_words<'a>(word: &'a Word, call: &'a Invocation) -> &'a [Word] {
    let is_variable = |name: &str| {
        let bare = word.strip_prefix('$');
        bare == Some(name) || bare.and_then(|rest| rest.strip_prefix('{')?.strip_suffix('}')) == Some(name)
    };
    let chosen = call.choices.iter().find(|(name, _)| is_variable(name));
    chosen.map_or(std::slice::from_ref(word), |(_, words)| words)
}

/// The feature of a container that people work in which installs the program.
pub(crate) fn installing_feature<'a>(container: &'a Container, profile: &Profile) -> Option<&'a Feature> {
    let features = &container.workplace.as_ref()?.features;
    features.iter().find(|feature| {
        let last = feature.name.rsplit('/').next().unwrap_or_default();
        profile.features.iter().any(|known| known == last)
    })
}
