//! An image that an engine keeps: its configuration and the commands that made it, as the engine reports them.
//! Uses `image`.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::image::{BaseImage, BuildStep, Image, RunStep};
use crate::model::{Command, EnvValue, EnvVar, Label, Value, clean};
use crate::text::{Sources, Teller};

/// What an engine tells of an image (Engine API, "ImageInspect" and "ImageHistory").
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stored {
    /// The name that it was asked for by.
    pub name: String,
    /// The engine's id of it.
    pub id: String,
    /// The user; empty for root.
    pub user: String,
    /// The working directory; empty for the root.
    pub working_dir: String,
    /// The environment, as `NAME=value`. Values may be secret.
    pub env: Vec<String>,
    /// The entrypoint.
    pub entrypoint: Vec<String>,
    /// The command.
    pub command: Vec<String>,
    /// The words of the health check; none where there is none.
    pub check: Vec<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Paths of volumes.
    pub volumes: Vec<String>,
    /// The digests of its layers, the lowest first (`RootFS.Layers`).
    pub layers: Vec<String>,
    /// What made its layers, the oldest first, as the builder wrote it.
    pub history: Vec<String>,
}

/// What stands at a path of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InImage {
    /// A text.
    Text(String),
    /// A program that is no text, or something that is no file.
    Binary,
    /// Nothing.
    Absent,
    /// Something that cannot be read: why, as a clause.
    Unseen(String),
}

impl Stored {
    /// The image, nothing of its configuration left open; what stands in its files is not known. Spans point at lines
    /// that tell what is there and no value of a variable.
    pub fn image(&self, sources: &Sources) -> Image {
        let mut lines = vec![(Teller::Engine, format!("image {} as the engine has it", self.name))];
        let mut line = |text: String| {
            lines.push((Teller::Engine, text.replace(['\n', '\r'], " ")));
            lines.len()
        };
        let user = if self.user.is_empty() { "root" } else { &self.user };
        let at_user = line(format!("user {user}"));
        let directory = if self.working_dir.is_empty() { "/".to_owned() } else { clean(&self.working_dir) };
        let at_directory = line(format!("working directory {directory}"));
        let env: Vec<(&str, &str, usize)> = self
            .env
            .iter()
            .filter_map(|entry| entry.split_once('='))
            .map(|(name, value)| (name, value, line(format!("variable {name} is set"))))
            .collect();
        let at_entrypoint = line(format!("entrypoint of {} words", self.entrypoint.len()));
        let at_command = line(format!("command of {} words", self.command.len()));
        let at_check = line(format!("health check of {} words", self.check.len()));
        let labels: Vec<(&String, &String, usize)> =
            self.labels.iter().map(|(name, value)| (name, value, line(format!("label {name}")))).collect();
        let volumes: Vec<(&String, usize)> =
            self.volumes.iter().map(|path| (path, line(format!("volume {path}")))).collect();
        let ran: Vec<(&str, usize)> = self
            .history
            .iter()
            .filter_map(|made| shell_text(made))
            .map(|text| (text, line("made by a command".into())))
            .collect();

        let file = sources.add_told(format!("image {}", self.name), lines);
        let told = sources.get(file);
        let span = |at: usize| told.line_span(file, at);
        let known = |text: &str, at: usize| Value::known(text, Some(span(at)));
        // A word has no place: what stands at the line is not the word.
        let command = |words: &[String], at: usize| Command {
            words: words.iter().map(|word| Value::known(word.as_str(), None)).collect(),
            span: span(at),
        };
        let env: BTreeMap<String, EnvVar> = env
            .into_iter()
            .map(|(name, value, at)| (name.to_owned(), EnvVar::new(EnvValue::set(known(value, at)), span(at))))
            .collect();
        let shared = Rc::new(env.clone());
        let step = |(text, at): (&str, usize)| {
            let words = ["/bin/sh", "-c", text].map(str::to_owned);
            Rc::new(BuildStep::Run(RunStep {
                secrets: Vec::new(),
                command: command(&words, at),
                script: None,
                env: Rc::clone(&shared),
                user: Some(known(user, at_user)),
                working_dir: None,
                binds: Vec::new(),
                read: Box::default(),
                span: span(at),
            }))
        };
        Image {
            base: BaseImage::Named(known(&self.name, 1)),
            stored: true,
            steps: ran.into_iter().map(step).collect(),
            env,
            user: Some(known(user, at_user)),
            working_dir: Some(known(&directory, at_directory)),
            entrypoint: Some(command(&self.entrypoint, at_entrypoint)),
            command: Some(command(&self.command, at_command)),
            healthcheck: (!self.check.is_empty()).then(|| command(&self.check, at_check)),
            labels: labels
                .into_iter()
                .map(|(name, value, at)| (name.clone(), Label::new(known(value, at), span(at))))
                .collect(),
            volumes: volumes.into_iter().map(|(path, at)| known(path, at)).collect(),
            ..Image::default()
        }
    }
}

/// The text that a shell ran, of what made a layer: BuildKit writes `RUN /bin/sh -c …`, the classic builder
/// `/bin/sh -c …` and before it the number of build arguments with them (`|1 A=b /bin/sh -c …`). Instructions that run
/// nothing begin otherwise, or with `#(nop)`.
fn shell_text(made: &str) -> Option<&str> {
    let made = made.trim().trim_end_matches("# buildkit").trim_end();
    let ran = made.strip_prefix("RUN ").unwrap_or(made);
    let of_arguments =
        ran.strip_prefix('|').and_then(|rest| rest.find(" /bin/sh -c ").and_then(|at| rest.get(at + 1..)));
    let text = of_arguments.unwrap_or(ran).strip_prefix("/bin/sh -c ")?;
    (!text.trim_start().starts_with("#(nop)")).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_made_a_layer_is_read_as_each_builder_writes_it() {
        let npm = "npm install -g @anthropic-ai/claude-code@2.1.98";
        for made in [
            format!("RUN /bin/sh -c {npm} # buildkit"),
            format!("/bin/sh -c {npm}"),
            format!("|1 VERSION=2 /bin/sh -c {npm}"),
            format!("RUN |1 VERSION=2 /bin/sh -c {npm} # buildkit"),
        ] {
            assert_eq!(shell_text(&made), Some(npm), "{made}");
        }
        for made in ["/bin/sh -c #(nop)  CMD [\"bash\"]", "COPY . /app # buildkit", "CMD [\"sh\"]", ""] {
            assert_eq!(shell_text(made), None, "{made}");
        }
    }

    #[test]
    fn nothing_of_a_variables_value_is_in_what_can_be_shown() {
        let stored = Stored { name: "agents".into(), env: vec!["TOKEN=hidden".into()], ..Stored::default() };
        let sources = Sources::default();
        let image = stored.image(&sources);
        assert_eq!(image.user.unwrap().text, "root");
        let held = &image.env["TOKEN"];
        assert!(matches!(&held.value, EnvValue::Set(value) if value.text == "hidden"));
        assert!(sources.all().iter().all(|(_, file)| !file.text().contains("hidden")));
        assert_eq!(sources.get(held.span.file).slice(held.span), "variable TOKEN is set");
    }
}
