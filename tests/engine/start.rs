//! What `docker_cli` reads from command lines beside what the engine and docker-compose make of them: containers that
//! are created and never started.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use overlock::input::docker_cli::{ComposeRun, DockerCommand, DockerRun};
use overlock::input::shell::read_docker_line;
use overlock::model::VariableState;
use overlock::model::{self, Container, EnvValue, EnvVar, Label, Unseen, Value};
use overlock::text::Sources;
use overlock::text::Span;

use super::start_facts::{Created, Facts, World, differences, engine_facts, read_facts, read_mount, shown};
use super::{docker, engine, output, say};

/// Commands that docker takes. `@I` is the image, `@D` a directory, `@V` and `@W` volumes, `@B` a volume's name that is
/// free, `@L` its label, `@G` a container to take volumes from.
const TAKEN: &[&str] = &[
    "docker create @I",
    "docker container create @I one 'two three' \"\"",
    "docker --log-level error create -- @I --rm",
    "docker create -it @I -t",
    "docker create -i -t=false @I",
    "docker create -it=false --tty=T @I",
    "docker create -itu 7 @I",
    "docker create -u1000:1000 -w/tmp @I",
    "docker create --user=agent --user 7 --workdir /a/../b/ @I",
    "docker create -u= -w '' @I",
    "docker create --entrypoint sh @I",
    "docker create --entrypoint 'sh -c' @I x y",
    "docker create --entrypoint= @I x",
    "docker create --entrypoint \"\" --entrypoint y @I",
    "docker create -e A=b -eC=d --env=E= --env F='g h' @I",
    "docker create -e A=1 -e A=2=3 -e 'B=$X' -e C=\"$SET\" @I",
    "docker create -e SET -e EMPTY -e GONE @I",
    "docker create -e A=\"${SET:-no}${EMPTY:-e}${EMPTY-no}${GONE-g}${GONE:+no}${SET:+s}\" @I",
    "docker create --env-file @D/env -e B=own @I",
    "docker create --env-file=./env --env-file env2 @I",
    "docker create -l a=b --label=c=d=e -l f @I",
    "docker create --label-file labels -l a=own @I",
    "docker create --read-only @I",
    "docker create --read-only --read-only=false @I",
    "docker create --privileged @I",
    "docker create --pid host @I",
    "docker create --pid=container:@G @I",
    "docker create -v @D/a:/x @I",
    "docker create -v=@D/a/../b/./:/x/:ro @I",
    "docker create --volume ./a:/x --volume ..:/y:rw,z @I",
    "docker create -v .new:/x -v .:/y @I",
    "docker create -v ~/.claude:/x -v $HOME/a:/y @I",
    "docker create -v \"$(pwd)/a\":/x -v \"$PWD:/y\" -v `pwd`/b:/z @I",
    "docker create -v ${GONE:-@D}/a:/x:ro -v ${MINE}/b:/y @I",
    "docker create -v @V:/x @I",
    "docker create -v @V:/x:ro,nocopy -v @W:/y:rw @I",
    "docker create -v @D/a:/x:rslave,ro -v @D/b:/y:cached @I",
    "docker create -v /x @I",
    "docker create -v /x -v @V:/x @I",
    "docker create -v @V:/x -v /x -v /y/ @I",
    "docker create -v @V:/x -v @V:/x @I",
    "docker create -v @D/a:/x -v @D/a:/x/y -v /x/z @I",
    "docker create --tmpfs /x @I",
    "docker create --tmpfs=/x:ro,size=1m --tmpfs /y:size=1m @I",
    "docker create --tmpfs /x:ro --tmpfs /x @I",
    "docker create -v /x --tmpfs /x @I",
    "docker create --mount type=bind,source=@D/a,target=/x @I",
    "docker create --mount type=bind,src=./a,dst=/x,readonly @I",
    "docker create --mount type=bind,src=../,destination=/x/,ro=0,bind-propagation=rslave @I",
    "docker create --mount=src=@V,dst=/x,volume-nocopy @I",
    "docker create --mount type=volume,dst=/x,readonly=false @I",
    "docker create --mount type=tmpfs,dst=/x,tmpfs-size=1m @I",
    "docker create --mount '\"type=bind\",\"src=@D/a,\"\"b\",dst=/x' @I",
    "docker create --mount 'src=@B,dst=/x,volume-label=@L,volume-opt=type=none,\"volume-opt=o=bind,ro\",volume-opt=device=@D/a' @I",
    "docker create --mount src=@B,dst=/x,volume-label=@L,volume-driver=local,volume-opt=type=tmpfs,volume-opt=device=tmpfs @I",
    "docker create --use-api-socket @I",
    "docker create --volumes-from @G @I",
    "docker create --volumes-from @G:ro -v @D/a:/given -v @V:/x @I",
    "docker create --name @B-named --restart always -h host --network none --cap-add ALL -p 80 -P --init @I x",
    "docker create -m 64m --cpus=0.5 -c 7 --ulimit nofile=9 --shm-size 1m --add-host a:1.2.3.4 --dns 1.1.1.1 @I x",
    "docker create --health-cmd 'true x' --health-interval 5s --no-healthcheck=false @I x",
];

/// Commands that docker or the engine refuse.
const REFUSED: &[&str] = &[
    "docker create",
    "docker create -v",
    "docker create --tty=yes @I",
    "docker create -v /x: @I",
    "docker create -v $EMPTY:/x @I",
    "docker create -v @V:/x:ro:z @I",
    "docker create -v @V:x @I",
    "docker create -v @V:/ @I",
    "docker create -v @V:/x:foo @I",
    "docker create -v /x:ro @I",
    "docker create -v a/b:/x @I",
    "docker create -v '~/x:/x' @I",
    "docker create -v=~/x:/x @I",
    "docker create -v @V:/x -v @W:/x/ @I",
    "docker create -v @V:/x --tmpfs /x @I",
    "docker create -v @V:/x --mount type=volume,dst=/x @I",
    "docker create -w rel @I",
    "docker create -e =x @I",
    "docker create -e '' @I",
    "docker create -l '' @I",
    "docker create --mount type=bind,src=a,dst=/x @I",
    "docker create --mount type=bind,dst=/x @I",
    "docker create --mount type=volume,src=/x,dst=/x @I",
    "docker create --mount type=volume,dst=/x,readonly @I",
    "docker create --mount type=tmpfs @I",
    "docker create --mount type=tmpfs,dst=x @I",
    "docker create --mount type=other,dst=/x @I",
    "docker create --mount type=tmpfs,dst=/x,some=thing @I",
    "docker create --mount type=tmpfs,dst=/x,ro=x @I",
    "docker create --mount '\"type=tmpfs,dst=/x' @I",
    "docker create --mount '' @I",
];

#[test]
fn command_lines_are_read_as_the_engine_reads_them() {
    let Some(engine) = engine("command_lines_are_read_as_the_engine_reads_them") else { return };
    let world = World::new(engine);
    let mut wrong = Vec::new();
    for template in TAKEN {
        let line = world.line(engine, template);
        let last = line.replacen(" create ", &format!(" create --label {} ", world.label()), 1);
        let id = match world.shell(&last) {
            Ok(id) => Created(id),
            Err(error) => {
                wrong.push(format!("{last}\n  the engine refuses it: {error}"));
                continue;
            }
        };
        let Some(DockerCommand::Run(run)) = world.read(&last) else { panic!("{last}") };
        let mut differ = differences(&read_facts(&run, &world), &engine_facts(&id.0));
        differ.extend(run.unseen.iter().chain(&run.refused).map(|trouble| trouble.what.clone()));
        if !differ.is_empty() {
            wrong.push(format!("{last}\n  {}", differ.join("\n  ")));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), TAKEN.len(), wrong.join("\n"));
}

#[test]
fn what_docker_refuses_is_refused() {
    let Some(engine) = engine("what_docker_refuses_is_refused") else { return };
    let world = World::new(engine);
    let mut wrong = Vec::new();
    for template in REFUSED {
        let line = world.line(engine, template);
        let labelled = line.replacen(" create", &format!(" create --label {}", world.label()), 1);
        if let Ok(id) = world.shell(&labelled) {
            drop(Created(id));
            wrong.push(format!("{line}\n  docker takes it"));
        }
        let Some(DockerCommand::Run(run)) = world.read(&line) else { panic!("{line}") };
        if run.refused.is_empty() {
            wrong.push(format!("{line}\n  it is not refused"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), REFUSED.len(), wrong.join("\n"));
}

/// What follows `docker-compose run`. Of two mounts at one target, one of the service and one of `-v`, version 1 keeps
/// either, by chance.
const COMPOSED: &[&str] = &[
    "@S",
    "@S one 'two three'",
    "-e A=own -e SET -eC=d @S",
    "-u 7 -w /tmp -l a=own -l c=d @S x",
    "--entrypoint 'sh -c' @S 'x y'",
    "--entrypoint sh @S",
    "-v @D/a:/x -v @V:/y:ro @S",
    "-v @D/a:/x --no-deps --use-aliases @S -v",
];

/// The service's own, which overrides win over.
const SERVICE: &str = "
    network_mode: none
    command: [own, command]
    user: '5'
    working_dir: /own
    environment: { A: service, B: service }
    labels: { a: service, b: service }
";

#[test]
fn compose_run_is_read_as_compose_reads_it() {
    let test = "compose_run_is_read_as_compose_reads_it";
    let Some(engine) = engine(test) else { return };
    if output(Command::new("docker-compose").arg("version")).is_err() {
        return say(&format!("skipped, {test}: no docker-compose"));
    }
    let world = World::new(engine);
    let mounts = format!("    volumes: ['{0}/a:/own', '{0}/a:/also']\n", world.directory);
    let file = format!("version: '2.4'\nservices:\n  s:\n    image: {}{SERVICE}{mounts}", engine.image);
    fs::write(format!("{}/project.yaml", world.directory), file).unwrap();
    let mut wrong = Vec::new();
    for template in COMPOSED {
        let given = world.line(engine, &template.replace("@S", "s"));
        let (label, name) = (&world.label(), engine.name("composed"));
        let line = format!("docker-compose -f project.yaml run -d -T --name {name} -l {label} {given}");
        let _created = Created(name.clone());
        let error = world.shell(&line).err().filter(|_| docker(&["inspect", &name]).is_err());
        if let Some(error) = error {
            wrong.push(format!("{line}\n  compose refuses it: {error}"));
            continue;
        }
        let Some(DockerCommand::ComposeRun(run)) = world.read(&line) else { panic!("{line}") };
        let mut differ = differences(&composed_facts(&run, &world), &engine_facts(&name));
        differ.extend(run.unseen.iter().chain(&run.refused).map(|trouble| trouble.what.clone()));
        if !differ.is_empty() {
            wrong.push(format!("{line}\n  {}", differ.join("\n  ")));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), COMPOSED.len(), wrong.join("\n"));
}

/// What was read, over the service's own.
fn composed_facts(run: &ComposeRun, world: &World) -> Facts {
    let mut container = Container {
        entrypoint: run.entrypoint.clone(),
        command: run.command.clone().or_else(|| Some(service_command())),
        user: run.user.clone().or_else(|| Some(Value::known("5", None))),
        working_dir: run.working_dir.clone().or_else(|| Some(Value::known("/own", None))),
        tty: run.tty,
        mounts: run.mounts.clone(),
        env: run.env.clone(),
        labels: run.labels.clone(),
        ..Container::default()
    };
    for name in ["A", "B"] {
        let value = EnvValue::set(Value::known("service", None));
        let variable = EnvVar::new(value, Span::default());
        container.env.entry(name.to_owned()).or_insert(variable);
    }
    for name in ["a", "b"] {
        let value = Value::known("service", None);
        let label = Label::new(value, Span::default());
        container.labels.entry(name.to_owned()).or_insert(label);
    }
    let mut facts = read_facts(&DockerRun { container, ..DockerRun::default() }, world);
    // Whether input is open depends on the terminal, and the image is the service's.
    for name in ["stdin", "image", "mounts"] {
        facts.remove(name);
    }
    let mut mounts: BTreeSet<String> = run.mounts.iter().map(read_mount).collect();
    for target in ["/own", "/also"] {
        if !run.mounts.iter().any(|mount| mount.target.text == target) {
            mounts.insert(format!("host {}/a at {target} true", world.directory));
        }
    }
    facts.insert("mounts", shown(mounts));
    facts
}

fn service_command() -> model::Command {
    let words = ["own", "command"].map(|word| Value::known(word, None)).to_vec();
    model::Command { words, span: Span::default() }
}

/// An option as a command's help tells of it: `-v, --volume list`, `--rm`, `--name NAME`, `-u, --user=""`.
fn helped(line: &str) -> Option<(Vec<String>, bool)> {
    let told = line.trim().split("  ").next()?;
    if !told.starts_with('-') {
        return None;
    }
    let mut valued = false;
    let mut names = Vec::new();
    for part in told.split(", ") {
        let end = part.find([' ', '=']).unwrap_or(part.len());
        valued |= end < part.len();
        names.push(part[..end].to_owned());
    }
    Some((names, valued))
}

/// The options of a command's help that are not read as it says.
fn misread(help: &str, read: impl Fn(&str) -> (Option<String>, bool)) -> Vec<String> {
    // The text around them mentions some, too, at the end of a sentence.
    let ends = |(names, _): &(Vec<String>, bool)| names.iter().any(|name| name.ends_with('.'));
    let options: Vec<_> = help.lines().filter_map(helped).filter(|option| !ends(option)).collect();
    assert!(options.len() > 10, "{help}");
    let mut wrong = Vec::new();
    for (names, valued) in options {
        for name in names.iter().filter(|name| !["-h", "--help"].contains(&name.as_str()) || valued) {
            let given = if valued { format!("{name} value") } else { name.clone() };
            let (operand, doubted) = read(&given);
            if operand.as_deref() != Some("operand") || doubted {
                wrong.push(given);
            }
        }
    }
    wrong
}

#[test]
fn every_option_that_is_helped_with_is_known() {
    let test = "every_option_that_is_helped_with_is_known";
    let Some(_) = engine(test) else { return };
    let not_known = |unseen: &[Unseen]| unseen.iter().any(|unseen| unseen.what.contains("not known"));
    let read = |line: String| read_docker_line(&line, None, &|_| VariableState::Unknown, &Sources::default());
    let mut wrong = Vec::new();
    for command in ["run", "create"] {
        wrong.extend(misread(&docker(&[command, "--help"]).unwrap(), |given| {
            let Some(DockerCommand::Run(run)) = read(format!("docker {command} {given} operand")) else {
                panic!("{given}")
            };
            (run.container.image.map(|image| image.text), not_known(&run.unseen))
        }));
    }
    let Ok(help) = output(Command::new("docker-compose").args(["help", "run"])) else {
        return say(&format!("skipped in part, {test}: no docker-compose"));
    };
    wrong.extend(misread(&help, |given| {
        let line = format!("docker-compose run {given} operand");
        let Some(DockerCommand::ComposeRun(run)) = read(line) else { panic!("{given}") };
        (Some(run.service.text), not_known(&run.unseen))
    }));
    let help = output(Command::new("docker-compose").args(["help", "up"])).unwrap();
    wrong.extend(misread(&help, |given| {
        let Some(DockerCommand::ComposeUp(up)) = read(format!("docker-compose up {given} operand")) else {
            panic!("{given}")
        };
        (up.services.first().map(|service| service.text.clone()), not_known(&up.unseen))
    }));
    assert!(wrong.is_empty(), "{wrong:?}");
}
