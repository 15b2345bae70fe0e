//! Where the build of an image has its installers put the known programs. Uses `repository` and `dockerfile`.

use super::repository::Repository;
use crate::input::dockerfile::{BuildStep, CopyOrigin, CopySource, Image, PathContent};
use crate::input::program_names::ProgramNames;
use crate::model::{Container, EnvValue, Invocation, join, parent_and_name, program_name};

/// Installers that have one place below a home, each with that.
const BELOW_HOME: [(&str, &str); 2] = [("bun", "/.bun/bin"), ("volta", "/.volta/bin")];
/// Where the native installer puts a program, below a home.
const NATIVE: &str = "/.local/bin";
/// Where npm puts programs: as Node.js has it from its makers' images, Debian and Alpine, and as NodeSource has it.
const NPM: &str = "/usr/local/bin";
const NPM_OF_SYSTEM: &str = "/usr/bin";

/// Whether a known program is at a path because an installer put it there, or a copy out of another stage, and nothing is
/// known to have taken its place.
pub(super) fn is_installed_at(path: &str, image: &Image, container: &Container, repository: &Repository<'_>) -> bool {
    let names = repository.programs;
    let Some((directory, name)) = parent_and_name(path) else { return false };
    if !names.commands.iter().any(|command| command == name) {
        return false;
    }
    if is_copied_to(path, image) {
        return true;
    }
    let is_of_installer = installs_to(directory, container, names);
    is_of_installer && image.find_file(path, repository.sources) == PathContent::Base
}

/// Whether a file of the program's name is copied to a path from where somebody else has it.
fn is_copied_to(path: &str, image: &Image) -> bool {
    let last = image.steps.iter().rev().find_map(|step| {
        let BuildStep::Copy(copied) = step.as_ref() else { return None };
        let is_whole = |source: &CopySource| {
            let CopySource::Path(source) = source else { return false };
            let own = source.text.rsplit('/').next().unwrap_or_default();
            copied.target.text == path || join(&copied.target.text, &format!("./{own}")) == path
        };
        (!copied.target.is_symbolic() && copied.sources.iter().any(is_whole)).then_some(copied)
    });
    last.is_some_and(|copied| !matches!(copied.from, CopyOrigin::Context(_)))
}

/// Whether the commands of a build install a program into a directory.
fn installs_to(directory: &str, container: &Container, names: &ProgramNames) -> bool {
    let calls = &container.installs;
    let names_any = |call: &Invocation, known: &[String]| {
        call.argv.iter().any(|word| known.iter().any(|known| word.contains(known.as_str())))
    };
    let mut was_fetched = false;
    for call in calls {
        let program = program_name(call);
        if matches!(program, "bash" | "sh") && was_fetched && directory.ends_with(NATIVE) {
            return true;
        }
        was_fetched = names_any(call, &names.installers);
        let below = BELOW_HOME.iter().find(|(installer, _)| *installer == program);
        if !installs_globally(call) || !names_any(call, &names.program_packages) {
            continue;
        }
        let is_here = match program {
            "npm" => npm_directory(container).is_some_and(|own| own == directory),
            // That of the Node.js that runs it.
            "yarn" => directory == NPM,
            _ => below.is_some_and(|(_, below)| directory.ends_with(below)),
        };
        if is_here {
            return true;
        }
    }
    false
}

/// Whether a command installs for all, and not for one directory.
fn installs_globally(call: &Invocation) -> bool {
    let has = |wanted: &[&str]| call.argv.iter().any(|word| wanted.contains(&&**word));
    let is_install = has(&["install", "i", "in", "add"]);
    is_install && (has(&["-g", "--global", "--location=global", "global"]) || program_name(call) == "volta")
}

/// Where npm puts programs; `None` where it is told another place and that is not known.
fn npm_directory(container: &Container) -> Option<String> {
    let is_prefix = |name: &String| name.eq_ignore_ascii_case("NPM_CONFIG_PREFIX");
    if let Some((_, variable)) = container.env.iter().find(|(name, _)| is_prefix(name)) {
        let EnvValue::Set(value) = &variable.value else { return None };
        return (!value.is_symbolic()).then(|| join(&value.text, "./bin"));
    }
    let mut words = container.installs.iter().flat_map(|call| &call.argv);
    if words.clone().any(|word| word.contains("prefix")) {
        return None;
    }
    let by_system = words.any(|word| word.contains("nodesource"));
    Some(if by_system { NPM_OF_SYSTEM } else { NPM }.to_owned())
}
