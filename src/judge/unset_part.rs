//! The parts of a place that are not known: what says where it is, and what would settle that.
//! May use earlier parts of `judge`.

use super::place::UNSEEN_MOUNTS;

/// A part of a place that is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UnsetPart<'a> {
    /// A variable.
    Variable(&'a str),
    /// What a script gives a variable, as it is at a place of the script.
    Assigned { name: &'a str, place: &'a str },
    /// An argument of a script.
    Argument,
    /// What a command prints.
    Output,
    /// Mounts that were not seen.
    Mounts,
    /// A variable of a job of Nomad.
    JobVariable(&'a str),
    /// An expression of a job, by its place.
    JobExpression(&'a str),
    /// What Nomad puts in where the job runs.
    OfClient,
    /// A volume that a client of Nomad has by this name.
    HostVolume(&'a str),
}

/// What stands for the directory of such a volume, before its name.
const HOST_VOLUME: &str = "nomad host volume ";

impl<'a> UnsetPart<'a> {
    /// All such parts of a path, in their order.
    pub(super) fn all_of(path: &'a str) -> impl Iterator<Item = Self> {
        path.match_indices("${").filter_map(|(at, _)| path.get(at..)).map(Self::of)
    }

    /// The first such part of a path.
    pub(super) fn of(path: &'a str) -> Self {
        let part = path.split_once("${").map_or("", |(_, part)| part);
        let end = part.find(|ch: char| !(ch.is_ascii_alphanumeric() || ch == '_')).unwrap_or(part.len());
        if let Some((name, _)) = part.strip_prefix(HOST_VOLUME).and_then(|rest| rest.split_once('}')) {
            return Self::HostVolume(name);
        }
        match part.get(..end).unwrap_or("") {
            _ if path.starts_with(UNSEEN_MOUNTS) => Self::Mounts,
            "" if part.starts_with("$(") || part.starts_with('`') => Self::Output,
            name if name.is_empty() || name.starts_with(|ch: char| ch.is_ascii_digit()) => Self::Argument,
            name if name.trim_end_matches('_') == "value"
                && part.get(end..).is_some_and(|rest| rest.starts_with(" at ")) =>
            {
                let place = part.get(end + " at ".len()..).unwrap_or("");
                Self::JobExpression(place.split('}').next().unwrap_or(""))
            }
            name if part.get(end..).is_some_and(|rest| rest.starts_with('.')) => {
                let name =
                    part.split('}').next().and_then(|whole| whole.strip_prefix("var.")).filter(|_| name == "var");
                name.map_or(Self::OfClient, Self::JobVariable)
            }
            name if name.starts_with("NOMAD_") => Self::OfClient,
            name => {
                let place = part.get(end..).and_then(|rest| rest.strip_prefix(" at ")?.split_once('}'));
                place.map_or(Self::Variable(name), |(place, _)| Self::Assigned { name, place })
            }
        }
    }

    /// Why the place is not known.
    pub(super) fn why(&self) -> String {
        match self {
            Self::Variable(name) => format!("{name} is not set"),
            Self::Assigned { name, place } => format!("what {name} holds at {place} is not known"),
            Self::Argument => "an argument of the script says where it is".to_owned(),
            Self::Output => "a command prints where it is".to_owned(),
            Self::Mounts => "not all of its mounts were seen".to_owned(),
            Self::JobVariable(name) => format!("the job's variable {name} has no default"),
            Self::JobExpression(place) => format!("the value at {place} is not known"),
            Self::OfClient => "Nomad says where it is as the job starts".to_owned(),
            Self::HostVolume(name) => format!("no configuration of a client describes the host volume {name}"),
        }
    }

    /// What makes it known; `in_script` where a script says it.
    pub(super) fn settle(&self, in_script: bool) -> String {
        match self {
            Self::Variable(name) if in_script => {
                format!("set {name} where overlock runs, or give it a default in the script: ${{{name}:-default}}")
            }
            Self::Variable(name) => {
                format!("set {name} where overlock runs (or in .env), or give it a default: ${{{name}:-default}}")
            }
            Self::Mounts => "write its mounts out where it is started".to_owned(),
            Self::JobVariable(name) => {
                format!("give the variable a default, or set NOMAD_VAR_{name} where overlock runs")
            }
            Self::HostVolume(name) => {
                format!("give the configuration of the client that has a `host_volume` {name}")
            }
            Self::Assigned { .. } | Self::Argument | Self::Output | Self::JobExpression(_) | Self::OfClient => {
                "write the directory out where the container is started, or give each start a volume of its own"
                    .to_owned()
            }
        }
    }
}
