//! Completion scripts and manual pages, made from the types of the command line. Uses `cli` alone.

use std::io;

use clap::CommandFactory as _;
use clap_complete::Shell as Script;

use super::{Cli, Shell};

/// A manual page.
#[derive(Debug)]
pub struct Page {
    /// Its file's name.
    pub name: String,
    /// Its text, in roff.
    pub text: Vec<u8>,
}

/// The completion script of a shell.
pub fn completions(shell: Shell) -> Vec<u8> {
    let script = match shell {
        Shell::Bash => Script::Bash,
        Shell::Zsh => Script::Zsh,
        Shell::Fish => Script::Fish,
    };
    let mut text = Vec::new();
    clap_complete::generate(script, &mut Cli::command(), "overlock", &mut text);
    text
}

/// The page of the program, then one of each subcommand, named as `man` looks for them.
///
/// # Errors
/// None that writing to memory does not give.
pub fn pages() -> io::Result<Vec<Page>> {
    // The subcommands' pages are named by their whole name, which clap gives them when it builds.
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    let subcommands: Vec<_> = program.get_subcommands().filter(|command| !command.is_hide_set()).cloned().collect();
    std::iter::once(program).chain(subcommands).map(page).collect()
}

fn page(command: clap::Command) -> io::Result<Page> {
    let man = clap_mangen::Man::new(command);
    let mut text = Vec::new();
    man.render(&mut text)?;
    Ok(Page { name: man.get_filename(), text })
}
