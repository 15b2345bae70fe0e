//! Completion scripts and manual pages, made from the types of the command line. Uses `cli` and `render` alone.

use std::io;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{CommandFactory as _, ValueEnum as _};
use clap_complete::Shell as Script;
use clap_mangen::roff::{Roff, bold, roman};

use super::examples::{PAGES, PageText};
use super::{Cli, Shell};
use crate::render::Format;

/// A manual page.
#[derive(Debug)]
pub struct Page {
    /// Its file's name.
    pub name: String,
    /// Its text, in roff.
    pub text: Vec<u8>,
}

/// The completion script of a shell. It knows these rules, and the formats of `--output`; what a call takes beyond them is
/// not its business.
///
/// clap's writer for fish leaves out the values of arguments that have no option's name: these are added.
pub fn completions<'a>(shell: Shell, rules: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
    let script = match shell {
        Shell::Bash => Script::Bash,
        Shell::Zsh => Script::Zsh,
        Shell::Fish => Script::Fish,
    };
    let mut text = Vec::new();
    let rules: Vec<String> = rules.into_iter().map(str::to_owned).collect();
    let mut program = Cli::command()
        .mut_subcommand("explain", |explain| explain.mut_arg("rule", |arg| arg.value_parser(known(rules.clone()))));
    for judging in ["check", "audit", "preflight", "report"] {
        let formats = || Format::value_variants().iter().filter_map(clap::ValueEnum::to_possible_value);
        let formats = PossibleValuesParser::new(formats());
        program = program
            .mut_subcommand(judging, |command| command.mut_arg("output", |arg| arg.value_parser(formats.clone())));
    }
    clap_complete::generate(script, &mut program, "overlock", &mut text);
    if shell == Shell::Fish {
        let shells: Vec<String> = Shell::value_variants().iter().filter_map(|shell| name_of_value(*shell)).collect();
        for (command, words) in [("explain", rules), ("completions", shells)] {
            let words = words.join(" ");
            let line =
                format!("complete -c overlock -n \"__fish_overlock_using_subcommand {command}\" -f -a \"{words}\"\n");
            text.extend_from_slice(line.as_bytes());
        }
    }
    text
}

/// The word for a value, as a person writes it.
fn name_of_value(value: Shell) -> Option<String> {
    Some(value.to_possible_value()?.get_name().to_owned())
}

/// The page of the program, then one of each subcommand, named as `man` looks for them.
///
/// # Errors
/// None that writing to memory does not give.
pub fn pages() -> io::Result<Vec<Page>> {
    // The subcommands' pages are named by their whole name, which clap gives them when it builds.
    // Exit statuses have a section of their own there.
    let mut program = Cli::command().disable_help_subcommand(true).after_help(None);
    program.build();
    let subcommands: Vec<_> = program.get_subcommands().filter(|command| !command.is_hide_set()).cloned().collect();
    std::iter::once(program).chain(subcommands).map(page).collect()
}

fn known(words: Vec<String>) -> PossibleValuesParser {
    PossibleValuesParser::new(words.into_iter().map(PossibleValue::new))
}

fn page(command: clap::Command) -> io::Result<Page> {
    let name = command.get_name().to_owned();
    let of_page = PAGES.iter().find(|page| page.command == name || (page.command.is_empty() && name == "overlock"));
    let man = clap_mangen::Man::new(command);
    let mut text = Vec::new();
    man.render(&mut text)?;
    if let Some(page) = of_page {
        sections(page).to_writer(&mut text)?;
    }
    Ok(Page { name: man.get_filename(), text })
}

/// The sections that no type of the command line has.
fn sections(page: &PageText) -> Roff {
    let mut sections = Roff::new();
    sections.control("SH", ["EXAMPLES"]);
    for (call, what) in page.examples {
        sections.control("TP", []).text([bold(*call)]).text([roman(*what)]);
    }
    sections.control("SH", ["EXIT STATUS"]);
    for (status, what) in page.statuses {
        sections.control("TP", []).text([bold(*status)]).text([roman(*what)]);
    }
    sections
}
