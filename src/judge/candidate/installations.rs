//! The commands that install the program: those of the image's build, and those that the container itself runs before it
//! calls it. May use `model` and `rules`.

use super::calls::{package_version, program_arguments, seen_calls};
use super::word_path::{UNKNOWN_HOME, word_text};
use crate::model::{Condition, Container, Feature, Invocation, Word};
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
    pub(super) place: Installation,
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
        let says = |word: &Word| matches!(&**word, "-g" | "--global" | "--location=global" | "global");
        matches!(self.installer, Installer::Native | Installer::System | Installer::Volta)
            || self.call.argv.iter().any(says)
    }
}

/// What was installed while the image was built, the last by each installer.
pub(super) fn installed_by_build<'a>(installs: &'a [Invocation], profile: &Profile) -> Vec<InstalledByCommand<'a>> {
    let text = |word: &Word, _: &Invocation| word.to_string();
    let mut found: Vec<InstalledByCommand<'a>> = Vec::new();
    let mut reader = InstallReader { profile, fetched: false };
    for (command, call) in installs.iter().enumerate() {
        let Some((installer, asked)) = reader.read(call, &text) else { continue };
        found.retain(|known| known.installer != installer);
        let Asked::Installed { package, version } = asked else { continue };
        let place = Installation { command, package };
        found.push(InstalledByCommand { installer, call, place, version });
    }
    found
}

/// The last of what was installed while the image was built.
pub(crate) fn last_installation(container: &Container, profile: &Profile) -> Option<Installation> {
    installed_by_build(&container.installs, profile).pop().map(|installed| installed.place)
}

/// What the container installs itself, each with the version that it asks for; empty where it asks for none, or for one
/// that is not known.
pub(super) fn installed_at_start<'a>(container: &'a Container, profile: &Profile) -> Vec<(&'a Invocation, String)> {
    let home = (!container.env.contains_key("HOME")).then_some(UNKNOWN_HOME);
    let text =
        |word: &Word, call: &Invocation| word_text(word, call, container, home).unwrap_or_else(|| word.to_string());
    let mut reader = InstallReader { profile, fetched: false };
    let mut found = Vec::new();
    for call in seen_calls(container).filter(|call| !is_switched_off(call, container)) {
        if let Some((_, Asked::Installed { version, .. })) = reader.read(call, &text) {
            found.push((call, version));
        } else if let Some([command, rest @ ..]) = program_arguments(call, profile)
            && *command == "install"
        {
            // The program installs another version of itself.
            let version = rest.iter().find(|word| !word.starts_with('-'));
            found.push((call, version.map(|word| text(word, call)).unwrap_or_default()));
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

/// What a command is asked for.
enum Asked {
    Installed { package: Option<usize>, version: String },
    Removed,
}

/// Reads commands in their order: the native installer is one that fetches and one that runs what was fetched.
struct InstallReader<'a> {
    profile: &'a Profile,
    fetched: bool,
}

impl InstallReader<'_> {
    fn read(&mut self, call: &Invocation, text: &dyn Fn(&Word, &Invocation) -> String) -> Option<(Installer, Asked)> {
        let (program, words) = call.argv.split_first()?;
        let installer = Installer::of_command(program.rsplit('/').next().unwrap_or(program));
        let was_fetched = std::mem::take(&mut self.fetched);
        let is_address = |word: &Word| self.profile.installers.iter().any(|address| word.contains(address.as_str()));
        self.fetched = words.iter().any(is_address);
        let installer = installer?;
        if installer == Installer::Native {
            // `-s -- 2.1.98` after a pipe, and `-c "$(curl …)" -- 2.1.98`.
            let version = words.iter().find(|word| !word.starts_with('-') && !is_address(word));
            let version = version.map(|word| text(word, call)).unwrap_or_default();
            return was_fetched.then_some((installer, Asked::Installed { package: None, version }));
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
        Some((installer, if is_removed { Asked::Removed } else { Asked::Installed { package, version } }))
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
