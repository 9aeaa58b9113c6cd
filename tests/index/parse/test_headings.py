"""The headings of issues, however written, and lines and pages, however broken."""

from __future__ import annotations

import textwrap

import pytest

from index.extract import Document, Line
from index.letter import Outcome
from index.parse import parse
from tests.index.fictional import HEAD, PHYSIO, SPLINT, Told, expected, form_b, read, told

# -- headings ------------------------------------------------------------------------------------

MODIFIED = (
    "Gel pads #9, per 12/07/2016 order was the original request. Gel pads #5 was authorized by the "
    "Claims Administrator. The remaining IMR eligible portion of the original request, "
    "Gel pads #4 is"
)


@pytest.mark.parametrize("wrap", [60, 95, 2_000])
@pytest.mark.parametrize("blank_lines", [True, False])
def test_the_part_in_dispute_of_a_modified_request(wrap: int, blank_lines: bool) -> None:
    text = "\n\n".join(
        textwrap.fill(part, wrap)
        for part in form_b(PHYSIO, Told(MODIFIED, True, "x")).split("\n\n")
    )
    letter = read(text if blank_lines else text.replace("\n\n", "\n"))
    assert [issue.request for issue in letter.issues] == [PHYSIO.request, MODIFIED]
    assert letter.issues[1].disputed == "Gel pads #4"
    assert letter.issues[0].disputed == PHYSIO.request


@pytest.mark.parametrize(
    ("written", "outcome"),
    [
        ("Heel lift: Upheld", Outcome.UPHELD),
        ("Heel lift:\n\nOverturned", Outcome.OVERTURNED),
        ("1. Heel lift : UPHELD.", Outcome.UPHELD),
        ("Issue #1: Heel lift: Uphold", Outcome.UPHELD),
        ("Heel lift - Overturn", Outcome.OVERTURNED),
        ("Heel lift: Partial Overturn", Outcome.UNKNOWN),
        ("Heel lift:", Outcome.UNKNOWN),
    ],
)
def test_outcomes_as_they_are_written(written: str, outcome: Outcome) -> None:
    text = form_b(Told("Heel lift", True, "Too tall.")).replace("Heel lift: Upheld", written)
    (issue,) = read(text).issues
    assert (issue.request, issue.outcome) == ("Heel lift", outcome)


def test_the_outcome_is_the_heading_s_and_not_the_rationale_s() -> None:
    issue = Told("Heel lift", False, "Others upheld it: it is not medically necessary, they said.")
    assert told(read(form_b(issue))) == expected(issue)


def test_the_outcome_of_the_case_stands_in_for_an_issue_s_own() -> None:
    text = form_b(SPLINT, head=HEAD + "Case Outcome: Overturn\n").replace(": Upheld", ":")
    assert read(text).issues[0].outcome is Outcome.OVERTURNED


def test_bold_type_tells_where_a_heading_begins() -> None:
    first, second = "Nobody asked for it", "Apply 2. Heel lift"
    lines = [
        *(Line(line) for line in form_b(Told("Gel", True, first)).split("\n") if line),
        Line(f"{second}: Upheld", ((0, len(second)),)),
        Line("Claims Administrator guideline: None.", ((0, 31),)),
        Line("Decision rationale: No.", ((0, 19),)),
    ]
    letter = parse(Document("a.pdf", tuple(lines)))
    assert told(letter) == [("Gel", "upheld", first), (second, "upheld", "No.")]


def test_labels_in_other_dress() -> None:
    text = form_b(SPLINT, PHYSIO)
    dressed = (
        text.replace("Claims Administrator guideline:", "CLAIMS ADMINISTRATOR\nGuideline :")
        .replace("MAXIMUS guideline:", "MAXIMUS Guidelines:")
        .replace("Decision rationale:", "The Physician Reviewer's decision rationale:")
    )
    assert read(dressed).issues == read(text).issues


def test_a_missing_guideline_is_no_citation_and_not_one_of_none() -> None:
    text = form_b(SPLINT).replace(f"Claims Administrator guideline: {SPLINT.claims}\n\n", "")
    (issue,) = read(text).issues
    assert issue.claims_administrator_guideline == ""
    assert issue.claims_administrator_citations == ()
    assert issue.rationale == SPLINT.rationale


def test_without_its_label_the_rationale_is_what_follows_the_guidelines() -> None:
    (issue,) = read(form_b(SPLINT).replace("Decision rationale: ", "")).issues
    assert (issue.reviewer_guideline, issue.rationale) == (SPLINT.reviewer, SPLINT.rationale)


# -- lines and pages -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        ("seen on 10-\n17-2016", "seen on 10-17-2016"),
        ("an anti-\ninflammatory", "an anti-inflammatory"),
        ("by electro-\nmyography", "by electromyography"),
        ("the documen-\ntation", "the documentation"),
        ("the wedge-\nlike wedge", "the wedge-like wedge"),
        ("a podia-\ntrist or podiatrist", "a podiatrist or podiatrist"),
        ("from L4-\nL5 down", "from L4-L5 down"),
        ("in range-of-\nmotion", "in range-of-motion"),
        ("in slow-\nmotion, a motion", "in slow-motion, a motion"),
        ("anti-\nnausea or anti-nausea or antinausea", "anti-nausea or anti-nausea or antinausea"),
    ],
)
def test_words_broken_over_lines(broken: str, whole: str) -> None:
    issue = Told("Heel lift", True, f"She was {broken} today.")
    assert read(form_b(issue)).issues[0].rationale == f"She was {whole} today."


def paged(pages: list[str], foot: str, head: str) -> str:
    text = pages[0]
    for number, page in enumerate(pages[1:], 1):
        text += foot.format(number) + head.format(number + 1) + "MAXIMUS guideline" + page
    return text


@pytest.mark.parametrize(
    ("foot", "head"),
    [
        ("\n\n{0}\n", "\f"),
        ("\n\nPage {0} of 9\n\n", ""),
        ("\n\n", "\fFinal Determination Letter for IMR Case Number CM16-0999001   {0}\n\n"),
        ("\n", "\fCase Number: CM16-0999001\n"),
        ("\n\n{0}\n\n", ""),
    ],
)
@pytest.mark.parametrize("issues", [(SPLINT,), (SPLINT, PHYSIO, Told("Heel lift", True, "No."))])
def test_page_numbers_are_in_no_text(foot: str, head: str, issues: tuple[Told, ...]) -> None:
    pages = form_b(*issues).split("MAXIMUS guideline")
    assert read(paged(pages, foot, head)).issues == read(form_b(*issues)).issues


def test_a_running_head_is_in_no_text() -> None:
    pages = form_b(SPLINT, PHYSIO, Told("Heel lift", True, "No.")).split("MAXIMUS guideline")
    text = paged(pages, "\n", "\fRiverside Reviews, strictly confidential {0}\n")
    assert read(text).issues == read("MAXIMUS guideline".join(pages)).issues


def test_a_figure_on_a_line_of_its_own_is_no_page_number() -> None:
    issue = Told("Heel lift", True, "She was given pads,\n60\fin all.")
    assert read(form_b(issue)).issues[0].rationale == "She was given pads, 60 in all."


def test_double_spacing_parts_no_paragraphs() -> None:
    wrapped = textwrap.fill("The wedge was not tried and it may well be that it helps. " * 6, 47)
    text = form_b(Told("Heel lift for the worker who\nstands all day", True, wrapped), PHYSIO)
    assert read(text.replace("\n", "\n\n")).issues == read(text).issues


def test_signature_and_disclaimer_are_not_rationale() -> None:
    text = form_b(SPLINT) + "\nSincerely,\n\nA. Person\n\nDisclaimer: not a law firm.\n"
    assert read(text).issues[-1].rationale == SPLINT.rationale
