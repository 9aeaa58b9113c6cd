"""What the words of an attribution cite. The same guideline, however written, has one title."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.letter import Citation, Family, families
from index.parse.citations import parse_citations

OUTSIDE = (
    "The Expert Reviewer based their decision on recommendation(s) outside of the MTUS Guidelines. "
    "Decision based on Non-MTUS Citation "
)


def titles(words: str) -> list[tuple[str, str]]:
    return [(citation.family.value, citation.title) for citation in parse_citations(words)]


@pytest.mark.parametrize(
    "words",
    [
        "Decision based on MTUS Low Back Complaints 2004.",
        "Decision based on MTUS ACOEM Chapter 12 Low Back Complaints Page(s): 300-301.",
        "Decision based on MTUS ACOEM Chapter 12",
        "Decision based on MTUS ACOEM, Chapter 12 (Low Back Complaints), page 301",
        "The Claims Administrator based its decision on the MTUS ACOEM Guidelines, 2nd Edition, "
        "Chapter 12, pg 308, which is part of the MTUS.",
    ],
)
def test_one_chapter_written_five_ways(words: str) -> None:
    assert titles(words) == [("MTUS", "Low Back Complaints")]


@pytest.mark.parametrize(
    "words",
    [
        "Official Disability Guidelines (ODG), Neck & Upper Back Chapter.",
        "ODG Neck and Upper Back",
        "Official Disability Guidelines: Neck & Upper Back (Acute & Chronic) - Manipulation",
        "ODG guidelines, Neck and Upper back, Manipulation.",
        "Official Disability Guidelines (ODG) Chapter: Neck & Upper Back (updated 06/25/15) Rest.",
    ],
)
def test_one_odg_chapter_written_five_ways(words: str) -> None:
    assert titles(OUTSIDE + words) == [("ODG", "Neck and Upper Back")]


def test_the_parts_of_a_citation() -> None:
    words = (
        "Decision based on MTUS Chronic Pain Medical Treatment 2016, Section(s): Bed rest, NSAIDs."
    )
    assert parse_citations(words) == (
        Citation(
            family=Family.MTUS,
            title="Chronic Pain Medical Treatment",
            edition="2016",
            sections=("Bed rest", "NSAIDs"),
            text="MTUS Chronic Pain Medical Treatment 2016, Section(s): Bed rest, NSAIDs",
        ),
    )


def test_several_titles_in_one_attribution() -> None:
    words = (
        "Decision based on MTUS Elbow Complaints 2007, Section(s): Summary, and Chronic Pain "
        "Medical Treatment 2016, and Opioid Treatment 2016, Section(s): 3.1 Opioids for Chronic "
        "Pain, and Chronic Opioid Treatment: Tests. Decision based on Non-MTUS Citation Official "
        "Disability Guidelines (ODG), Shoulder; Knee & Leg."
    )
    assert titles(words) == [
        ("MTUS", "Elbow Complaints"),
        ("MTUS", "Chronic Pain Medical Treatment"),
        ("MTUS", "Opioid Treatment"),
        ("ODG", "Shoulder"),
        ("ODG", "Knee and Leg"),
    ]
    assert parse_citations(words)[2].edition == "2016"


@pytest.mark.parametrize(
    ("listed", "sections"),
    [
        ("Initial Care, Special Studies", ("Initial Care", "Special Studies")),
        ("NSAIDs, GI symptoms & risk, Opioids", ("NSAIDs, GI symptoms & risk", "Opioids")),
        ("Rest (bed, Chair), Walking", ("Rest (bed, Chair)", "Walking")),
        ("Opioids, criteria for use", ("Opioids, criteria for use",)),
        ("3.1 Tests, Before Use: A, 3.2 Use: B", ("3.1 Tests, Before Use: A", "3.2 Use: B")),
    ],
)
def test_sections(listed: str, sections: tuple[str, ...]) -> None:
    (citation,) = parse_citations(
        f"Decision based on MTUS Knee Complaints 2004, Section(s): {listed}."
    )
    assert citation.sections == sections


@pytest.mark.parametrize(
    ("words", "pages"),
    [
        ("Page(s): 300-301.", ("300-301",)),
        ("Page(s): 174 - 175, Initial care.", ("174-175",)),
        ("Page(s): 300 and Table 12.8, 309.", ("300",)),
        ("pages 78, 80-82", ("78", "80-82")),
        ("pg. 44", ("44",)),
    ],
)
def test_pages(words: str, pages: tuple[str, ...]) -> None:
    (citation,) = parse_citations(
        f"Decision based on MTUS ACOEM Chapter 8 Neck and Upper Back {words}"
    )
    assert citation.pages == pages


@pytest.mark.parametrize(
    ("words", "family", "title"),
    [
        (OUTSIDE + "ACOEM Hip and Groin Chapter/Rest.", Family.ACOEM, "Hip and Groin Disorders"),
        (OUTSIDE + "ACOEM guidelines and the Official Disability Guidelines.", Family.ODG, ""),
        (OUTSIDE + "Aspirin: Drug information, from UpToDate.com.", Family.OTHER, "UpToDate"),
        (OUTSIDE + "FDA label of aspirin.", Family.OTHER, "FDA"),
        (OUTSIDE + "A book on knots.", Family.OTHER, ""),
        ("The Claims Administrator relied on ODG, Pain, not part of the MTUS.", Family.ODG, "Pain"),
        (
            "The Expert Reviewer did not cite any medical evidence for its decision.",
            Family.NONE,
            "",
        ),
    ],
)
def test_families(words: str, family: Family, title: str) -> None:
    (citation,) = parse_citations(words)
    assert (citation.family, citation.title) == (family, title)


def test_to_be_outside_of_the_mtus_is_not_to_cite_it() -> None:
    words = "The Claims Administrator did not base their decision on the MTUS. Decision based on "
    cited = parse_citations(words + "Non-MTUS Citation ODG Knee")
    assert families(cited) == (Family.ODG,)


def test_of_no_attribution_nothing_is_said() -> None:
    assert parse_citations(" \n") == ()


@given(st.text(alphabet="MTUSODG based on(), Section:012&-.é\n", max_size=200))
def test_any_words_are_read(words: str) -> None:
    assert all(citation.family in Family for citation in parse_citations(words))
