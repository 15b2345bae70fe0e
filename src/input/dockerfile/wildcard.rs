//! Wildcards as Go's `filepath.Match` has them, and `**` as .dockerignore does. Pure, and quick on any input.

/// Whether a pattern matches a whole path. `*` and `?` stop at a slash.
pub(super) fn matches_path(pattern: &str, path: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('/').collect();
    let path: Vec<&str> = path.split('/').collect();
    matches_components(&pattern, &path)
}

/// As [`matches`], component by component; `**` stands for any number of them.
fn matches_components(pattern: &[&str], path: &[&str]) -> bool {
    // Each entry: whether the pattern so far matches the path so far.
    let mut reached = vec![false; path.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    for part in pattern {
        let mut next = vec![false; path.len() + 1];
        let mut any = false;
        for at in 0..=path.len() {
            let here = reached.get(at).copied().unwrap_or(false);
            any |= here;
            let one = at.checked_sub(1);
            let before = one.and_then(|at| reached.get(at)).copied().unwrap_or(false);
            let holds = match *part {
                "**" => any,
                part => before && one.and_then(|at| path.get(at)).is_some_and(|name| matches_name(part, name)),
            };
            if let Some(next) = next.get_mut(at) {
                *next = holds;
            }
        }
        reached = next;
    }
    reached.last().copied().unwrap_or(false)
}

/// Whether a text has a wildcard in it.
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// Whether a pattern matches one name without slashes.
pub(super) fn matches_name(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // Where to go on after the last `*`: what it took so far was too little.
    let mut back: Option<(usize, usize)> = None;
    loop {
        if pattern.get(p) == Some(&'*') {
            back = Some((p + 1, n));
            p += 1;
            continue;
        }
        if p == pattern.len() && n == name.len() {
            return true;
        }
        if let Some(end) = name.get(n).and_then(|ch| match_char(&pattern, p, *ch)) {
            (p, n) = (end, n + 1);
            continue;
        }
        match back {
            Some((after, taken)) if taken < name.len() => {
                back = Some((after, taken + 1));
                (p, n) = (after, taken + 1);
            }
            _ => return false,
        }
    }
}

/// The end of the part of the pattern that matches one character, if it does.
fn match_char(pattern: &[char], at: usize, ch: char) -> Option<usize> {
    match pattern.get(at)? {
        '?' => Some(at + 1),
        '[' => match_class(pattern, at + 1, ch),
        '\\' => (*pattern.get(at + 1)? == ch).then_some(at + 2),
        own => (*own == ch).then_some(at + 1),
    }
}

fn match_class(pattern: &[char], mut at: usize, ch: char) -> Option<usize> {
    let negated = pattern.get(at) == Some(&'^');
    at += usize::from(negated);
    let mut inside = false;
    let mut first = true;
    while first || *pattern.get(at)? != ']' {
        first = false;
        let low = class_bound(pattern, &mut at)?;
        let high = if pattern.get(at) == Some(&'-') {
            at += 1;
            class_bound(pattern, &mut at)?
        } else {
            low
        };
        inside |= low <= ch && ch <= high;
    }
    (inside != negated).then_some(at + 1)
}

fn class_bound(pattern: &[char], at: &mut usize) -> Option<char> {
    if pattern.get(*at) == Some(&'\\') {
        *at += 1;
    }
    let ch = pattern.get(*at).copied()?;
    *at += 1;
    Some(ch)
}
