"""The reasons a rationale gives: each shown by a sentence, and not by one that sounds like it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.concepts.reasons import read_reasons, reason_names

# For each reason: a sentence that shows it, and one about the same things that does not.
EXAMPLES = {
    "Already authorized or duplicate": (
        "Six visits were already approved in May and are pending.",
        "Six visits in May would suit the baker.",
    ),
    "Request incomplete or unclear": (
        "The quantity of the tablets is not specified.",
        "The quantity of the tablets is thirty.",
    ),
    "Rests on the operation": (
        "The cooler goes with the operation, which was refused.",
        "The operation took an hour.",
    ),
    "Conservative care not tried or not failed": (
        "Nonoperative care has hardly begun.",
        "Care of the garden made it worse.",
    ),
    "Earlier study or repeat": (
        "Another MRI within a month would show the same, as nothing has progressed.",
        "An MRI would show the tear.",
    ),
    "Functional improvement not shown": (
        "No objective gain followed the first twelve hours of weaving.",
        "The objective of the visit is a talk.",
    ),
    "More than the guideline allows": (
        "Thirty hours exceed what ODG allows.",
        "The ODG has a page on it.",
    ),
    "No red flag or neurologic finding": (
        "Reflexes and strength are normal.",
        "The pharmacy sells it in any form.",
    ),
    "Radiculopathy not shown": (
        "Nothing on exam points to radiculopathy.",
        "Nothing on exam points to gout.",
    ),
    "First-line treatment not tried": (
        "Naproxen as a first-line drug was skipped.",
        "The first drug was naproxen.",
    ),
    "Not recommended or unproven": (
        "The magnet belt remains experimental.",
        "The magnet belt is blue.",
    ),
    "No risk factors": (
        "He has no history of an ulcer.",
        "He has no history with this clinic.",
    ),
    "Opioid monitoring missing": (
        "A CURES report and a pill count are absent.",
        "The pills are round.",
    ),
    "Guideline does not apply": (
        "The MTUS is silent on water beds.",
        "The MTUS has a page on beds.",
    ),
    "Home program instead": (
        "She can stretch at home with a program of her own.",
        "She drove home.",
    ),
    "No rationale from the provider": (
        "The clinic gave no rationale for a second pair.",
        "The clinic explained the second pair well.",
    ),
    "Surgery not planned": (
        "She is no candidate for surgery.",
        "Surgery in 2009 went well.",
    ),
    "Records missing": (
        "The operative report was not submitted.",
        "The operative report runs to nine pages.",
    ),
    "Restoration program missing": (
        "It is no adjunct to functional restoration.",
        "Function was restored in June.",
    ),
    "Rental or trial first": (
        "A rental should precede the purchase of the unit.",
        "The purchase costs forty dollars.",
    ),
}
POLAR = "Not recommended or unproven"


def test_every_reason_of_the_data_file_has_examples_here() -> None:
    assert set(EXAMPLES) == set(reason_names())


@pytest.mark.parametrize("reason", EXAMPLES)
def test_a_reason_is_read_from_a_sentence_that_gives_it(reason: str) -> None:
    assert reason in read_reasons(EXAMPLES[reason][0])


@pytest.mark.parametrize("reason", EXAMPLES)
def test_a_reason_is_not_read_from_one_that_only_sounds_like_it(reason: str) -> None:
    assert reason not in read_reasons(EXAMPLES[reason][1])


@given(st.lists(st.sampled_from([pair[0] for pair in EXAMPLES.values()]), max_size=6))
@settings(max_examples=30, deadline=None)
def test_sentences_are_read_one_by_one_and_told_in_the_order_of_the_file(told: list[str]) -> None:
    single = {reason for sentence in told for reason in read_reasons(sentence)}
    assert read_reasons(" ".join(told)) == tuple(r for r in reason_names() if r in single)


def test_the_words_of_a_sign_must_stand_in_one_sentence() -> None:
    assert "Surgery not planned" not in read_reasons("He had surgery. She is a candidate for it.")


def test_case_curly_apostrophes_and_line_breaks_make_no_difference() -> None:
    reason = "Opioid monitoring missing"
    for said in ("the opioid four a's", "THE OPIOID FOUR A\u2019S", "the opioid\nfour a's"):
        assert reason in read_reasons(said)


def test_words_are_whole_words() -> None:
    """What procures and obscures is no CURES report; renters of a unit show no rental of it."""
    assert read_reasons("The procures of the obscures.") == ()
    assert read_reasons("The renters bought the unit.") == ()


@pytest.mark.parametrize("reason", [r for r in EXAMPLES if r != POLAR])
def test_a_reason_is_the_same_whichever_way_the_verdict_goes(reason: str) -> None:
    said = EXAMPLES[reason][0].rstrip(".")
    upheld, overturned = (
        read_reasons(f"{said}, so the request is {verdict}medically necessary.")
        for verdict in ("not ", "")
    )
    assert reason in upheld
    assert upheld == overturned


def test_a_reason_that_could_read_a_verdict_is_not_looked_for_in_one() -> None:
    assert POLAR in read_reasons("The guideline says it is not recommended.")
    assert POLAR not in read_reasons("Therefore, the request is not recommended.")


def test_of_an_endless_text_the_beginning_is_read() -> None:
    filler = "The sun shone on the bakery. " * 1000
    assert read_reasons(f"{EXAMPLES[POLAR][0]} {filler}") == (POLAR,)
    assert read_reasons(f"{filler} {EXAMPLES[POLAR][0]}") == ()


@pytest.mark.parametrize("text", ["", " ", "...", "\u2019"])
def test_where_nothing_is_said_there_is_no_reason(text: str) -> None:
    assert read_reasons(text) == ()
