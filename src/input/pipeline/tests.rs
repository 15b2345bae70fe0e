//! What is read of pipelines.

use super::{GITLAB, PipelineKind, WOODPECKER, WORKFLOW};
use crate::input::entry_file_tests::read_text;

const WORKFLOW_PATH: &str = ".github/workflows/a.yml";

/// The texts of the jobs of a pipeline, without what leads into the repository.
fn texts(kind: &PipelineKind, name: &str, text: &str) -> Vec<String> {
    let read = read_text(kind, name, text);
    assert_eq!((read.faults, read.unread), (Vec::<String>::new(), Vec::<String>::new()), "{text}");
    let body = |text: &String| {
        let (run, text) = text.split_once(": ").unwrap();
        let lines = text.lines().filter(|line| !line.starts_with("cd \"/") && !line.starts_with("export HOME="));
        let body = lines.collect::<Vec<_>>().join("\n").replace("--workdir /workspace", "-w");
        let start = body.find("--volume \"/").unwrap_or(body.len());
        let end = body.get(start..).and_then(|rest| rest.find(":/workspace\" ")).map_or(start, |at| start + at + 13);
        format!("{run}: {}{}", &body[..start], &body[end..])
    };
    read.entries.iter().map(body).collect()
}

#[test]
fn steps_of_a_workflow_run_on_the_machine_or_in_its_container() {
    for (text, wanted) in [
        ("jobs: {a: {runs-on: self-hosted, steps: [{run: docker run x}]}}", &["a: docker run x"][..]),
        (
            "env: {A: 1}\njobs:\n  a:\n    runs-on: [self-hosted, x]\n    env: {B: '${{ env.A }}2'}\n    steps:\n      - run: docker run ${{ env.B }} ${{ secrets.C }} ${{ a || b }} $A\n        working-directory: sub\n        env: {D: d}\n",
            &[
                "a: export A=\"1\"\nexport B=\"12\"\nexport D=\"d\"\ncd \"sub\"\ndocker run 12 ${secrets_C} ${expression_",
            ],
        ),
        (
            "jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - run: docker run x\n",
            &["a: export DOCKER_HOST=ssh://runner-of-a-in-a-yml\ndocker run x"],
        ),
        (
            "jobs:\n  a:\n    runs-on: x\n    container: {image: 'i:1', volumes: ['/srv/l:/c'], env: {K: v}, options: --cpus 1}\n    services:\n      db: {image: postgres, volumes: [d:/d]}\n    steps:\n      - run: claude -p \"$X\"\n      - run: echo '${{ inputs.y }}'\n",
            &[
                "a: docker run --rm --volume \"d:/d\"   \"postgres\"  &",
                "a: docker run --rm -w --volume \"/srv/l:/c\" --env \"K=v\" --entrypoint sh  --cpus 1 \"i:1\" -ec \"claude -p \\\"\\$X\\\"\necho '${inputs_y}'\n\"",
            ],
        ),
        (
            "jobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: docker://i:1\n        with: {args: -p x, entrypoint: claude}\n",
            &["a: docker run --rm  --entrypoint claude \"i:1\" -p x"],
        ),
    ] {
        let read = texts(&WORKFLOW, WORKFLOW_PATH, text);
        let is_alike =
            |(read, wanted): (&String, &&str)| read == wanted || wanted.ends_with('_') && read.starts_with(wanted);
        assert!(read.len() == wanted.len() && read.iter().zip(wanted).all(is_alike), "{text}: {read:#?}");
    }
}

#[test]
fn script_of_gitlab_comes_from_the_job_its_templates_and_the_defaults() {
    for (text, wanted) in [
        ("a: {script: docker run x}", &["a: docker run x"][..]),
        (
            "default: {before_script: [b]}\nvariables: {V: '$W/x'}\n.t: {script: [docker run t], variables: {U: u}}\na: {extends: .t, after_script: [c]}\n.h: {script: docker run no}\nstages: [x]\n",
            &["a: export V=\"$W/x\"\nexport U=\"u\"\nb\ndocker run t", "a: export V=\"$W/x\"\nexport U=\"u\"\nc"],
        ),
        (
            "a:\n  services: [{name: 'docker:28-dind'}]\n  script: &s [docker run x, [docker run y]]\nb: {script: [*s, docker ps]}\n",
            &[
                "a: export DOCKER_HOST=ssh://runner-of-a-in--gitlab-ci-yml\ndocker run x\ndocker run y",
                "b: docker run x\ndocker run y\ndocker ps",
            ],
        ),
    ] {
        assert_eq!(texts(&GITLAB, ".gitlab-ci.yml", text), wanted, "{text}");
    }
}

#[test]
fn steps_of_woodpecker_are_containers_one_after_the_other() {
    for (text, wanted) in [
        (
            "services: [{name: db, image: postgres}]\nsteps:\n  a: {image: i, volumes: ['/srv/l:/c'], commands: [claude -p x, 'echo $${Y} $Z ${CI_Q}'], environment: {K: v, S: {from_secret: t}}}\n  b: {image: j, detach: true, environment: [A=b]}\n",
            &[
                ": docker run --rm   \"postgres\"  &",
                ": docker run --rm -w --volume \"/srv/l:/c\" --env \"K=v\" --env \"S=${secret_t}\" --entrypoint sh   \"i\" -ec \"claude -p x\necho \\${Y} \\$Z ${ci_CI_Q}\n\" ",
                ": docker run --rm --env \"A=b\"   \"j\"  &",
            ][..],
        ),
        (
            "steps:\n  - {name: a, image: i}\n  - {name: b, image: j, depends_on: [a]}\n",
            &["a: docker run --rm   \"i\" ", "b: docker run --rm   \"j\" "],
        ),
    ] {
        let read = texts(&WOODPECKER, ".woodpecker.yml", text);
        let trimmed = |text: &&str| text.trim_end().to_owned();
        let read: Vec<String> = read.iter().map(|one| trimmed(&one.as_str())).collect();
        assert_eq!(read, wanted.iter().map(trimmed).collect::<Vec<_>>(), "{text}");
    }
}

#[test]
fn part_that_is_not_known_is_told() {
    for (kind, name, text, wanted) in [
        (
            &WORKFLOW,
            WORKFLOW_PATH,
            "jobs: {a: {runs-on: x, steps: [{shell: python, run: docker}]}}",
            "a step in another language than a shell's is not read",
        ),
        (
            &WORKFLOW,
            WORKFLOW_PATH,
            "jobs: {a: {runs-on: windows-2022, steps: [{run: docker run x}]}}",
            "a step in another language than a shell's is not read",
        ),
        (&GITLAB, ".gitlab-ci.yml", "include: x.yml\na: {script: docker}", "a file that it includes is not read"),
        (&GITLAB, ".gitlab-ci.yml", "a: {extends: .b, script: docker}", "a template that a job extends is not here"),
        (
            &GITLAB,
            ".gitlab-ci.yml",
            "a: {script: [!reference [.b, script], docker]}",
            "what is referred to in a script is not followed",
        ),
        (
            &WOODPECKER,
            ".woodpecker.yml",
            "steps: {a: {image: i, entrypoint: [x]}}",
            "the entrypoint of a step is not read",
        ),
    ] {
        let unread = read_text(kind, name, text).unread;
        assert!(unread.len() == 1 && unread[0].ends_with(wanted), "{text}: {unread:?}");
    }
}

#[test]
fn malformed_pipeline_has_a_fault_where_it_begins() {
    for (kind, name, text, wanted) in [
        (&WORKFLOW, WORKFLOW_PATH, "jobs: [\n", ""),
        (&WORKFLOW, WORKFLOW_PATH, "- a\n", "a pipeline is a mapping"),
        (&WORKFLOW, WORKFLOW_PATH, "jobs: [a]\n", "`jobs` of a workflow is a mapping"),
        (&WORKFLOW, WORKFLOW_PATH, "jobs: {a: b}\n", "a job is a mapping"),
        (&WORKFLOW, WORKFLOW_PATH, "jobs: {a: {steps: b}}\n", "the steps of a job are a list"),
        (&GITLAB, ".gitlab-ci.yml", "a: docker run x\n", "a job is a mapping"),
        (&GITLAB, ".gitlab-ci.yml", "a: {script: [{b: c}]}\n", "a line of a script is a text"),
        (&WOODPECKER, ".woodpecker.yml", "steps: a\n", "the steps of a pipeline are a list or a mapping"),
        (&WOODPECKER, ".woodpecker.yml", "steps: [a]\n", "a step is a mapping"),
        (&WOODPECKER, ".woodpecker.yml", "steps: [{name: a}]\n", "a step has no image"),
    ] {
        let faults = read_text(kind, name, text).faults;
        assert!(faults.len() == 1 && faults[0].ends_with(wanted), "{text}: {faults:?}");
    }
}

#[test]
fn long_pipelines_end() {
    let steps: String =
        (0..2_300).map(|number| format!("      - {{run: docker run {number}, env: {{A{number}: b}}}}\n")).collect();
    let doubled: String =
        (1..60).map(|number| format!("  A{number}: '${{{{ env.A{0} }}}}${{{{ env.A{0} }}}}'\n", number - 1)).collect();
    // A pipeline above 256 KiB is refused before it is read.
    let env: String = (0..2_300)
        .map(|number| format!("  A{number}: '${{{{ env.A{} }}}}${{{{ env.A{} }}}}'\n", number + 1, number + 1))
        .collect();
    for (kind, name, text) in [
        (&WORKFLOW, WORKFLOW_PATH, format!("env:\n{env}jobs:\n  a:\n    runs-on: x\n    steps:\n{steps}")),
        (
            &WORKFLOW,
            WORKFLOW_PATH,
            format!("env:\n  A0: docker\n{doubled}jobs: {{a: {{runs-on: x, steps: [{{run: docker}}]}}}}\n"),
        ),
        (
            &WORKFLOW,
            WORKFLOW_PATH,
            format!("env:\n{env}jobs:\n  a:\n    runs-on: x\n    container: i\n    steps:\n{steps}"),
        ),
        (
            &WORKFLOW,
            WORKFLOW_PATH,
            format!("env: {{A0: docker}}\njobs: {{a: {{runs-on: x, steps: [{{run: '{}'}}]}}}}\n", "${{".repeat(20_000)),
        ),
        (
            &GITLAB,
            ".gitlab-ci.yml",
            (0..3_000)
                .map(|number| format!("j{number}: {{extends: [j{}, j{}], script: docker}}\n", number + 1, number + 2))
                .collect(),
        ),
        (
            &WOODPECKER,
            ".woodpecker.yml",
            format!("steps:\n  a: {{image: i, commands: ['docker {}']}}\n", "${".repeat(20_000)),
        ),
    ] {
        let begun = std::time::Instant::now();
        read_text(kind, name, &text);
        assert!(begun.elapsed() < std::time::Duration::from_secs(60), "{}", &text[..60]);
    }
}
