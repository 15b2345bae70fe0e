//! What a job of a pipeline runs, as texts for the shell of the machine that it runs on: what it runs in a container is the
//! command line that starts one. Uses `outer_text`, `template_text` and `shell`.

use std::cell::Cell;
use std::path::Path;
use std::rc::Rc;

use crate::input::outer_text::OuterText;
use crate::input::project::{Repository, top};
use crate::input::script::EntryFile;
use crate::input::shell::file_system::Lookup;
use crate::input::shell::{EntryText, ShellEntry};
use crate::input::start_words::may_lead_to_start;
use crate::input::template_text::{directory_text, export_text, scalar_text};
use crate::model::{PartOrder, RunPart, Unseen, join};
use crate::text::yaml::{self, Limits, Node};
use crate::text::{FileId, Sources, Span, Syntax, TracedText};

/// Characters of all jobs of a file together.
const CHARS: usize = 1024 * 1024;
/// Parts of all values together, and of one.
const PARTS: usize = 2 * 1024 * 1024;
const VALUE: usize = 64 * 1024;
/// Files of a repository that one pipeline is read with.
const FILES: usize = 64;
/// The directories of a repository that pipelines are in.
pub(super) const DIRECTORIES: [&str; 4] =
    [".github/workflows", ".forgejo/workflows", ".gitea/workflows", ".woodpecker"];
/// Where a job finds the repository in a container.
const WORKSPACE: &str = "/workspace";

/// Reads one pipeline.
pub(super) struct PipelineReader<'a> {
    pub(super) sources: &'a Sources,
    repository: &'a Repository<'a>,
    pub(super) file: FileId,
    /// The name of the file, as a person knows it.
    pub(super) name: String,
    /// The directory that jobs find the repository in.
    pub(super) top: String,
    pub(super) read: EntryFile,
    chars: usize,
    /// Parts of all values that were put into texts.
    parts: Cell<usize>,
}

/// A job, as it is put together.
#[derive(Default)]
pub(super) struct PipelineJob {
    pub(super) name: String,
    pub(super) texts: Vec<EntryText>,
    /// What gives each of the texts its environment.
    pub(super) prelude: TracedText,
    /// Whether no second run of it begins while one is there.
    pub(super) is_single: bool,
    /// Whether several of it run at once, each with other values for these.
    pub(super) is_several: bool,
    pub(super) varying: Vec<String>,
    /// The jobs that have ended before it begins; `None` where that is not known.
    pub(super) after: Option<Vec<String>>,
}

/// A container that a runner starts.
#[derive(Default)]
pub(super) struct JobContainer {
    pub(super) image: OuterText,
    pub(super) volumes: Vec<OuterText>,
    pub(super) variables: Vec<(String, OuterText)>,
    /// Further options, as a shell has them.
    pub(super) options: OuterText,
    /// What it runs in the place of the image's own command: a text for a shell.
    pub(super) script: Option<OuterText>,
    /// Words behind the image.
    pub(super) words: OuterText,
}

impl<'a> PipelineReader<'a> {
    pub(super) fn new(file: FileId, directory: &Path, repository: &'a Repository<'a>) -> Self {
        let sources = repository.sources;
        let name = sources.get(file).name().to_owned();
        let top = workspace_of(directory).display().to_string();
        let read = EntryFile::default();
        Self { sources, repository, file, name, top, read, chars: 0, parts: Cell::default() }
    }

    /// The whole file, where it is a mapping.
    pub(super) fn root(&mut self) -> Option<Rc<Node>> {
        let text = self.sources.get(self.file);
        let stream = match yaml::parse(self.file, text.text(), Limits::default()) {
            Ok(stream) => stream,
            Err(error) => {
                self.read.faults.push(Unseen { what: error.message, span: error.span });
                return None;
            }
        };
        // GitLab has a head of its own before the pipeline.
        let root = stream.documents.iter().rfind(|root| !root.is_null()).cloned()?;
        if root.as_map().is_none() {
            self.note_fault("a pipeline is a mapping", &root);
            return None;
        }
        Some(root)
    }

    /// A file of the repository that the pipeline names from its top, where it is a mapping.
    pub(super) fn open_mapping(&mut self, path: &str) -> Option<Rc<Node>> {
        if self.read.included.len() >= FILES {
            return None;
        }
        let Lookup::Text(file) = self.repository.open(Path::new(&join(&self.top, path))) else { return None };
        let source = self.sources.get(file);
        let file = self.sources.add_written(source.name(), source.text(), Syntax::Yaml);
        let stream = yaml::parse(file, source.text(), Limits::default()).ok()?;
        let root = stream.documents.iter().rfind(|root| root.as_map().is_some()).cloned()?;
        if !self.read.included.contains(&file) {
            self.read.included.push(file);
        }
        Some(root)
    }

    pub(super) fn note_fault(&mut self, what: &str, node: &Node) {
        self.read.faults.push(Unseen { what: what.to_owned(), span: Span::at(node.span.file, node.span.start) });
    }

    pub(super) fn note_unread(&mut self, what: &str, node: &Node) {
        self.read.unread.push(Unseen { what: what.to_owned(), span: Span::at(node.span.file, node.span.start) });
    }

    /// Where a node is written.
    pub(super) fn place(&self, node: &Node) -> Option<(FileId, u32)> {
        let offset = self.sources.get(node.span.file).offset(node.span.start)?;
        Some((node.span.file, u32::try_from(offset).ok()?))
    }

    pub(super) fn text(&self, node: &Node) -> Option<TracedText> {
        scalar_text(node, self.sources)
    }

    /// Takes so much work into account; whether there is room for it.
    pub(super) fn spend(&mut self, parts: usize) -> bool {
        self.chars = self.chars.saturating_add(parts);
        self.chars <= CHARS
    }

    /// A value, as long as there is room for it.
    pub(super) fn bounded(&self, value: OuterText) -> OuterText {
        self.parts.set(self.parts.get().saturating_add(value.len() + 1));
        if value.len() > VALUE || self.parts.get() > PARTS { OuterText::unknown("value", None) } else { value }
    }

    /// What leads a job into the repository.
    pub(super) fn to_repository(&self) -> TracedText {
        directory_text(&OuterText::plain(&self.top))
    }

    /// Adds a text that the machine itself runs.
    pub(super) fn add_host_text(&mut self, job: &mut PipelineJob, text: &TracedText, shell: &str) {
        if !self.spend(job.prelude.0.len() + text.0.len()) {
            return;
        }
        let mut whole = self.to_repository();
        whole.push(&job.prelude);
        whole.push(text);
        job.texts.push(EntryText { text: whole, shell: shell.to_owned(), ..EntryText::default() });
    }

    /// Adds a container that runs a text and is waited for, or runs beside what follows.
    pub(super) fn add_container(&mut self, job: &mut PipelineJob, container: &JobContainer, is_beside: bool) {
        let mut text = TracedText::plain("docker run --rm");
        let mut option = |name: &str, value: &TracedText| {
            text.push(&TracedText::plain(&format!(" {name} ")));
            text.push(value);
        };
        if container.script.is_some() {
            let volume = OuterText::plain(&format!("{}:{WORKSPACE}", self.top));
            option("--volume", &volume.to_quoted_shell());
            option("--workdir", &TracedText::plain(WORKSPACE));
        }
        for volume in &container.volumes {
            option("--volume", &volume.to_quoted_shell());
        }
        for (name, value) in &container.variables {
            let mut variable = OuterText::plain(&format!("{name}="));
            variable.push(value);
            option("--env", &variable.to_quoted_shell());
        }
        if container.script.is_some() {
            option("--entrypoint", &TracedText::plain("sh"));
        }
        option("", &container.options.to_shell());
        text.push(&TracedText::plain(" "));
        text.push(&container.image.to_quoted_shell());
        if let Some(script) = &container.script {
            text.push(&TracedText::plain(" -ec "));
            text.push(&script.to_quoted_shell());
        }
        text.push(&TracedText::plain(" "));
        text.push(&container.words.to_shell());
        if is_beside {
            text.push(&TracedText::plain(" &"));
        }
        self.add_host_text(job, &text, "sh");
    }

    /// Takes a job in; whether there is room for more.
    pub(super) fn add_job(&mut self, job: PipelineJob) -> bool {
        if self.chars > CHARS || self.parts.get() > PARTS {
            let what = "the pipeline is too large to be read".to_owned();
            self.read.unread.push(Unseen { what, span: Span::file_start(self.file) });
            return false;
        }
        if job.texts.iter().any(|text| may_lead_to_start(&text.text.raw())) {
            let run = |job: &str| format!("{}#{job}", self.name);
            let after = job.after.map(|jobs| jobs.iter().map(|job| run(job).into()).collect());
            self.read.entries.push(ShellEntry {
                run: run(&job.name),
                part: after.map(|after| RunPart { of: self.name.as_str().into(), order: PartOrder::After(after) }),
                name: format!("job {} of {}", job.name, self.name),
                texts: job.texts,
                is_single: job.is_single,
                is_several: job.is_several,
                varying: job.varying,
                ..ShellEntry::default()
            });
        }
        true
    }
}

/// The directory that jobs find the repository in, by the one that a pipeline is in. Files need not be in a repository of git.
fn workspace_of(directory: &Path) -> &Path {
    let levels = DIRECTORIES.iter().find(|known| directory.ends_with(known)).map(|known| known.split('/').count());
    levels.and_then(|levels| directory.ancestors().nth(levels)).unwrap_or_else(|| top(directory))
}

/// What lets commands ask an engine that no other job has: that of a machine which is there for one job.
pub(super) fn own_machine(job: &str, file: &str) -> TracedText {
    let job = format!("{job}-in-{}", file.rsplit('/').next().unwrap_or_default());
    let plain = |ch: char| if ch.is_ascii_alphanumeric() { ch } else { '-' };
    let host: String = job.chars().map(plain).collect();
    TracedText::plain(&format!("export DOCKER_HOST=ssh://runner-of-{host}\nexport HOME=/home/runner\n"))
}

/// The home of who runs jobs on a machine of one's own, which is not known.
pub(super) fn runner_home() -> TracedText {
    export_text("HOME", &OuterText::unknown("runner_home", None))
}

/// The items of a list, or what stands for a list of one.
pub(super) fn items(node: Option<&Rc<Node>>) -> Vec<Rc<Node>> {
    match node.filter(|node| !node.is_null()) {
        Some(node) => node.as_seq().map_or_else(|| vec![Rc::clone(node)], <[Rc<Node>]>::to_vec),
        None => Vec::new(),
    }
}
