//! The reader from outside: a command in, what it starts out, in one line each.

use super::AmbientChoice;
use super::{Argument, CommandContext, ComposeProject, ComposeRun, ComposeUp, DockerCommand, DockerRun, read};
use crate::input::shell::{read_commands, read_docker_line};
use crate::model::{
    Command, Content, EnvValue, EnvVar, Flag, HandedVariables, Mount, MountSource, Unseen, Value, VariableState,
};
use crate::text::{Sources, Span, TracedText};

/// `HOME` and `SET` are set, `EMPTY` is to nothing, `GONE` is not set, `MINE` depends on another; nothing else is known.
fn environment(name: &str) -> VariableState {
    match name {
        "HOME" => VariableState::Set(Value::known("/home/me", None)),
        "SET" => VariableState::Set(Value::known("set", None)),
        "EMPTY" => VariableState::Set(Value::known("", None)),
        "MINE" => {
            let symbols = vec![crate::model::Symbol { name: "ROOT".to_owned(), required: false }];
            VariableState::Set(Value { text: "${ROOT}/mine".to_owned(), symbols, ..Value::default() })
        }
        "GONE" => VariableState::Unset,
        _ => VariableState::Unknown,
    }
}

fn started(text: &str) -> Option<DockerCommand> {
    read_docker_line(text, Some("/work"), &environment, &Sources::default())
}

fn run(text: &str) -> DockerRun {
    match started(text) {
        Some(DockerCommand::Run(run)) => *run,
        other => panic!("{text}: {other:?}"),
    }
}

fn compose(text: &str) -> ComposeRun {
    match started(text) {
        Some(DockerCommand::ComposeRun(run)) => *run,
        other => panic!("{text}: {other:?}"),
    }
}

fn mount(mount: &Mount) -> String {
    let source = match &mount.source {
        MountSource::Host(path) => path.text.clone(),
        MountSource::Volume(name) => format!("volume {}", name.text),
        MountSource::Unresolved(value) => format!("? {}", value.text),
        MountSource::Device { fstype, device, options } => format!("{fstype} {} {options}", device.text),
        other => format!("{other:?}").to_lowercase(),
    };
    let below = mount.subpath.as_ref().map(|path| format!("//{path}")).unwrap_or_default();
    format!("{source}{below} > {}{}", mount.target.text, if mount.read_only { " ro" } else { "" })
}

fn command(command: Option<&Command>) -> String {
    let words = command.map(|command| command.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>());
    words.map_or_else(|| "-".to_owned(), |words| format!("[{}]", words.join("|")))
}

/// The mounts; what was not understood after `~`, what is refused after `!`.
fn mounts(text: &str) -> String {
    let run = run(text);
    with_trouble(run.container.mounts.iter().map(mount).collect(), &run.unseen, &run.refused)
}

fn with_trouble(mut parts: Vec<String>, unseen: &[Unseen], refused: &[Unseen]) -> String {
    parts.extend(unseen.iter().map(|unseen| format!("~{}", unseen.what)));
    parts.extend(refused.iter().map(|refused| format!("!{}", refused.what)));
    parts.join("; ")
}

/// Image, entrypoint, command and the rest that is told in few words.
fn shape(text: &str) -> String {
    let run = run(text);
    let container = &run.container;
    let text = |value: &Option<Value>| value.as_ref().map_or_else(|| "-".to_owned(), |value| value.text.clone());
    let mut parts = vec![text(&container.image), command(container.entrypoint.as_ref())];
    parts.push(command(container.command.as_ref()));
    let switch = |flag: Option<Flag>, name: &str| flag.map(|flag| format!("{name}={}", flag.on));
    parts.extend(switch(container.tty, "tty"));
    parts.extend(switch(container.stdin_open, "stdin"));
    for (on, name) in [(container.read_only, "read-only"), (run.detached, "detached"), (run.only_created, "created")] {
        parts.extend(on.then(|| name.to_owned()));
    }
    for (value, name) in
        [(&container.user, "user"), (&container.working_dir, "dir"), (&run.name, "name"), (&run.engine, "engine")]
    {
        parts.extend(value.as_ref().map(|value| format!("{name}={}", value.text)));
    }
    with_trouble(vec![parts.join(" ")], &run.unseen, &run.refused)
}

fn env(text: &str) -> String {
    let run = run(text);
    let shown = |(name, variable): (&String, &EnvVar)| match &variable.value {
        EnvValue::Set(value) => format!("{name}={}", value.text),
        EnvValue::Inherited => name.clone(),
    };
    with_trouble(run.container.env.iter().map(shown).collect(), &run.unseen, &run.refused)
}

fn check(of: fn(&str) -> String, cases: &[(&str, &str)]) {
    let differs = |(text, expected): &(&str, &str)| {
        let found = of(text);
        (found != *expected).then(|| format!("{text}\n  expected {expected}\n  found    {found}"))
    };
    let wrong: Vec<String> = cases.iter().filter_map(differs).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn commands_that_start_a_container_are_recognised() {
    let kind = |text: &str| match started(text) {
        None => "no",
        Some(DockerCommand::Run(_)) => "run",
        Some(DockerCommand::ComposeRun(_)) => "compose",
        Some(DockerCommand::ComposeUp(_)) => "up",
        Some(DockerCommand::Exec(_)) => "exec",
        Some(DockerCommand::Build(build)) if build.args.contains_key("V") => "build",
        Some(DockerCommand::Build(_)) => "build without it",
        Some(DockerCommand::Stop(_)) => "stop",
        Some(DockerCommand::Existing(_)) => "existing",
        Some(DockerCommand::Scale(_)) => "scale",
        Some(DockerCommand::Unclear(_)) => "unclear",
        Some(DockerCommand::NotRead(_)) => "not read",
    };
    for (text, wanted) in [
        ("docker run i", "run"),
        ("/usr/bin/docker -H tcp://x container create i", "run"),
        ("docker --tls --context=x --log-level debug -D run i", "run"),
        ("podman --remote --log-level debug run i", "run"),
        ("nerdctl -n k8s.io run i", "run"),
        ("docker compose -f a.yaml run s", "compose"),
        ("docker --debug compose --profile x up", "up"),
        ("docker-compose run s", "compose"),
        ("docker-compose -p x up -d", "up"),
        ("podman compose create", "up"),
        ("docker start c", "existing"),
        ("docker container exec c x", "exec"),
        ("docker compose exec s x", "exec"),
        ("docker \"$1\" i", "unclear"),
        ("docker compose \"$@\"", "unclear"),
        ("docker sandbox run claude", "not read"),
        ("podman kube play pod.yaml", "not read"),
        ("docker compose -f - up -d", "not read"),
        ("docker compose -f - ps", "no"),
        ("docker service ls", "no"),
        ("docker service scale a_b=3 -d", "scale"),
        ("docker service scale a_b", "no"),
        ("docker service update --force --replicas 3 a_b", "scale"),
        ("docker service update a_b --replicas 3", "scale"),
        ("docker service update --replicas-max-per-node 3 a_b", "no"),
        ("docker service update --replicas", "no"),
        ("docker build .", "no"),
        ("docker compose build a", "no"),
        ("docker compose build --no-cache --build-arg V=1 a", "build"),
        ("docker-compose build a --build-arg=V=1", "build"),
        ("docker build -t x --build-arg V=1 .", "build"),
        ("docker buildx build --load --build-arg W=1 --build-arg V .", "build"),
        ("docker --help run i", "no"),
        ("docker compose --version run s", "no"),
        ("docker", "no"),
        ("docker container", "no"),
        ("docker compose", "no"),
        ("docker compose ps", "no"),
        ("dockerd run", "no"),
        ("run", "no"),
    ] {
        assert_eq!(kind(text), wanted, "{text}");
    }
}

#[test]
fn options_are_read_in_every_form() {
    check(
        shape,
        &[
            ("docker run i", "i - -"),
            ("docker run -it --rm i claude -p x", "i - [claude|-p|x] tty=true stdin=true"),
            ("docker run --rm=false -t=0 -i=T i", "i - - tty=false stdin=true"),
            ("docker run -it=false i", "i - - tty=false stdin=true"),
            ("docker run -u1000 -w=/x i", "i - - user=1000 dir=/x"),
            ("docker run -itu 7:8 -- i -t", "i - [-t] tty=true stdin=true user=7:8"),
            ("docker run --user=a --user b --name n i", "i - - user=b name=n"),
            ("docker run -w /a/../b/ --pid host --privileged --read-only i", "i - - read-only dir=/b"),
            ("docker run --entrypoint sh i -c 'claude -p'", "i [sh] [-c|claude -p]"),
            ("docker run --entrypoint= i x", "i [] [x]"),
            ("docker run --entrypoint sh i", "i [sh] []"),
            ("docker create -d --detach=false i", "i - - created"),
            ("docker -H ssh://h -c other run i", "i - - engine=other"),
            ("podman run --entrypoint '[\"a\", \"b\"]' i x", "i [a|b] [x]"),
            ("podman run --userns keep-id --security-opt label=disable --replace --pull newer i", "i - -"),
            ("nerdctl run --umask 077 i", "i - -"),
            ("docker run $IMAGE x", "${IMAGE} - [x]"),
            ("docker run \"$X\" $Y", "${X} - [${Y}]"),
        ],
    );
}

#[test]
fn uncertain_options_are_reported() {
    check(
        shape,
        &[
            ("docker run --nothing i", "i - -; ~the option `--nothing` is not known"),
            ("docker run -itZ i", "i - - tty=true stdin=true; ~the option `-Z` is not known"),
            ("docker run --vol a:/b i", "a:/b - [i]; ~the option `--vol` is not known"),
            ("docker run --umask 077 i", "077 - [i]; ~the option `--umask` is not known"),
            ("docker run $OPTS i", "i - -; ~`$OPTS` stands for options that are not known"),
            ("docker run \"${ARGS[@]}\" i", "i - -; ~`${ARGS[@]}` stands for options that are not known"),
            ("docker run \"$@\"", "- - -; ~`$@` stands for options that are not known; !no image is named"),
            ("docker run $X i", "${X} - [i]; ~whether `$X` is an option is not known; it is taken for none"),
            ("docker run -t=$T i", "i - -; ~whether `--tty` is on depends on a variable"),
            ("docker run --tty=yes i", "i - -; !`--tty` is given neither true nor false"),
            ("docker run -$X i", "i - -; ~which option this is depends on a variable"),
            ("docker run -v", "- - -; !`--volume` is given no value; !no image is named"),
            ("docker run --help i", "i - -; !it is asked for its help alone"),
            ("docker run -w rel i", "i - -; !the working directory is no absolute path"),
            ("docker run -u $U i", "i - - user=${U}"),
            ("docker run -u \"$@\" i", "i - - user=${@}; ~the value of `--user` may be no word or several"),
            ("podman run --env-host i", "i - -; ~`--env-host` hands over every variable of the host"),
        ],
    );
}

#[test]
fn volumes_are_read() {
    let three = "!a volume has more than three parts";
    let nothing = "!a volume has nothing before, after or between its colons";
    let neither = "!the source of a volume is neither a path nor a volume's name";
    check(
        mounts,
        &[
            ("docker run -v /a:/b i", "/a > /b"),
            ("docker run -v=/a/./c/..:/b/ --volume /x:/y:ro i", "/a > /b; /x > /y ro"),
            ("docker run -v data:/d:rw,z -v /anon i", "volume data > /d; anonymous > /anon"),
            ("docker run -v ./a:/b -v ..:/c -v .x:/d i", "/work/a > /b; / > /c; /work/.x > /d"),
            ("docker run -v ~/.claude:/c -v $HOME/x:/d i", "/home/me/.claude > /c; /home/me/x > /d"),
            ("docker run -v $(pwd)/a:/b -v \"$PWD\":/c -v `pwd`:/d i", "/work/a > /b; /work > /c; /work > /d"),
            ("docker run -v v:/c i", "!the target of a mount is no absolute path"),
            ("docker run -v a1:/x:ro:z i", three),
            ("docker run -v /x: i", nothing),
            ("docker run -v $EMPTY:/x i", nothing),
            ("docker run -v a/b:/x i", neither),
            ("docker run -v '~/x:/y' i", &format!("{neither} (only the shell knows `~`)")),
            ("docker run -v a1:x i", "!the target of a mount is no absolute path"),
            ("docker run -v a1:/ i", "!the target of a mount is `/` itself"),
            ("docker run -v a1:/x:foo i", "!a volume has a mode that is none"),
            (
                "podman run -v a1:/x:U,O i",
                "volume a1 > /x; ~what is written into an overlay volume (`:O`) goes elsewhere",
            ),
            ("docker run -v a1:/x -v /x i", "volume a1 > /x"),
            ("docker run -v /x -v a1:/x i", "volume a1 > /x"),
            ("docker run -v a1:/x -v a1:/x i", "volume a1 > /x"),
            ("docker run -v a1:/x -v b1:/x/ i", "volume a1 > /x; !two mounts have one target"),
            ("docker run --tmpfs /x:ro --tmpfs /x i", "tmpfs > /x"),
            ("docker run --tmpfs /x:size=1m,ro i", "tmpfs > /x ro"),
            ("docker run --use-api-socket i", "/var/run/docker.sock > /var/run/docker.sock"),
        ],
    );
}

#[test]
fn mount_options_are_read() {
    check(
        mounts,
        &[
            ("docker run --mount type=bind,source=/a,target=/b,readonly i", "/a > /b ro"),
            ("docker run --mount type=bind,src=.,dst=/b,ro=false i", "/work > /b"),
            ("docker run --mount source=data,destination=/d,volume-subpath=/x/y i", "volume data//x/y > /d"),
            ("docker run --mount type=volume,dst=/d i", "anonymous > /d"),
            ("docker run --mount type=tmpfs,dst=/d,tmpfs-size=1m i", "tmpfs > /d"),
            ("docker run --mount type=image,src=other,dst=/d i", "injected > /d"),
            ("docker run --mount '\"type=bind\",\"src=/a,b\"\"c\",dst=/d' i", "/a,b\"c > /d"),
            (
                "docker run --mount 'src=q1,dst=/x,volume-opt=type=none,\"volume-opt=o=bind,ro\",volume-opt=device=/y/' i",
                "/y > /x",
            ),
            (
                "docker run --mount src=q1,dst=/x,volume-opt=type=nfs,volume-opt=o=addr=h,volume-opt=device=:/y i",
                "nfs h:/y  > /x",
            ),
            (
                "docker run --mount src=q1,dst=/x,volume-driver=other,volume-opt=o=bind,volume-opt=device=/y i",
                "volume q1 > /x",
            ),
            ("docker run --mount type=bind,src=a,dst=/x i", "!the source of a mount of type bind is no absolute path"),
            ("docker run --mount dst=/x,ro i", "!a volume without a name is mounted read-only"),
            ("docker run --mount type=bind,dst=/x i", "!a mount of type bind has no source"),
            ("docker run --mount type=bind,src=/x i", "!a mount has no target"),
            ("docker run --mount type=bind,src=/x,dst=/y,what=x i", "!a mount has a part that is not known"),
            ("docker run --mount 'src=a1,\"dst=/x' i", "!a mount is no line of CSV"),
            ("docker run --mount src=a1,dst=/x,ro=maybe i", "!whether a mount is read-only is neither true nor false"),
            ("podman run --mount type=bind,src=/a,dst=/x,rw=false,relabel=shared i", "/a > /x ro"),
            ("docker run --mount type=bind,src=$A,dst=/x,$RO i", "~a part of a mount depends on a variable"),
        ],
    );
}

#[test]
fn unknown_variables_become_placeholders() {
    check(
        mounts,
        &[
            ("docker run -v $X:/x i", "? ${X} > /x"),
            ("docker run -v \"$X/..//y/:/x\" i", "${X}/../y > /x"),
            ("docker run -v /a/$X/../b:/x i", "/a/${X}/../b > /x"),
            ("docker run -v vol-$X:/x i", "volume vol-${X} > /x"),
            ("docker run -v ${X:-/srv}/a:/x i", "${X:-/srv}/a > /x"),
            ("docker run -v ${GONE:-/srv}/a:/x -v ${SET-no}:/y i", "/srv/a > /x; volume set > /y"),
            ("docker run -v ${EMPTY:-$HOME}/a:/x -v ${GONE:-\"~\"}/b:/y i", "/home/me/a > /x; /home/me/b > /y"),
            ("docker run -v ${X:?no}/a:/x -v $MINE:/y i", "${X}/a > /x; ${ROOT}/mine > /y"),
            ("docker run -v \"$(dirname \"$0\")/../a:/x\" i", "${$(dirname \"$0\")}/../a > /x"),
            ("docker run -v \"`dirname $0`/a:/x\" i", "${$(dirname $0)}/a > /x"),
            ("docker run -v ~other/x:/x i", "${~other}/x > /x"),
            ("docker run -v \"$X\" i", "~what a volume mounts, and where, depends on a variable"),
            ("docker run -v /a:/b${RO:+:ro} i", "/a > /b; ~the modes of a volume depend on a variable"),
            ("docker run -v /a:/b:$M i", "/a > /b; ~the modes of a volume depend on a variable"),
            ("docker run -v /a:$T i", "/a > ${T}"),
        ],
    );
}

#[test]
fn unknown_directory_becomes_pwd() {
    let Some(DockerCommand::Run(run)) =
        read_docker_line("docker run -v ./a:/b -v $(pwd)/a:/c i", None, &environment, &Sources::default())
    else {
        panic!()
    };
    let shown: Vec<String> = run.container.mounts.iter().map(mount).collect();
    assert_eq!(shown, ["${PWD}/a > /b", "${PWD}/a > /c"]);
}

#[test]
fn environment_is_read_without_secrets() {
    check(
        env,
        &[
            ("docker run -e A=b -eC=d --env=E= i", "A=b; C=d; E="),
            ("docker run -e A=1 -e A=2=3 i", "A=2=3"),
            ("docker run -e SET -e GONE -e X i", "GONE; SET=set; X"),
            ("docker run -e A=${X:-secret} -e B=$(cat /secret) i", "A=${X}; B=${a command's output}"),
            ("docker run -e =x i", "!a variable has no name"),
            ("podman run -e 'A*' i", "~which variables are handed over depends on the names of those that there are"),
            ("docker run -e $N=x i", "~the name of a variable depends on another"),
        ],
    );
    let run = run("docker run -e A=${X:-d} -e B=$Y -e C=${Z:?} i");
    let content = |name: &str| match &run.container.env[name].value {
        EnvValue::Set(value) => value.content(),
        EnvValue::Inherited => panic!(),
    };
    assert_eq!(["A", "B", "C"].map(content), [Content::Filled, Content::Unknown, Content::Filled]);
}

#[test]
fn options_of_a_branch_are_conditional() {
    let sources = Sources::default();
    let words = "docker run -v /a:/x -v /b:/x -e A=1 -e B=2 -v /c:/z -u 7 i cmd arg";
    let args: Vec<Argument> = words
        .split(' ')
        .enumerate()
        .map(|(at, word)| Argument {
            text: TracedText::plain(word),
            perhaps: [2, 3, 4, 5, 6, 7, 12, 13, 16].contains(&at),
            ..Argument::default()
        })
        .collect();
    let context = CommandContext {
        base_words: None,
        sources: &sources,
        here: Span::default(),
        base: None,
        environment: &environment,
        ambient: AmbientChoice::default(),
        handed: &HandedVariables::default,
    };
    let Some(DockerCommand::Run(run)) = read(&args, &context) else { panic!() };
    let perhaps = &run.perhaps;
    assert_eq!((perhaps.mounts.as_slice(), perhaps.env.as_slice()), (&[0, 1][..], &["A".to_owned()][..]));
    let sure: Option<Vec<&str>> =
        perhaps.command.as_ref().map(|command| command.words.iter().map(|word| word.text.as_str()).collect());
    assert_eq!((sure, perhaps.name, perhaps.detached), (Some(vec!["cmd"]), false, false));
    let told: Vec<&str> = run.unseen.iter().map(|unseen| unseen.what.as_str()).collect();
    let wanted = [
        "`--user` is given on some ways to the command only",
        "which of several mounts is at one target depends on what runs before",
    ];
    assert_eq!(told, wanted);
    assert!(run.refused.is_empty());
}

#[test]
fn unclear_variables_are_not_looked_up() {
    let sources = Sources::default();
    let arg = |word: &str| Argument { text: TracedText::plain(word), ..Argument::default() };
    let live = Argument { text: TracedText::live("$GONE"), unclear: true, ..Argument::default() };
    let mut volume = TracedText::live("$SET");
    volume.push(&TracedText::plain("/x:/y"));
    let volume = Argument { text: volume, unclear: true, ..Argument::default() };
    let args = [arg("docker"), arg("run"), arg("-v"), volume, arg("i"), live];
    let context = CommandContext {
        base_words: None,
        sources: &sources,
        here: Span::default(),
        base: None,
        environment: &environment,
        ambient: AmbientChoice::default(),
        handed: &HandedVariables::default,
    };
    let Some(DockerCommand::Run(run)) = read(&args, &context) else { panic!() };
    // Each is the same as itself alone.
    assert_eq!(mount(&run.container.mounts[0]), "${SET at :1}/x > /y");
    assert_eq!(command(run.container.command.as_ref()), "[${GONE at :1}]");
    assert_eq!(run.unseen, []);
}

#[test]
fn file_options_are_read() {
    let run = run("docker run --env-file .env --env-file $X/e --label-file /l --volumes-from c:ro -l a=b -l c \
                   --health-cmd 'test -f /x' --name \"n-$X\" i");
    let texts = |values: &[Value]| values.iter().map(|value| value.text.clone()).collect::<Vec<_>>();
    assert_eq!(texts(&run.env_files), ["/work/.env", "${X}/e"]);
    assert_eq!(texts(&run.label_files), ["/l"]);
    assert_eq!(texts(&run.volumes_from), ["c:ro"]);
    assert_eq!(run.container.labels["a"].value.text, "b");
    assert_eq!(run.container.labels["c"].value.text, "");
    assert_eq!(run.container.name, "n-${X}");
    assert_eq!(command(run.container.hooks.first()), "[/bin/sh|-c|test -f /x]");
}

/// What stands at the spans.
#[test]
fn spans_cover_what_was_read() {
    let text =
        "docker run --name n -v '/a b:/x:ro' --mount=type=tmpfs,dst=/t -eTOKEN=secret -e \"KEY=$V\" -l a=b -it i";
    let sources = Sources::default();
    let Some(DockerCommand::Run(run)) = read_docker_line(text, None, &environment, &sources) else { panic!() };
    let slice = |span: Span| sources.get(span.file).slice(span).to_owned();
    let container = &run.container;
    let mounts: Vec<String> = container.mounts.iter().map(|mount| slice(mount.span)).collect();
    assert_eq!(mounts, ["/a b:/x:ro", "type=tmpfs,dst=/t"]);
    assert_eq!(slice(container.env["TOKEN"].span), "TOKEN");
    assert_eq!(slice(container.env["KEY"].span), "KEY");
    assert_eq!(slice(container.labels["a"].span), "a=b");
    assert_eq!(slice(container.span), "docker");
    assert_eq!(slice(container.image.as_ref().unwrap().span.unwrap()), "i");
    assert_eq!(slice(run.name.unwrap().span.unwrap()), "n");
    assert_eq!(slice(container.tty.unwrap().span), "-it");
    for value in container.env.values() {
        let EnvValue::Set(value) = &value.value else { panic!() };
        assert_eq!(value.span, None);
    }
}

/// What the container runs is read as the words of a Compose file are.
#[test]
fn command_of_the_container_is_located() {
    for (text, wanted, place) in [
        ("docker run i flock /l claude -p \"$(cat prompt)\"", "flock /l", "claude"),
        ("docker run --entrypoint sh i -c 'flock /l claude -p \"$X\"'", "flock /l", "claude"),
        ("docker run --entrypoint flock i /l claude \"$@\"", "flock /l", "claude"),
        ("docker run i sh -c \"cd $(pwd) && cd $(git rev-parse x) && flock /l claude\"", "flock /l", "claude"),
        ("docker run i sh -c \"flock /l claude -p ${P:-x}\"", "flock /l", "claude"),
    ] {
        let sources = Sources::default();
        let Some(DockerCommand::Run(run)) = read_docker_line(text, None, &environment, &sources) else { panic!() };
        let script = read_commands(run.container.entrypoint.as_ref(), run.container.command.as_ref(), &sources);
        let [call] = script.invocations.as_slice() else { panic!("{text}: {script:?}") };
        assert_eq!(format!("flock {}", call.locks[0].path), wanted, "{text}");
        assert_eq!(sources.get(call.span.file).slice(call.span), place, "{text}");
        let sees = script.unseen.as_deref().is_none_or(|unseen| unseen.contains("image's own entrypoint"));
        assert!(sees, "{text}: {:?}", script.unseen);
    }
}

#[test]
fn compose_run_is_read() {
    let shown = |text: &str| {
        let run = compose(text);
        let mut parts = vec![run.service.text.clone(), command(run.entrypoint.as_ref()), command(run.command.as_ref())];
        parts.extend(run.tty.map(|flag| format!("tty={}", flag.on)));
        parts.extend(run.stdin_open.map(|flag| format!("stdin={}", flag.on)));
        parts.extend(run.user.map(|user| format!("user={}", user.text)));
        parts.extend(run.working_dir.map(|path| format!("dir={}", path.text)));
        parts.extend(run.name.map(|name| format!("name={}", name.text)));
        parts.extend(run.env.keys().cloned());
        parts.extend(run.labels.keys().cloned());
        parts.extend(run.mounts.iter().map(mount));
        parts.extend(run.detached.then(|| "detached".to_owned()));
        with_trouble(vec![parts.join(" ")], &run.unseen, &run.refused)
    };
    for (text, wanted) in [
        ("docker compose run s", "s - -"),
        ("docker compose run --rm -T s claude -p x", "s - [claude|-p|x] tty=false"),
        (
            "docker-compose run -e A=b -l c=d -u 7 -w /x -v ./a:/b:ro --no-deps -d --name n s",
            "s - - user=7 dir=/x name=n A c /work/a > /b ro detached",
        ),
        ("docker compose run --entrypoint 'sh -c' s 'a b'", "s [sh|-c] [a b]"),
        ("docker compose run --entrypoint \"$X -c\" s", "s [${X}|-c] []"),
        ("docker compose run -i=false -t s", "s - - tty=true stdin=false"),
        ("docker compose run \"$S\" x", "${S} - [x]; ~which service it is is not known"),
        ("docker compose run", " - -; !no service is named"),
    ] {
        assert_eq!(shown(text), wanted, "{text}");
    }
}

#[test]
fn compose_project_is_read() {
    let shown = |project: &ComposeProject| {
        let texts = |values: &[Value]| values.iter().map(|value| value.text.as_str()).collect::<Vec<_>>().join(",");
        let one = |value: &Option<Value>| value.as_ref().map_or("-", |value| value.text.as_str()).to_owned();
        format!(
            "{} {} {} {} {} {}",
            texts(&project.files),
            one(&project.name),
            one(&project.directory),
            texts(&project.env_files),
            texts(&project.profiles),
            one(&project.engine)
        )
    };
    let run = compose(
        "docker -H x compose -f a.yaml -f $D/b.yaml -f - -p n --project-directory=sub --env-file .e --profile p run s",
    );
    assert_eq!(shown(&run.project), "/work/a.yaml,${D}/b.yaml,- n /work/sub /work/.e p x");
    let Some(DockerCommand::ComposeUp(up)) = started("docker compose up -d web --scale web=3 --no-deps -- -x") else {
        panic!()
    };
    let ComposeUp { services, scale, .. } = *up;
    let texts = |values: Vec<Value>| values.into_iter().map(|value| value.text).collect::<Vec<_>>();
    assert_eq!((texts(services), texts(scale)), (vec!["web".to_owned(), "-x".to_owned()], vec!["web=3".to_owned()]));
}

/// A symbol is found in its value's text, however it is written.
#[test]
fn symbols_are_found_in_their_value() {
    for (source, content) in [
        ("$X", Content::Unknown),
        ("${X:?}", Content::Filled),
        ("${X%/*}", Content::Unknown),
        ("${X:-${Y:-/a//b}/c}", Content::Unknown),
        ("$(git rev-parse --show-toplevel)", Content::Unknown),
        ("$(dirname \"${BASH_SOURCE[0]}\")", Content::Unknown),
        ("$(dirname \"$0\")/..", Content::Filled),
        ("$X$X", Content::Unknown),
        ("`a b`", Content::Unknown),
        ("$((1 + 2))", Content::Unknown),
        ("~other", Content::Unknown),
    ] {
        let text = if source.starts_with('~') { source.to_owned() } else { format!("\"{source}\"") };
        let run = run(&format!("docker run -w {text} i"));
        let directory = run.container.working_dir.unwrap();
        assert_eq!(directory.content(), content, "{source}: {directory:?}");
        assert!(directory.is_symbolic() && directory.text.starts_with("${"), "{source}: {directory:?}");
    }
    let twice = run("docker run -v $(git rev-parse x)/a:/a -v \"`git rev-parse x`/a\":/b i");
    let sources: Vec<&MountSource> = twice.container.mounts.iter().map(|mount| &mount.source).collect();
    assert_eq!(sources[0], sources[1]);
}

/// No input panics or takes long.
#[test]
fn random_words_never_panic() {
    let pieces = [
        "docker",
        "podman",
        "compose",
        "run",
        "up",
        "-",
        "--",
        "-v",
        "-e",
        "-it",
        "--mount",
        "--tmpfs",
        "=",
        ":",
        ",",
        "/a",
        "\"",
        "'",
        "$X",
        "${X",
        "}",
        "${X:-",
        "$(",
        ")",
        "`",
        "~",
        "type=volume",
        "src=",
        "dst=/x",
        "volume-opt=",
        "é",
        "*",
        "[",
        "]",
        "--entrypoint",
        "\\",
        " ",
        " ",
        " ",
        " ",
        "..",
        "i",
        "$@",
    ];
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..4_000 {
        let start = if random.bool() { "docker run " } else { "docker compose run " };
        let rest: String = (0..random.usize(0..24)).map(|_| pieces[random.usize(0..pieces.len())]).collect();
        let _ = started(&format!("{start}{rest}"));
    }
}

#[test]
fn hostile_words_end_soon() {
    let deep = format!("docker run -v \"{}x{}:/x\" i", "${A:-".repeat(5_000), "}".repeat(5_000));
    let open = format!("docker run -v \"$(({}:/x\" i", "(".repeat(5_000));
    let long = format!("docker run {} i", "-v a:/b ".repeat(20_000));
    for text in [
        deep.as_str(),
        open.as_str(),
        long.as_str(),
        "docker run -",
        "docker run -=",
        "docker run --= i",
        "docker run -v=",
        "docker -",
        "docker run --mount '\"'",
        "docker run -v : -v :: -v ::: i",
        "docker run -e \u{e9}=\u{1f600} -v \u{e9}:/\u{1f600} i",
    ] {
        let _ = started(text);
    }
}

#[test]
fn what_follows_an_unknown_word_shows_what_it_is() {
    let image = |text: &str| {
        let run = run(text);
        let image = run.container.image.as_ref().map(|image| image.text.clone()).unwrap_or_default();
        format!("{image} {}", if run.container.unseen_mounts.is_some() { "unseen" } else { "whole" })
    };
    for (text, wanted) in [
        ("docker run $X -v /a:/b i", "i unseen"),
        ("docker run \"$X\" --rm i", "i unseen"),
        ("docker run $X $Y -e A=b i", "i unseen"),
        ("docker run $X -it i", "i unseen"),
        ("docker run $(f) i:1 x", "i:1 unseen"),
        ("docker run $X -p \"look around\"", "${X} unseen"),
        ("docker run $X -c x", "${X} unseen"),
        ("docker run $IMAGE -v /a:/b i", "${IMAGE} whole"),
        ("docker run \"$X\" sh", "${X} whole"),
        ("docker run -v /a:/b i $X --rm", "i whole"),
        ("docker run -v $(f) i", "i unseen"),
        ("docker run -v /a:/b --unheard-of i", "i unseen"),
    ] {
        assert_eq!(image(text), wanted, "{text}");
    }
}
