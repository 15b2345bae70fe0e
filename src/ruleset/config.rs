//! What a person says of their host in `overlock.yaml`, which no input shows. Uses `ruleset::version` alone.

use serde::Deserialize;

use super::version::VersionRange;

/// The configuration file's name.
pub const CONFIG_FILE: &str = "overlock.yaml";

/// The whole file. A key that is not known is an error.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The person whose home a state directory is in.
    #[serde(default)]
    pub host: HostConfig,
}

/// Whether the person whose home a state directory is in uses it too.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostConfig {
    /// Whether they run the program with it. Presumed possible where it is not said.
    #[serde(default)]
    pub participates: Option<Answer>,
    /// Their version, `2.1.132` or `>=2.1.132`.
    #[serde(default, deserialize_with = "version")]
    pub version: Option<VersionRange>,
    /// Whether they go through the guard.
    #[serde(default)]
    pub guard: Option<Answer>,
}

/// Yes or no, in words or as YAML's booleans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(from = "Written")]
pub enum Answer {
    /// Yes.
    Yes,
    /// No.
    No,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected yes or no")]
enum Written {
    Boolean(bool),
    Word(Word),
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Yes,
    No,
}

impl From<Written> for Answer {
    fn from(written: Written) -> Self {
        match written {
            Written::Boolean(true) | Written::Word(Word::Yes) => Self::Yes,
            Written::Boolean(false) | Written::Word(Word::No) => Self::No,
        }
    }
}

fn version<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<VersionRange>, D::Error> {
    let text = String::deserialize(from)?;
    let range = VersionRange::parse(&text);
    range.map(Some).ok_or_else(|| serde::de::Error::custom("expected a version such as 2.1.132 or >=2.1.132"))
}

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    /// What is wrong, with line and column from 1 where the parser tells them.
    pub fn parse(text: &str) -> Result<Self, (String, u32, u32)> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        serde_yaml::from_str(text).map_err(|error: serde_yaml::Error| {
            let at = |number: usize| u32::try_from(number).unwrap_or(1).max(1);
            let (line, column) = error.location().map_or((1, 1), |place| (at(place.line()), at(place.column())));
            (error.to_string(), line, column)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_words_or_booleans_and_typos_are_refused() {
        let yes = Config::parse("host:\n  participates: yes\n  version: 2.1.330\n  guard: false\n").unwrap();
        assert_eq!(yes.host.participates, Some(Answer::Yes));
        assert_eq!(yes.host.guard, Some(Answer::No));
        assert_eq!(yes.host.version.unwrap().to_string(), "2.1.330");
        let (message, line, _) = Config::parse("host:\n  participate: no\n").unwrap_err();
        assert!(message.contains("participate") && line == 2, "{message} at {line}");
        assert!(Config::parse("host: {version: latest}").is_err());
        assert!(Config::parse("host: {guard: perhaps}").is_err());
    }
}
