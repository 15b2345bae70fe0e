//! Which directories of a container may hold a program's state, and which homes there are: by every environment that
//! is known, by the user, by what is mounted. Uses `model`, `rules` and `source::capture`.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Container, EnvVar, Invocation, KeptValue, KernelMount, ProcessFacts, join, program_name};
use crate::rules::Profile;

/// What tells where state may be.
pub(super) struct StateClues<'a> {
    pub(super) container: &'a Container,
    /// What it was seen to run.
    pub(super) calls: &'a [Invocation],
    /// The environment of the first process; empty where it may not be read.
    pub(super) first: &'a BTreeMap<String, String>,
    pub(super) processes: &'a [ProcessFacts],
    /// The user's home by `/etc/passwd`.
    pub(super) passwd: Option<String>,
    /// The mounts that can be reached.
    pub(super) mounts: &'a [&'a KernelMount],
}

impl StateClues<'_> {
    /// Every value that a variable has in one of the environments: as it is, where a shell would expand nothing in it.
    fn values<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'b str> {
        let configured = self.container.env.get(name).and_then(known_value);
        let first = self.first.get(name).map(String::as_str);
        let own = self.processes.iter().filter_map(move |process| process.env.as_ref()?.get(name).and_then(value));
        let scripts = self.calls.iter().filter_map(move |call| literal(call.env.get(name)?));
        configured.into_iter().chain(first).chain(own).chain(scripts).filter(|value| !value.is_empty())
    }

    fn absolute(&self, path: &str) -> String {
        join(&join("/", working_directory(self.container)), path)
    }

    /// Every home that there may be.
    pub(super) fn homes(&self, profiles: &[Profile]) -> BTreeSet<String> {
        let suggested = |profile: &Profile| -> Vec<String> {
            let ending = format!("/{}", profile.state_directory.default);
            let points = self.mounts.iter().filter_map(|mount| mount.mount_point.strip_suffix(&ending));
            points.map(|home| join("/", home)).collect()
        };
        let mut homes: BTreeSet<String> = self.values("HOME").map(|home| self.absolute(home)).collect();
        homes.extend(self.passwd.iter().map(|home| self.absolute(home)));
        homes.extend(profiles.iter().flat_map(suggested));
        homes
    }

    /// Every directory that may be a program's state.
    pub(super) fn states(&self, profile: &Profile, homes: &BTreeSet<String>) -> BTreeSet<String> {
        let moved = self.values(&profile.state_directory.variable).map(|path| self.absolute(path));
        let usual = homes.iter().map(|home| join(home, &profile.state_directory.default));
        moved.chain(usual).collect()
    }

    /// Every path that a program may keep, lock or make.
    pub(super) fn paths(&self, profiles: &[Profile]) -> Vec<String> {
        let homes = self.homes(profiles);
        let mut paths = Vec::new();
        for profile in profiles {
            for state in self.states(profile, &homes) {
                paths.extend(around(profile, &state));
                paths.push(state);
            }
            paths.extend(homes.iter().flat_map(|home| beside(profile, home)));
        }
        paths.extend(self.guards().map(str::to_owned));
        paths
    }

    /// What the container's script makes links to, where it names that whole.
    pub(super) fn link_targets(&self) -> impl Iterator<Item = &str> {
        let links = self.calls.iter().filter(|call| program_name(call) == "ln");
        links.flat_map(|call| &call.argv).filter_map(|word| literal(word)).filter(|path| path.starts_with('/'))
    }

    /// The files that the container's script locks, where a script names them whole.
    pub(super) fn guards(&self) -> impl Iterator<Item = &str> {
        let locks = self.calls.iter().flat_map(|call| &call.locks);
        locks.filter_map(|lock| literal(&lock.path)).filter(|path| path.starts_with('/'))
    }
}

/// The value that is kept in memory.
pub(super) fn value(held: &KeptValue) -> Option<&str> {
    match held {
        KeptValue::Public(value) | KeptValue::Secret(value) => Some(value),
        KeptValue::Empty => None,
    }
}

/// What is known that a variable holds, unless it is empty.
pub(super) fn known_value(variable: &EnvVar) -> Option<&str> {
    variable.known().filter(|value| !value.is_empty())
}

/// Where a container's relative paths begin.
pub(super) fn working_directory(container: &Container) -> &str {
    container.working_dir.as_ref().filter(|directory| !directory.is_symbolic()).map_or("/", |directory| &directory.text)
}

/// A word in which a shell expands nothing.
fn literal(word: &str) -> Option<&str> {
    (!word.contains(['$', '`', '\\', '*', '?', '[']) && !word.starts_with('~')).then_some(word)
}

/// The home of a user in the text of an `/etc/passwd` (passwd(5)); the user as an image or a container names it.
pub(super) fn home_in(passwd: &str, user: &str) -> Option<String> {
    let name = user.split(':').next().filter(|name| !name.is_empty()).unwrap_or("0");
    let fields = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let is_user = |fields: &Vec<&str>| [fields.first(), fields.get(2)].contains(&Some(&name));
    let home = fields.filter(|fields| fields.len() >= 6).find(is_user)?;
    home.get(5).filter(|home| home.starts_with('/')).map(|home| (*home).to_owned())
}

/// What a program may keep, lock or make, for one state directory: paths below it and beside it.
pub(super) fn around(profile: &Profile, state: &str) -> Vec<String> {
    let inside = [&profile.credentials, &profile.guard.file].into_iter();
    let sides = profile.side_files.iter().flat_map(|file| [&file.name, &file.lock]);
    let locks = profile.locks.iter().map(|lock| join("/", &lock.path_in(state, state)));
    inside.chain(sides).map(|name| join(state, name)).chain(locks).chain([join(state, "..")]).collect()
}

/// The files beside a state directory that is in its usual place.
pub(super) fn beside(profile: &Profile, home: &str) -> Vec<String> {
    profile.side_files.iter().flat_map(|file| [join(home, &file.name), join(home, &file.lock)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Value;
    use crate::rules::Ruleset;
    use crate::text::Sources;

    #[test]
    fn a_users_home_is_by_name_or_number() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nbroken\nagent:x:1000:1000::/home/agent:/bin/sh\n";
        for (user, home) in [
            ("", Some("/root")),
            ("agent", Some("/home/agent")),
            ("1000:1000", Some("/home/agent")),
            ("agent:staff", Some("/home/agent")),
            ("7", None),
        ] {
            assert_eq!(home_in(passwd, user).as_deref(), home, "{user}");
        }
    }

    #[test]
    fn every_environment_counts() {
        let profiles = Ruleset::load(&Sources::default(), None).unwrap().profiles;
        let configured = [("HOME", "/home/configured"), ("CLAUDE_CONFIG_DIR", "state")];
        let configured = configured
            .map(|(name, value)| (name.to_owned(), EnvVar::of_kept(name, KeptValue::Public(value.to_owned()))));
        let container = Container {
            working_dir: Value::unless_empty("/work".to_owned()),
            env: configured.into(),
            ..Container::default()
        };
        let first = BTreeMap::from([("HOME".to_owned(), "/home/first".to_owned())]);
        let env = BTreeMap::from([("CLAUDE_CONFIG_DIR".to_owned(), KeptValue::Public("/own".into()))]);
        let processes = [ProcessFacts { env: Some(env), ..ProcessFacts::default() }];
        let line = b"1 0 0:1 / /home/mounted/.claude rw - ext4 none rw";
        let table = crate::input::kernel::mountinfo::parse(line);
        let mounts: Vec<&KernelMount> = table.mounts.iter().collect();
        let known = StateClues {
            container: &container,
            calls: &[],
            first: &first,
            processes: &processes,
            passwd: None,
            mounts: &mounts,
        };
        let homes = known.homes(&profiles);
        assert_eq!(homes.iter().collect::<Vec<_>>(), ["/home/configured", "/home/first", "/home/mounted"]);
        let states = known.states(&profiles[0], &homes);
        assert_eq!(
            states.iter().collect::<Vec<_>>(),
            ["/home/configured/.claude", "/home/first/.claude", "/home/mounted/.claude", "/own", "/work/state"]
        );
        let around = around(&profiles[0], "/own");
        for path in ["/own.lock", "/own/.oauth_refresh.lock", "/own/session.lock", "/own/.credentials.json", "/"] {
            assert!(around.iter().any(|known| known == path), "{path} {around:?}");
        }
    }
}
