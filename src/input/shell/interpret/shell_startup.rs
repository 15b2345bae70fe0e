//! How a shell is started, as far as that decides which files it reads first. Uses `shell_word`.

use super::shell_word::ShellWord;

/// How a shell is started, as far as that decides which files it reads.
#[derive(Debug, Clone, Default)]
pub(super) struct Startup {
    pub(super) is_login: bool,
    pub(super) is_interactive: bool,
    /// Whether it is told to read none of the files of a login shell, or none of those of an interactive one.
    pub(super) skips_profile: bool,
    pub(super) skips_rc: bool,
    /// The file in the place of ~/.bashrc.
    pub(super) rc_file: Option<ShellWord>,
    /// Whether it is a shell that reads other files than these.
    pub(super) is_other: bool,
}

impl Startup {
    /// Takes in an option of the shell: a long one, or a letter.
    pub(super) fn take_option(&mut self, option: &str) {
        match option {
            "--login" | "l" => self.is_login = true,
            "i" => self.is_interactive = true,
            "--noprofile" => self.skips_profile = true,
            "--norc" => self.skips_rc = true,
            _ => {}
        }
    }
}
