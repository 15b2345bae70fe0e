//! The names that known programs go by in any text: their commands, and where they keep their state. Uses `rules` and
//! `shell::file_system`.

use super::shell::file_system::{find_program, find_word};
use crate::rules::Profile;

/// A module that calls a copy of a program that comes with it.
#[derive(Debug, Clone)]
pub struct BundlingModule {
    /// Its name in code.
    pub name: String,
    /// What code calls the path of a program that it is to call in place of that copy.
    pub path_option: Option<String>,
}

/// The names of all known programs.
#[derive(Debug, Clone, Default)]
pub struct ProgramNames {
    /// The commands that run them.
    pub commands: Vec<String>,
    /// The modules that code calls copies of them by.
    pub modules: Vec<BundlingModule>,
    /// The packages and installers that bring them.
    pub packages: Vec<String>,
    /// Of these the packages that are such a program.
    pub program_packages: Vec<String>,
    /// Where the native installers are fetched from.
    pub installers: Vec<String>,
    /// The names under which package managers of a system have them.
    pub system_packages: Vec<String>,
    /// Their state directories, the variables that move these, and the files beside them.
    pub state: Vec<String>,
    /// The variables that decide where they keep it, and whether and how they refresh a login.
    pub variables: Vec<String>,
    /// The files that hold their logins, in their state directories.
    pub credentials: Vec<String>,
    /// The keys that lead to the token in such a file, which a refresh replaces.
    pub refresh_tokens: Vec<Vec<String>>,
    /// The entries of a keychain that take the place of such a file, each with where the file would be in a home.
    pub keychain_entries: Vec<(String, String)>,
}

impl ProgramNames {
    /// The file of a login that a word of a command names: by its path, or as an entry of a keychain.
    pub fn login_file(&self, word: &str) -> Option<String> {
        let entry = self.keychain_entries.iter().find(|(entry, _)| entry == word);
        entry.map(|(_, file)| file.clone()).or_else(|| self.is_login_file(word).then(|| word.to_owned()))
    }

    /// Whether a path is called as a file with a login is.
    pub fn is_login_file(&self, path: &str) -> bool {
        self.credentials.iter().any(|name| path.rsplit('/').next() == Some(name))
    }

    /// The names that some profiles give.
    pub fn of_profiles(profiles: &[Profile]) -> Self {
        let mut names = Self::default();
        for profile in profiles {
            names.commands.extend(profile.commands.iter().cloned());
            names.commands.extend(profile.bundled_by.iter().map(|bundle| bundle.module.clone()));
            names.modules.extend(
                profile.bundled_by.iter().map(|bundle| BundlingModule {
                    name: bundle.module.clone(),
                    path_option: bundle.path_option.clone(),
                }),
            );
            names.system_packages.extend(profile.system_packages.iter().cloned());
            names.packages.extend(profile.packages.iter().chain(&profile.installers).cloned());
            names.program_packages.extend(profile.packages.iter().cloned());
            names.installers.extend(profile.installers.iter().cloned());
            names.packages.extend(profile.bundled_by.iter().map(|bundle| bundle.package.clone()));
            let directory = &profile.state_directory;
            names.state.extend([directory.variable.clone(), directory.default.clone()]);
            names.variables.extend(profile.public_variables.iter().cloned());
            names.variables.extend(profile.environment.iter().map(|variable| variable.name.clone()));
            names.variables.push(directory.variable.clone());
            names.variables.extend(directory.credentials.iter().map(|moving| moving.variable.clone()));
            names.credentials.push(profile.credentials.clone());
            names.refresh_tokens.push(profile.refresh_token.clone());
            let in_home = format!("~/{}/{}", directory.default, profile.credentials);
            names.keychain_entries.extend(profile.keychain_entry.iter().map(|entry| (entry.clone(), in_home.clone())));
            names.state.extend(profile.side_files.iter().map(|file| file.name.clone()));
        }
        names
    }

    /// Whether a text names where one of them keeps its state, as a word of its own.
    pub fn have_state_named_in(&self, text: &str) -> bool {
        self.state.iter().any(|name| find_word(text, name).is_some())
    }

    /// Whether a text has a path in it that leads to where one of them keeps its state.
    pub fn have_state_path_in(&self, text: &str) -> bool {
        let is_path = |name: &String| {
            let path = format!("/{name}");
            let ends = |at: usize| {
                let after = text.get(at + path.len()..).and_then(|rest| rest.chars().next());
                !after.is_some_and(|ch| ch.is_alphanumeric() || matches!(ch, '_' | '-' | '.'))
            };
            text.match_indices(&path).any(|(at, _)| ends(at))
        };
        self.state.iter().any(is_path)
    }

    /// Whether a text names a program itself, or what brings it.
    pub fn is_program_named_in(&self, text: &str) -> bool {
        self.commands.iter().any(|name| find_word(text, name).is_some())
            || self.packages.iter().any(|package| text.contains(package.as_str()))
    }

    /// Whether a text names one of them, as a word of its own.
    pub fn are_named_in(&self, text: &str) -> bool {
        self.commands.iter().any(|name| find_program(text, name).is_some())
            || self.state.iter().any(|name| find_word(text, name).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_word_names_a_program() {
        let names = ProgramNames {
            commands: vec!["claude".to_owned()],
            modules: Vec::new(),
            packages: Vec::new(),
            program_packages: Vec::new(),
            installers: Vec::new(),
            system_packages: Vec::new(),
            state: vec!["CLAUDE_CONFIG_DIR".to_owned(), ".claude".to_owned()],
            variables: Vec::new(),
            credentials: Vec::new(),
            refresh_tokens: Vec::new(),
            keychain_entries: Vec::new(),
        };
        for text in ["-v ~/.claude:/root/.claude", "exec claude -p x", "CLAUDE_CONFIG_DIR=/state", "/usr/bin/claude\n"]
        {
            assert!(names.are_named_in(text), "{text}");
        }
        for text in
            ["", "CLAUDE_CONFIG_PATH=/x", "~/.claude-cache", "claude-code", "my.claude", "claudette", "claude/fix-$1"]
        {
            assert!(!names.are_named_in(text), "{text}");
        }
    }
}
