//! The files of all images: busybox, bash, flock and Python of this machine, with the libraries that they want.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::wanted::find;
use super::super::{USER, must, output};

/// What Python has and no program here wants.
const LEFT_OUT: [&str; 7] =
    ["__pycache__", "test", "site-packages", "dist-packages", "idlelib", "tkinter", "ensurepip"];

/// The root filesystem of the images, in a folder.
pub(super) struct RootFiles {
    root: PathBuf,
    copied: BTreeSet<String>,
}

/// Makes them. `program` is one that wants the libraries that all of its versions want.
pub(super) fn make(root: &Path, program: &Path) {
    let mut files = RootFiles { root: root.to_owned(), copied: BTreeSet::new() };
    for directory in
        ["bin", "usr/bin", "usr/local/bin", "usr/local/lib", "etc", "tmp", "root", "run", "data", "go", "home/agent"]
    {
        fs::create_dir_all(root.join(directory)).unwrap();
    }
    let busybox = find("busybox").unwrap();
    fs::copy(&busybox, root.join("bin/busybox")).unwrap();
    let own = ["bash", "flock", "setpriv"];
    for applet in
        must(busybox.to_str().unwrap(), &["--list"]).lines().filter(|name| !own.contains(name) && *name != "busybox")
    {
        symlink("busybox", root.join("bin").join(applet)).unwrap();
    }
    for name in own {
        let from = fs::canonicalize(find(name).unwrap()).unwrap();
        files.bring(&from, &format!("/usr/bin/{name}"));
    }
    symlink("/usr/bin/bash", root.join("bin/bash")).unwrap();
    files.libraries(program);
    files.python();
    fs::write(root.join("etc/passwd"), "root:x:0:0:root:/root:/bin/bash\nagent:x:1000:1000::/home/agent:/bin/bash\n")
        .unwrap();
    fs::write(root.join("etc/group"), "root:x:0:\nagent:x:1000:\n").unwrap();
    fs::write(root.join("etc/nsswitch.conf"), "hosts: files dns\n").unwrap();
    chown(root.join("home/agent"), Some(USER), Some(USER)).unwrap();
    fs::set_permissions(root.join("tmp"), fs::Permissions::from_mode(0o1777)).unwrap();
}

impl RootFiles {
    fn bring(&mut self, from: &Path, to: &str) {
        if !self.copied.insert(to.to_owned()) {
            return;
        }
        let target = self.root.join(to.trim_start_matches('/'));
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(from, &target).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
        self.libraries(from);
    }

    fn libraries(&mut self, of: &Path) {
        // What is static has none.
        let listed = output(Command::new("ldd").arg(of)).unwrap_or_default();
        for library in listed.split_whitespace().filter(|word| word.starts_with('/')) {
            self.bring(Path::new(library), library);
        }
    }

    /// Python where it is on this machine, and in `/usr/bin`.
    fn python(&mut self) {
        let told = must(
            "python3",
            &["-c", "import sys, sysconfig; print(sys.executable, sysconfig.get_path('stdlib'), sys.base_prefix)"],
        );
        let words: Vec<&str> = told.split(' ').collect();
        let [program, library, _prefix] = words[..] else { panic!("{told}") };
        let real = fs::canonicalize(program).unwrap();
        self.bring(&real, real.to_str().unwrap());
        symlink(&real, self.root.join("usr/bin/python3")).unwrap();
        self.tree(Path::new(library));
        let pip = must("python3", &["-c", "import os, pip; print(os.path.dirname(pip.__file__))"]);
        self.tree(Path::new(&pip));
        for name in ["libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2", "libgcc_s.so.1", "libstdc++.so.6"] {
            let paths =
                ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu"].map(|directory| format!("{directory}/{name}"));
            if let Some(path) = paths.iter().find(|path| Path::new(path).exists()) {
                self.bring(Path::new(path), path);
            }
        }
    }

    fn tree(&mut self, directory: &Path) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if LEFT_OUT.contains(&name.as_str()) || name.starts_with("config-") {
                continue;
            }
            if path.is_dir() {
                self.tree(&path);
            } else if path.is_file() {
                let target = self.root.join(path.strip_prefix("/").unwrap());
                fs::create_dir_all(target.parent().unwrap()).unwrap();
                fs::copy(&path, target).unwrap();
                if Path::new(&name).extension().is_some_and(|ending| ending == "so") {
                    self.libraries(&path);
                }
            }
        }
    }
}
