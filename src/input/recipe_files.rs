//! Files of recipes that a command of a script runs by name. Uses `makefile`, `justfile`, `taskfile`, `crontab`
//! and `supervisor_conf`.

use std::rc::Rc;

use super::shell::{ExecContext, RecipeFile, RecipeSource};
use super::{crontab, justfile, makefile, supervisor_conf, taskfile};

/// Reads the file of recipes of a command.
pub(super) fn read_recipes(source: &RecipeSource, context: &ExecContext<'_>) -> Option<Rc<dyn RecipeFile>> {
    match source.program.as_str() {
        "make" => makefile::read_recipes(source, context),
        "just" => justfile::read_recipes(source, context),
        "task" => taskfile::read_recipes(source, context),
        "cron" | "crontab" => crontab::read_recipes(source, context),
        "supervisord" => supervisor_conf::read_recipes(source, context),
        _ => None,
    }
}
