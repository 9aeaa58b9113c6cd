"""What is read from letters of every form, and what is refused."""

from __future__ import annotations

import textwrap
from contextlib import suppress
from datetime import date

import pytest
from fpdf import FPDF
from hypothesis import given, settings
from hypothesis import strategies as st

from index.extract import Document, Line, Unreadable, extract
from index.letter import Form, Letter, Outcome
from index.parse import parse
from tests.index.fictional import (
    HEAD,
    MADE,
    PHYSIO,
    SPLINT,
    SUMMARY,
    Told,
    expected,
    form_b,
    form_c,
    form_d,
    form_e,
    read,
    told,
)

OLD = Told(
    "Wedge",
    True,
    "It is not needed",
    claims="Decision based on MTUS ACOEM Chapter 14 Ankle and Foot Complaints Page(s): 370.",
    reviewer="The Expert Reviewer did not cite any medical evidence for its decision.",
)


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


def test_form_a_is_told_from_b_by_its_citations_or_its_date() -> None:
    assert read(form_b(OLD, head="")).form is Form.A
    assert read(form_b(OLD)).form is Form.B
    assert read(form_b(SPLINT, head=HEAD.replace("04/05/2016", "04/05/2014"))).form is Form.A


@pytest.mark.parametrize("style", ["B", ""])
def test_a_letter_in_pdf_reads_as_in_text(style: str) -> None:
    text = form_b(Told("Heel lift, to be worn. At night", True, "It is dear"), PHYSIO)
    document = FPDF()
    document.set_auto_page_break(True, 200)
    document.add_page()
    for line in text.split("\n"):
        heading, colon, rest = line.partition(": ")
        for words, font in ((heading + colon, style), (rest, "")):
            document.set_font("Times", font if colon else "", 11)
            document.write(6, words)
        document.ln(6)
    assert parse(extract("a.pdf", bytes(document.output()))).issues == read(text).issues


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
    text = form_b(*issues, head="")
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
