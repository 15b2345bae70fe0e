//! A justfile as settings, variables and recipes, with the files that it imports. Uses `cursor` and `expressions`.

use std::collections::BTreeMap;

use super::cursor::{JustCursor, JustFault};
use super::expressions::Expression;
use crate::input::shell::file_system::Lookup;
use crate::model::{Unseen, join};
use crate::text::{FileId, Sources, Span, TracedChar, TracedText};

/// Files within each other, and files of one justfile.
const NESTED_FILES: usize = 10;
const FILES: usize = 64;
/// Recipes of one justfile.
const RECIPES: usize = 5_000;

/// What a justfile says.
#[derive(Debug, Default)]
pub(super) struct Justfile {
    pub(super) variables: BTreeMap<String, JustVariable>,
    pub(super) recipes: Vec<JustRecipe>,
    /// Other names of recipes.
    pub(super) aliases: BTreeMap<String, String>,
    /// Settings that hold more than a truth value.
    pub(super) settings: BTreeMap<String, Vec<Expression>>,
    /// Settings that are on.
    pub(super) switches: Vec<String>,
    /// The file of variables that its recipes are given (`dotenv-load` and its kin), where it is there.
    pub(super) variable_file: Option<FileId>,
    pub(super) included: Vec<FileId>,
    pub(super) faults: Vec<Unseen>,
    pub(super) unseen: Vec<Unseen>,
}

/// A variable.
#[derive(Debug)]
pub(super) struct JustVariable {
    pub(super) value: Expression,
    pub(super) is_exported: bool,
}

/// A recipe.
#[derive(Debug, Default)]
pub(super) struct JustRecipe {
    pub(super) name: String,
    pub(super) parameters: Vec<JustParameter>,
    pub(super) before: Vec<Dependency>,
    pub(super) after: Vec<Dependency>,
    /// Its lines, without what indents all of them.
    pub(super) body: Vec<TracedText>,
    /// What stands in brackets before it: each name with its value.
    pub(super) attributes: Vec<(String, Option<String>)>,
}

/// What a recipe is given.
#[derive(Debug)]
pub(super) struct JustParameter {
    pub(super) name: String,
    pub(super) default: Option<Expression>,
    /// Whether it stands for all that follows.
    pub(super) is_rest: bool,
    pub(super) is_exported: bool,
}

/// Another recipe that is run with a recipe.
#[derive(Debug)]
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) arguments: Vec<Expression>,
}

/// Where a justfile is read.
pub(super) struct JustPlace<'a> {
    pub(super) sources: &'a Sources,
    pub(super) directory: &'a str,
    /// The file at a path.
    pub(super) open: &'a dyn Fn(&str) -> Lookup,
}

impl Justfile {
    /// Reads a file, with those that it imports.
    pub(super) fn read(file: FileId, place: &JustPlace<'_>) -> Self {
        let mut read = Self::default();
        read.read_file(file, place.directory, place, 0);
        read.variable_file = read.named_variable_file().and_then(|name| {
            let Lookup::Text(file) = (place.open)(&join(place.directory, &name)) else { return None };
            Some(file)
        });
        read
    }

    fn named_variable_file(&self) -> Option<String> {
        let named = ["dotenv-path", "dotenv-filename"].into_iter().find_map(|name| self.settings.get(name)?.first());
        match named {
            Some(Expression::Text { text, is_shell: false }) => Some(text.raw()),
            Some(_) => None,
            None => self.switches.iter().any(|name| name == "dotenv-load").then(|| ".env".to_owned()),
        }
    }

    fn read_file(&mut self, file: FileId, directory: &str, place: &JustPlace<'_>, depth: usize) {
        let text = TracedText::of_file(file, place.sources);
        let mut imports = Vec::new();
        if let Err(fault) = self.read_items(&text, &mut imports) {
            let at = fault.at.map(|(_, at)| at as usize).unwrap_or_default();
            let span = Span::at(file, place.sources.get(file).position(at));
            self.faults.push(Unseen { what: fault.what.to_owned(), span });
        }
        for import in imports {
            let at = import.at.map(|(_, at)| at as usize).unwrap_or_default();
            let span = Span::at(file, place.sources.get(file).position(at));
            if depth >= NESTED_FILES || self.included.len() >= FILES {
                let what = "it imports more files than are read, or one that imports itself".to_owned();
                return self.faults.push(Unseen { what, span });
            }
            let path = join(directory, &import.path);
            match (place.open)(&path) {
                Lookup::Text(imported) => {
                    self.included.push(imported);
                    let directory = path.rsplit_once('/').map_or("/", |(directory, _)| directory).to_owned();
                    self.read_file(imported, &directory, place, depth + 1);
                }
                Lookup::Absent if import.is_optional => {}
                Lookup::Unseen(why) => {
                    self.faults.push(Unseen { what: format!("a file that it imports was not read: {why}"), span });
                }
                _ => self.unseen.push(Unseen { what: "a file that it imports was not read".to_owned(), span }),
            }
        }
    }

    fn read_items(&mut self, text: &TracedText, imports: &mut Vec<JustImport>) -> Result<(), JustFault> {
        let mut cursor = JustCursor::new(&text.0);
        let mut attributes = Vec::new();
        cursor.take("\u{feff}");
        while let Some(first) = cursor.peek() {
            match first {
                '\n' => _ = cursor.next(),
                '#' => _ = cursor.line(),
                ' ' | '\t' => {
                    let at = cursor.place();
                    if cursor.line().iter().any(|traced| !traced.ch.is_whitespace()) {
                        return Err(JustFault { what: "this line belongs to no recipe", at });
                    }
                }
                '[' => attributes.extend(read_attributes(&mut cursor)?),
                _ => self.read_item(&mut cursor, std::mem::take(&mut attributes), imports)?,
            }
        }
        Ok(())
    }

    fn read_item(
        &mut self,
        cursor: &mut JustCursor<'_>,
        attributes: Vec<(String, Option<String>)>,
        imports: &mut Vec<JustImport>,
    ) -> Result<(), JustFault> {
        let at = cursor.place();
        let nothing = JustFault { what: "this is no recipe, no variable and no setting", at };
        cursor.take("@");
        let name = cursor.name().ok_or(nothing)?;
        let is_optional = cursor.peek() == Some('?');
        cursor.skip_blanks(false);
        let is_name_next = cursor.peek().is_some_and(|ch| ch.is_ascii_alphabetic() || ch == '_');
        match name.as_str() {
            "import" if is_optional || matches!(cursor.peek(), Some('\'' | '"' | 'x')) => {
                cursor.take("?");
                cursor.skip_blanks(false);
                cursor.take("x");
                let path = cursor.string()?.raw();
                imports.push(JustImport { path, is_optional, at });
                cursor.line();
            }
            // A module is a file of its own, which is found by its name.
            "mod" if is_optional || is_name_next && !is_header(cursor) => _ = cursor.line(),
            "unexport" if is_name_next => _ = cursor.line(),
            "set" if is_name_next && !is_header(cursor) => self.read_setting(cursor)?,
            "alias" if is_name_next && !is_header(cursor) => {
                let alias = cursor.name().ok_or(nothing)?;
                cursor.skip_blanks(false);
                cursor.take(":=");
                cursor.skip_blanks(false);
                let target = cursor.name().ok_or(nothing)?;
                self.aliases.insert(alias, target);
                cursor.line();
            }
            "export" | "eager" if is_name_next && !is_header(cursor) => {
                let variable = cursor.name().ok_or(nothing)?;
                self.read_assignment(cursor, variable, name == "export")?;
            }
            _ if cursor.starts_with(":=") => self.read_assignment(cursor, name, false)?,
            _ => {
                if self.recipes.len() >= RECIPES {
                    return Err(JustFault { what: "it has more recipes than are read", at });
                }
                let recipe = read_recipe(cursor, name, attributes, nothing)?;
                self.recipes.push(recipe);
            }
        }
        Ok(())
    }

    fn read_setting(&mut self, cursor: &mut JustCursor<'_>) -> Result<(), JustFault> {
        let name = cursor.name().unwrap_or_default();
        cursor.skip_blanks(false);
        if !cursor.take(":=") {
            self.switches.push(name);
            end_line(cursor)?;
            return Ok(());
        }
        cursor.skip_blanks(false);
        if cursor.take("true") {
            self.switches.push(name);
        } else if cursor.take("false") {
            self.switches.retain(|one| *one != name);
        } else if cursor.take("[") {
            let mut values = Vec::new();
            loop {
                cursor.skip_blanks(true);
                if cursor.take("]") {
                    break;
                }
                values.push(cursor.expression(true)?);
                cursor.skip_blanks(true);
                if !cursor.take(",") && !cursor.starts_with("]") {
                    return Err(cursor.fault("a `]` is missing here"));
                }
            }
            self.settings.insert(name, values);
        } else {
            let value = cursor.expression(false)?;
            self.settings.insert(name, vec![value]);
        }
        end_line(cursor)
    }

    fn read_assignment(
        &mut self,
        cursor: &mut JustCursor<'_>,
        name: String,
        is_exported: bool,
    ) -> Result<(), JustFault> {
        cursor.skip_blanks(false);
        if !cursor.take(":=") {
            return Err(cursor.fault("this is no recipe, no variable and no setting"));
        }
        let value = cursor.expression(false)?;
        end_line(cursor)?;
        self.variables.insert(name, JustVariable { value, is_exported });
        Ok(())
    }
}

/// A file that is imported.
struct JustImport {
    path: String,
    is_optional: bool,
    at: Option<(FileId, u32)>,
}

/// Whether what comes next is the rest of the header of a recipe: a recipe may be called `set`.
fn is_header(cursor: &JustCursor<'_>) -> bool {
    let mut ahead = cursor.clone_here();
    let line = ahead.line();
    let colon = line.iter().position(|traced| traced.ch == ':');
    let after = |at: usize| line.get(at + 1).map(|traced| traced.ch);
    colon.is_some_and(|at| after(at) != Some('='))
        && !line.iter().zip(line.iter().skip(1)).any(|(one, next)| one.ch == ':' && next.ch == '=')
}

fn end_line(cursor: &mut JustCursor<'_>) -> Result<(), JustFault> {
    cursor.skip_blanks(false);
    match cursor.peek() {
        None | Some('\n' | '#') => {
            cursor.line();
            Ok(())
        }
        _ => Err(cursor.fault("this is more than a line can say")),
    }
}

/// Attributes in brackets before a recipe: `[private, no-cd]`, `[script("bash")]`, `[working-directory: "x"]`.
fn read_attributes(cursor: &mut JustCursor<'_>) -> Result<Vec<(String, Option<String>)>, JustFault> {
    let mut attributes = Vec::new();
    cursor.take("[");
    loop {
        cursor.skip_blanks(true);
        let Some(name) = cursor.name() else { return Err(cursor.fault("an attribute is missing here")) };
        cursor.skip_blanks(true);
        let mut value = None;
        if cursor.take(":") {
            cursor.skip_blanks(true);
            value = Some(cursor.string()?.raw());
        } else if cursor.take("(") {
            while !cursor.take(")") {
                cursor.skip_blanks(true);
                match cursor.peek() {
                    Some('\'' | '"') => {
                        let text = cursor.string()?.raw();
                        value.get_or_insert(text);
                    }
                    Some(')') => {}
                    Some(_) => _ = cursor.next(),
                    None => return Err(cursor.fault("an attribute is not closed")),
                }
            }
        }
        attributes.push((name, value));
        cursor.skip_blanks(true);
        if cursor.take("]") {
            cursor.skip_blanks(false);
            return Ok(attributes);
        }
        if !cursor.take(",") {
            return Err(cursor.fault("an attribute is not closed"));
        }
    }
}

fn read_recipe(
    cursor: &mut JustCursor<'_>,
    name: String,
    attributes: Vec<(String, Option<String>)>,
    nothing: JustFault,
) -> Result<JustRecipe, JustFault> {
    let mut recipe = JustRecipe { name, attributes, ..JustRecipe::default() };
    loop {
        cursor.skip_blanks(false);
        if cursor.take(":") {
            break;
        }
        let is_rest = cursor.take("+") || cursor.take("*");
        let is_exported = cursor.take("$");
        let Some(name) = cursor.name() else { return Err(nothing) };
        cursor.skip_blanks(false);
        let default = if cursor.take("=") { Some(cursor.value(false)?) } else { None };
        recipe.parameters.push(JustParameter { name, default, is_rest, is_exported });
    }
    let mut is_after = false;
    loop {
        cursor.skip_blanks(false);
        match cursor.peek() {
            None | Some('\n' | '#') => break,
            Some('&') if cursor.take("&&") => is_after = true,
            _ => {
                let dependency = read_dependency(cursor)?;
                if is_after { recipe.after.push(dependency) } else { recipe.before.push(dependency) }
            }
        }
    }
    cursor.line();
    recipe.body = read_body(cursor);
    Ok(recipe)
}

fn read_dependency(cursor: &mut JustCursor<'_>) -> Result<Dependency, JustFault> {
    let is_called = cursor.take("(");
    cursor.skip_blanks(is_called);
    let mut name = cursor.name().ok_or_else(|| cursor.fault("a dependency is missing here"))?;
    while cursor.take("::") {
        name.push_str("::");
        name.push_str(&cursor.name().unwrap_or_default());
    }
    let mut arguments = Vec::new();
    if is_called {
        cursor.skip_blanks(true);
        while !cursor.take(")") {
            arguments.push(cursor.expression(true)?);
            cursor.skip_blanks(true);
        }
    }
    Ok(Dependency { name, arguments })
}

/// The lines below the header of a recipe, up to the next one that is not indented.
fn read_body(cursor: &mut JustCursor<'_>) -> Vec<TracedText> {
    let mut lines: Vec<TracedText> = Vec::new();
    while let Some(first) = cursor.peek() {
        if !matches!(first, ' ' | '\t' | '\n') {
            break;
        }
        lines.push(TracedText(cursor.line().to_vec()));
    }
    while lines.last().is_some_and(|line| is_blank(&line.0)) {
        lines.pop();
    }
    let indentation: Vec<char> = lines.iter().find(|line| !is_blank(&line.0)).map_or_else(Vec::new, |line| {
        line.0.iter().map(|traced| traced.ch).take_while(|ch| matches!(ch, ' ' | '\t')).collect()
    });
    for line in &mut lines {
        let common = line.0.iter().zip(&indentation).take_while(|(traced, ch)| traced.ch == **ch).count();
        line.0.drain(..common);
    }
    lines
}

fn is_blank(text: &[TracedChar]) -> bool {
    text.iter().all(|traced| traced.ch.is_whitespace())
}
