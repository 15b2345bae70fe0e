//! Commands that say where a user's home is. Uses `word`.

use super::Word;

/// The home that a command gives to a user, as it makes or changes it (useradd(8), usermod(8), Debian's and busybox's adduser).
pub(crate) fn home_given_to(user: &str, argv: &[Word]) -> Option<String> {
    let given = HomeOfUser::of_command(argv)?;
    (given.name == user || given.number.as_deref() == Some(user)).then_some(given.home)
}

/// A user and the home that a command gives it.
pub(crate) struct HomeOfUser {
    pub(crate) name: String,
    /// The user's number, where the command names it.
    pub(crate) number: Option<String>,
    pub(crate) home: String,
}

impl HomeOfUser {
    /// What a command says; `None` where it is another one, or leaves the home as it is.
    pub(crate) fn of_command(argv: &[Word]) -> Option<Self> {
        let (program, words) = argv.split_first()?;
        let program = program.rsplit('/').next().unwrap_or(program);
        let (home_options, number_options) = match program {
            "useradd" => (["-d", "--home-dir", "--home"], ["-u", "--uid"]),
            // The option -u of usermod is a new number.
            "usermod" => (["-d", "--home", "--home"], ["-u", "--uid"]),
            // To busybox -h is the home; Debian's has --home.
            "adduser" => (["-h", "--home", "--home-dir"], ["-u", "--uid"]),
            _ => return None,
        };
        let (mut home, mut number, mut name) = (None, None, None);
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            let (option, own) = match word.split_once('=') {
                Some((option, value)) if option.starts_with("--") => (option, Some(value.to_owned())),
                _ => (&**word, None),
            };
            let mut value = || own.clone().or_else(|| rest.next().map(Word::to_string));
            // `-md HOME`: letters before it that take no value.
            let is_cluster = option.starts_with('-')
                && !option.starts_with("--")
                && option.len() > 2
                && home_options.first().is_some_and(|home| option.ends_with(home.trim_start_matches('-')));
            match option {
                _ if home_options.contains(&option) || is_cluster => home = value(),
                _ if number_options.contains(&option) => number = value(),
                "-s" | "--shell" | "-g" | "--gid" | "-G" | "--groups" | "-c" | "--comment" | "--gecos" | "-k"
                | "-e" | "-f" | "-b" | "-K" | "-p" | "-l" | "--login"
                    if program == "usermod" || !matches!(option, "-l" | "--login") =>
                {
                    _ = value();
                }
                "--ingroup" => _ = value(),
                _ if option.starts_with('-') => {}
                _ => name = Some(&**word),
            }
        }
        let name = name?;
        let home = match program {
            "usermod" => home?,
            _ => home.unwrap_or_else(|| format!("/home/{name}")),
        };
        home.starts_with('/').then(|| Self { name: name.to_owned(), number, home })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home(command: &str, user: &str) -> Option<String> {
        let argv: Vec<Word> = command.split(' ').map(Word::literal).collect();
        home_given_to(user, &argv)
    }

    #[test]
    fn homes_of_users_that_commands_make_or_change() {
        for (command, user, wanted) in [
            ("useradd -m agent", "agent", Some("/home/agent")),
            ("useradd -md /srv/a -s /bin/bash agent", "agent", Some("/srv/a")),
            ("useradd -u 1001 -d /data agent", "1001", Some("/data")),
            ("usermod -d /data agent", "agent", Some("/data")),
            ("usermod --home=/data -aG docker agent", "agent", Some("/data")),
            ("usermod -aG docker agent", "agent", None),
            ("usermod -d /data other", "agent", None),
            ("adduser -D -h /srv/a agent", "agent", Some("/srv/a")),
        ] {
            assert_eq!(home(command, user).as_deref(), wanted, "{command}");
        }
    }
}
