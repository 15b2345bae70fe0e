//! What a volume's driver was told, without the passwords in it. Pure.

use bollard::models::Volume;

use crate::input::capture::VolumeOptions;
use crate::input::local_volume::{HIDDEN, needs_mount, without_login};

/// The options of a local volume that is mounted from elsewhere; `None` for a volume that lives where all do.
pub(super) fn options(volume: &Volume) -> Option<VolumeOptions> {
    let option = |name: &str| volume.options.get(name).map(String::as_str).unwrap_or_default();
    needs_mount(&volume.driver, option("type"), option("device")).then(|| VolumeOptions {
        fstype: option("type").to_owned(),
        device: without_login(option("device")),
        options: without_secrets(option("o")),
    })
}

/// Mount options, with the values of those that log in taken out. A comma in a CIFS password is doubled
/// (mount.cifs(8)), and what follows such a one belongs to it.
fn without_secrets(options: &str) -> String {
    let mut kept: Vec<String> = Vec::new();
    let mut hiding = false;
    let mut doubled = false;
    for option in options.split(',') {
        if hiding && (option.is_empty() || doubled) {
            doubled = option.is_empty();
            continue;
        }
        let name = option.split('=').next().unwrap_or_default();
        let lower = name.trim().to_ascii_lowercase();
        hiding = option.contains('=') && ["pass", "user", "secret"].iter().any(|begin| lower.starts_with(begin));
        doubled = false;
        kept.push(if hiding { format!("{name}={HIDDEN}") } else { option.to_owned() });
    }
    kept.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_stays_in_a_volumes_options() {
        for (given, kept) in [
            ("addr=10.0.0.1,rw,nfsvers=4", "addr=10.0.0.1,rw,nfsvers=4"),
            ("username=me,password=hunter2,vers=3.0", "username=***,password=***,vers=3.0"),
            ("PASS=hunter2", "PASS=***"),
            ("pass=hun,,ter2,rw", "pass=***,rw"),
            ("rw,password=hun,,ter,,2", "rw,password=***"),
            ("password2=hunter2,ro", "password2=***,ro"),
            ("secret=hunter2,name=admin", "secret=***,name=admin"),
            ("bind,user,noexec", "bind,user,noexec"),
            ("", ""),
        ] {
            assert_eq!(without_secrets(given), kept);
        }
        for (given, kept) in [
            ("//host/share", "//host/share"),
            ("//me:hunter2@host/share", "//***@host/share"),
            ("https://me:hunter2@host/dav/a@b", "https://***@host/dav/a@b"),
            (":/export/a:b@c", ":/export/a:b@c"),
            ("/srv//x:y@z", "/srv//x:y@z"),
        ] {
            assert_eq!(without_login(given), kept);
        }
    }

    #[test]
    fn only_a_volume_from_elsewhere_is_of_interest() {
        let volume = |driver: &str, options: &[(&str, &str)]| Volume {
            driver: driver.to_owned(),
            options: options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            ..Volume::default()
        };
        assert_eq!(options(&volume("local", &[("size", "1g")])), None);
        assert_eq!(options(&volume("other", &[("device", "/x")])), None);
        let found = options(&volume("local", &[("type", "none"), ("o", "bind"), ("device", "/srv/x")])).unwrap();
        assert_eq!((found.fstype.as_str(), found.device.as_str(), found.options.as_str()), ("none", "/srv/x", "bind"));
    }
}
