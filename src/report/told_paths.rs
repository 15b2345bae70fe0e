//! Paths below the working directory, told from there: where a checkout lies means nothing to who reads a report. What is
//! compared and kept stays as it is. May use `finding`.

use crate::finding::{Breach, Evidence, Judged, Participant, PlaceName};

/// Tells the paths in all texts for people from a directory, which is absolute.
pub fn tell_paths_from(directory: &str, judged: &mut Judged) {
    let directory = directory.trim_end_matches('/');
    if directory.is_empty() {
        return;
    }
    let told = ToldFrom(directory);
    judged.logins.iter_mut().for_each(|login| told.place(&mut login.place));
    judged.participants.iter_mut().for_each(|one| told.participant(one));
    judged.breaches.iter_mut().for_each(|breach| told.breach(breach));
}

struct ToldFrom<'a>(&'a str);

impl ToldFrom<'_> {
    fn participant(&self, one: &mut Participant) {
        self.place(&mut one.place);
        one.locks.iter_mut().for_each(|lock| self.place(&mut lock.place));
        one.guard_place.iter_mut().for_each(|place| self.place(place));
        self.evidence(&mut one.guard_evidence);
        self.text(&mut one.reason);
    }

    fn breach(&self, breach: &mut Breach) {
        self.text(&mut breach.message);
        self.text(&mut breach.detail);
        breach.why.iter_mut().for_each(|why| self.text(&mut why.text));
        breach.remedies.iter_mut().for_each(|advice| self.text(&mut advice.text));
        breach.locations.iter_mut().for_each(|location| self.text(&mut location.label));
        self.evidence(&mut breach.evidence);
    }

    fn evidence(&self, all: &mut [Evidence]) {
        for evidence in all {
            self.text(&mut evidence.text);
        }
    }

    fn place(&self, place: &mut PlaceName) {
        self.text(&mut place.text);
    }

    /// Puts `.` in the place of the directory, wherever that is a path or the beginning of one.
    fn text(&self, text: &mut String) {
        if !text.contains(self.0) {
            return;
        }
        let is_part =
            |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || "._-~}".contains(letter));
        let mut told = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once(self.0) {
            let (last, next) = (before.chars().next_back(), after.chars().next());
            let ends_sentence = next == Some('.') && after.chars().nth(1).is_none_or(char::is_whitespace);
            let is_path = !is_part(last) && last != Some('/') && (!is_part(next) || ends_sentence);
            told.push_str(before);
            told.push_str(if is_path { "." } else { self.0 });
            rest = after;
        }
        told.push_str(rest);
        *text = told;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directory_is_a_dot_where_it_is_a_path_or_begins_one() {
        let told = |text: &str| {
            let mut text = text.to_owned();
            ToldFrom("/home/me/app").text(&mut text);
            text
        };
        assert_eq!(told("the login in /home/me/app/state, with b"), "the login in ./state, with b");
        assert_eq!(told("(/home/me/app) and /home/me/app."), "(.) and ..");
        for other in ["/home/me/app2/state", "/srv/home/me/app/x", "/home/me/app-old", "/home/me/app.old/x", "/home/me"]
        {
            assert_eq!(told(other), other);
        }
    }
}
