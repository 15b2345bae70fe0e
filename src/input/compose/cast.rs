//! What text is typed as once it is interpolated (Compose spec, "Interpolation"; compose-go,
//! `loader.interpolateTypeCastMapping`). Pure.

use super::tree::ITEM;

/// What text at some places is made into once it is interpolated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cast {
    Bool,
    Int,
    Float,
}

impl Cast {
    /// The value in YAML's words; `None` where the text is no such value.
    pub(super) fn apply(self, text: &str) -> Option<String> {
        match self {
            Self::Bool => match text.to_lowercase().as_str() {
                "true" | "y" | "yes" | "on" => Some("true".to_owned()),
                "false" | "n" | "no" | "off" => Some("false".to_owned()),
                _ => None,
            },
            Self::Int => text.parse::<i64>().ok().map(|whole| whole.to_string()),
            Self::Float => {
                let value = text.parse::<f64>().ok().filter(|_| !text.ends_with('.') || text.len() > 1)?;
                value.is_finite().then(|| value.to_string())
            }
        }
    }

    pub(super) fn expected(self) -> &'static str {
        match self {
            Self::Bool => "true or false",
            Self::Int => "a whole number",
            Self::Float => "a number",
        }
    }
}

/// What Compose types at a path after interpolation.
pub(super) fn cast(path: &[&str]) -> Option<Cast> {
    match path {
        ["services", _, rest @ ..] => service_cast(rest),
        ["networks", _, "external" | "internal" | "attachable" | "enable_ipv4" | "enable_ipv6"]
        | ["volumes" | "secrets" | "configs", _, "external"] => Some(Cast::Bool),
        _ => None,
    }
}

fn service_cast(path: &[&str]) -> Option<Cast> {
    match path {
        ["init" | "oom_kill_disable" | "privileged" | "read_only" | "stdin_open" | "tty"]
        | ["healthcheck", "disable"]
        | ["volumes", ITEM, "read_only"]
        | ["volumes", ITEM, "volume", "nocopy"] => Some(Cast::Bool),
        ["cpu_percent" | "cpus"] | ["deploy", "update_config" | "rollback_config", "max_failure_ratio"] => {
            Some(Cast::Float)
        }
        [
            "cpu_count" | "cpu_period" | "cpu_quota" | "cpu_rt_period" | "cpu_rt_runtime" | "cpu_shares"
            | "oom_score_adj" | "pids_limit" | "scale",
        ]
        | ["deploy", "replicas"]
        | ["deploy", "update_config" | "rollback_config", "parallelism"]
        | ["deploy", "restart_policy", "max_attempts"]
        | ["deploy", "placement", "max_replicas_per_node"]
        | ["healthcheck", "retries"]
        | ["ports", ITEM, "target"]
        | ["ulimits", _]
        | ["ulimits", _, "hard" | "soft"] => Some(Cast::Int),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn casts_are_those_of_compose() {
        assert_eq!(cast(&["services", "a", "tty"]), Some(Cast::Bool));
        assert_eq!(cast(&["services", "a", "volumes", ITEM, "read_only"]), Some(Cast::Bool));
        assert_eq!(cast(&["services", "a", "environment", "tty"]), None);
        assert_eq!(Cast::Bool.apply("YES").as_deref(), Some("true"));
        assert_eq!(Cast::Bool.apply("1"), None);
        assert_eq!(Cast::Int.apply("+7").as_deref(), Some("7"));
        assert_eq!(Cast::Int.apply("7.0"), None);
        assert_eq!(Cast::Float.apply("0.5").as_deref(), Some("0.5"));
    }
}
