//! What is wrong, login by login: the sentence, the line, who is concerned, why, what to do. May use `finding` and `report`.

use maud::{Markup, html};

use super::evidence::{evidence_fold, main_location, placed_text, source_figure};
use super::hit_table::hit_table;
use super::prose::{code_markup, first_of, path_markup, prose, severity_badge, tone_class};
use super::remedies::remedy_list;
use super::sections::{FindingSections, LoginFinding, OPEN_FINDINGS};
use crate::finding::{Finding, Login, Report, Verdict};
use crate::render::Given;
use crate::render::phrases::{count_containers, count_of};
use crate::render::safe::xml;
use crate::report::ExitStatus;
use crate::rules::Severity;

/// How many reasons are seen at once.
const REASONS: usize = 3;

pub(super) fn section(sections: &FindingSections<'_>, given: &Given<'_>) -> Markup {
    let open = &sections.open;
    let judged_all = !matches!(given.status, ExitStatus::Unusable | ExitStatus::NotInspected);
    if open.len() == 0 && !judged_all && given.report.participants.is_empty() {
        return html! {};
    }
    html! {
        section aria-labelledby="findings" {
            h2 #findings { "Findings" @if open.len() > 0 { " " span .count { (open.len()) } } }
            @if open.len() == 0 { p { @if judged_all { "None." } @else { "None in what was judged." } } }
            @for found in open.by_login() { (login_part(&found, given)) }
            @if !open.listed.is_empty() {
                h3 { "More findings" }
                ul .plain { @for (login, finding) in &open.listed {
                    li {
                        (severity_badge(finding.severity, &finding.rule)) " " code { (xml(&finding.rule)) } " "
                        (path_markup(&login.place.text)) ": " (prose(&finding.message))
                    }
                } }
            }
            @if open.left > 0 { p .quiet { "And " (open.left) " more: " code { "--format json" } " lists all." } }
        }
    }
}

/// A login with its findings; after the first ones, and for notes, all but the sentence is folded.
fn login_part(found: &[(usize, LoginFinding<'_>)], given: &Given<'_>) -> Markup {
    let Some((number, (login, _))) = found.first() else { return html! {} };
    let id = format!("login-{number}");
    html! {
        div .login role="group" aria-labelledby=(id) {
            h3 id=(id) { (code_markup(&login.place.text)) }
            p .quiet { (xml(&login.program_name)) " login, used by " (count_of(users_of(login, given.report), "container")) }
            @for (number, (_, finding)) in found {
                @let own = format!("finding-{number}");
                @if finding.severity == Severity::Note || *number > OPEN_FINDINGS {
                    (folded_finding(&own, None, finding, given))
                } @else {
                    (finding_article(&own, finding, given))
                }
            }
        }
    }
}

/// How many containers may refresh a login.
fn users_of(login: &Login, report: &Report) -> usize {
    let users = login.participants.iter().filter_map(|at| report.participants.get(*at));
    count_containers(users.filter(|one| one.verdict != Verdict::NotAParticipant))
}

fn finding_article(id: &str, finding: &Finding, given: &Given<'_>) -> Markup {
    let tone = tone_class(finding.severity, &finding.rule);
    html! {
        article id=(id) class={ "finding " (tone) } aria-labelledby={ (id) "-title" } data-rule=(xml(&finding.rule)) data-severity=(finding.severity.name()) {
            h4 id={ (id) "-title" } {
                (severity_badge(finding.severity, &finding.rule)) " " (prose(&finding.message))
            }
            (finding_body(id, finding, given))
        }
    }
}

/// A finding of which the sentence alone is seen at once; the login where nothing around it names it.
pub(super) fn folded_finding(id: &str, login: Option<&Login>, finding: &Finding, given: &Given<'_>) -> Markup {
    html! {
        details id=(id) class={ "finding " (tone_class(finding.severity, &finding.rule)) } {
            summary {
                (severity_badge(finding.severity, &finding.rule)) " "
                @if let Some(login) = login { (path_markup(&login.place.text)) ": " }
                (prose(&finding.message))
            }
            (finding_body(id, finding, given))
        }
    }
}

/// All but the sentence.
fn finding_body(id: &str, finding: &Finding, given: &Given<'_>) -> Markup {
    let main = main_location(finding, given.report);
    let (why, _) = first_of(&finding.why, REASONS);
    html! {
        @if let Some(main) = &main { (source_figure(main, given)) }
        (hit_table(id, finding, given))
        @if !why.is_empty() {
            h5 { "Why" }
            ul { @for one in why { li { (placed_text(one, given)) } } }
        }
        (remedy_list(finding, given))
        (evidence_fold(finding, main.as_ref(), given))
        p .links { "Rule " code { (xml(&finding.rule)) } " · " a href={ "#" (id) } { "Link to this finding" } }
    }
}
