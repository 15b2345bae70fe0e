//! `overlock preflight`: a plan, judged beside what runs here, its paths looked up on this host. May use everything but
//! `main`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use anyhow::bail;

use super::accept::Acceptance;
use super::configuration::Configuration;
use super::judged::{self, Read};
use super::observe;
use super::output::Outputs;
use super::session::Session;
use super::settled::Steps;
use super::wanted::Wanted;
use super::{check, engines, live};
use crate::cli::Preflight;
use crate::finding::Report;
use crate::input::capture::{self, Capture};
use crate::input::dockerfile::Stored;
use crate::input::engine::{self, EngineError, Images};
use crate::input::kernel;
use crate::input::project::Store;
use crate::judge::judge;
use crate::model::{Container, Diagnostic, Installed, Layout, Level, Value, split_below};
use crate::report::{self, ExitStatus, Names, Services};
use crate::rules::{Config, Ruleset};
use crate::text::Sources;

/// Judges the plan, and what runs before it; prints what it would change.
pub(super) fn run(
    arguments: &Preflight,
    configuration: Configuration,
    outputs: &Outputs,
    session: &Session<'_>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let &Session { world, rules, sources, .. } = session;
    // One time limit for what runs, for images and for the host's files.
    let deadline = live::deadline(&arguments.sight);
    let (running, untold) = running(arguments, deadline, session)?;
    let mut layout = planned(arguments, running.as_ref(), deadline, &configuration, session)?;
    layout.diagnostics.extend(untold);
    let mut before = None;
    // Without a plan there is nothing to hold against what runs.
    if let Some(running) = running.as_ref().filter(|_| !layout.containers.is_empty()) {
        if arguments.compose.profile.is_empty() {
            layout.diagnostics.extend(dropped(&layout, running));
        }
        layout.diagnostics.extend(taken(&layout, running));
        let services = services(&layout, running);
        capture::join_running(&mut layout, running, rules, sources);
        before = Some((found(running, &configuration.config, rules, sources), services));
    }
    let (paths, compose) = (&arguments.paths, &arguments.compose);
    let acceptance = Acceptance::of_plan(world, configuration, paths, compose, &arguments.accept);
    let read = Read::of(layout, acceptance);
    let mut compare = |report: &mut Report| {
        if let Some((before, services)) = &before {
            report::plan(report, before, services);
            report.passes_kept = !arguments.fail_on_any;
        }
    };
    let fail_on = read.fail_on(arguments.output.fail_on);
    let mut steps = Steps { fail_on, note: &mut |_: &Layout| (), compare: &mut compare };
    let (report, status) = judged::judged_with(read, &mut steps, session, err)?;
    judged::print(&report, status, outputs, session, out, err)
}

/// What runs here; where the engine does not answer, why not, and that the plan is judged without.
fn running(
    arguments: &Preflight,
    deadline: Instant,
    session: &Session<'_>,
) -> anyhow::Result<(Option<Capture>, Option<Diagnostic>)> {
    if arguments.sight.from.len() > 1 {
        bail!("a plan is for one host: give --from once");
    }
    let wanted = Wanted { deadline: Some(deadline), ..Wanted::default() };
    match observe::captures(&arguments.sight, &wanted, session) {
        Ok(observed) => Ok((observed.captures.into_iter().next(), None)),
        Err(error) => match error.downcast_ref() {
            Some(down @ (EngineError::Connect { .. } | EngineError::TimedOut { .. })) => {
                let message =
                    format!("what runs here was not looked at, and the plan is judged as `check` does: {down}");
                Ok((None, Some(Diagnostic::about(Level::Gap, None, message))))
            }
            _ => Err(error),
        },
    }
}

/// The plan, with what this host and its engine know of it.
fn planned(
    arguments: &Preflight,
    running: Option<&Capture>,
    deadline: Instant,
    configuration: &Configuration,
    session: &Session<'_>,
) -> anyhow::Result<Layout> {
    let &Session { world, rules, sources, .. } = session;
    let programs = super::programs(rules);
    let options = engine::Options { deadline: Some(deadline), ..engines::options(&arguments.sight, world) };
    let images = Images::new(&options);
    let lookup = |name: &str| images.get(name);
    let asks = running.is_some() && arguments.sight.from.is_empty();
    let files = running.filter(|_| asks).map(|running| {
        let options = options.clone();
        let export: kernel::Export =
            Box::new(move |id, read| engine::export_image(&options, id, read).map_err(|error| error.to_string()));
        Arc::new(kernel::ImageFiles::of(&arguments.sight.proc, running, export, deadline))
    });
    let file = |image: &Stored, path: &str| files.as_ref()?.open(image, path);
    let asked = check::PlanRequest {
        paths: &arguments.paths,
        compose: &arguments.compose,
        store: asks.then_some(Store { image: &lookup, file: &file }),
        shows_values: true,
        exclusion: configuration.exclusion(),
    };
    let mut layout = check::read(&asked, world, &programs, sources)?;
    match running {
        Some(_) if !asks => {
            let message = "where the sources of planned mounts lead on that host was not looked at, since --from tells of \
                           it what was captured; run preflight there";
            layout.diagnostics.push(Diagnostic::about(Level::Gap, None, message));
        }
        // Without the host's mounts the look at what runs has said why.
        Some(running) if running.own.is_some() => {
            let files = files.clone();
            let options = kernel::ResolveOptions { proc: arguments.sight.proc.clone(), deadline, files };
            ground(&mut layout, &options, rules, running, &images);
        }
        _ => {}
    }
    let gaps = images.gaps().into_iter().chain(files.iter().flat_map(|files| files.gaps()));
    layout.diagnostics.extend(gaps.map(|gap| Diagnostic::about(Level::Gap, None, gap)));
    Ok(layout)
}

/// Looks the plan up on this host, with what is known of each container's image.
fn ground(
    layout: &mut Layout,
    options: &kernel::ResolveOptions,
    rules: &Ruleset,
    running: &Capture,
    images: &Images<'_>,
) {
    let known = |mut container: Container| {
        // What is built here is not what an engine has by that name.
        let own = container.build.is_none().then(|| images.known(&container.image.as_ref()?.text)).flatten();
        let earlier = own.is_none().then(|| earlier(&container, images)).flatten();
        if let (None, Some(image)) = (&container.user, &earlier) {
            let user = if image.user.is_empty() { "root" } else { &image.user };
            container.user = Some(Value::known(user, None));
        }
        let found = own.as_ref().and_then(|image| same_image(image, running));
        let (installed, home) = found.unwrap_or_default();
        let built = earlier.is_some();
        kernel::Planned { container, installed, home, image: own.or(earlier), built }
    };
    let containers = std::mem::take(&mut layout.containers).into_iter().map(known).collect();
    let (grounded, told) = kernel::resolve_on_host(options, rules, running, containers);
    layout.containers = grounded;
    layout.diagnostics.extend(told);
}

/// The image that a service was built as before, by the name that Compose gives it: its accounts are most likely those
/// of the next one.
fn earlier(container: &Container, images: &Images<'_>) -> Option<Arc<Stored>> {
    container.build.as_ref()?;
    let own = container.image.as_ref().map(|image| image.text.clone());
    let usual = || Some(format!("{}-{}", capture::compose_project(container)?, container.name));
    images.get(&own.or_else(usual)?)
}

/// What a container that runs shows of the files of its image: the programs in it, and the home of its user. Not their
/// versions: a program may have been brought up to date there, and the next container begins with the image's own.
fn same_image(image: &Arc<Stored>, running: &Capture) -> Option<(Vec<Installed>, Option<String>)> {
    let same = running.containers.iter().filter(|one| !image.id.is_empty() && one.engine().image_id == image.id);
    let (one, kernel) = same.filter_map(|one| Some((one, one.kernel()?))).find(|(_, kernel)| kernel.followed)?;
    // What it mounts is its own.
    let is_below = |path: &str, point: &str| point != "/" && split_below(path, point).is_some();
    let mounted = |path: &str| kernel.mounts.iter().any(|mount| is_below(path, &mount.mount_point));
    let installed = kernel.installed.iter().filter(|one| !mounted(&one.path));
    let installed = installed.map(|one| Installed { version: None, span: None, ..one.clone() }).collect();
    let user = one.user.as_ref().map_or("", |user| user.text.as_str());
    let as_image = user == image.user && !one.env.contains_key("HOME");
    Some((installed, kernel.home.clone().filter(|_| as_image)))
}

/// Whether a name that a script gives, with `${NAME}` for what a variable tells, may be this one. One that is all variables
/// tells nothing.
fn may_name(given: &str, name: &str) -> bool {
    let mut parts = given.split("${");
    let first = parts.next().unwrap_or("");
    let literals: Vec<&str> = parts.map(|part| part.split_once('}').map_or("", |(_, literal)| literal)).collect();
    let Some((last, middle)) = literals.split_last() else { return first == name };
    if literals.iter().chain([&first]).all(|literal| !literal.contains(char::is_alphanumeric)) {
        return false;
    }
    let Some(rest) = name.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else { return false };
    let after = |rest: &str, literal: &&str| {
        rest.find(literal).and_then(|at| rest.get(at + literal.len()..)).map(str::to_owned)
    };
    middle.iter().try_fold(rest.to_owned(), |rest, literal| after(&rest, literal)).is_some()
}

/// What is found of what runs, before the plan is carried out.
fn found(running: &Capture, config: &Config, rules: &Ruleset, sources: &Sources) -> Report {
    let mut judged = judge(&mut capture::layout(running, rules, false, sources), rules, config);
    judged.attribute(sources);
    report::build_report(judged, &rules.matrix, &Names::new("/", "/"), sources)
}

/// Which planned service, or start of a script, each container that runs is of.
fn services(planned: &Layout, running: &Capture) -> Services {
    let known = capture::planned_services(planned);
    let starts: Vec<&Container> = planned.containers.iter().filter(|one| one.start.is_some()).collect();
    let planned_as = |one: &Container| match capture::compose_service(one) {
        Some(service) => known.get(&service).copied(),
        None => started_by(one, &starts),
    };
    let one = |one: &Container| {
        let service = planned_as(one)?;
        Some((one.container_id(), service.container_id()))
    };
    running.containers.iter().filter_map(one).collect()
}

/// The start of a script that gives a container its name, where there is one alone.
fn started_by<'a>(running: &Container, starts: &[&'a Container]) -> Option<&'a Container> {
    let gives_name =
        |start: &&&Container| start.given_name.as_ref().is_some_and(|given| may_name(&given.text, &running.name));
    let mut found = starts.iter().filter(gives_name);
    let first = found.next()?;
    found.next().is_none().then_some(*first)
}

/// Names that the plan gives and that a container has which it does not replace: the engine gives none twice.
fn taken(planned: &Layout, running: &Capture) -> Vec<Diagnostic> {
    let holders: BTreeMap<&str, &Container> = running.containers.iter().map(|one| (one.name.as_str(), one)).collect();
    let named = planned.containers.iter().filter(|one| one.start.is_none());
    let told = named.filter_map(|one| {
        let name = one.given_name.as_ref().filter(|name| !name.is_symbolic())?;
        let own = capture::compose_project(one).map(|project| (project, one.name.as_str()));
        let holder = holders.get(name.text.as_str()).filter(|holder| capture::compose_service(holder) != own)?;
        let message = format!(
            "a container named {} runs already, and it is none of this service: the engine will refuse to start a second \
             one; give another `container_name`, or remove that container first",
            holder.name
        );
        Some(Diagnostic::at(Level::Error, name.span.unwrap_or(one.span), message))
    });
    told.collect()
}

/// Services that run and that the plan of their project has no more: Compose leaves them running.
fn dropped(planned: &Layout, running: &Capture) -> Vec<Diagnostic> {
    let services = capture::planned_services(planned);
    let projects: BTreeSet<&str> = services.keys().map(|(project, _)| *project).collect();
    let is_planned = |one: &Container| capture::compose_service(one).is_some_and(|of| services.contains_key(&of));
    let of_plan = |one: &&Container| one.project.as_deref().is_some_and(|project| projects.contains(project));
    let orphans = running.containers.iter().filter(of_plan).filter(|one| !one.engine().one_off && !is_planned(one));
    let told = |one: &Container| {
        let (service, project) = (one.service.as_deref().unwrap_or(""), one.project.as_deref().unwrap_or(""));
        let message = format!(
            "{} runs as service {service} of {project}, which the plan has not: it stays as it is, unless \
             `docker compose up --remove-orphans` ends it",
            one.name
        );
        Diagnostic::about(Level::Warning, None, message)
    };
    orphans.map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EngineFacts, EnvVar, KeptValue, KernelFacts, KernelMount, Live};

    #[test]
    fn a_container_has_a_name_that_a_script_may_give() {
        assert!(may_name("runner", "runner") && !may_name("runner", "runner-1"));
        assert!(may_name("vault-${id}", "vault-17") && !may_name("vault-${id}", "other-17"));
        assert!(may_name("${user}-vault-${id}-x", "a-vault-17-x") && !may_name("${user}-vault-${id}-x", "a-vaul-17-x"));
        assert!(!may_name("${NAME}", "anything") && !may_name("${a}-${b}", "any-thing"), "it tells nothing");
        assert!(!may_name("ab${x}ba", "aba"), "no character is told twice");
    }

    #[test]
    fn what_runs_an_image_shows_what_is_in_it() {
        let program = |path: &str| Installed {
            program: "p".to_owned(),
            path: path.to_owned(),
            version: Some("1.2.3".to_owned()),
            span: None,
        };
        let mounted = KernelMount {
            id: 2,
            parent: 1,
            device: "8:1".to_owned(),
            root: "/".to_owned(),
            mount_point: "/opt".to_owned(),
            fstype: "ext4".to_owned(),
            source: "none".to_owned(),
            options: Vec::new(),
            super_options: Vec::new(),
        };
        let kernel = KernelFacts {
            followed: true,
            mounts: vec![mounted],
            installed: vec![program("/usr/lib/p"), program("/opt/p")],
            home: Some("/home/agent".to_owned()),
            ..KernelFacts::default()
        };
        let engine = EngineFacts { image_id: "sha256:1".to_owned(), ..EngineFacts::default() };
        let live = Some(Box::new(Live { engine, kernel: Some(kernel), ..Live::default() }));
        let mut one = Container { live, ..Container::default() };
        let image = |id: &str| Arc::new(Stored { id: id.to_owned(), ..Stored::default() });
        let seen = |one: &Container, id: &str| {
            let running = Capture { containers: vec![one.clone()], ..Capture::default() };
            let found = same_image(&image(id), &running)?;
            assert!(found.0.iter().all(|one| one.version.is_none()), "what runs may have been brought up to date");
            Some((found.0.into_iter().map(|one| one.path).collect::<Vec<_>>(), found.1))
        };
        let paths = vec!["/usr/lib/p".to_owned()];
        assert_eq!(seen(&one, "sha256:1"), Some((paths.clone(), Some("/home/agent".to_owned()))));
        assert_eq!((seen(&one, "sha256:2"), seen(&one, "")), (None, None));
        one.env.insert("HOME".to_owned(), EnvVar::of_kept("HOME", KeptValue::Public("/else".to_owned())));
        assert_eq!(seen(&one, "sha256:1"), Some((paths, None)), "its home is its own doing");
    }
}
