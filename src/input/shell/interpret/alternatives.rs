//! A text that is one of several known ones, each on some ways through a script. Uses `text`.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::text::TracedText;

/// How many texts are kept of one variable, and how many ways to choose among those of all variables of a command.
const MOST: usize = 8;
/// How long each of them may be, in characters.
const LONGEST: usize = 1024;
/// How many of the points are kept at which the ways to a text met others.
const SIDES: usize = 16;
/// What a symbol of a value that is not known has in it.
const TOLD_APART: &str = " at ";

/// A point at which two ways meet, told from all others.
#[derive(Debug, Clone, Default)]
pub(super) struct JoinPoint(Rc<()>);

impl JoinPoint {
    /// What it is told from others by, while it is kept.
    pub(super) fn key(&self) -> usize {
        Rc::as_ptr(&self.0).addr()
    }
}

/// One of the two ways that meet at a point.
#[derive(Debug, Clone)]
struct JoinSide {
    point: JoinPoint,
    is_first: bool,
}

/// The ways on which something is there alone, of those that met at points. Two count as equal: points are told from each
/// other by nothing else.
#[derive(Debug, Clone, Default)]
pub(super) struct WaySides(Rc<Vec<JoinSide>>);

impl PartialEq for WaySides {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl WaySides {
    /// The same, on one of the ways that meet at one more point.
    pub(super) fn on_side(&self, point: &JoinPoint, is_first: bool) -> Self {
        let mut sides = self.0.to_vec();
        if sides.len() < SIDES {
            sides.push(JoinSide { point: point.clone(), is_first });
        }
        Self(Rc::new(sides))
    }

    /// The same where the points are other ones, each as it is renamed.
    pub(super) fn with_points(&self, mut rename: impl FnMut(&JoinPoint) -> JoinPoint) -> Self {
        let renamed = self.0.iter().map(|side| JoinSide { point: rename(&side.point), is_first: side.is_first });
        if self.0.is_empty() { self.clone() } else { Self(Rc::new(renamed.collect())) }
    }

    pub(super) fn are_known(&self) -> bool {
        !self.0.is_empty()
    }
}

/// The points at which each of two ways has something of its own.
pub(super) struct SharedPoints(Vec<JoinPoint>);

impl SharedPoints {
    /// Those among the sides of some things.
    pub(super) fn of_all<'a>(all: impl Iterator<Item = &'a WaySides>) -> Self {
        let mut met: BTreeMap<usize, (&JoinPoint, [bool; 2])> = BTreeMap::new();
        let mut order = Vec::new();
        for side in all.flat_map(|sides| sides.0.iter()) {
            let key = side.point.key();
            let (_, seen) = met.entry(key).or_insert_with(|| {
                order.push(key);
                (&side.point, [false; 2])
            });
            let [first, second] = seen;
            if side.is_first { *first = true } else { *second = true }
        }
        let shared = order.into_iter().filter_map(|key| met.get(&key)).filter(|(_, seen)| *seen == [true, true]);
        Self(shared.map(|(point, _)| (*point).clone()).collect())
    }

    /// What stands for the choice of a way at each of them.
    pub(super) fn choices(&self) -> KnownAlternatives {
        let ways = |point: &JoinPoint| {
            let way = |is_first: bool| Alternative {
                text: TracedText::plain(way_name(is_first)),
                sides: vec![JoinSide { point: point.clone(), is_first }],
            };
            Alternatives(Rc::new(vec![way(true), way(false)]))
        };
        self.0.iter().enumerate().map(|(at, point)| (point_name(at), ways(point))).collect()
    }

    /// Whether something is there where a way was chosen at each point, and whether that is certain.
    pub(super) fn presence(&self, sides: &WaySides, choice: &Choice<'_>) -> Presence {
        let mut presence = Presence::Sure;
        for side in sides.0.iter() {
            let at = self.0.iter().position(|point| Rc::ptr_eq(&point.0, &side.point.0));
            match at.and_then(|at| choice.text_of(&point_name(at))) {
                Some(way) if way.raw() == way_name(side.is_first) => {}
                Some(_) => return Presence::No,
                None => presence = Presence::Perhaps,
            }
        }
        presence
    }
}

/// Whether something is there on a way that was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    No,
    Perhaps,
    Sure,
}

fn point_name(at: usize) -> String {
    format!("point {at}")
}

fn way_name(is_first: bool) -> &'static str {
    if is_first { "first" } else { "second" }
}

impl JoinSide {
    fn is_opposite(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.point.0, &other.point.0) && self.is_first != other.is_first
    }
}

/// One of several texts, and the ways that lead to it.
#[derive(Debug, Clone)]
pub(super) struct Alternative {
    pub(super) text: TracedText,
    sides: Vec<JoinSide>,
}

impl Alternative {
    fn on_side(&self, point: &JoinPoint, is_first: bool) -> Self {
        let mut sides = self.sides.clone();
        if sides.len() < SIDES {
            sides.push(JoinSide { point: point.clone(), is_first });
        }
        Self { text: self.text.clone(), sides }
    }

    /// Whether no way leads to both.
    fn excludes(&self, other: &Self) -> bool {
        self.sides.iter().any(|side| other.sides.iter().any(|another| side.is_opposite(another)))
    }
}

/// The texts that something may be; none where they are not known. Two are equal where the texts are.
#[derive(Debug, Clone, Default)]
pub(super) struct Alternatives(Rc<Vec<Alternative>>);

impl PartialEq for Alternatives {
    fn eq(&self, other: &Self) -> bool {
        let same = |(one, another): (&Alternative, &Alternative)| one.text == another.text;
        Rc::ptr_eq(&self.0, &other.0) || self.0.len() == other.0.len() && self.0.iter().zip(&*other.0).all(same)
    }
}

impl Alternatives {
    pub(super) fn of_text(text: &TracedText) -> Self {
        if text.0.len() > LONGEST {
            return Self::default();
        }
        Self(Rc::new(vec![Alternative { text: text.clone(), sides: Vec::new() }]))
    }

    fn of_all(all: Vec<Alternative>) -> Self {
        if all.len() > MOST { Self::default() } else { Self(Rc::new(all)) }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &TracedText> {
        self.0.iter().map(|one| &one.text)
    }

    pub(super) fn are_known(&self) -> bool {
        !self.0.is_empty()
    }

    /// The same with nothing as one more.
    pub(super) fn or_nothing(&self) -> Self {
        let nothing = Alternative { text: TracedText::default(), sides: Vec::new() };
        if self.are_known() { Self::of_all(self.0.iter().cloned().chain([nothing]).collect()) } else { self.clone() }
    }

    /// Those of either of two ways that meet at a point; none where those of one are not known.
    pub(super) fn join(&self, other: &Self, point: &JoinPoint) -> Self {
        if !self.are_known() || !other.are_known() {
            return Self::default();
        }
        let mut all: Vec<Alternative> = self.0.iter().map(|one| one.on_side(point, true)).collect();
        for one in other.0.iter() {
            match all.iter_mut().find(|known| known.text.raw() == one.text.raw()) {
                Some(known) => known.sides.clear(),
                None => all.push(one.on_side(point, false)),
            }
        }
        Self::of_all(all)
    }

    /// The same where the points are other ones, each as it is renamed.
    pub(super) fn with_points(&self, mut rename: impl FnMut(&JoinPoint) -> JoinPoint) -> Self {
        if self.0.iter().all(|one| one.sides.is_empty()) {
            return self.clone();
        }
        let mut all = self.0.to_vec();
        for side in all.iter_mut().flat_map(|one| &mut one.sides) {
            side.point = rename(&side.point);
        }
        Self(Rc::new(all))
    }
}

/// The alternatives of values that are not known otherwise, by what stands for each.
pub(super) type KnownAlternatives = BTreeMap<String, Alternatives>;

/// One way to choose a text for each of some values.
#[derive(Debug, Clone, Default)]
pub(super) struct Choice<'a>(Vec<(&'a str, &'a Alternative)>);

impl<'a> Choice<'a> {
    /// All ways to choose that some way through the script leads to; none where there are more than are looked at.
    pub(super) fn all_of(values: &'a KnownAlternatives) -> Vec<Self> {
        let mut all = vec![Self::default()];
        for (symbol, alternatives) in values {
            let mut next = Vec::new();
            for choice in &all {
                let fits = |one: &&Alternative| choice.0.iter().all(|(_, other)| !one.excludes(other));
                next.extend(alternatives.0.iter().filter(fits).map(|one| {
                    let mut longer = choice.clone();
                    longer.0.push((symbol, one));
                    longer
                }));
            }
            if next.len() > MOST {
                return Vec::new();
            }
            all = next;
        }
        all
    }

    pub(super) fn text_of(&self, symbol: &str) -> Option<&'a TracedText> {
        self.0.iter().find(|(known, _)| *known == symbol).map(|(_, one)| &one.text)
    }

    /// A text with what is chosen in the place of each symbol.
    pub(super) fn put_into(&self, text: &TracedText) -> TracedText {
        let mut whole = TracedText::default();
        let mut from = 0;
        for (start, end, symbol) in symbols_of(text) {
            if let Some(chosen) = self.text_of(&symbol) {
                whole.push(&text.part(from, start));
                whole.push(chosen);
                from = end;
            }
        }
        whole.push(&text.part(from, text.0.len()));
        whole
    }

    /// What is chosen at once, as one alternative of the text that it makes.
    fn as_alternative(&self, text: &TracedText) -> Alternative {
        let sides = self.0.iter().flat_map(|(_, one)| &one.sides).take(SIDES).cloned().collect();
        Alternative { text: self.put_into(text), sides }
    }
}

/// What a text may be in which symbols stand for others; none where there is no such symbol, or too many ways to choose.
pub(super) fn alternatives_of_text(text: &TracedText, known: &KnownAlternatives) -> Alternatives {
    let used = used_in(text, known);
    if used.is_empty() || text.0.len() > LONGEST {
        return Alternatives::default();
    }
    Alternatives::of_all(Choice::all_of(&used).iter().map(|choice| choice.as_alternative(text)).collect())
}

/// The values that stand in a text by their symbols.
pub(super) fn used_in(text: &TracedText, known: &KnownAlternatives) -> KnownAlternatives {
    let symbols = symbols_of(text).into_iter().map(|(_, _, symbol)| symbol);
    symbols.filter_map(|symbol| Some((symbol.clone(), known.get(&symbol)?.clone()))).collect()
}

/// Where symbols stand in a text, by their first character and that after their last.
fn symbols_of(text: &TracedText) -> Vec<(usize, usize, String)> {
    let mut found = Vec::new();
    let is_live = |at: usize, ch: char| text.0.get(at).is_some_and(|one| one.live && one.ch == ch);
    let mut at = 0;
    while at < text.0.len() {
        if is_live(at, '$') && is_live(at + 1, '{') {
            let end = (at..text.0.len()).find(|end| is_live(*end, '}')).map_or(text.0.len(), |end| end + 1);
            let symbol = text.part(at, end).raw();
            if symbol.contains(TOLD_APART) {
                found.push((at, end, symbol));
            }
            at = end;
        } else {
            at += 1;
        }
    }
    found
}
