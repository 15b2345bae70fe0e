//! XML as a tree, and what an XML Schema of the simple kind asks of it: which elements, where, with which attributes.

use std::collections::{BTreeMap, BTreeSet};

use quick_xml::events::Event;
use quick_xml::{Reader, XmlVersion};

/// An element.
#[derive(Debug, Default)]
pub(crate) struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    children: Vec<Element>,
    own_text: String,
}

impl Element {
    pub(crate) fn parse(text: &str) -> Self {
        let mut reader = Reader::from_str(text);
        let mut open = vec![Self::default()];
        loop {
            match reader.read_event().unwrap_or_else(|error| panic!("{error} in {text}")) {
                Event::Start(start) => open.push(Self::of(&start)),
                Event::Empty(start) => open.last_mut().unwrap().children.push(Self::of(&start)),
                Event::End(_) => {
                    let done = open.pop().unwrap();
                    open.last_mut().unwrap().children.push(done);
                }
                Event::Text(text) => open.last_mut().unwrap().own_text.push_str(&text.xml10_content()),
                Event::GeneralRef(reference) => {
                    let name = reference.xml10_content();
                    let character = reference.resolve_char_ref().unwrap().map(String::from);
                    let known = || quick_xml::escape::resolve_predefined_entity(&name).unwrap().to_owned();
                    open.last_mut().unwrap().own_text.push_str(&character.unwrap_or_else(known));
                }
                Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(open.len(), 1, "an element is left open");
        let mut roots = open.pop().unwrap().children;
        assert_eq!(roots.len(), 1);
        roots.pop().unwrap()
    }

    fn of(start: &quick_xml::events::BytesStart<'_>) -> Self {
        let name = |name: &str| name.rsplit(':').next().unwrap().to_owned();
        let attributes = start.attributes().map(|attribute| {
            let attribute = attribute.unwrap();
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).unwrap().into_owned();
            (name(attribute.key.as_ref()), value)
        });
        Self { attributes: attributes.collect(), name: name(start.name().as_ref()), ..Self::default() }
    }

    pub(crate) fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }

    /// All elements of a name in it.
    pub(crate) fn all(&self, name: &str) -> Vec<&Self> {
        let own = self.children.iter().filter(|child| child.name == name);
        own.chain(self.children.iter().flat_map(|child| child.all(name))).collect()
    }

    /// The texts of all elements in it.
    pub(crate) fn texts(&self) -> Vec<&str> {
        std::iter::once(self.own_text.as_str()).chain(self.children.iter().flat_map(Self::texts)).collect()
    }

    /// Those as one.
    pub(crate) fn text(&self) -> String {
        self.texts().concat()
    }
}

/// What may stand in one element.
#[derive(Debug, Default)]
struct Kind {
    attributes: BTreeSet<String>,
    required: BTreeSet<String>,
    children: BTreeSet<String>,
    text: bool,
}

/// The elements of a schema whose elements are global, and whose children may come in any number and order.
#[derive(Debug)]
pub(crate) struct Schema(BTreeMap<String, Kind>);

impl Schema {
    pub(crate) fn parse(text: &str) -> Self {
        let root = Element::parse(text);
        let elements = root.children.iter().filter(|child| child.name == "element");
        Self(elements.map(|element| (element.attribute("name").to_owned(), Kind::of(element))).collect())
    }

    /// What is wrong with a document.
    pub(crate) fn problems(&self, root: &Element) -> Vec<String> {
        let Some(kind) = self.0.get(&root.name) else { return vec![format!("<{}> is not known", root.name)] };
        let mut problems = Vec::new();
        let unknown = root.attributes.keys().filter(|name| !kind.attributes.contains(*name));
        problems.extend(unknown.map(|name| format!("<{}> has no {name}", root.name)));
        let missing = kind.required.iter().filter(|name| !root.attributes.contains_key(*name));
        problems.extend(missing.map(|name| format!("<{}> wants {name}", root.name)));
        let astray = root.children.iter().filter(|child| !kind.children.contains(&child.name));
        problems.extend(astray.map(|child| format!("<{}> is in <{}>", child.name, root.name)));
        if !kind.text && !root.own_text.trim().is_empty() {
            problems.push(format!("<{}> has text", root.name));
        }
        problems.extend(root.children.iter().flat_map(|child| self.problems(child)));
        problems
    }
}

impl Kind {
    fn of(element: &Element) -> Self {
        let named = |all: Vec<&Element>, key: &str| all.iter().map(|one| one.attribute(key).to_owned()).collect();
        let required = element.all("attribute").into_iter().filter(|one| one.attribute("use") == "required");
        Self {
            attributes: named(element.all("attribute"), "name"),
            required: named(required.collect(), "name"),
            children: named(element.all("element"), "ref"),
            text: element.attribute("type") == "xs:string"
                || element.all("complexType").iter().any(|one| one.attribute("mixed") == "true"),
        }
    }
}
