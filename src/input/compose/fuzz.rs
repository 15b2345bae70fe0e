//! Readers of this module for `cargo fuzz`, which builds with `--cfg fuzzing`; nothing else sees them.

use std::collections::BTreeMap;

use super::dotenv;
use super::interpolate;
use crate::model::UnsetVariable;

/// A template with its variables replaced; `None` where Compose refuses it.
pub fn expand(text: &str, variables: &[(&str, &str)], strict: bool) -> Option<String> {
    let variables: BTreeMap<String, String> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let unset = if strict { UnsetVariable::Empty } else { UnsetVariable::Symbol };
    interpolate::expand(text, &variables, unset).ok().map(|expanded| expanded.text)
}

/// The variables of a file.
///
/// # Errors
/// The number of the first line that Compose refuses.
pub fn env_file(text: &str, raw: bool) -> Result<BTreeMap<String, String>, usize> {
    let mut own = BTreeMap::new();
    let outer = BTreeMap::from([("OUTER".to_owned(), "outer".to_owned())]);
    let parse = if raw { dotenv::parse_raw } else { dotenv::parse };
    parse(text, &mut own, &outer).map(|()| own).map_err(|bad| bad.line)
}
