//! Where the version of the program that a container runs is decided, and that place changed in a copy of it.
//! May use `model`, `rules`, `text` and `judge`.

use crate::judge::{last_installation, package_version, program_calls, read_version};
use crate::model::{Container, EnvValue, Invocation, Label, VERSION_LABEL, Value, Word};
use crate::rules::{Profile, VersionRange};
use crate::text::Span;

/// The one place that decides which version runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum VersionPlace {
    /// A command of the image's build; the word of the package, or nothing for the native installer.
    Build { command: usize, package: Option<usize> },
    /// A call that names the package, and the word that does.
    Call { call: usize, package: usize },
    /// A build argument.
    Argument(String),
    /// The tag of the image.
    ImageTag,
    /// The program's own files, in a container that runs.
    Installed,
    /// Nothing that was read: a label can tell.
    Declared,
}

impl VersionPlace {
    /// The place of a container whose version is not one that takes a lock inside the state directory; `None` where it is.
    pub(super) fn unsettled(container: &Container, profile: &Profile) -> Option<Self> {
        let calls = program_calls(container, profile);
        let fact = read_version(container, profile, &calls);
        if profile.is_settled(fact.range.as_ref()) {
            return None;
        }
        Some(Self::of(container, profile))
    }

    fn of(container: &Container, profile: &Profile) -> Self {
        let calls = container.script.invocations.iter().enumerate();
        let mut named = calls.filter_map(|(call, invocation)| {
            let is_package = |word: &Word| {
                let version = package_version(word, profile);
                version.is_some_and(|version| !profile.is_settled(VersionRange::parse(version).as_ref()))
            };
            Some(Self::Call { call, package: invocation.argv.iter().position(is_package)? })
        });
        if let Some(call) = named.next() {
            return call;
        }
        let mut installed = container.shown().installed.iter();
        if installed.any(|installed| installed.program == profile.id) {
            return Self::Installed;
        }
        let tagged = container.image.as_ref().filter(|image| {
            let name = image.text.rsplit('/').next().unwrap_or("");
            name.split_once(':').is_some_and(|(name, _)| profile.images.iter().any(|known| known == name))
        });
        if tagged.is_some() {
            return Self::ImageTag;
        }
        let installed = last_installation(container, profile);
        let installed =
            installed.filter(|found| !is_settled_by(container.installs.get(found.command), found.package, profile));
        if let Some(found) = installed {
            return Self::Build { command: found.command, package: found.package };
        }
        let argument = profile.build_args.iter().find(|name| container.build_args.contains_key(*name));
        argument.map_or(Self::Declared, |name| Self::Argument(name.clone()))
    }

    /// Where that is written.
    pub(super) fn span(&self, container: &Container) -> Span {
        let found = match self {
            Self::Build { command, .. } => container.installs.get(*command).map(|call| call.span),
            Self::Call { call, .. } => container.script.invocations.get(*call).map(|call| call.span),
            Self::Argument(name) => container.build_args.get(name).map(|argument| argument.span),
            Self::Installed => None,
            Self::ImageTag => container.image.as_ref().and_then(|image| image.span),
            // One that is declared already is to be declared otherwise.
            Self::Declared => {
                let declared = container.labels.get(VERSION_LABEL).map(|label| label.span);
                declared.or_else(|| container.image.as_ref().and_then(|image| image.span))
            }
        };
        found.unwrap_or(container.span)
    }

    /// Whether it is something that tells the version by itself.
    pub(super) fn is_written(&self) -> bool {
        !matches!(self, Self::Declared)
    }

    /// Makes it say the version.
    pub(super) fn change(&self, container: &mut Container, profile: &Profile) {
        let since = &profile.settled_since;
        let exact = since.to_string();
        match self {
            Self::Build { command, package: Some(at) } => {
                let word = container.installs.get_mut(*command).and_then(|call| call.argv.get_mut(*at));
                require_in_word(word, profile);
            }
            Self::Build { command, package: None } => {
                if let Some(call) = container.installs.get_mut(*command) {
                    call.argv.truncate(1);
                    call.argv.extend([Word::literal("-s"), Word::literal(&exact)]);
                }
            }
            Self::Call { call, package } => {
                let Some(call) = container.script.invocations.get_mut(*call) else { return };
                let span = call.span;
                require_in_word(call.argv.get_mut(*package), profile);
                // What sets a container up is among what is installed in it as well.
                for install in container.installs.iter_mut().filter(|install| install.span == span) {
                    require_in_word(install.argv.get_mut(*package), profile);
                }
            }
            Self::Argument(name) => {
                if let Some(argument) = container.build_args.get_mut(name) {
                    argument.value = EnvValue::set(Value::known(exact, None));
                }
            }
            Self::ImageTag => {
                if let Some(image) = &mut container.image {
                    let name = image.text.rsplit_once(':').map_or(image.text.as_str(), |(name, _)| name);
                    *image = Value::known(format!("{name}:{exact}"), image.span);
                }
            }
            Self::Installed | Self::Declared => {
                let value = Value::known(format!(">={since}"), None);
                let label = Label::new(value, container.span);
                container.labels.insert(VERSION_LABEL.to_owned(), label);
                // A running one whose files tell an older version is made anew from an image that is not older.
                if let Some(shown) = container.live.as_mut().and_then(|live| live.kernel.as_mut()) {
                    shown.installed.retain(|installed| installed.program != profile.id);
                }
            }
        }
    }
}

/// Whether a command installs a version that takes a lock inside the state directory: something else is what runs then.
fn is_settled_by(call: Option<&Invocation>, package: Option<usize>, profile: &Profile) -> bool {
    let is_settled = |word: &Word| {
        let version = package_version(word, profile).unwrap_or(word);
        profile.is_settled(VersionRange::parse(version).as_ref())
    };
    let Some(call) = call else { return false };
    match package {
        Some(at) => call.argv.get(at).is_some_and(is_settled),
        None => call.argv.iter().any(is_settled),
    }
}

fn require_in_word(word: Option<&mut Word>, profile: &Profile) {
    let Some(word) = word else { return };
    if let Some(package) = profile.packages.iter().find(|package| word.starts_with(package.as_str())) {
        *word = Word::literal(&format!("{package}@>={}", profile.settled_since));
    }
}
