//! Pieces to one layout: each input is loaded, on all cores where there are many, and what one piece names another one
//! describes. Uses the list of kinds, `input_kind` and `project`.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::absent_files::leave_out_absent_files;
use super::compose::{CalledProject, default_files, form_projects};
use super::handed_projects::merge_alike;
use super::input_kind::{FoundBy, FoundInput, FoundInputs, InputKind, LoadContext, Piece, UnreadWeight};
use super::nomad::join_host_volumes;
use super::project::{self, CommandBuilds, DescribedProject, NamedFile, Repository};
use super::recipe_files::read_recipes;
use super::repository_links::follow_repository_links;
use super::script::host_copies::give_copies;
use super::script::host_links::follow_names;
use super::written_projects::find_written_projects;
use super::{DEFAULT_KIND, KINDS, SCRIPT};
use crate::model::{Container, Layout, NotJudgedFile};
use crate::parallel::map_chunks;
use crate::text::{ReadError, Span};

/// How much of a file is looked at for the names of programs, in bytes.
const LOOKED_AT: u64 = 256 * 1024;

/// Loads what was found and joins it: all is on one host.
pub fn load(found: FoundInputs, context: &LoadContext<'_>) -> Layout {
    let FoundInputs { inputs, diagnostics, excluded } = found;
    let repository = context.open_repository().with_recipes(read_recipes);
    let mut pieces = Vec::with_capacity(inputs.len());
    let (mut left_out, inputs): (Vec<_>, Vec<_>) = inputs.into_iter().partition(|input| input.left_out.is_some());
    let others = || KINDS.iter().filter(|kind| kind.name() != DEFAULT_KIND.name());
    for kind in others().filter(|kind| !kind.runs_built_images()) {
        let of_kind: Vec<&FoundInput> = inputs.iter().filter(|input| input.kind.name() == kind.name()).collect();
        pieces.extend(load_all(*kind, &of_kind, &repository, &Arc::default(), context));
    }
    let starts = pieces.iter().flat_map(|piece: &Piece| &piece.starts);
    let builds = Arc::new(CommandBuilds::of_starts(starts));
    let repository = repository.with_command_builds(Arc::clone(&builds));
    for kind in others().filter(|kind| kind.runs_built_images()) {
        let of_kind: Vec<&FoundInput> = inputs.iter().filter(|input| input.kind.name() == kind.name()).collect();
        pieces.extend(load_all(*kind, &of_kind, &repository, &builds, context));
    }
    // Which files make a project is told by the commands that call it.
    let of_compose = |input: &FoundInput| input.kind.name() == DEFAULT_KIND.name();
    let mut found: Vec<FoundInput> =
        inputs.into_iter().filter(of_compose).chain(left_out.extract_if(.., |input| of_compose(input))).collect();
    found.extend(find_written_projects(&mut pieces));
    leave_out_absent_files(&mut pieces, &found, context);
    let called = called_projects(&pieces, context);
    let formed = form_projects(found, &called, &context.surroundings.cwd, context.sources.reader());
    let (unread, formed): (Vec<_>, Vec<_>) = formed.into_iter().partition(|input| input.left_out.is_some());
    left_out.extend(unread);
    let projects = load_all(DEFAULT_KIND, &formed.iter().collect::<Vec<_>>(), &repository, &builds, context);
    pieces.extend(merge_alike(projects, context.programs));
    drop_parts(&mut pieces, context);
    // What another input names is read, whatever leaves it out where nobody does.
    let named = named_files(&pieces, context);
    for at in (0..left_out.len()).rev().collect::<Vec<_>>() {
        if left_out.get(at).is_some_and(|input| input.files.iter().any(|file| named.contains(&real(file, context)))) {
            pieces.push(load_piece(&left_out.remove(at), &repository, context));
        }
    }
    let read: HashSet<String> = context.sources.all().into_iter().map(|(_, source)| source.name().to_owned()).collect();
    let mut layout = Layout { diagnostics, excluded, ..Layout::default() };
    for input in &left_out {
        layout.not_judged.extend(weigh_left_out(input, &read, &repository, context));
    }
    layout.join(join(pieces, &repository, context));
    sort_files(&mut layout);
    layout
}

/// The projects that commands of some pieces call; none where the command line names the one project that is judged.
fn called_projects(pieces: &[Piece], context: &LoadContext<'_>) -> Vec<CalledProject> {
    if context.compose.project_name.is_some() || context.compose.project_directory.is_some() {
        return Vec::new();
    }
    let references = pieces.iter().flat_map(|piece| &piece.references);
    let known = references.filter_map(|reference| {
        let called = reference.called_project(&|path| real(path, context))?;
        let source = context.sources.get(reference.span.file);
        Some(CalledProject { place: format!("{}:{}", source.name(), reference.span.start.line), ..called })
    });
    known.collect::<BTreeSet<CalledProject>>().into_iter().collect()
}

/// Leaves out the projects that nobody typed and that are parts of others: those of which all services are in another one,
/// which includes them, and those told by their content of which another one reads all files.
fn drop_parts(pieces: &mut Vec<Piece>, context: &LoadContext<'_>) {
    let is_project = |piece: &Piece| piece.kind == DEFAULT_KIND.name();
    let all_real = |files: &[PathBuf]| files.iter().map(|file| real(file, context)).collect::<HashSet<_>>();
    let files: Vec<HashSet<PathBuf>> =
        pieces.iter().map(|piece| if is_project(piece) { all_real(&piece.files) } else { HashSet::new() }).collect();
    let mut readers: HashMap<&Path, Vec<usize>> = HashMap::new();
    for (at, files) in files.iter().enumerate() {
        for file in files.iter().collect::<BTreeSet<_>>() {
            readers.entry(file).or_default().push(at);
        }
    }
    let services = |piece: &Piece| -> HashSet<(String, String)> {
        let told = |one: &Container| (one.name.clone(), context.sources.get(one.span.file).name().to_owned());
        piece.layout.containers.iter().map(told).collect()
    };
    let directory = |piece: &Piece| {
        let first = piece.own_files.first().map(|file| real(file, context));
        first.and_then(|file| file.parent().map(Path::to_owned))
    };
    let is_part = |at: usize, piece: &Piece| {
        if !is_project(piece) || piece.found_by == Some(FoundBy::Path) {
            return false;
        }
        let own = all_real(&piece.own_files);
        let around = own.iter().next().and_then(|file| readers.get(file.as_path())).into_iter().flatten();
        around.filter(|other| **other != at).any(|other| {
            let (Some(around), Some(read)) = (pieces.get(*other), files.get(*other)) else { return false };
            let given = all_real(&around.own_files);
            let is_mutual = files.get(at).is_some_and(|files| given.is_subset(files));
            if !own.is_subset(read) || is_mutual {
                return false;
            }
            let is_of_content = piece.found_by == Some(FoundBy::Content);
            if own.is_subset(&given) {
                // Files of one directory are told apart where they are formed into projects.
                return is_of_content && directory(piece) != directory(around);
            }
            is_of_content || services(piece).is_subset(&services(around))
        })
    };
    let mut parts: Vec<bool> = pieces.iter().enumerate().map(|(at, piece)| is_part(at, piece)).collect();
    parts.reverse();
    pieces.retain(|_| !parts.pop().unwrap_or_default());
}

/// The files that commands of some pieces name, without links.
fn named_files(pieces: &[Piece], context: &LoadContext<'_>) -> HashSet<PathBuf> {
    let references = pieces.iter().flat_map(|piece| &piece.references);
    let files = references.flat_map(|reference| reference.project_files(&context.surroundings.cwd));
    files.map(|file| real(&file.path, context)).collect()
}

/// A path without links, where it leads to something that may be read.
fn real(path: &Path, context: &LoadContext<'_>) -> PathBuf {
    let path = context.surroundings.cwd.join(path);
    context.sources.reader().real_path(&path).unwrap_or(path)
}

/// The files of an input that is not read, where they are worth a word. Those that another input read are.
fn weigh_left_out(
    input: &FoundInput,
    read: &HashSet<String>,
    repository: &Repository<'_>,
    context: &LoadContext<'_>,
) -> Vec<NotJudgedFile> {
    let Some(reason) = &input.left_out else { return Vec::new() };
    let weigh = |file: &PathBuf| {
        let path = repository.cwd.join(file);
        let shown = repository.shown(&path);
        let weight = match context.sources.reader().read_start(&path, LOOKED_AT) {
            Ok(bytes) => input.kind.weigh_text(&String::from_utf8_lossy(&bytes), context),
            // What cannot be looked at may name anything.
            Err(_) => UnreadWeight::Counts,
        };
        let is_told = weight != UnreadWeight::Nothing && !read.contains(&shown);
        is_told.then(|| NotJudgedFile {
            file: shown,
            kind: input.kind.name(),
            reason: reason.clone(),
            counts: weight == UnreadWeight::Counts,
        })
    };
    input.files.iter().filter_map(weigh).collect()
}

/// Loads the inputs of one kind; the order of the result is theirs.
fn load_all(
    kind: &dyn InputKind,
    inputs: &[&FoundInput],
    repository: &Repository<'_>,
    builds: &Arc<CommandBuilds>,
    context: &LoadContext<'_>,
) -> Vec<Piece> {
    // What is read by one thread is read with the files that the join knows already.
    if inputs.len() < 2 * kind.inputs_per_thread() {
        return inputs.iter().map(|input| load_piece(input, repository, context)).collect();
    }
    map_chunks(inputs, kind.inputs_per_thread(), |inputs| {
        let repository = context.open_repository().with_recipes(read_recipes).with_command_builds(Arc::clone(builds));
        inputs.iter().map(|input| load_piece(input, &repository, context)).collect()
    })
}

/// Loads an input, and reads the code of the containers that it describes.
fn load_piece(input: &FoundInput, repository: &Repository<'_>, context: &LoadContext<'_>) -> Piece {
    let mut piece = input.kind.load(input, context, repository);
    piece.first_file = input.files.first().cloned();
    piece.kind = input.kind.name();
    piece.found_by = Some(input.found_by);
    piece.own_files.clone_from(&input.files);
    // What a caller of scripts does that starts nothing is nobody's business here.
    if input.found_by == FoundBy::Call && piece.starts.is_empty() {
        piece = Piece { kind: piece.kind, host_calls: piece.host_calls, ..Piece::default() };
    }
    project::complete_layout(&mut piece.layout, piece.project.as_ref(), repository);
    (context.on_loaded)();
    piece
}

/// Makes one layout of all pieces: projects of one name are told apart, and what a command starts or runs in a container
/// of another piece is added there.
fn join(mut pieces: Vec<Piece>, repository: &Repository<'_>, context: &LoadContext<'_>) -> Layout {
    disambiguate_projects(&mut pieces);
    let unread = unread_projects(&pieces, context);
    let (mut layout, mut starts, mut copies, mut additions) = (Layout::default(), Vec::new(), Vec::new(), Vec::new());
    let (mut names, mut host_volumes, mut host_calls) = (Vec::new(), Vec::new(), Vec::new());
    let projects: Vec<DescribedProject> = pieces.iter().filter_map(|piece| piece.project.clone()).collect();
    let called = pieces.iter().flat_map(|piece| &piece.called_by_name).copied().collect();
    for piece in pieces {
        layout.join(piece.layout);
        starts.extend(piece.starts);
        copies.extend(piece.copies);
        names.extend(piece.names);
        host_calls.extend(piece.host_calls.into_iter().map(|call| (piece.kind, call)));
        host_volumes.extend(piece.host_volumes);
        additions.extend(piece.additions);
    }
    layout.not_judged.extend(unread);
    project::lend_volumes(&mut layout, &projects);
    join_host_volumes(&host_volumes, &mut layout.containers);
    // What a command starts of a service by itself has nothing of what others add to it.
    let services = layout.containers.clone();
    project::add_to_services(additions, &mut layout, &projects, repository);
    project::drop_called_ways_in(&mut starts, &called, context.sources);
    project::add_started(starts, &services, &mut layout, &projects, repository);
    follow_names(&names, &mut layout.containers);
    give_copies(&copies, &mut layout.containers, &projects);
    follow_repository_links(&mut layout.containers, repository);
    let shared =
        host_calls.iter().filter_map(|(kind, call)| call.tell_shared(kind, &layout.containers, context.sources));
    let shared: Vec<NotJudgedFile> = shared.collect();
    layout.not_judged.extend(shared);
    layout
}

/// Projects of one name, as two folders of one name give, are told apart by their first file. Those of one folder are
/// variants of one project, which a service that several of them define is told by.
fn disambiguate_projects(pieces: &mut [Piece]) {
    let name = |piece: &Piece| piece.layout.containers.first().and_then(|container| container.project.clone());
    let mut folders: BTreeMap<String, BTreeMap<(bool, PathBuf), Vec<usize>>> = BTreeMap::new();
    for (at, piece) in pieces.iter().enumerate() {
        let Some((name, file)) = name(piece).zip(piece.first_file.as_ref()) else { continue };
        let beside = || file.parent().map(Path::to_owned).unwrap_or_default();
        let folder = match &piece.project {
            Some(project) => project.directory.clone(),
            None if piece.is_one_by_name => PathBuf::new(),
            None => beside(),
        };
        folders.entry(name).or_default().entry((piece.is_one_by_name, folder)).or_default().push(at);
    }
    for (name, folders) in &folders {
        for of_folder in folders.values() {
            let first = of_folder.first().and_then(|at| pieces.get(*at)?.first_file.clone());
            if let Some(file) = first.filter(|_| folders.len() > 1) {
                let key = format!("{name} ({})", file.display());
                for at in of_folder {
                    let Some(piece) = pieces.get_mut(*at) else { continue };
                    let own = piece.layout.containers.iter_mut();
                    own.filter(|one| one.project.as_deref() == Some(name))
                        .for_each(|container| container.project = Some(key.clone()));
                    piece.project.iter_mut().for_each(|project| project.key.clone_from(&key));
                }
            }
            mark_variants(pieces, of_folder);
        }
    }
}

/// Marks the services that several of some pieces, which are of one project, define.
fn mark_variants(pieces: &mut [Piece], of_project: &[usize]) {
    if of_project.len() < 2 {
        return;
    }
    let mut counts: HashMap<String, usize> = HashMap::new();
    for piece in of_project.iter().filter_map(|at| pieces.get(*at)) {
        for service in piece.layout.containers.iter().filter(|container| container.start.is_none()) {
            *counts.entry(service.name.clone()).or_default() += 1;
        }
    }
    let mut known: HashSet<String> = HashSet::new();
    for at in of_project {
        let Some(piece) = pieces.get_mut(*at) else { continue };
        let name =
            |path: &PathBuf| path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        if piece.is_one_by_name {
            let variant = piece.first_file.as_ref().map(|file| file.display().to_string());
            piece.layout.containers.iter_mut().for_each(|container| container.variant.clone_from(&variant));
        }
        let Some(project) = &mut piece.project else { continue };
        let mut variant = project.files.iter().map(name).collect::<Vec<_>>().join(" + ");
        // Of one set of files that is handed other variables.
        if let Some(place) = project.called_at.as_ref().filter(|_| known.contains(&variant)) {
            variant = format!("{variant} by {place}");
        }
        while !known.insert(variant.clone()) {
            variant.push_str(" again");
        }
        for container in &mut piece.layout.containers {
            if container.start.is_none() && counts.get(&container.name).is_some_and(|count| *count > 1) {
                container.variant = Some(variant.clone());
            }
        }
        project.variant = Some(variant);
    }
}

/// The Compose projects that commands of one piece name, by their files or by the directory, and that no piece was read
/// from.
fn unread_projects(pieces: &[Piece], context: &LoadContext<'_>) -> Vec<NotJudgedFile> {
    if pieces.iter().all(|piece| piece.references.is_empty()) {
        return Vec::new();
    }
    let mut known: HashSet<PathBuf> =
        pieces.iter().flat_map(|piece| &piece.files).map(|file| real(file, context)).collect();
    let of_compose = pieces.iter().filter(|piece| piece.kind == DEFAULT_KIND.name()).flat_map(|piece| &piece.files);
    let mut directories: HashSet<PathBuf> =
        of_compose.filter_map(|file| real(file, context).parent().map(Path::to_owned)).collect();
    let mut unread = Vec::new();
    for piece in pieces {
        for reference in &piece.references {
            for file in reference.project_files(&context.surroundings.cwd) {
                if known.insert(real(&file.path, context)) {
                    unread.push(unread_project(&file, reference.span, context));
                }
            }
            // A container that runs is found by its project's name alone.
            if pieces.iter().filter_map(|piece| piece.project.as_ref()).any(|project| reference.names(project)) {
                continue;
            }
            let Some(directory) = reference.searched_directory().map(|directory| real(&directory, context)) else {
                // It may be any that was read.
                if reference.is_searched() && directories.is_empty() {
                    unread.push(unread_directory(None, reference.span, context));
                }
                continue;
            };
            // A script is often called in the directory that it is in.
            let own = piece.files.first().and_then(|file| real(file, context).parent().map(Path::to_owned));
            let around = directory.ancestors().chain(own.iter().flat_map(|own| own.ancestors()));
            if !around.into_iter().any(|directory| directories.contains(directory)) {
                unread.push(unread_directory(Some(&directory), reference.span, context));
                directories.insert(directory);
            }
        }
    }
    unread
}

/// A project that a command names by the directory that it runs in, of which no file was read.
fn unread_directory(directory: Option<&Path>, span: Span, context: &LoadContext<'_>) -> NotJudgedFile {
    let reader = context.sources.reader();
    if let Some(path) =
        directory.and_then(|directory| default_files(directory, reader)).and_then(|files| files.into_iter().next())
    {
        let shown = context.surroundings.name(&path).display().to_string();
        return unread_project(&NamedFile { path: path.clone(), shown }, span, context);
    }
    let source = context.sources.get(span.file);
    // The path may have values of the environment in it.
    let reason =
        format!("in line {} it uses a Compose project of which no file is among those to read", span.start.line);
    let counts = context.names_program(source.text());
    NotJudgedFile { file: source.name().to_owned(), kind: SCRIPT, reason, counts }
}

/// A compose file that a command names, which was not read with the others.
fn unread_project(file: &NamedFile, span: Span, context: &LoadContext<'_>) -> NotJudgedFile {
    let source = context.sources.get(span.file);
    let place = format!("{}:{}", source.name(), span.start.line);
    let (reason, counts) = match context.sources.reader().read_start(&file.path, LOOKED_AT) {
        Ok(bytes) => {
            let reason = format!("{place} hands it to Compose, and it is not among the files to read");
            (reason, context.names_program(&String::from_utf8_lossy(&bytes)))
        }
        Err(error) => {
            // What is not there may be made by the script, which tells what it is for. What is below where the tool runs
            // and may not be looked at may name anything.
            let is_here = error != ReadError::Absent && file.path.starts_with(&context.surroundings.cwd);
            let reason = format!("{place} hands it to Compose, and it cannot be read: {error}");
            (reason, is_here || context.names_program(source.text()))
        }
    };
    NotJudgedFile { file: file.shown.clone(), kind: DEFAULT_KIND.name(), reason, counts }
}

/// Sorts the files, each told once. One of which a part was not judged was not; one that was judged as one kind is not
/// told of as another.
fn sort_files(layout: &mut Layout) {
    let Layout { judged, not_judged, .. } = layout;
    judged.sort();
    judged.dedup();
    let kinds: BTreeMap<&str, &str> = judged.iter().map(|one| (one.file.as_str(), one.kind)).collect();
    not_judged.retain(|one| kinds.get(one.file.as_str()).is_none_or(|kind| *kind == one.kind));
    not_judged.sort();
    not_judged.dedup_by(|one, kept| {
        let is_same = one.file == kept.file && one.kind == kept.kind;
        if is_same {
            kept.counts |= one.counts;
            if one.reason != kept.reason {
                kept.reason = format!("{}; {}", kept.reason, one.reason);
            }
        }
        is_same
    });
    let unread: HashSet<&str> = not_judged.iter().map(|one| one.file.as_str()).collect();
    judged.retain(|one| !unread.contains(one.file.as_str()));
}
