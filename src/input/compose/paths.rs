//! Relative paths made absolute, or relative to what stands above (Compose spec: "Relative paths"; compose-go,
//! `paths.ResolveRelativePaths`). Pure. May use `text` and `model`.

use std::rc::Rc;

use super::mount::cleaned_form;
use super::tree::{as_text, items, rebuilt, values, with};
use super::volume::is_windows_absolute;
use super::{NOT_JUDGED, Refusal};
use crate::model::{clean, join};
use crate::text::ShownText;
use crate::text::yaml::{Data, Node, Scalar};

/// The directory that paths start from, and what `~` stands for.
pub(super) struct Base<'a> {
    /// Absolute, or relative to the directory of the file that takes this one in.
    pub(super) directory: &'a str,
    /// The home directory, if it is known.
    pub(super) home: Option<&'a str>,
    /// Whether values of the environment are shown, the home directory too.
    pub(super) shows_values: bool,
}

/// The tree with its paths from the base.
pub(super) fn resolve(root: &Rc<Node>, base: &Base<'_>, told: &mut Vec<Refusal>) -> Rc<Node> {
    values(root, |section| match section.key.as_str() {
        "services" => values(&section.value, |service| base.service(&service.value, told)),
        "secrets" | "configs" => values(&section.value, |resource| base.key(&resource.value, "file", Base::path)),
        "volumes" => values(&section.value, |volume| base.driver_opts(&volume.value)),
        _ => Rc::clone(&section.value),
    })
}

impl Base<'_> {
    fn service(&self, service: &Rc<Node>, told: &mut Vec<Refusal>) -> Rc<Node> {
        values(service, |attribute| {
            let value = &attribute.value;
            match attribute.key.as_str() {
                "build" => self.build(value),
                "env_file" => items(value, |item| self.key(item, "path", Self::own)),
                "label_file" => items(value, |item| self.own(item)),
                "extends" => self.key(value, "file", Self::own),
                "develop" => {
                    let Some(watch) = value.get("watch") else { return Rc::clone(value) };
                    with(value, "watch", items(watch, |trigger| self.key(trigger, "path", Self::own)))
                }
                "volumes" => items(value, |volume| self.mount(volume, told)),
                _ => Rc::clone(value),
            }
        })
    }

    fn build(&self, build: &Rc<Node>) -> Rc<Node> {
        values(build, |entry| match entry.key.as_str() {
            "context" => self.context(&entry.value),
            "additional_contexts" => values(&entry.value, |context| self.context(&context.value)),
            "ssh" => {
                values(
                    &entry.value,
                    |key| {
                        if key.value.is_null() { Rc::clone(&key.value) } else { self.path(&key.value) }
                    },
                )
            }
            _ => Rc::clone(&entry.value),
        })
    }

    fn context(&self, node: &Rc<Node>) -> Rc<Node> {
        let remote = ["https://", "http://", "git://", "ssh://", "github.com/", "git@", "service:"];
        match as_text(node) {
            Some(text) if !text.contains("://") && !remote.iter().any(|prefix| text.starts_with(prefix)) => {
                self.own(node)
            }
            _ => Rc::clone(node),
        }
    }

    fn mount(&self, mount: &Rc<Node>, told: &mut Vec<Refusal>) -> Rc<Node> {
        if mount.get("type").and_then(|kind| as_text(kind)) != Some("bind") {
            return Rc::clone(mount);
        }
        if mount.get("source").is_none() {
            told.push(Refusal::new(mount.span, "a mount of type bind needs a `source`").then(NOT_JUDGED));
        }
        self.key(mount, "source", Self::path)
    }

    /// A volume that is a bind in disguise.
    fn driver_opts(&self, volume: &Rc<Node>) -> Rc<Node> {
        let text = |node: Option<&Rc<Node>>| node.and_then(|node| as_text(node)).unwrap_or("").to_owned();
        let Some(options) = volume.get("driver_opts") else { return Rc::clone(volume) };
        if text(volume.get("driver")) != "local" || text(options.get("o")) != "bind" {
            return Rc::clone(volume);
        }
        with(volume, "driver_opts", self.key(options, "device", Self::path))
    }

    fn key(&self, node: &Rc<Node>, key: &str, change: fn(&Self, &Rc<Node>) -> Rc<Node>) -> Rc<Node> {
        match node.get(key) {
            Some(value) => with(node, key, change(self, value)),
            None => Rc::clone(node),
        }
    }

    /// A path on the machine that Compose runs on.
    fn own(&self, node: &Rc<Node>) -> Rc<Node> {
        self.changed(node, |text| match text {
            "" => String::new(),
            text if text.starts_with('/') => text.to_owned(),
            text => join(self.directory, text),
        })
    }

    /// A path on the machine that the engine runs on, which may be Windows.
    fn path(&self, node: &Rc<Node>) -> Rc<Node> {
        self.changed(node, |text| {
            if text.starts_with('/') || is_windows_absolute(text) {
                text.to_owned()
            } else {
                join(self.directory, text)
            }
        })
    }

    fn changed(&self, node: &Rc<Node>, change: impl Fn(&str) -> String) -> Rc<Node> {
        let Data::Scalar(scalar) = &node.data else { return Rc::clone(node) };
        // A path that begins with a variable may be absolute.
        let unknown =
            scalar.symbols.first().is_some_and(|first| scalar.text.starts_with(&format!("${{{}}}", first.name)));
        if as_text(node).is_none() || unknown {
            return Rc::clone(node);
        }
        let text = change(&self.expanded(&scalar.text));
        if text == scalar.text {
            return Rc::clone(node);
        }
        let shown = self.shown(scalar, &text, change);
        rebuilt(node, Data::Scalar(Scalar { text, shown, ..scalar.clone() }))
    }

    /// What is shown of a path that became `text`.
    fn shown(&self, scalar: &Scalar, text: &str, change: impl Fn(&str) -> String) -> ShownText {
        let below_home = |form: &str| cleaned_form(&format!("~/{}", form.trim_start_matches(['~', '/'])));
        if scalar.text.starts_with('~') && self.home.is_some() {
            return match (self.shows_values, scalar.shown.is_plain()) {
                (true, _) => ShownText::default(),
                (false, true) => ShownText::new(text, below_home(&scalar.text), below_home(&scalar.text)),
                (false, false) => scalar.shown.becomes(text, below_home),
            };
        }
        let is_joined = change(&scalar.text) != scalar.text;
        scalar.shown.becomes(text, |form| {
            if is_joined { cleaned_form(&format!("{}/{form}", self.directory)) } else { form.to_owned() }
        })
    }

    /// `~` stands for the home directory, whatever follows it.
    fn expanded(&self, text: &str) -> String {
        match (text.strip_prefix('~'), self.home) {
            (Some(rest), Some(home)) => clean(&format!("{home}/{rest}")),
            _ => text.to_owned(),
        }
    }
}
