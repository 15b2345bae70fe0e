//! The JSON Schema of the Compose specification as a table in Rust, of the types of `src/input/compose/rule.rs`. What that
//! table cannot say ends the build: nothing of the schema is left out.

use std::error::Error;
use std::fmt::Write as _;

use serde_json::{Map, Value};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Keywords that neither allow nor forbid anything.
const REMARKS: [&str; 7] = ["$id", "$schema", "default", "definitions", "deprecated", "description", "title"];

/// JSON's types with their names in the table, and the keywords that speak of values of that type.
const TYPES: [(&str, &str, &[&str]); 7] = [
    ("string", "Kind::Text", &["enum", "pattern"]),
    ("integer", "Kind::Whole", &["minimum", "maximum"]),
    ("number", "Kind::Number", &["minimum", "maximum"]),
    ("boolean", "Kind::Bool", &[]),
    ("array", "Kind::List", &["items", "uniqueItems"]),
    ("object", "Kind::Mapping", &["properties", "patternProperties", "additionalProperties", "required"]),
    ("null", "Kind::Nothing", &[]),
];

/// The patterns of the schema with their names in the table.
const PATTERNS: [(&str, &str); 7] = [
    ("^x-", "Pattern::Extension"),
    ("^[a-zA-Z0-9._-]+$", "Pattern::Name"),
    ("[a-zA-Z0-9][a-zA-Z0-9_.-]+", "Pattern::NameInside"),
    ("^[a-z]+$", "Pattern::Lowercase"),
    (".+", "Pattern::Something"),
    ("^.+$", "Pattern::Line"),
    ("always|never|build|if_not_present|missing|refresh|daily|weekly|every_([0-9]+[wdhms])+", "Pattern::PullPolicy"),
];

/// The schema as statics, among them `ROOT`, what a file may say, and `SERVICE`, what a service may say.
pub(crate) fn table(text: &str) -> Result<String> {
    let schema: Value = serde_json::from_str(text)?;
    let definitions = schema.get("definitions").and_then(Value::as_object).ok_or("there are no definitions")?;
    let mut table = Table { definitions, rules: Vec::new() };
    let root = table.rule(&schema)?;
    let service = table.rule(definitions.get("service").ok_or("there is no service")?)?;
    let mut statics = String::new();
    for (at, rule) in table.rules.iter().enumerate() {
        writeln!(statics, "static RULE_{at}: Rule = Rule {{ {rule} ..Rule::ANYTHING }};")?;
    }
    writeln!(statics, "pub(super) static ROOT: &Rule = {root};\npub(super) static SERVICE: &Rule = {service};")?;
    Ok(statics)
}

struct Table<'a> {
    definitions: &'a Map<String, Value>,
    /// The fields of each rule, in Rust; what is said twice is there once.
    rules: Vec<String>,
}

/// The fields of a rule: its types, and what the keywords of each say.
#[derive(Default)]
struct Fields {
    types: Vec<String>,
    others: String,
}

impl Table<'_> {
    /// The static that says what a schema does, as an expression.
    fn rule(&mut self, schema: &Value) -> Result<String> {
        let fields = self.fields(schema)?;
        let types = fields.types.iter().map(|name| named(&TYPES.map(|(word, name, _)| (word, name)), name));
        let types = types.collect::<Result<Vec<_>>>()?.join(", ");
        let rule = format!("kinds: &[{types}], {}", fields.others);
        let at = self.rules.iter().position(|known| *known == rule).unwrap_or_else(|| {
            self.rules.push(rule);
            self.rules.len() - 1
        });
        Ok(format!("&RULE_{at}"))
    }

    fn fields(&mut self, schema: &Value) -> Result<Fields> {
        let said = schema.as_object().ok_or("a schema that is no object")?;
        let keywords: Vec<&str> = said.keys().map(String::as_str).filter(|word| !REMARKS.contains(word)).collect();
        if let Some(reference) = said.get("$ref").and_then(Value::as_str) {
            let name = reference.strip_prefix("#/definitions/").ok_or("a reference to another file")?;
            let definition = self.definitions.get(name).ok_or_else(|| format!("there is no {name}"))?;
            alone(&keywords)?;
            return self.fields(definition);
        }
        if let Some(ways) = said.get("oneOf") {
            alone(&keywords)?;
            return self.one_of(ways.as_array().ok_or("a choice that is no list")?);
        }
        let types = said.get("type").map(|said| said.as_str().map_or_else(|| texts(said), |word| Ok(vec![word])));
        let types = types.transpose()?.unwrap_or_default();
        // What is said of values of another type says nothing.
        let concerns = |word: &str| {
            let is_of = |name: &str| TYPES.iter().any(|(known, _, of)| *known == name && of.contains(&word));
            types.is_empty() || types.iter().any(|name| is_of(name))
        };
        let mut others = String::new();
        for keyword in keywords.into_iter().filter(|word| *word != "type") {
            let field = self.field(keyword, said.get(keyword).unwrap_or(&Value::Null))?;
            if concerns(keyword) {
                write!(others, "{field}, ")?;
            }
        }
        Ok(Fields { types: types.into_iter().map(str::to_owned).collect(), others })
    }

    /// A choice between schemas of different types is one rule: the type of a value tells which of them it must keep to.
    fn one_of(&mut self, ways: &[Value]) -> Result<Fields> {
        let mut all = Fields::default();
        for way in ways {
            let fields = self.fields(way)?;
            let numbers = |types: &[String]| types.iter().any(|name| matches!(name.as_str(), "integer" | "number"));
            let is_twice = fields.types.iter().any(|name| all.types.contains(name));
            if fields.types.is_empty() || is_twice || numbers(&fields.types) && numbers(&all.types) {
                return Err(format!("a choice between schemas of one type: {ways:?}").into());
            }
            all.types.extend(fields.types);
            all.others.push_str(&fields.others);
        }
        Ok(all)
    }

    fn field(&mut self, keyword: &str, said: &Value) -> Result<String> {
        let whole = || said.as_i64().ok_or("a bound that is no whole number");
        Ok(match keyword {
            "enum" => format!("choices: &{:?}", texts(said)?),
            "required" => format!("required: &{:?}", texts(said)?),
            "uniqueItems" => format!("unique: {}", said.as_bool().ok_or("no truth value")?),
            "additionalProperties" => format!("closed: {}", !said.as_bool().ok_or("no truth value")?),
            "minimum" => format!("least: Some({})", whole()?),
            "maximum" => format!("most: Some({})", whole()?),
            "pattern" => format!("pattern: Some({})", named(&PATTERNS, said.as_str().unwrap_or_default())?),
            "items" => format!("items: Some({})", self.rule(said)?),
            "properties" => format!("keys: &[{}]", self.keys(said, |key| Ok(format!("{key:?}")))?),
            "patternProperties" => format!("key_patterns: &[{}]", self.keys(said, |text| named(&PATTERNS, text))?),
            other => return Err(format!("the Compose schema has the keyword {other}, which nothing checks").into()),
        })
    }

    /// Keys with the rule of each, in the order of the keys.
    fn keys(&mut self, said: &Value, written: impl Fn(&str) -> Result<String>) -> Result<String> {
        let mut keys: Vec<(&String, &Value)> =
            said.as_object().ok_or("properties that are no object")?.iter().collect();
        keys.sort_unstable_by_key(|(key, _)| *key);
        let mut list = Vec::with_capacity(keys.len());
        for (key, schema) in keys {
            list.push(format!("({}, {})", written(key)?, self.rule(schema)?));
        }
        Ok(list.join(", "))
    }
}

fn alone(keywords: &[&str]) -> Result<()> {
    if keywords.len() == 1 { Ok(()) } else { Err(format!("one of {keywords:?} is not alone").into()) }
}

fn texts(said: &Value) -> Result<Vec<&str>> {
    let texts = said.as_array().ok_or("a list that is none")?.iter().map(Value::as_str);
    Ok(texts.collect::<Option<_>>().ok_or("a list of something else than texts")?)
}

/// The name in the table of what the schema calls otherwise.
fn named(names: &[(&str, &str)], word: &str) -> Result<String> {
    let found = names.iter().find(|(known, _)| *known == word).map(|(_, name)| (*name).to_owned());
    Ok(found.ok_or_else(|| format!("the Compose schema has {word:?}, which nothing checks"))?)
}
