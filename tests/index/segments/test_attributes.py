"""What is known of each issue as plain values, in both directions: against a plain dict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.concepts.reading import read_concepts
from index.letter import Citation, Concepts, Family, Form, Issue, Letter, Outcome, Reading
from index.segments.arrays import IndexDamaged
from index.segments.attributes import (
    Attributes,
    guideline_names,
    guidelines_differ,
    issue_values,
    open_attributes,
    wording,
    write_attributes,
)

BACK = Citation(family=Family.MTUS, title="Low Back Complaints", edition="2004", text="MTUS 2004")
PAIN = Citation(family=Family.ODG, title="Pain")
UNTITLED = Citation(family=Family.OTHER, text="A journal")
NONE = Citation(family=Family.NONE, title="")
BRACE = Issue(
    number=1,
    request="Brace",
    outcome=Outcome.UPHELD,
    rationale="He sits.",
    claims_administrator_citations=(BACK,),
    reviewer_citations=(PAIN, UNTITLED),
)
LETTER = Letter(
    id="CM16-0000001",
    form=Form.B,
    issues=(BRACE,),
    decision_date=date(2016, 4, 5),
    specialties=("Neurology", "Pain Medicine"),
)
NOTHING_READ = Reading(concepts=Concepts())


def written(directory: Path, rows: Sequence[Sequence[str]]) -> Attributes:
    count = len(rows)
    write_attributes(
        directory,
        rows,
        range(count),
        [7] * count,
        [0] * count,
        [f"CM16-1#{n}" for n in range(count)],
    )
    return open_attributes(directory)


# -- on disk ---------------------------------------------------------------------------------------


@given(
    st.lists(
        st.lists(
            st.sampled_from(["side:left", "side:right", "region:knee", "\u00e9"]), unique=True
        ),
        min_size=1,
        max_size=9,
    )
)
@settings(max_examples=25, deadline=None)
def test_values_of_documents_and_documents_of_values_are_as_in_a_dict(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    found = written(tmp_path_factory.mktemp("attributes"), rows)
    holders: dict[str, list[int]] = defaultdict(list)
    for document, row in enumerate(rows):
        start, end = found.code_offsets[document : document + 2]
        assert [found.values[code] for code in found.codes[start:end]] == row
        for value in row:
            holders[value].append(document)
    assert list(found.values) == sorted(holders)
    for code, value in enumerate(found.values):
        start, end = found.document_offsets[code : code + 2]
        assert found.documents[start:end].tolist() == holders[value]


def test_letters_wordings_and_days_stand_beside_the_values(tmp_path: Path) -> None:
    day = date(2016, 4, 5).toordinal()
    write_attributes(
        tmp_path, [["a"], []], [2**40, 3], [2**64 - 1, 0], [day, 0], ["CM16-1#1", "T-\u00e9#2"]
    )
    found = open_attributes(tmp_path)
    assert found.letters.tolist() == [2**40, 3]
    assert found.wordings.tolist() == [2**64 - 1, 0]
    assert found.days.tolist() == [day, 0]
    assert [one.decode() for one in found.ids] == ["CM16-1#1", "T-\u00e9#2"]


def test_as_many_values_as_codes_can_tell_apart_and_no_more(tmp_path: Path) -> None:
    many = [f"v{n:05}" for n in range(65_536)]
    assert len(written(tmp_path, [many[1:]]).values) == 65_535
    with pytest.raises(ValueError, match="65536 distinct attribute values; a segment holds 65,535"):
        written(tmp_path, [many])


def test_missing_files_are_an_error(tmp_path: Path) -> None:
    written(tmp_path, [["a"]])
    (tmp_path / "attributes-days.npy").unlink()
    with pytest.raises(IndexDamaged, match=r"attributes-days\.npy: is missing"):
        open_attributes(tmp_path)


# -- of an issue -----------------------------------------------------------------------------------


def test_an_issue_has_its_outcome_guidelines_specialties_year_concepts_and_reasons() -> None:
    concepts = Concepts(treatments=("Durable equipment > Braces",), sides=("left",))
    assert issue_values(LETTER, BRACE, Reading(concepts=concepts, reasons=("no trial",))) == (
        "outcome:upheld",
        "guideline:ODG",
        "guideline:other",
        "guideline:ODG > Pain",
        "administrator:MTUS",
        "administrator:MTUS > Low Back Complaints",
        "differ:yes",
        "specialty:Neurology",
        "specialty:Pain Medicine",
        "year:2016",
        "category:Durable equipment",
        "treatment:Durable equipment",
        "treatment:Durable equipment > Braces",
        "side:left",
        "reason:no trial",
    )


def test_what_is_not_known_has_no_value() -> None:
    bare = replace(BRACE, claims_administrator_citations=(), reviewer_citations=())
    letter = replace(LETTER, decision_date=None, specialties=())
    assert issue_values(letter, bare, NOTHING_READ) == ("outcome:upheld",)


@pytest.mark.parametrize("missing", ["claims_administrator_citations", "reviewer_citations"])
def test_whether_guidelines_differ_is_told_only_where_both_are_known(missing: str) -> None:
    one_sided = replace(BRACE, **{missing: ()})  # type: ignore[arg-type]
    assert not [v for v in issue_values(LETTER, one_sided, NOTHING_READ) if v.startswith("differ")]


@pytest.mark.parametrize(
    ("administrator", "reviewer", "differ"),
    [
        ((BACK,), (PAIN,), True),
        ((BACK, PAIN), (PAIN, BACK, BACK), False),
        ((BACK,), (replace(BACK, edition="2007", text="MTUS 2007", pages=("300",)),), False),
        ((BACK,), (replace(BACK, title="Knee Complaints"),), True),
        ((BACK,), (BACK, NONE), True),
    ],
)
def test_guidelines_differ_by_family_and_title_alone(
    administrator: tuple[Citation, ...], reviewer: tuple[Citation, ...], differ: bool
) -> None:
    issue = replace(
        BRACE, claims_administrator_citations=administrator, reviewer_citations=reviewer
    )
    assert guidelines_differ(issue) is differ
    assert f"differ:{'yes' if differ else 'no'}" in issue_values(LETTER, issue, NOTHING_READ)


def test_a_guideline_is_named_by_family_and_title_once() -> None:
    cited = (BACK, UNTITLED, PAIN, BACK, NONE, replace(NONE, title="Pain"))
    assert guideline_names(cited) == (
        "MTUS > Low Back Complaints",
        "other",
        "ODG > Pain",
        "none cited",
    )


# -- wordings --------------------------------------------------------------------------------------

PARAGRAPH = (
    "The {item} was asked for {n} times by the clinic while no trial of anything plain had been "
    "made, and the chart says neither who would wear it nor where or how long it would be worn."
)


def wording_of(
    letter_id: str, request: str, rationale: str, *siblings: str, outcome: Outcome = Outcome.UPHELD
) -> int:
    """The wording of the first issue of a letter whose other requests are `siblings`."""
    texts = (rationale, *siblings)
    issues = tuple(
        Issue(number=n, request=name, outcome=outcome, rationale=text)
        for n, (name, text) in enumerate(zip((request, *siblings), texts, strict=True), 1)
    )
    letter = Letter(id=letter_id, form=Form.B, issues=issues)
    return wording(letter, issues[0], read_concepts(request))


def test_one_paragraph_about_one_treatment_is_one_wording() -> None:
    six, nine = (PARAGRAPH.format(item="acupuncture", n=n) for n in (6, 9))
    one = wording_of("CM16-1", "Acupuncture, neck, 6 visits", six)
    assert one == wording_of("CM17-2", "Neck acupuncture x9", nine)
    assert one != wording_of("CM16-1", "Acupuncture, neck, 6 visits", six.replace("no", "a"))


DIFFERENT = [
    ("Acupuncture, neck", "Acupuncture, low back"),
    ("Acupuncture, neck", "Chiropractic care, neck"),
    ("Norco 10/325 #60", "Tramadol 50 mg #60"),
    ("Large gloves", "Hygiene wipes"),
    ("Wheelchair cushion", "Wheelchair gloves"),
    ("Zebra lamp", "Quagga lamp"),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_one_paragraph_about_two_items_is_two_wordings(one: str, other: str) -> None:
    shared = PARAGRAPH.format(item="item", n=2)
    assert wording_of("CM16-1", one, shared) != wording_of("CM16-1", other, shared)
    assert wording_of("CM16-1", one, shared) == wording_of("CM17-2", one, shared)


def test_approved_and_denied_are_two_wordings() -> None:
    shared = PARAGRAPH.format(item="item", n=2)
    denied = wording_of("CM16-1", "Acupuncture, neck", shared)
    assert denied != wording_of("CM16-1", "Acupuncture, neck", shared, outcome=Outcome.OVERTURNED)


def test_a_few_words_are_one_wording_within_their_letter_only() -> None:
    short = "The brace can wait."
    assert wording_of("CM16-1", "Brace", short) == wording_of("CM16-1", "Brace #2", short)
    assert wording_of("CM16-1", "Brace", short) != wording_of("CM17-2", "Brace", short)


def test_a_wording_fits_sixty_four_bits_and_stays_the_same_from_run_to_run() -> None:
    empty = wording_of("CM16-1", "Brace", "")
    assert empty == wording_of("CM16-1", "Brace", "") < 2**64
    assert wording_of("CM16-1", "", "x") == 12297940306286503626
