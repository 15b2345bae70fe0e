//! The names of formats and thresholds on the command line. Uses `render`, `rules` and clap.

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::render::{Format, Picture};
use crate::rules::{FailOn, Severity};

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()).help(self.help()))
    }
}

impl ValueEnum for Picture {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Svg, Self::Mermaid, Self::Dot]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self {
            Self::Svg => ("svg", "A self-contained picture"),
            Self::Mermaid => ("mermaid", "Text that Markdown pages show as a picture, as on GitHub and GitLab"),
            Self::Dot => ("dot", "Text for Graphviz"),
        };
        Some(PossibleValue::new(name).help(help))
    }
}

impl ValueEnum for FailOn {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self::Severity(Severity::Error),
            Self::Severity(Severity::Warning),
            Self::Severity(Severity::Note),
            Self::Never,
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self {
            Self::Severity(Severity::Error) => ("error", "Errors"),
            Self::Severity(Severity::Warning) => ("warning", "Warnings and errors"),
            Self::Severity(Severity::Note) => ("note", "Anything"),
            Self::Never => ("never", "Nothing; unreadable input and gaps still fail the run"),
        };
        Some(PossibleValue::new(name).help(help))
    }
}
