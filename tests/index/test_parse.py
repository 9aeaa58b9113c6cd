"""Letters of every form, fictional throughout, and what is read from them."""

from __future__ import annotations

import textwrap
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.extract import Document, Line, Unreadable, extract
from index.letter import Form, Letter, Outcome
from index.parse import parse

# -- fictional letters, rendered in the forms letters have had -----------------------------------


@dataclass(frozen=True)
class Told:
    request: str
    upheld: bool
    rationale: str
    claims: str = "Decision based on MTUS Low Back Complaints 2004."
    reviewer: str = "Decision based on MTUS Low Back Complaints 2004, Section(s): Summary."

    @property
    def outcome(self) -> str:
        return "Upheld" if self.upheld else "Overturned"

    @property
    def necessity(self) -> str:
        return f"is {'not ' if self.upheld else ''}medically necessary and appropriate"


SUMMARY = "The baker is a 52-year-old female whose oven door fell on her foot. She limps."
HEAD = """\
Case Number: CM16-0999001
Date Assigned: 03/01/2016 Date of Injury: 02/03/2015
Decision Date: 04/05/2016 UR Denial Date: 02/20/2016
Priority: Standard Application Received: 02/25/2016
"""
REVIEWER = """\
The Expert Reviewer has the following credentials:
State(s) of Licensure: Nevada, Oregon
Certification(s)/Specialty: Family Practice, Sports Medicine"""
MADE = "HOW THE IMR FINAL DETERMINATION WAS MADE"
DEVELOPED = (
    "The expert reviewer developed the following clinical case summary based on a review of the\n"
    "case file, including all medical records:"
)
SET_FORTH = "The Final Determination was based on decisions for the disputed items/services set forth below:"
SPLINT = Told("Night splint for the left heel", True, "Nobody tried a wedge first. It can wait.")
PHYSIO = Told("Physical therapy, 6 visits", False, "She walks better after each visit.")


def labelled(told: Told) -> str:
    return (
        f"{told.request}: {told.outcome}\n\nClaims Administrator guideline: {told.claims}\n\n"
        f"MAXIMUS guideline: {told.reviewer}\n\nDecision rationale: {told.rationale}"
    )


def form_b(*issues: Told, head: str = HEAD, reviewer: str = REVIEWER) -> str:
    parts = [head, MADE, reviewer, "CLINICAL CASE SUMMARY", DEVELOPED, SUMMARY]
    parts += ["IMR ISSUES, DECISIONS AND RATIONALES", SET_FORTH, *map(labelled, issues)]
    return "\n\n".join(parts) + "\n"


def form_c(*issues: Told) -> str:
    decided = "\n".join(
        f"{n}) MAXIMUS Federal Services, Inc. has determined the request for {i.request} "
        f"{i.necessity.replace('not ', 'not')}."
        for n, i in enumerate(issues, 1)
    )
    regarding = "\n\n".join(
        f"{n}) Regarding the request for {i.request}:\n\n"
        "Medical Treatment Guideline(s) Relied Upon by the Expert Reviewer to Make His/Her "
        f"Decision:\nThe Claims Administrator based its decision on the MTUS, page 4. The Expert "
        f"Reviewer relied on the ODG, Pain.\n\nRationale for the Decision:\n{i.rationale}"
        for n, i in enumerate(issues, 1)
    )
    return (
        "Notice of Independent Medical Review Determination\nDated: 9/14/2013\n"
        "MAXIMUS Case Number: CM13-0999002\n\n"
        f"{decided}\n\nINDEPENDENT MEDICAL REVIEW DECISION AND RATIONALE\n\n{decided}\n\n"
        "Medical Qualifications of the Expert Reviewer:\nThe reviewer is Board Certified in "
        "Neurology and is licensed to practice in Utah. He/she is busy.\n\n"
        f"Expert Reviewer Case Summary:\n{SUMMARY}\n\n"
        f"Documents Reviewed for Determination:\nA file.\n\n{regarding}\n\nSincerely,\n\nA. Person\n"
    )


def form_d(*issues: Told) -> str:
    told = "\n\n".join(
        f"{n}. {i.request} {i.necessity}.\n\nThe Claims Administrator based its decision on the "
        "MTUS.\n\nThe Physician Reviewer based his/her decision on the ODG, Pain.\n\n"
        f"The Physician Reviewer's decision rationale:\n{i.rationale}"
        for n, i in enumerate(issues, 1)
    )
    return (
        f"MAXIMUS FEDERAL SERVICES, INC.\nIndependent Medical Review\n\n{HEAD}\n{MADE}\n\n"
        f"{REVIEWER}\n\nDOCUMENTS REVIEWED\nA file.\n\nCLINICAL CASE SUMMARY\n{DEVELOPED}\n\n"
        f"{SUMMARY}\n\nIMR DECISION(S) AND RATIONALE(S)\n{SET_FORTH}\n\n{told}\n"
    )


def form_e(*issues: Told) -> str:
    told = "\n\n".join(
        f"ISSUE AT DISPUTE:\n{i.request}\n\nCASE SUMMARY:\n{SUMMARY}\n\n"
        "MEDICAL TREATMENT GUIDELINE(S) RELIED UPON BY PROFESSIONAL REVIEWER AND WHY:\n"
        f"{i.reviewer}\n\nRATIONALE FOR WHY THE REQUESTED TREATMENT/SERVICE IS/WAS "
        f"{'NOT ' if i.upheld else ''}MEDICALLY NECESSARY:\n{i.rationale}"
        for i in issues
    )
    return f"MEDICAL PROFESSIONAL REVIEW\n\nCase Number: CM14-0999003\n\n{told}\n"


def read(text: str) -> Letter:
    return parse(extract("letter.txt", text.encode()))


def told(letter: Letter) -> list[tuple[str, str, str]]:
    return [(issue.request, issue.outcome.value, issue.rationale) for issue in letter.issues]


def expected(*issues: Told) -> list[tuple[str, str, str]]:
    return [(i.request, i.outcome.lower(), i.rationale) for i in issues]


# -- every form ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("render", "form"), [(form_b, Form.B), (form_c, Form.C), (form_d, Form.D), (form_e, Form.E)]
)
def test_each_form_gives_its_issues_and_summary(render, form):  # type: ignore[no-untyped-def]
    letter = read(render(SPLINT, PHYSIO))
    assert letter.form is form
    assert told(letter) == expected(SPLINT, PHYSIO)
    assert letter.summary == SUMMARY
    assert (letter.age, letter.sex) == (52, "female")


WORDS = st.sampled_from(["cold", "pack", "brace", "for", "home", "use", "twice", "x-ray"])
REQUESTS = st.lists(WORDS, min_size=1, max_size=9).map(" ".join)
SENTENCES = st.sampled_from(
    ["The cat slept.", "No trial is on file.", "It helps.", "Page 3 of the note is torn."]
)
ISSUES = st.lists(
    st.builds(
        Told, REQUESTS, st.booleans(), st.lists(SENTENCES, min_size=1, max_size=5).map(" ".join)
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda issue: issue.request,
)


@given(ISSUES, st.sampled_from([form_b, form_c, form_d, form_e]))
@settings(max_examples=60, deadline=None)
def test_what_is_rendered_is_read_back(issues, render):  # type: ignore[no-untyped-def]
    assert told(read(render(*issues))) == expected(*issues)


@given(ISSUES, st.integers(min_value=45, max_value=140))
@settings(max_examples=40, deadline=None)
def test_wrapping_lines_anew_changes_nothing(issues, width):  # type: ignore[no-untyped-def]
    text = form_b(*issues)
    wrapped = "\n\n".join(
        "\n".join(textwrap.wrap(part, width, break_on_hyphens=False)) for part in text.split("\n\n")
    )
    assert told(read(wrapped)) == expected(*issues)
    assert read(wrapped).id == read(text).id


@given(st.text(max_size=400) | st.binary(max_size=400).map(lambda b: b.decode("latin-1")))
@settings(max_examples=150, deadline=None)
def test_any_text_is_read_or_refused(text):  # type: ignore[no-untyped-def]
    lines = tuple(Line(line) for line in text.split("\n"))
    for document in (Document("a", lines), Document("b", (Line(MADE), *lines, Line("x: Upheld")))):
        with suppress(Unreadable):
            assert parse(document).issues


# -- the head ------------------------------------------------------------------------------------

DATES = {
    "date_assigned": date(2016, 3, 1),
    "date_of_injury": date(2015, 2, 3),
    "decision_date": date(2016, 4, 5),
    "ur_denial_date": date(2016, 2, 20),
    "application_received": date(2016, 2, 25),
}


def dates(letter: Letter) -> dict[str, date | None]:
    return {name: getattr(letter, name) for name in DATES}


def test_head() -> None:
    letter = read(form_b(SPLINT))
    assert letter.id == letter.case_number == "CM16-0999001"
    assert letter.priority == "Standard"
    assert dates(letter) == DATES
    assert letter.states == ("Nevada", "Oregon")
    assert letter.specialties == ("Family Practice", "Sports Medicine")


def test_columns_that_extraction_has_separated() -> None:
    head = """\
Case Number:
Date Assigned:
Decision Date:
Priority:
CM16-0999001
03/01/2016
04/05/2016
Standard
Date of Injury:
UR Denial Date:
Application
Received:
02/03/2015
02/20/2016
02/25/2016
"""
    letter = read(form_b(SPLINT, head=head))
    assert (letter.case_number, letter.priority) == ("CM16-0999001", "Standard")
    assert dates(letter) == DATES


def test_a_date_that_is_missing_does_not_take_another_label_s_date() -> None:
    head = HEAD.replace("Date of Injury: 02/03/2015", "Date of Injury:")
    assert dates(read(form_b(SPLINT, head=head))) == DATES | {"date_of_injury": None}


def test_without_a_head_the_id_is_of_the_text_and_the_injury_from_the_summary() -> None:
    text = form_b(SPLINT, head="").replace("She limps.", "She was injured on 7-8-\n2012 at work.")
    letter = read(text)
    assert letter.id.startswith("T-")
    assert len(letter.id) == 18
    assert letter.id == read(text.replace("\n", "\r\n")).id
    assert letter.date_of_injury == date(2012, 7, 8)


@pytest.mark.parametrize(
    ("words", "states", "specialties"),
    [
        (
            "The expert reviewer is Board Certified in Physical Medicine and Rehabilitation and is "
            "licensed to\npractice in Ohio and Iowa. He/she is in practice.",
            ("Ohio", "Iowa"),
            ("Physical Medicine and Rehabilitation",),
        ),
        (
            "The physician reviewer is Board Certified in Neurology, has a subspecialty in Pain "
            "Management, and is licensed to practice in Utah.",
            ("Utah",),
            ("Neurology", "Pain Management"),
        ),
        (
            "State(s) of Licensure: Texas,New York\nCertification(s)/Specialty: Hospice & "
            "Palliative\nMedicine, Surgery",
            ("Texas", "New York"),
            ("Hospice & Palliative Medicine", "Surgery"),
        ),
    ],
)
def test_reviewers(words: str, states: tuple[str, ...], specialties: tuple[str, ...]) -> None:
    letter = read(form_b(SPLINT, reviewer=words))
    assert (letter.states, letter.specialties) == (states, specialties)


@pytest.mark.parametrize(
    ("words", "age", "sex"),
    [
        ("This is a 67-year-old male baker.", 67, "male"),
        ("A 60 y/o F with a sprain.", 60, "female"),
        ("The now 41 year old injured worker is a woman.", 41, "female"),
        ("The patient, aged 33, fell. He can walk.", 33, "male"),
        ("A man aged 33 fell.", 33, "male"),
        ("The applicant fell 4 feet, 12 years ago.", None, None),
    ],
)
def test_age_and_sex(words: str, age: int | None, sex: str | None) -> None:
    letter = read(form_b(SPLINT).replace(SUMMARY, words))
    assert (letter.age, letter.sex) == (age, sex)


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
    ],
)
def test_words_broken_over_lines(broken: str, whole: str) -> None:
    issue = Told("Heel lift", True, f"She was {broken} today.")
    assert read(form_b(issue)).issues[0].rationale == f"She was {whole} today."


@pytest.mark.parametrize(
    ("foot", "head"),
    [
        ("\n\n{0}\n", "\f"),
        ("\n\nPage {0} of 9\n", "\f"),
        ("\n\n", "\fFinal Determination Letter for IMR Case Number CM16-0999001   {0}\n\n"),
        ("\n", "\fCase Number: CM16-0999001\n"),
        ("\n\n{0}\n\n", ""),
        ("\n", "\fRiverside Reviews, strictly confidential {0}\n"),
    ],
)
def test_page_numbers_and_running_heads_are_in_no_text(foot: str, head: str) -> None:
    pages = form_b(SPLINT, PHYSIO, Told("Heel lift", True, "No.")).split("MAXIMUS guideline")
    text = pages[0]
    for number, page in enumerate(pages[1:], 1):
        text += foot.format(number) + head.format(number + 1) + "MAXIMUS guideline" + page
    assert read(text).issues == read("MAXIMUS guideline".join(pages)).issues


def test_double_spacing_parts_no_paragraphs() -> None:
    wrapped = textwrap.fill("The wedge was not tried and it may well be that it helps. " * 6, 47)
    text = form_b(Told("Heel lift for the worker who\nstands all day", True, wrapped), PHYSIO)
    assert read(text.replace("\n", "\n\n")).issues == read(text).issues


def test_signature_and_disclaimer_are_not_rationale() -> None:
    text = form_b(SPLINT) + "\nSincerely,\n\nA. Person\n\nDisclaimer: not a law firm.\n"
    assert read(text).issues[-1].rationale == SPLINT.rationale


# -- what is no letter ---------------------------------------------------------------------------


def test_a_determination_of_no_known_form_is_indexed_whole() -> None:
    text = (
        "Independent Medical Review\n\nRe: Massage of the calf\n\nThe physician reviewer finds, "
        "under the guidelines, that it is not medically necessary."
    )
    letter = read(text)
    (issue,) = letter.issues
    assert letter.form is Form.FALLBACK
    assert (issue.request, issue.outcome) == ("Massage of the calf", Outcome.UNKNOWN)
    assert issue.rationale == " ".join(text.split())
    assert issue.reviewer_citations == ()


@pytest.mark.parametrize(
    "text", ["milk\neggs\n12 apples", "Dear Ann, the guideline is long. " * 40]
)
def test_a_text_on_other_matters_is_refused(text: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(text)
    assert refused.value.code == "not-a-letter"


@pytest.mark.parametrize("until", ["52-year-old", "IMR ISSUES", "Night splint", "MAXIMUS guid"])
def test_a_letter_cut_off_is_refused(until: str) -> None:
    text = form_b(SPLINT)
    with pytest.raises(Unreadable) as refused:
        read(text[: text.index(until) + len(until)])
    assert refused.value.code == "cut-off"


@pytest.mark.parametrize(
    "unit",
    [
        "x: Upheld\n\n",
        "Date of Injury: ",
        "ab-\n",
        "Claims Administrator guideline: ",
        " \n",
        "1\n\n",
    ],
)
def test_hostile_repetition_takes_time_in_proportion(unit: str) -> None:
    """A pattern that backtracks would take minutes here, not a fraction of a second."""
    with pytest.raises(Unreadable):
        read(MADE + "\n" + unit * (200_000 // len(unit)))
