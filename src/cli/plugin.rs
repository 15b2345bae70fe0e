//! What docker says to a plugin of its command line, in words of ours. Uses nothing else of this crate.
//!
//! Docker calls `docker-overlock docker-cli-plugin-metadata` to learn what the plugin is, and for `docker overlock …`
//! the plugin with all of docker's own words: its options, then `overlock`, then the rest.

use std::ffi::{OsStr, OsString};
use std::path::Path;

/// What docker asks a plugin for first.
pub const METADATA: &str = concat!(
    "{\"SchemaVersion\":\"0.1.0\",\"Vendor\":\"Overlock\",\"Version\":\"",
    env!("CARGO_PKG_VERSION"),
    "\",\"ShortDescription\":\"Audit the locks of shared state directories\",\"URL\":\"",
    env!("CARGO_PKG_REPOSITORY"),
    "\"}\n"
);

/// How the program was called.
#[derive(Debug, PartialEq, Eq)]
pub enum Call {
    /// By its own name.
    Plain(Vec<OsString>),
    /// By docker, to do something: the words as if by its own name, and which engine docker was told of.
    Plugin(Vec<OsString>, Engine),
    /// By docker, to say what it is.
    Metadata,
    /// By docker, with words before the plugin's name that are not understood.
    Unclear(String),
}

/// The engine that docker was told of before the plugin's name, as variables of the environment: what docker's own
/// options take the place of, and what they say.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Engine {
    /// Variables that no longer hold.
    pub unset: Vec<&'static str>,
    /// Variables that hold instead.
    pub set: Vec<(&'static str, String)>,
}

/// Reads the words of the process, the first of which is what it was called as.
pub fn call(words: Vec<OsString>) -> Call {
    let called = words.first().map(Path::new).and_then(Path::file_stem);
    if called != Some(OsStr::new("docker-overlock")) {
        return Call::Plain(words);
    }
    let mut words = words.into_iter();
    let program: Vec<OsString> = words.next().into_iter().collect();
    let mut engine = Engine::default();
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        match text.as_ref() {
            "docker-cli-plugin-metadata" => return Call::Metadata,
            "overlock" => return Call::Plugin(program.into_iter().chain(words).collect(), engine),
            "-D" | "--debug" | "--debug=true" | "--debug=false" => {}
            option if option.starts_with('-') => {
                if let Err(problem) = engine.take(option, || words.next()) {
                    return Call::Unclear(problem);
                }
            }
            // Called by hand: docker puts the plugin's name before what it passes on.
            _ => return Call::Plugin(program.into_iter().chain([word]).chain(words).collect(), engine),
        }
    }
    Call::Plugin(program, engine)
}

impl Engine {
    /// Takes one of docker's own options; its value is in the word, or is the next one.
    fn take(&mut self, option: &str, next: impl FnOnce() -> Option<OsString>) -> Result<(), String> {
        let (name, value) = match option.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => match option.get(..2) {
                // `-Hunix:///run/docker.sock`
                Some(short @ ("-H" | "-c" | "-l")) if option.len() > 2 => (short, option.get(2..).map(str::to_owned)),
                _ => (option, None),
            },
        };
        let flag = matches!(name, "--tls" | "--tlsverify");
        let value = match value {
            Some(value) => value,
            None if flag => "true".to_owned(),
            None => match next() {
                Some(value) => value.to_string_lossy().into_owned(),
                None => return Err(format!("docker's option {name} wants a value")),
            },
        };
        match name {
            "-H" | "--host" => self.choose("DOCKER_CONTEXT", "DOCKER_HOST", value),
            "-c" | "--context" => self.choose("DOCKER_HOST", "DOCKER_CONTEXT", value),
            "--config" => self.set.push(("DOCKER_CONFIG", value)),
            "-l" | "--log-level" => {}
            "--tlsverify" if value == "true" => self.set.push(("DOCKER_TLS_VERIFY", "1".to_owned())),
            "--tlsverify" => self.unset.push("DOCKER_TLS_VERIFY"),
            _ => {
                return Err(format!(
                    "docker's option {name} is not taken before the plugin's name; give it behind the command, as in \
                     `docker overlock audit {name} …`"
                ));
            }
        }
        Ok(())
    }

    fn choose(&mut self, unset: &'static str, set: &'static str, value: String) {
        self.unset.push(unset);
        self.set.push((set, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(words: &[&str]) -> Call {
        call(words.iter().map(OsString::from).collect())
    }

    fn plugin(words: &[&str]) -> (Vec<OsString>, Engine) {
        match called(words) {
            Call::Plugin(words, engine) => (words, engine),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn by_its_own_name_nothing_is_changed() {
        let words = ["/usr/bin/overlock", "-c", "docker-cli-plugin-metadata"];
        assert_eq!(called(&words), Call::Plain(words.iter().map(OsString::from).collect()));
    }

    #[test]
    fn docker_puts_its_options_before_the_name() {
        let (words, engine) =
            plugin(&["/x/docker-overlock", "-D", "-Htcp://a:1", "--config", "/c", "overlock", "check", "-f", "x"]);
        assert_eq!(words, ["/x/docker-overlock", "check", "-f", "x"]);
        assert_eq!(engine.set, [("DOCKER_HOST", "tcp://a:1".to_owned()), ("DOCKER_CONFIG", "/c".to_owned())]);
        assert_eq!(engine.unset, ["DOCKER_CONTEXT"]);
        let (_, engine) = plugin(&["docker-overlock", "--context=far", "--tlsverify", "overlock", "audit"]);
        assert_eq!(engine.set, [("DOCKER_CONTEXT", "far".to_owned()), ("DOCKER_TLS_VERIFY", "1".to_owned())]);
        assert_eq!(engine.unset, ["DOCKER_HOST"]);
    }

    #[test]
    fn an_option_behind_the_name_is_ours() {
        let (words, engine) = plugin(&["docker-overlock", "overlock", "audit", "--context", "far"]);
        assert_eq!((words.len(), engine), (4, Engine::default()));
    }

    #[test]
    fn what_is_not_understood_is_told() {
        assert!(matches!(called(&["docker-overlock", "--tlscert", "x", "overlock", "audit"]), Call::Unclear(_)));
        assert!(matches!(called(&["docker-overlock", "--host"]), Call::Unclear(_)));
    }
}
