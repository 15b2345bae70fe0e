//! Configurations of supervisord: each program of theirs is a command that runs while the supervisor does. Uses `shell` and
//! `model`.

use std::rc::Rc;

use super::schedule::{Schedule, table_text};
use super::shell::{EntryText, ExecContext, RecipeFile, RecipeSource};
use crate::model::{is_variable_name, parent_and_name};
use crate::text::{TracedChar, TracedText};

/// Reads the programs of a configuration; `None` where one of them is not known whole.
pub(super) fn read_recipes(source: &RecipeSource, context: &ExecContext<'_>) -> Option<Rc<dyn RecipeFile>> {
    let text = table_text(source, context)?;
    let here = source.file.as_deref().and_then(parent_and_name).map_or("/", |(directory, _)| directory);
    Some(Rc::new(Schedule { texts: programs_of(&text, here)? }))
}

/// Processes of one program of which each is looked at.
const MOST_PROCESSES: u32 = 8;

/// The commands of the programs, each with its directory, user and variables; `here` is the file's directory.
fn programs_of(text: &TracedText, here: &str) -> Option<Vec<EntryText>> {
    let mut sections: Vec<Section> = Vec::new();
    for line in text.0.split(|traced| traced.ch == '\n') {
        let raw: String = line.iter().map(|traced| traced.ch).collect();
        let trimmed = raw.trim();
        if trimmed.is_empty() || trimmed.starts_with([';', '#']) {
            continue;
        }
        let last = sections.last_mut();
        if raw.starts_with([' ', '\t']) {
            // It goes on with the line above.
            let (_, value) = last?.values.last_mut()?;
            value.push(&TracedText::plain(" "));
            value.push(&value_of(line, 0));
        } else if let Some(header) = trimmed.strip_prefix('[') {
            let (kind, name) =
                header.trim_end_matches(']').split_once(':').unwrap_or((header.trim_end_matches(']'), ""));
            sections.push(Section { kind: kind.to_owned(), name: name.trim().to_owned(), values: Vec::new() });
        } else if let Some(section) = last {
            let (key, _) = raw.split_once('=').or_else(|| raw.split_once(':'))?;
            section.values.push((key.trim().to_owned(), value_of(line, key.chars().count() + 1)));
        }
    }
    let own = sections.iter().find(|section| section.kind == "supervisord").and_then(|own| own.value("environment"));
    let of_all = match own {
        Some(text) => Process { here, section: &Section::default(), number: None }.variables(text)?,
        None => TracedText::default(),
    };
    let mut texts: Vec<EntryText> = Vec::new();
    // Those that listen to events are run too.
    let is_program = |section: &&Section| matches!(&*section.kind, "program" | "eventlistener" | "fcgi-program");
    for section in sections.iter().filter(is_program) {
        for text in section.texts(here, &of_all)? {
            if texts.iter().all(|known| known.text.raw() != text.raw()) {
                texts.push(EntryText { text, shell: "sh".to_owned(), ..EntryText::default() });
            }
        }
    }
    Some(texts)
}

/// A section of a configuration, with its keys in order.
#[derive(Default)]
struct Section {
    kind: String,
    name: String,
    values: Vec<(String, TracedText)>,
}

impl Section {
    fn value(&self, key: &str) -> Option<&TracedText> {
        self.values.iter().rfind(|(own, _)| own == key).map(|(_, value)| value).filter(|value| !value.is_empty())
    }

    fn number(&self, key: &str, default: u32) -> Option<u32> {
        self.value(key).map_or(Some(default), |text| text.raw().parse().ok())
    }

    /// What each of its processes runs: `numprocs` of them, at once.
    fn texts(&self, here: &str, of_all: &TracedText) -> Option<Vec<TracedText>> {
        let first = self.number("numprocs_start", 0)?;
        // How many there are may hang on a variable: then the number of each is not known.
        let numbers: Vec<Option<u32>> = match self.number("numprocs", 1) {
            Some(count) => (first..first.saturating_add(count.min(MOST_PROCESSES))).map(Some).collect(),
            None => vec![None],
        };
        numbers.into_iter().map(|number| Process { here, section: self, number }.text(of_all)).collect()
    }
}

/// One of the processes of a program.
struct Process<'s> {
    here: &'s str,
    section: &'s Section,
    number: Option<u32>,
}

impl Process<'_> {
    fn text(&self, of_all: &TracedText) -> Option<TracedText> {
        let mut text = of_all.clone();
        if let Some(variables) = self.section.value("environment") {
            text.push(&self.variables(variables)?);
        }
        if let Some(directory) = self.section.value("directory") {
            text.push(&TracedText::plain("cd "));
            text.push(&self.put_in(directory)?);
            text.push(&TracedText::plain("\n"));
        }
        if let Some(user) = self.section.value("user") {
            // It changes who runs the program, and neither HOME nor another variable.
            text.push(&TracedText::plain("chpst -u "));
            text.push(&self.put_in(user)?);
            text.push(&TracedText::plain(" "));
        }
        text.push(&self.put_in(self.section.value("command")?)?);
        Some(text)
    }

    /// A value with what supervisord puts into it: `%(ENV_NAME)s`, `%(process_num)02d`. `None` where that is not known.
    fn put_in(&self, text: &TracedText) -> Option<TracedText> {
        let mut whole = TracedText::default();
        let mut at = 0;
        while let Some(traced) = text.0.get(at) {
            let next = text.0.get(at + 1).map(|next| next.ch);
            match (traced.ch, next) {
                ('%', Some('%')) => {
                    whole.push(&text.part(at, at + 1));
                    at += 2;
                }
                ('%', Some('(')) => {
                    let rest = text.part(at + 2, text.0.len()).raw();
                    let (name, after) = rest.split_once(')')?;
                    let width = after.chars().take_while(char::is_ascii_digit).count();
                    after.chars().nth(width).filter(|form| matches!(form, 's' | 'd'))?;
                    let padded = after.get(..width)?.parse().unwrap_or(0);
                    whole.push(&TracedText::plain(&self.expansion(name, padded)?));
                    at += 2 + name.chars().count() + 1 + width + 1;
                }
                ('%', _) => return None,
                _ => {
                    whole.push(&text.part(at, at + 1));
                    at += 1;
                }
            }
        }
        Some(whole)
    }

    fn expansion(&self, name: &str, width: usize) -> Option<String> {
        if let Some(variable) = name.strip_prefix("ENV_") {
            return is_variable_name(variable).then(|| format!("${{{variable}}}"));
        }
        let Section { name: program, .. } = self.section;
        match name {
            // A group of its own has the program's name.
            "program_name" | "group_name" => Some(program.clone()),
            "process_num" => self.number.map(|number| format!("{number:0width$}")),
            "numprocs" => self.section.number("numprocs", 1).map(|count| count.to_string()),
            "here" => Some(self.here.to_owned()),
            "host_node_name" => Some("${HOSTNAME}".to_owned()),
            _ => None,
        }
    }

    /// `A="x",B='y'` as a shell sets it.
    fn variables(&self, text: &TracedText) -> Option<TracedText> {
        let text = text.raw();
        let mut all = TracedText::default();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (name, after) = rest.split_once('=')?;
            let after = after.trim_start();
            let quote = after.chars().next().filter(|ch| matches!(ch, '"' | '\''));
            let (value, left) = match quote {
                Some(quote) => after.get(1..)?.split_once(quote)?,
                None => after.split_at(after.find(',').unwrap_or(after.len())),
            };
            let name = name.trim();
            if !is_variable_name(name) {
                return None;
            }
            let mut plain = value.to_owned();
            for sign in ['\\', '"', '$', '`'] {
                plain = plain.replace(sign, &format!("\\{sign}"));
            }
            let value = self.put_in(&TracedText::plain(&plain))?.raw();
            all.push(&TracedText::plain(&format!("export {name}=\"{value}\"\n")));
            rest = left.trim_start_matches([',', ' ', '\t']);
        }
        Some(all)
    }
}

/// The value of a line from a character on, without what is said about it.
fn value_of(line: &[TracedChar], from: usize) -> TracedText {
    let value = line.get(from..).unwrap_or_default();
    let starts = value.iter().take_while(|traced| traced.ch.is_whitespace()).count();
    let value = value.get(starts..).unwrap_or_default();
    let is_comment = |pair: &[TracedChar]| matches!(pair, [blank, sign] if blank.ch.is_whitespace() && sign.ch == ';');
    let end = value.windows(2).position(is_comment).unwrap_or(value.len());
    let value = value.get(..end).unwrap_or_default();
    let blanks = value.iter().rev().take_while(|traced| traced.ch.is_whitespace()).count();
    TracedText(value.get(..value.len() - blanks).unwrap_or_default().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Option<Vec<String>> {
        let programs = programs_of(&TracedText::plain(text), "/etc/supervisor")?;
        Some(programs.iter().map(|program| program.text.raw()).collect())
    }

    #[test]
    fn programs_are_commands_with_their_variables() {
        let text = "[supervisord]\nnodaemon=true\n[program:a]\ncommand = run it ; as said\nenvironment=A=\"x\",\n  B=y\ndirectory=/srv\n";
        let wanted = "export A=\"x\"\nexport B=\"y\"\ncd /srv\nrun it".to_owned();
        assert_eq!(texts(text), Some(vec![wanted]));
        assert_eq!(texts("[program:a]\ncommand=run\n  more\n"), Some(vec!["run more".to_owned()]));
        assert_eq!(texts("[program:a]\nautostart=true\n"), None);
        assert_eq!(texts("[unix_http_server]\nfile=/x\n"), Some(Vec::new()));
    }

    #[test]
    fn what_is_put_in_is_known_or_nothing_is() {
        let of = |command: &str| texts(&format!("[program:a]\nuser=agent\ncommand={command}\n"));
        assert_eq!(of("run %(ENV_X)s %(program_name)s 5%%"), Some(vec!["chpst -u agent run ${X} a 5%".to_owned()]));
        assert_eq!(of("run %(here)s"), Some(vec!["chpst -u agent run /etc/supervisor".to_owned()]));
        assert_eq!(of("run %(other)s"), None);
        assert_eq!(of("run %x"), None);
    }

    #[test]
    fn each_of_several_processes_has_its_number() {
        let text = "[program:a]\nnumprocs=2\nenvironment=D=\"/srv/%(process_num)02d\"\ncommand=run\n";
        let wanted = ["00", "01"].map(|number| format!("export D=\"/srv/{number}\"\nrun"));
        assert_eq!(texts(text), Some(wanted.to_vec()));
        assert_eq!(texts("[program:a]\nnumprocs=4\ncommand=run\n"), Some(vec!["run".to_owned()]));
    }
}
