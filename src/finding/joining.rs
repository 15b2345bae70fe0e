//! Judgements and reports taken apart and joined: indices are those of the whole afterwards. Uses the other parts of
//! `finding`.

use std::collections::HashMap;

use super::breach::Breach;
use super::judged::{Judged, LoginPlace};
use super::login::Remedy;
use super::participant::Participant;
use super::report::Report;

impl Judged {
    /// Takes out the participants that are chosen, each with what it breaks and the login that it uses. What is wrong with
    /// a container that uses no login itself goes with the login that it is told of, where that has no other user.
    #[must_use]
    pub fn take_out(&mut self, is_chosen: impl Fn(&Participant) -> bool) -> Self {
        let mut moved: Vec<Option<usize>> = Vec::with_capacity(self.participants.len());
        let (mut kept, mut taken) = (Vec::new(), Vec::new());
        // Of each login who stays and who goes.
        let mut users: Vec<(bool, bool)> = vec![(false, false); self.logins.len()];
        for one in std::mem::take(&mut self.participants) {
            let goes = is_chosen(&one);
            if let Some((stay, go)) = users.get_mut(one.login) {
                (*stay, *go) = (*stay || !goes, *go || goes);
            }
            let into = if goes { &mut taken } else { &mut kept };
            moved.push(goes.then_some(into.len()));
            into.push(one);
        }
        let (mut breaches, mut taken_breaches): (Vec<Breach>, Vec<Breach>) = (Vec::new(), Vec::new());
        let mut places = vec![0; moved.len()];
        let mut stays = 0;
        for (at, goes) in moved.iter().enumerate() {
            if let Some(place) = places.get_mut(at) {
                *place = goes.unwrap_or(stays);
            }
            stays += usize::from(goes.is_none());
        }
        for mut breach in std::mem::take(&mut self.breaches) {
            let goes = match breach.participant {
                Some(at) => moved.get(at).copied().flatten().is_some(),
                None => users.get(breach.login).is_some_and(|(stay, go)| *go && !stay),
            };
            breach.renumber(|at| places.get(at).copied());
            if goes { taken_breaches.push(breach) } else { breaches.push(breach) }
        }
        let (logins, numbers) = numbered(&self.logins, |at| users.get(at).is_none_or(|(stay, go)| *stay || !go));
        let (taken_logins, taken_numbers) = numbered(&self.logins, |at| users.get(at).is_some_and(|(_, go)| *go));
        renumber_logins(&mut kept, &mut breaches, &numbers);
        renumber_logins(&mut taken, &mut taken_breaches, &taken_numbers);
        (self.participants, self.breaches, self.logins) = (kept, breaches, logins);
        Self { participants: taken, breaches: taken_breaches, logins: taken_logins, ..Self::default() }
    }

    /// Takes out what is wrong with containers that use no login themselves, each with the login that it is told of.
    #[must_use]
    pub fn take_out_starters(&mut self) -> Self {
        let (starters, kept): (Vec<Breach>, Vec<Breach>) =
            std::mem::take(&mut self.breaches).into_iter().partition(|breach| breach.participant.is_none());
        self.breaches = kept;
        let mut taken = Self::default();
        for breach in starters {
            if let Some(login) = self.logins.get(breach.login) {
                taken.breaches.push(Breach { login: taken.logins.len(), ..breach });
                taken.logins.push(login.clone());
            }
        }
        taken
    }

    /// Adds what was found of other containers, whose logins may be the same ones.
    pub fn append(&mut self, other: Self) {
        let (participants, logins) = (self.participants.len(), self.logins.len());
        let moved = |one: Participant| Participant { login: one.login + logins, ..one };
        self.participants.extend(other.participants.into_iter().map(moved));
        self.breaches.extend(other.breaches.into_iter().map(|one| Breach {
            login: one.login + logins,
            participant: one.participant.map(|at| at + participants),
            ..one
        }));
        self.logins.extend(other.logins);
    }

    /// Joins participants of other containers, with what they break. One login that both have is one.
    pub fn absorb(&mut self, other: Self) {
        let Self { logins, mut participants, mut breaches, .. } = other;
        let mut known: HashMap<(String, String), usize> = HashMap::new();
        let key = |login: &LoginPlace| {
            // What is private has the same name in each container.
            let is_one = !matches!(login.place.kind, "private" | "tmpfs");
            is_one.then(|| (login.program.clone(), login.place.text.clone()))
        };
        for (at, login) in self.logins.iter().enumerate() {
            known.extend(key(login).map(|key| (key, at)));
        }
        let mut numbers = Vec::with_capacity(logins.len());
        for login in logins {
            let key = key(&login);
            let at = key.as_ref().and_then(|key| known.get(key).copied());
            numbers.push(Some(at.unwrap_or(self.logins.len())));
            if at.is_none() {
                known.extend(key.map(|key| (key, self.logins.len())));
                self.logins.push(login);
            }
        }
        renumber_logins(&mut participants, &mut breaches, &numbers);
        let first = self.participants.len();
        for breach in &mut breaches {
            breach.renumber(|at| Some(first + at));
        }
        self.participants.append(&mut participants);
        self.breaches.append(&mut breaches);
    }
}

/// The logins that are wanted, and what number each of all has among them.
fn numbered(logins: &[LoginPlace], is_wanted: impl Fn(usize) -> bool) -> (Vec<LoginPlace>, Vec<Option<usize>>) {
    let mut wanted = Vec::new();
    let mut numbers = Vec::with_capacity(logins.len());
    for (at, login) in logins.iter().enumerate() {
        numbers.push(is_wanted(at).then_some(wanted.len()));
        if is_wanted(at) {
            wanted.push(login.clone());
        }
    }
    (wanted, numbers)
}

fn renumber_logins(participants: &mut [Participant], breaches: &mut [Breach], numbers: &[Option<usize>]) {
    let number = |at: usize| numbers.get(at).copied().flatten().unwrap_or_default();
    for one in participants {
        one.login = number(one.login);
    }
    for one in breaches {
        one.login = number(one.login);
    }
}

impl Report {
    /// Joins what was found of other logins.
    pub fn append(&mut self, other: Self) {
        let (participants, hits, logins) = (self.participants.len(), self.hits.len(), self.logins.len());
        let Self { participants: mut users, hits: mut more, logins: mut others, mut diagnostics, mut judged, .. } =
            other;
        for one in &mut users {
            one.login += logins;
        }
        for hit in &mut more {
            hit.login += logins;
            for breach in &mut hit.breaches {
                breach.login += logins;
                breach.renumber(|at| Some(at + participants));
            }
        }
        for login in &mut others {
            login.participants.iter_mut().for_each(|at| *at += participants);
            for finding in &mut login.findings {
                finding.hits.iter_mut().for_each(|at| *at += hits);
                let ended = |remedy: &mut Remedy| remedy.ends.iter_mut().for_each(|at| *at += hits);
                finding.remedies.iter_mut().for_each(ended);
            }
        }
        self.participants.append(&mut users);
        self.hits.append(&mut more);
        self.logins.append(&mut others);
        self.diagnostics.append(&mut diagnostics);
        self.judged.append(&mut judged);
        self.configuration.extend(other.configuration);
        self.containers += other.containers;
        self.baselined |= other.baselined;
    }

    /// Puts the participants in their order: by project, name and state directory.
    pub fn sort_participants(&mut self) {
        let mut order: Vec<(usize, Participant)> =
            std::mem::take(&mut self.participants).into_iter().enumerate().collect();
        order.sort_by(|(_, a), (_, b)| {
            (&a.project, &a.container, &a.state_dir).cmp(&(&b.project, &b.container, &b.state_dir))
        });
        let mut places = vec![0; order.len()];
        for (now, (before, _)) in order.iter().enumerate() {
            if let Some(place) = places.get_mut(*before) {
                *place = now;
            }
        }
        self.participants = order.into_iter().map(|(_, one)| one).collect();
        let place = |at: usize| places.get(at).copied().unwrap_or_default();
        for breach in self.hits.iter_mut().flat_map(|hit| &mut hit.breaches) {
            breach.renumber(|at| Some(place(at)));
        }
        for login in &mut self.logins {
            login.participants.iter_mut().for_each(|at| *at = place(*at));
            login.participants.sort_unstable();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::PlaceName;

    fn place(text: &str) -> LoginPlace {
        let place = PlaceName { kind: "host", filesystem: None, path: text.to_owned(), text: text.to_owned() };
        LoginPlace { program: "p".to_owned(), program_name: "P".to_owned(), place }
    }

    fn user(name: &str, login: usize) -> Participant {
        Participant { login, ..Participant::of(name) }
    }

    fn breach(rule: &str, participant: Option<usize>, login: usize) -> Breach {
        Breach { login, participant, ..Breach::of(rule, "") }
    }

    /// Each rule with whom it is about and the login's place.
    fn told(judged: &Judged) -> Vec<(String, Option<String>, String)> {
        let name = |at: usize| judged.participants[at].container.clone();
        let mut all: Vec<_> = judged
            .breaches
            .iter()
            .map(|one| (one.rule.clone(), one.participant.map(name), judged.logins[one.login].place.text.clone()))
            .collect();
        all.extend(
            judged
                .participants
                .iter()
                .map(|one| (String::new(), Some(one.container.clone()), judged.logins[one.login].place.text.clone())),
        );
        all.sort();
        all
    }

    #[test]
    fn what_is_taken_out_and_joined_again_is_as_it_was() {
        let mut judged = Judged {
            logins: vec![place("/a"), place("/b"), place("/c")],
            participants: vec![user("one", 1), user("two", 0), user("three", 1), user("four", 2)],
            breaches: vec![
                breach("x", Some(0), 1),
                breach("y", Some(1), 0),
                breach("z", Some(3), 2),
                breach("starts", None, 2),
            ],
            ..Judged::default()
        };
        let before = told(&judged);
        let taken = judged.take_out(|one| ["three", "four"].contains(&one.container.as_str()));
        assert_eq!(judged.logins.len(), 2);
        let (own, name) = (|text: &str| text.to_owned(), |text: &str| Some(text.to_owned()));
        assert_eq!(
            told(&taken),
            [
                (own(""), name("four"), own("/c")),
                (own(""), name("three"), own("/b")),
                (own("starts"), None, own("/c")),
                (own("z"), name("four"), own("/c")),
            ]
        );
        judged.absorb(taken);
        assert_eq!((told(&judged), judged.logins.len()), (before, 3));
    }
}
