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
    made: Mutex<BTreeMap<Image, String>>,
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

    /// The name of an image, which is made where it is not there.
    pub(super) fn name(&self, image: &Image) -> Result<String, String> {
        let mut made = self.made.lock().unwrap();
        if let Some(name) = made.get(image) {
            return Ok(name.clone());
        }
        // One that another is made from comes first.
        let named = self.name_of(image);
        let context = self.folder.join("context");
        fs::create_dir_all(&context).unwrap();
        let dockerfile = self.context(image, &context, &mut made)?;
        fs::write(context.join("Dockerfile"), dockerfile).unwrap();
        self.build(&context, &named)?;
        fs::remove_dir_all(&context).unwrap();
        made.insert(image.clone(), named.clone());
        Ok(named)
    }

    fn name_of(&self, image: &Image) -> String {
        let stem = &self.stem;
        match image {
            Image::Npm(version) => format!("{stem}/claude-code:{version}"),
            Image::Native(versions) => format!("{stem}/native:{}", versions.join("-")),
            Image::Sdk(version) => format!("{stem}/agents:{version}"),
            Image::SdkBesideNpm(package, version) => format!("{stem}/both:{package}-{version}"),
            Image::Linked(version) => format!("{stem}/linked:{version}"),
        }
    }

    fn build(&self, context: &Path, name: &str) -> Result<(), String> {
        let mut build = Command::new("docker");
        build.env("DOCKER_BUILDKIT", "0").args(["build", "-q", "--label", &self.label, "-t", name]).arg(context);
        output(&mut build).map(|_| ())
    }

    /// Fills the context of an image; its Dockerfile.
    fn context(&self, image: &Image, context: &Path, made: &mut BTreeMap<Image, String>) -> Result<String, String> {
        let environment = |path: &str| {
            format!("ENV PATH={path}/usr/local/bin:/usr/bin:/bin NODE_EXTRA_CA_CERTS=/etc/authority.pem HOME=/home/agent TERM=dumb\nWORKDIR /home/agent\n")
        };
        let base = self.base();
        Ok(match image {
            Image::Npm(version) => {
                put(&wheels::program(version)?, &context.join("package/bin/claude.exe"));
                let manifest = format!(
                    "{{\"name\": \"@anthropic-ai/claude-code\", \"version\": \"{version}\", \"bin\": {{\"claude\": \"bin/claude.exe\"}}}}\n"
                );
                fs::write(context.join("package/package.json"), manifest).unwrap();
                format!(
                    "FROM {base}\nCOPY package {PACKAGE}\nRUN ln -s {PACKAGE}/bin/claude.exe /usr/local/bin/claude\n{}",
                    environment("")
                )
            }
            Image::Native(versions) => {
                for version in versions {
                    put(&wheels::program(version)?, &context.join("versions").join(version));
                }
                let last = versions.last().copied().unwrap_or_default();
                let directory = "/home/agent/.local";
                format!(
                    "FROM {base}\nCOPY versions {directory}/share/claude/versions\nRUN mkdir -p {directory}/bin && ln -s {directory}/share/claude/versions/{last} {directory}/bin/claude\n{}",
                    environment("/home/agent/.local/bin:")
                )
            }
            Image::Sdk(package) => {
                copy_tree(&wheels::package(package)?, &context.join("packages"));
                let packages = format!("{}/site-packages", library());
                format!("FROM {base}\nCOPY packages {packages}\nENV PYTHONPATH={packages}\n{}", environment(""))
            }
            Image::SdkBesideNpm(package, version) => {
                let npm = self.other(&Image::Npm(version), context, made)?;
                let sdk = self.other(&Image::Sdk(package), context, made)?;
                let library = library();
                format!("FROM {npm}\nCOPY --from={sdk} {library} {library}\nENV PYTHONPATH={library}/site-packages\n")
            }
            Image::Linked(version) => {
                let npm = self.other(&Image::Npm(version), context, made)?;
                format!("FROM {npm}\nRUN ln -s /data /home/agent/.claude\n")
            }
        })
    }

    /// An image that another is made from.
    fn other(&self, image: &Image, context: &Path, made: &mut BTreeMap<Image, String>) -> Result<String, String> {
        if let Some(name) = made.get(image) {
            return Ok(name.clone());
        }
        let (named, below) = (self.name_of(image), context.join("other"));
        fs::create_dir_all(&below).unwrap();
        let dockerfile = self.context(image, &below, made)?;
        fs::write(below.join("Dockerfile"), dockerfile).unwrap();
        self.build(&below, &named)?;
        fs::remove_dir_all(&below).unwrap();
        made.insert(image.clone(), named.clone());
        Ok(named)
    }
}

/// Where packages of this machine's Python are installed for everybody.
fn library() -> String {
    let minor = must("python3", &["-c", "import sys; print(sys.version_info[1])"]);
    format!("/usr/local/lib/python3.{minor}")
}

/// A large file without another copy of it, where that can be.
fn put(file: &Path, to: &Path) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    if fs::hard_link(file, to).is_err() {
        fs::copy(file, to).unwrap();
    }
}

fn copy_tree(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() { copy_tree(&path, &target) } else { put(&path, &target) }
    }
}
