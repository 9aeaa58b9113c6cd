"""What each form of the letter looks like: a sample in, blocks of bold and plain words out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from samples.records import Sample, SampleIssue

Run = tuple[str, bool]  # words, and whether they are bold


@dataclass(frozen=True)
class Paragraph:
    """Words that flow; `tight` ones stand right under the paragraph before."""

    runs: tuple[Run, ...]
    centered: bool = False
    tight: bool = False

    @property
    def text(self) -> str:
        """The words alone."""
        return "".join(words for words, _ in self.runs)


@dataclass(frozen=True)
class Table:
    """The head of a letter: rows of label, value, label, value."""

    rows: tuple[tuple[str, str, str, str], ...]


Block = Paragraph | Table


def blocks(sample: Sample) -> list[Block]:
    """The letter in the form its source names."""
    return list(_FORMS[sample.form](sample))


def _plain(words: str, *, tight: bool = False) -> Paragraph:
    return Paragraph(((words, False),), tight=tight)


def _bold(words: str, *, centered: bool = False) -> Paragraph:
    return Paragraph(((words, True),), centered=centered)


def _labelled(label: str, words: str, *, tight: bool = False) -> Paragraph:
    return Paragraph(((label, True), (f" {words}", False)), tight=tight)


def _paragraphs(words: str) -> Iterator[Paragraph]:
    yield from (_plain(part) for part in words.split("\n\n"))


def _labelled_paragraphs(label: str, words: str) -> Iterator[Paragraph]:
    first, *others = words.split("\n\n")
    yield _labelled(label, first)
    yield from (_plain(part) for part in others)


def _day(day: date | None) -> str:
    return f"{day:%m/%d/%Y}" if day else ""


def _and(words: tuple[str, ...]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _credentials(reviewer: str, sample: Sample) -> str:
    certified, *others = sample.specialties
    subspecialty = f", has a subspecialty in {_and(tuple(others))}" if others else ""
    return (
        f"The {reviewer} reviewer is Board Certified in {certified}{subspecialty} "
        f"and is licensed to practice in {_and(sample.states)}."
    )


def _medically_necessary(issue: SampleIssue) -> str:
    return ("not " if issue.outcome == "upheld" else "") + "medically necessary"


def _labelled_form(sample: Sample) -> Iterator[Block]:
    """Forms A and B: one layout, with guidelines under labels."""
    article, reviewer = ("a", "physician") if "physician" in sample.layout else ("an", "expert")
    if sample.case_number:
        yield Table(
            (
                ("Case Number:", sample.case_number, "", ""),
                (
                    *("Date Assigned:", _day(sample.date_assigned)),
                    *("Date of Injury:", _day(sample.date_of_injury)),
                ),
                (
                    *("Decision Date:", _day(sample.decision_date)),
                    *("UR Denial Date:", _day(sample.ur_denial_date)),
                ),
                (
                    *("Priority:", sample.priority or ""),
                    *("Application Received:", _day(sample.application_received)),
                ),
            )
        )
    yield _bold("HOW THE IMR FINAL DETERMINATION WAS MADE", centered=True)
    credentials = _credentials(reviewer, sample) + " " if "prose" in sample.layout else ""
    yield _plain(
        f"MAXIMUS Federal Services chose {article} {reviewer} reviewer, who works for none of the "
        f"parties and has no ties to them, and sent the whole file of this case. {credentials}"
        "The reviewer treats patients for a good part of each week, has done so for over five "
        "years, and knows the conditions and treatments at issue here as well as the rules that "
        "rank one kind of medical evidence above another."
    )
    if "prose" not in sample.layout:
        gap = "," if sample.form == "B" else ", "
        yield _plain(f"The {reviewer.title()} Reviewer has the following credentials:")
        yield _plain(f"State(s) of Licensure: {gap.join(sample.states)}", tight=True)
        yield _plain(f"Certification(s)/Specialty: {', '.join(sample.specialties)}", tight=True)
    yield _bold("CLINICAL CASE SUMMARY", centered=True)
    yield _plain(
        f"The {reviewer} reviewer developed the following clinical case summary based on a "
        "review of the case file, including all medical records:"
    )
    yield from _paragraphs(sample.summary)
    yield _bold("IMR ISSUES, DECISIONS AND RATIONALES", centered=True)
    yield _plain(
        "The Final Determination was based on decisions for the disputed items/services set "
        "forth below:"
    )
    for issue in sample.issues:
        if "outcome-below" in sample.layout:
            yield _bold(f"{issue.request}:")
            yield _plain(issue.outcome.title())
        else:
            yield _labelled(f"{issue.request}:", issue.outcome.title())
        yield _labelled("Claims Administrator guideline:", issue.claims_administrator_guideline)
        yield _labelled("MAXIMUS guideline:", issue.reviewer_guideline)
        yield from _labelled_paragraphs("Decision rationale:", issue.rationale)


def _notice(sample: Sample) -> Iterator[Block]:
    """Form C: the decisions first, in sentences, then a part on each request."""
    yield _bold("Notice of Independent Medical Review Determination", centered=True)
    yield _plain(f"Dated: {_day(sample.decision_date)}")
    yield from _received(sample, _day)
    yield _plain(
        "MAXIMUS Federal Services has completed its review of the treatment in dispute. What was "
        "decided is stated first, and the reasons are given further on."
    )
    for number, issue in enumerate(sample.issues, 1):
        needed = _medically_necessary(issue)
        if "glued" in sample.layout:
            needed = needed.replace("not medically", "notmedically")
        yield _plain(
            f"{number}) MAXIMUS Federal Services, Inc. has determined the request for "
            f"{issue.request} is {needed} and appropriate."
        )
    yield _bold("Medical Qualifications of the Expert Reviewer:")
    yield _plain(
        "No party to this dispute has any tie to the physician who decided it. "
        f"{_credentials('expert', sample)} The reviewer has more than five years of active "
        "practice and still sees patients every week."
    )
    yield _bold("Case Summary:")
    yield from _paragraphs(sample.summary)
    yield _bold("Documents Reviewed for Determination:")
    yield _plain(
        "The application, the utilization review decision and the records sent in by the parties "
        "were read in full."
    )
    for number, issue in enumerate(sample.issues, 1):
        yield _bold(f"{number}) Regarding the request for {issue.request}:")
        yield _bold(
            "Section of the Medical Treatment Utilization Schedule Relied Upon by the Expert "
            "Reviewer to Make His/Her Decision"
        )
        yield _plain(issue.claims_administrator_guideline)
        yield _plain(issue.reviewer_guideline, tight=True)
        yield _bold("Rationale for the Decision:")
        yield from _paragraphs(issue.rationale)


def _received(sample: Sample, written: Callable[[date | None], str]) -> Iterator[Paragraph]:
    """The head of forms C and D after their date."""
    yield _plain("Employee: (fictional)", tight=True)
    yield _plain(f"Date of UR Decision: {written(sample.ur_denial_date)}", tight=True)
    yield _plain(f"Date of Injury: {written(sample.date_of_injury)}", tight=True)
    yield _plain(f"IMR Application Received: {written(sample.application_received)}", tight=True)
    yield _plain(f"MAXIMUS Case Number: {sample.case_number}", tight=True)


def _documents_form(sample: Sample) -> Iterator[Block]:
    """Form D: the documents listed, and each decision a numbered sentence."""

    def in_words(day: date | None) -> str:
        return f"{day:%B} {day.day}, {day.year}" if day else ""

    yield _bold("MAXIMUS FEDERAL SERVICES, INC.", centered=True)
    yield _bold("Independent Medical Review", centered=True)
    yield _plain(f"Dated: {in_words(sample.decision_date)}")
    yield from _received(sample, in_words)
    yield _bold("HOW THE IMR DETERMINATION WAS MADE")
    yield _plain(
        "A physician reviewer without ties to any party read the file and decided each request "
        f"on its own. {_credentials('physician', sample)} He or she has practiced for more than "
        "five years and is in practice now."
    )
    yield _bold("DOCUMENTS REVIEWED")
    yield _plain("The reviewer was given these papers and took them into account:")
    for paper in (
        "the application for review",
        f"the utilization review decision of {in_words(sample.ur_denial_date)}",
        "medical records of the treating physicians and therapists",
    ):
        yield _plain(f"- {paper}", tight=True)
    yield _bold("CLINICAL CASE SUMMARY")
    yield from _paragraphs(sample.summary)
    yield _bold("IMR DECISION(S) AND RATIONALE(S)")
    yield _plain(
        "The Final Determination was based on decisions for the disputed items/services set "
        "forth below:"
    )
    for number, issue in enumerate(sample.issues, 1):
        yield _bold(f"{number}. {issue.request} is {_medically_necessary(issue)} and appropriate.")
        yield _plain(issue.claims_administrator_guideline)
        yield _plain(issue.reviewer_guideline)
        yield from _labelled_paragraphs(
            "The Physician Reviewer's decision rationale:", issue.rationale
        )


def _professional(sample: Sample) -> Iterator[Block]:
    """Form E: one heading in capitals for each thing told."""
    outcomes = {issue.outcome for issue in sample.issues}
    case_outcome = "Partial Overturn"
    if len(outcomes) == 1:
        case_outcome = "Uphold" if outcomes == {"upheld"} else "Overturn"
    verb = "WAS" if "was" in sample.layout else "IS/WAS"
    yield _bold("MEDICAL PROFESSIONAL REVIEW", centered=True)
    yield _plain(f"Case Number: {sample.case_number}")
    yield _plain(f"Date of Injury: {_day(sample.date_of_injury)}", tight=True)
    yield _plain(f"UR Denial Date: {_day(sample.ur_denial_date)}", tight=True)
    yield _plain(f"Application Received: {_day(sample.application_received)}", tight=True)
    yield _plain(f"Decision Date: {_day(sample.decision_date)}", tight=True)
    yield _plain(f"Case Outcome: {case_outcome}", tight=True)
    yield _plain(_credentials("professional", sample))
    for number, issue in enumerate(sample.issues, 1):
        yield _labelled("ISSUE AT DISPUTE:", issue.request)
        if number == 1:
            yield _bold("CASE SUMMARY:")
            yield from _paragraphs(sample.summary)
        yield _bold("MEDICAL TREATMENT GUIDELINE(S) RELIED UPON BY CLAIMS ADMINISTRATOR:")
        yield _plain(issue.claims_administrator_guideline)
        yield _bold("MEDICAL TREATMENT GUIDELINE(S) RELIED UPON BY PROFESSIONAL REVIEWER AND WHY:")
        yield _plain(issue.reviewer_guideline)
        yield _bold(
            f"RATIONALE FOR WHY THE REQUESTED TREATMENT/SERVICE {verb} "
            f"{_medically_necessary(issue).upper()}:"
        )
        yield from _paragraphs(issue.rationale)


def _unknown_form(sample: Sample) -> Iterator[Block]:
    """Text of no known form: paragraphs alone."""
    for issue in sample.issues:
        yield from _paragraphs(issue.rationale)


_FORMS: dict[str, Callable[[Sample], Iterator[Block]]] = {
    "A": _labelled_form,
    "B": _labelled_form,
    "C": _notice,
    "D": _documents_form,
    "E": _professional,
    "fallback": _unknown_form,
}
