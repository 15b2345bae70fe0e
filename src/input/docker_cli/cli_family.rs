//! The programs that start containers: docker, podman, nerdctl and those of Compose.
//! Uses nothing else.

/// Whose options a command line has, where that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CliFamily {
    Docker,
    Podman,
    Nerdctl,
}

impl CliFamily {
    /// The family of a program's file name.
    pub(super) fn of_program(name: &str) -> Option<Self> {
        match name {
            "docker" => Some(Self::Docker),
            "podman" | "podman-remote" => Some(Self::Podman),
            // Finch hands its words to nerdctl.
            "nerdctl" | "finch" => Some(Self::Nerdctl),
            _ => None,
        }
    }

    /// The family whose engine a program asks that is Compose alone.
    pub(super) fn of_compose_program(name: &str) -> Self {
        if name == "podman-compose" { Self::Podman } else { Self::Docker }
    }
}

/// The programs that are Compose alone.
const COMPOSE_PROGRAMS: [&str; 2] = ["docker-compose", "podman-compose"];

/// Whether a program of this name starts containers.
pub fn is_engine_program(name: &str) -> bool {
    CliFamily::of_program(name).is_some() || is_compose_program(name)
}

/// Whether a program of this name is Compose alone: what follows it is one of Compose's commands.
pub fn is_compose_program(name: &str) -> bool {
    COMPOSE_PROGRAMS.contains(&name)
}
