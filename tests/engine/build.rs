//! What is read of a Dockerfile, beside what the engine's own builder makes of it: the image's settings, and which file
//! of the context stands at a path. The builder is the classic one, which every engine has; what it does not know
//! (here-documents) or does otherwise than BuildKit is left to the tests of the reader.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use overlock::input::dockerfile::{BuildSection, DockerfileSource, Image, PathContent, load_image};
use overlock::model::{self, EnvValue, Value};
use overlock::text::{Reader, Sources, Span};

use super::{Engine, docker, engine, must, output};

/// What the context holds; each file is its own path, so that a copy tells where it is from.
const FILES: &[&str] =
    &["run.sh", "bin/run.sh", "bin/stop.sh", "bin/deep/run.sh", "app/main.py", "x y.sh", "kept/secret"];

/// Paths that are looked for in every image.
#[rustfmt::skip]
const PATHS: &[&str] = &[
    "/run.sh", "/app", "/app/run.sh", "/app/stop.sh", "/app/deep/run.sh", "/app/bin/run.sh", "/usr/bin/run.sh", "/other",
    "/opt/run.sh", "/opt/go", "/opt/main.py", "/kept/secret", "/x y.sh", "/app/app/run.sh", "/app/main.py", "/opt/app/run.sh",
];

const SETTINGS: &[&str] = &[
    "FROM scratch\nENV a=1 b=\"2 3\" c='4 $a' d=5\\ 6\nENV a=2 e=$a f=${a}x\nENV g h  i",
    "FROM scratch\nENV a=1\nENV b=${a:-x} c=${z:-x} d=${a:+y} e=${z:+y} f=\"\\$a\" g='\\$a' h=\\\\ i=a\\\nb",
    "FROM scratch\nENV PATH=/x:$PATH A=\"\\\"\" B=$ C=$$ D=${a} E=\"a'b\" F='a\"b'",
    "ARG v=1 \nFROM scratch\nARG v\nARG w=${v}2\nARG n\nENV a=$v b=$w c=$x\nLABEL v=$w \"k $v\"='x $v'",
    "FROM scratch\nWORKDIR /a/b/\nWORKDIR c\nWORKDIR ../d//e\nUSER  me:us \nVOLUME /v /w\nVOLUME [\"/x y\", \"/z\"]",
    "FROM scratch\nCMD [\"a\", \"b c\", \"\\u0041\\\"\"]\nHEALTHCHECK --interval=5s --retries=2 CMD a || b",
    "FROM scratch\nCMD a  'b'   \"c\" \\\n   && d \\\n# no\n\n  && e\nHEALTHCHECK CMD [\"a\", \"b\"]",
    "FROM scratch\nCMD [\"b\"]\nENTRYPOINT [\"a\"]\nHEALTHCHECK NONE",
    "FROM scratch AS x\nCMD [\"b\"]\nENV a=1\nLABEL l=1\nVOLUME /v\nUSER u\nFROM x\nENTRYPOINT [\"a\"]\nENV a=2 b=$a\nLABEL m=2",
    "FROM scratch AS x\nENTRYPOINT [\"a\"]\nCMD [\"b\"]\nFROM x AS y\nCMD c\nFROM y\nENTRYPOINT d",
    "FROM scratch\nSHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\nCMD x\nSHELL [\"sh\"]\nENTRYPOINT y",
    "FROM scratch\nSHELL [\"bash\", \"-c\"]\nCMD ['x']\nENTRYPOINT [ -e /x ] && y",
    "# escape=`\nFROM scratch\nENV a=c:\\d `\n  b=2\nLABEL k=\"a`\"b\"\nCMD a `\n  b",
    "# comment\n# escape=`\nFROM scratch\nENV a=`b\nLABEL a=b\\\n  c=d\n",
    "from scratch as One\r\nenv a=1 \\\r\n  b=2\r\nlabel c=d\r\nFrom one\r\nexpose 80\r\nuser u\r\n",
    "\u{feff}FROM scratch\nMAINTAINER me\nLABEL a= b=\"\" c.d=e\nENV a=é b=\"ü\"\nENTRYPOINT []",
    "FROM scratch AS x\nONBUILD ENV a=1\nONBUILD USER u\nONBUILD CMD [\"z\"]\nFROM x\nENV b=$a",
];

const PLACED: &[&str] = &[
    "FROM scratch\nCOPY run.sh /",
    "FROM scratch\nCOPY run.sh /app\nCOPY bin/run.sh /other",
    "FROM scratch\nCOPY run.sh /app/\nCOPY . /opt",
    "FROM scratch\nCOPY bin /app\nCOPY run.sh /app",
    "FROM scratch\nCOPY bin /app/\nCOPY app/* run.sh /opt/",
    "FROM scratch\nWORKDIR /app\nCOPY run.sh .\nCOPY bin/*.sh ./\nCOPY bin bin",
    "FROM scratch\nWORKDIR /app\nCOPY . .\nADD bin/r?n.sh /usr/bin/",
    "FROM scratch\nCOPY [\"x y.sh\", \"/\"]\nCOPY bin/run.sh run.sh /",
    "FROM scratch\nENV D=/app S=bin\nCOPY $S/ ${D}\nCOPY ./run.sh /usr/../usr/bin/run.sh",
    "FROM scratch AS a\nCOPY bin /opt\nFROM scratch\nCOPY --from=a /opt /app\nCOPY --from=0 opt/run.sh /usr/bin/",
    "FROM scratch AS a\nCOPY bin /opt\nFROM a\nCOPY run.sh /opt/\nCOPY --from=a /opt/run.sh /other",
    "FROM scratch\nCOPY kept /kept\nCOPY bin/[!r]*.sh /app/",
    "FROM scratch\nCOPY bin/[^r]*.sh /app/\nCOPY */run.sh /opt/",
];

/// On an image that has busybox as its shell.
const RUN: &[&str] = &[
    "COPY run.sh /app/\nRUN chmod +x /app/run.sh && ln -s /app/run.sh /other",
    "COPY bin /opt/app\nRUN ln -s /opt/app /app",
    "COPY run.sh /\nRUN cp /run.sh /opt/go && mv /run.sh /usr/bin/ && cp /opt/go /other",
    "COPY bin /opt/app\nWORKDIR /opt/app\nRUN cp run.sh /opt && rm -r deep && mv stop.sh /opt/go",
    "COPY bin /opt/app\nRUN mkdir /app && cp -r /opt/app/. /app && rm -rf /opt/app",
    "COPY run.sh /\nENV T=/opt/go\nRUN cp /run.sh $T && chmod 755 $T && sed -i 's/\\r$//' $T && rm /run.sh",
    "COPY run.sh /opt/go\nRUN ln -sf ../opt/go /usr/bin/run.sh && cd /opt && ln -s go run.sh",
    "COPY run.sh /app/\nRUN sed -i s/run/walk/ /app/run.sh && echo x >/opt/go && echo y | tee /other",
    "COPY run.sh bin/stop.sh /app/\nRUN cp /app/*.sh /usr/bin/ && for f in /app/*.sh; do echo x > $f; done",
];

struct Builder<'a> {
    engine: &'a Engine,
    context: PathBuf,
}

impl Builder<'_> {
    fn new(engine: &Engine) -> Builder<'_> {
        let context = engine.directory("context");
        for file in FILES {
            let path = context.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        fs::write(context.join(".dockerignore"), "kept\n!kept/secret\nDockerfile*\n.dockerignore\n").unwrap();
        Builder { engine, context }
    }

    /// Builds an image with the engine. It is removed with everything that the run made.
    fn build(&self, name: &str, text: &str) -> Result<String, String> {
        let dockerfile = self.context.join(format!("Dockerfile.{name}"));
        fs::write(&dockerfile, text).unwrap();
        let image = format!("{}-{name}", self.engine.image);
        let mut command = Command::new("docker");
        command.env("DOCKER_BUILDKIT", "0").args([
            "build",
            "--quiet",
            "--force-rm",
            "--network",
            "none",
            "--tag",
            &image,
        ]);
        command.arg("--file").arg(&dockerfile).arg(&self.context);
        output(&mut command).map(|_| image).inspect_err(|error| {
            // What a build that fails has made so far has no name.
            let made = error.lines().filter_map(|line| line.strip_prefix(" ---> ")).filter(|id| id.len() == 12);
            let made: Vec<&str> = made.collect();
            for id in made.iter().rev() {
                let _ = docker(&["rmi", id]);
            }
        })
    }

    fn read(&self, name: &str, sources: &Sources) -> Image {
        let args = BTreeMap::new();
        let dockerfile = DockerfileSource::Path(format!("Dockerfile.{name}").into());
        let context = Some(self.context.clone());
        let build = BuildSection { context, dockerfile, target: None, args: &args, span: Span::default() };
        load_image(&build, sources, &|path| path.display().to_string(), &|_| None)
    }
}

#[test]
fn settings_are_those_of_the_builder() {
    let Some(engine) = engine("settings_are_those_of_the_builder") else { return };
    let builder = Builder::new(engine);
    let mut wrong = Vec::new();
    for (number, text) in SETTINGS.iter().enumerate() {
        let name = format!("settings{number}");
        let image = builder.build(&name, &format!("{text}\n")).unwrap_or_else(|error| panic!("{text}: {error}"));
        let config = docker(&["inspect", "--format", "{{json .Config}}", &image]).unwrap();
        let built = built(&serde_json::from_str(&config).unwrap());
        let read = builder.read(&name, &Sources::reading(Reader::of_host()));
        assert!(read.unseen.is_empty(), "{text}: {:?}", read.unseen);
        let read = settings(&read);
        if read != built {
            wrong.push(format!("{text}\n  built {built:?}\n  read  {read:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), SETTINGS.len(), wrong.join("\n"));
}

/// Settings by their names, as the engine shows them.
fn built(config: &serde_json::Value) -> BTreeMap<String, String> {
    let list = |value: &serde_json::Value| {
        let words = value.as_array().cloned().unwrap_or_default();
        words.iter().map(|word| format!("[{}]", word.as_str().unwrap())).collect::<String>()
    };
    let mut all = BTreeMap::new();
    for variable in config["Env"].as_array().into_iter().flatten() {
        let (name, value) = variable.as_str().unwrap().split_once('=').unwrap();
        all.insert(format!("env {name}"), value.to_owned());
    }
    for (name, value) in config["Labels"].as_object().into_iter().flatten() {
        all.insert(format!("label {name}"), value.as_str().unwrap().to_owned());
    }
    for volume in config["Volumes"].as_object().into_iter().flat_map(|volumes| volumes.keys()) {
        all.insert(format!("volume {volume}"), String::new());
    }
    for (name, value) in [("user", &config["User"]), ("directory", &config["WorkingDir"])] {
        all.insert(name.to_owned(), value.as_str().unwrap_or_default().to_owned());
    }
    all.insert("entrypoint".to_owned(), list(&config["Entrypoint"]));
    all.insert("command".to_owned(), list(&config["Cmd"]));
    all.insert("health".to_owned(), list(&config["Healthcheck"]["Test"]));
    all
}

fn settings(image: &Image) -> BTreeMap<String, String> {
    let text = |value: &Value| value.text.clone();
    let list = |command: Option<&model::Command>| {
        let words = command.map(|command| command.words.as_slice()).unwrap_or_default();
        // A shell takes a continued line for one, as the builder did before.
        words.iter().map(|word| format!("[{}]", word.text.replace("\\\n", ""))).collect::<String>()
    };
    let mut all = BTreeMap::new();
    for (name, variable) in &image.env {
        let EnvValue::Set(value) = &variable.value else { panic!("{name} has no value") };
        all.insert(format!("env {name}"), text(value));
    }
    all.extend(image.labels.iter().map(|(name, label)| (format!("label {name}"), text(&label.value))));
    all.extend(image.volumes.iter().map(|volume| (format!("volume {}", volume.text), String::new())));
    all.insert("user".to_owned(), image.user.as_ref().map(text).unwrap_or_default());
    all.insert("directory".to_owned(), image.working_dir.as_ref().map(text).unwrap_or_default());
    all.insert("entrypoint".to_owned(), list(image.entrypoint.as_ref()));
    all.insert("command".to_owned(), list(image.command.as_ref()));
    let health = match &image.healthcheck {
        None => String::new(),
        Some(check) if check.words.is_empty() => "[NONE]".to_owned(),
        Some(check) => match check.words.as_slice() {
            [shell, option, script] if shell.text == "/bin/sh" && option.text == "-c" => {
                format!("[CMD-SHELL][{}]", script.text.replace("\\\n", ""))
            }
            _ => format!("[CMD]{}", list(Some(check))),
        },
    };
    all.insert("health".to_owned(), health);
    all
}

#[test]
fn files_stand_where_the_builder_puts_them() {
    let Some(engine) = engine("files_stand_where_the_builder_puts_them") else { return };
    let builder = Builder::new(engine);
    let told = placed(&builder, "placed", PLACED, "");
    assert!(told > 150, "no more than {told} answers");
}

#[test]
fn runs_do_what_is_read_of_them() {
    let test = "runs_do_what_is_read_of_them";
    let Some(engine) = engine(test) else { return };
    let builder = Builder::new(engine);
    let busybox = ["/bin/busybox", "/usr/bin/busybox"].iter().find(|path| Path::new(path).is_file());
    let Some(busybox) = busybox else {
        assert!(env::var_os(super::REQUIRE).is_none(), "{test}: no busybox, and {} is set", super::REQUIRE);
        super::say(&format!("skipped, {test}: no busybox"));
        return;
    };
    fs::copy(busybox, builder.context.join("busybox")).unwrap();
    let base = "FROM scratch\nCOPY busybox /bin/busybox\nRUN [\"/bin/busybox\", \"mkdir\", \"-p\", \"/opt\", \"/usr/bin\", \"/sbin\", \
                \"/usr/sbin\"]\nRUN [\"/bin/busybox\", \"--install\", \"/bin\"]\n";
    let told = placed(&builder, "run", RUN, base);
    assert!(told > 15, "no more than {told} answers");
}

/// Compares every path of every image; says how many answers there were.
fn placed(builder: &Builder, stem: &str, texts: &[&str], base: &str) -> usize {
    let (mut told, mut wrong) = (0, Vec::new());
    for (number, text) in texts.iter().enumerate() {
        let name = format!("{stem}{number}");
        let image = builder.build(&name, &format!("{base}{text}\n")).unwrap_or_else(|error| panic!("{text}: {error}"));
        let tree = exported(builder.engine, &name, &image);
        let sources = Sources::reading(Reader::of_host());
        let read = builder.read(&name, &sources);
        assert!(read.unseen.is_empty(), "{text}: {:?}", read.unseen);
        for path in PATHS {
            let found = match read.find_file(path, &sources) {
                PathContent::File(file) => file.strip_prefix(&builder.context).unwrap().display().to_string(),
                PathContent::Link(target) => format!("-> {target}"),
                PathContent::Absent => "nothing".to_owned(),
                PathContent::Unknown { .. } => continue,
                PathContent::Base | PathContent::Text(_) => panic!("{text}: {path} is of a base, and there is none"),
            };
            told += 1;
            let stands = standing(&tree, path, 10);
            if found != stands {
                wrong.push(format!("{text}: {path}\n  built {stands}\n  read  {found}"));
            }
        }
        fs::remove_dir_all(&tree).unwrap();
    }
    assert!(wrong.is_empty(), "{} wrong of {told}:\n{}", wrong.len(), wrong.join("\n"));
    told
}

/// An image's files on the host.
fn exported(engine: &Engine, name: &str, image: &str) -> PathBuf {
    let (tree, archive) = (engine.directory(name), engine.folder.join(format!("{name}.tar")));
    let container = engine.name(name);
    let label = format!("{}={}", super::sweep::LABEL, engine.run);
    docker(&["create", "--label", &label, "--name", &container, image, "x"]).unwrap();
    let done = docker(&["export", "--output", archive.to_str().unwrap(), &container]);
    docker(&["rm", "--force", &container]).unwrap();
    done.unwrap();
    must("tar", &["-C", tree.to_str().unwrap(), "--exclude=dev/*", "-xf", archive.to_str().unwrap()]);
    fs::remove_file(archive).unwrap();
    tree
}

/// What stands at a path of a tree, links on the way to it followed inside the tree.
fn standing(tree: &Path, path: &str, left: u32) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let mut at = String::new();
    for (number, part) in parts.iter().enumerate() {
        let parent = std::mem::take(&mut at);
        at = format!("{parent}/{part}");
        let Ok(target) = fs::read_link(tree.join(&at[1..])) else { continue };
        let target = model::join(if parent.is_empty() { "/" } else { &parent }, target.to_str().unwrap());
        if number + 1 == parts.len() {
            return format!("-> {target}");
        }
        assert!(left > 0, "{path} never ends");
        return standing(tree, &format!("{target}/{}", parts[number + 1..].join("/")), left - 1);
    }
    let whole = tree.join(&at[1..]);
    match fs::metadata(&whole) {
        Ok(metadata) if metadata.is_dir() => "nothing".to_owned(),
        Ok(_) => fs::read_to_string(whole).unwrap(),
        Err(_) => "nothing".to_owned(),
    }
}
