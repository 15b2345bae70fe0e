//! Images with the program in them, each made when the first layout wants it. The Dockerfile of each is a project's too:
//! `check` reads it where the compose file says that the image is built.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use super::super::{Engine, must, output, sweep};
use super::layout::{Image, NEW};
use super::{root_files, wheels};

const PACKAGE: &str = "/usr/local/lib/node_modules/@anthropic-ai/claude-code";

/// The images of a run.
pub(super) struct Images {
    folder: PathBuf,
    /// The beginning of all names.
    stem: String,
    label: String,
    made: Mutex<BTreeMap<Image, MadeImage>>,
}

/// An image that was made.
#[derive(Debug, Clone)]
pub(super) struct MadeImage {
    pub(super) name: String,
    /// What it was made by.
    pub(super) dockerfile: String,
}

impl Images {
    /// The one that all are made from.
    pub(super) fn new(engine: &Engine, authority: &Path) -> Result<Self, String> {
        let folder = engine.directory("program-images");
        let root = folder.join("root");
        root_files::make(&root, &wheels::program(NEW)?);
        fs::copy(authority, root.join("etc/authority.pem")).unwrap();
        let archive = folder.join("root.tar");
        must("tar", &["-C", root.to_str().unwrap(), "-cf", archive.to_str().unwrap(), "."]);
        let stem = format!("overlock-{}", engine.run);
        let label = format!("{}={}", sweep::LABEL, engine.run);
        let images = Self { folder, stem, label, made: Mutex::default() };
        let change = format!("LABEL {}", images.label);
        must("docker", &["import", "--change", &change, archive.to_str().unwrap(), &images.base()]);
        fs::remove_file(archive).unwrap();
        Ok(images)
    }

    pub(super) fn base(&self) -> String {
        format!("{}/base:1", self.stem)
    }

    /// An image, which is made where it is not there.
    pub(super) fn of(&self, image: &Image) -> Result<MadeImage, String> {
        self.make(image, &mut self.made.lock().unwrap())
    }

    fn make(&self, image: &Image, made: &mut BTreeMap<Image, MadeImage>) -> Result<MadeImage, String> {
        if let Some(known) = made.get(image) {
            return Ok(known.clone());
        }
        let stem = &self.stem;
        let name = match image {
            Image::Npm(version) => format!("{stem}/claude-code:{version}"),
            Image::Native(versions) => format!("{stem}/native:{}", versions.join("-")),
            Image::Sdk(version) => format!("{stem}/agents:{version}"),
            Image::SdkBesideNpm(package, version) => format!("{stem}/both:{package}-{version}"),
            Image::Linked(version) => format!("{stem}/linked:{version}"),
        };
        let base = match image {
            Image::SdkBesideNpm(_, version) | Image::Linked(version) => self.make(&Image::Npm(version), made)?.name,
            _ => self.base(),
        };
        let context = self.folder.join("context");
        fs::create_dir(&context).unwrap();
        let dockerfile = format!("FROM {base}\n{}", steps(image, &context)?);
        fs::write(context.join("Dockerfile"), &dockerfile).unwrap();
        let mut build = Command::new("docker");
        let words = ["build", "-q", "--network", "none", "--label", &self.label, "-t", &name];
        output(build.env("DOCKER_BUILDKIT", "0").args(words).arg(&context))?;
        fs::remove_dir_all(&context).unwrap();
        let new = MadeImage { name, dockerfile };
        made.insert(image.clone(), new.clone());
        Ok(new)
    }
}

/// Fills the context of an image; the steps of its Dockerfile.
fn steps(image: &Image, context: &Path) -> Result<String, String> {
    let settings = |path: &str| {
        format!(
            "ENV PATH={path}/usr/local/bin:/usr/bin:/bin NODE_EXTRA_CA_CERTS=/etc/authority.pem HOME=/home/agent TERM=dumb\n\
             WORKDIR /home/agent\n"
        )
    };
    Ok(match image {
        Image::Npm(version) => {
            put(&wheels::program(version)?, &context.join("package/bin/claude.exe"));
            let manifest = serde_json::json!({
                "name": "@anthropic-ai/claude-code", "version": version, "bin": {"claude": "bin/claude.exe"}
            });
            fs::write(context.join("package/package.json"), manifest.to_string()).unwrap();
            format!(
                "COPY package {PACKAGE}\nRUN ln -s {PACKAGE}/bin/claude.exe /usr/local/bin/claude\n{}",
                settings("")
            )
        }
        Image::Native(versions) => {
            for version in versions {
                put(&wheels::program(version)?, &context.join("versions").join(version));
            }
            let last = versions.last().copied().unwrap_or_default();
            let local = "/home/agent/.local";
            format!(
                "COPY versions {local}/share/claude/versions\nRUN mkdir -p {local}/bin && \
                 ln -s {local}/share/claude/versions/{last} {local}/bin/claude\n{}",
                settings("/home/agent/.local/bin:")
            )
        }
        Image::Sdk(package) => format!("{}{}", package_steps(package, context)?, settings("")),
        Image::SdkBesideNpm(package, _) => package_steps(package, context)?,
        Image::Linked(_) => "RUN ln -s /data /home/agent/.claude\n".to_owned(),
    })
}

/// The package for Python, installed from files for everybody.
fn package_steps(package: &str, context: &Path) -> Result<String, String> {
    for file in fs::read_dir(wheels::files(package)?).unwrap() {
        let file = file.unwrap().path();
        put(&file, &context.join("wheels").join(file.file_name().unwrap()));
    }
    let minor = must("python3", &["-c", "import sys; print(sys.version_info[1])"]);
    let library = format!("/usr/local/lib/python3.{minor}/site-packages");
    Ok(format!(
        "COPY wheels /wheels\nRUN python3 -m pip install --quiet --no-index --no-compile --find-links /wheels \
         --target {library} claude-agent-sdk=={package}\nENV PYTHONPATH={library}\n"
    ))
}

/// A large file without another copy of it, where that can be.
fn put(file: &Path, to: &Path) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    if fs::hard_link(file, to).is_err() {
        fs::copy(file, to).unwrap();
    }
}
