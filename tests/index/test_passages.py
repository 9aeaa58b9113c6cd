"""What of an issue is compared by meaning: its request and its reasoning, never its verdict."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from index.passages import (
    MAX_PASSAGES,
    PASSAGE_WORDS,
    is_verdict,
    is_verdict_word,
    passages,
    sentences,
    windows,
    without_verdict,
)

REASONS = [
    "The baker has worn the splint for 6 weeks.",
    "Dr. Moss found no swelling, i.e. none at all.",
    "The guideline allows 12 visits; she had 20.",
    "A scan was authorized in May and showed a tear.",
    "He was denied work by his foreman.",
    "Page No. 4 of the chart is torn!",
    "The request for a scan was denied in May, and she went home.",
]
UPHELD = [
    "The request is not medically necessary.",
    "Therefore, the requested 6 visits are not appropriate.",
    "As such, the brace is not supported.",
    "The original denial is upheld.",
    "Medical necessity is not established.",
    "Thus, a second scan is not indicated.",
    "The use of the cream is non-certified.",
    "There is no medical need for the device.",
    "The request for a walker, as it stands, is denied.",
    "Based on the above, the drug is not warranted.",
    "No exceptional factors were told.",
    "The bed is neither warranted nor\nMEDICALLY  NECESSARY.",
]
OVERTURNED = [
    "The request is medically necessary.",
    "Therefore, the requested 6 visits are appropriate.",
    "As such, the brace is supported.",
    "The original denial is overturned.",
    "Medical necessity is established.",
    "Thus, a second scan is indicated.",
    "The use of the cream is certified.",
    "There is a medical need for the device.",
    "The request for a walker, as it stands, is approved.",
    "Based on the above, the drug is warranted.",
    "There are no exceptional factors against it.",
    "The chair is necessary and appropriate.",
]
VERDICTS = [*UPHELD, *OVERTURNED]
# Said apart from the patterns of the product: words that only a verdict uses.
SENTINEL = re.compile(
    r"medically\s+necess|medical\s+necess|upheld|overturned|certified|(?:is|are) (?:not )?"
    r"(?:approved|denied|appropriate|supported|indicated|warranted)",
    re.IGNORECASE,
)


# -- verdicts --------------------------------------------------------------------------------------


@pytest.mark.parametrize("sentence", VERDICTS)
def test_a_sentence_that_states_the_decision_is_a_verdict(sentence: str) -> None:
    assert is_verdict(sentence)
    assert passages("Walker", f"{REASONS[0]} {sentence} {REASONS[2]}") == passages(
        "Walker", f"{REASONS[0]} {REASONS[2]}"
    )


@pytest.mark.parametrize("sentence", REASONS)
def test_a_sentence_that_reasons_is_kept(sentence: str) -> None:
    assert not is_verdict(sentence)
    assert passages("Walker", sentence) == ["Walker", f"Walker. {sentence}"]


def test_reasons_and_verdicts_are_told_apart_and_keep_their_order() -> None:
    text = " ".join([REASONS[0], UPHELD[0], REASONS[2], UPHELD[3]])
    assert without_verdict(text) == (
        f"{REASONS[0]} {REASONS[2]}",
        f"{UPHELD[0]} {UPHELD[3]}",
    )


def test_words_of_the_verdict_are_no_key_terms() -> None:
    words = """approved authorize authorised certified non-certified denied denial decision
        determined upheld overturned necessary unnecessary warranted appropriate medically"""
    for word in [*words.split(), *words.upper().split()]:
        assert is_verdict_word(word), word


@pytest.mark.parametrize("word", ["knee", "brace", "opioid", "predetermined", "den", "splint"])
def test_words_of_the_case_are(word: str) -> None:
    assert not is_verdict_word(word)


@given(st.lists(st.sampled_from(REASONS + VERDICTS), max_size=25))
@settings(max_examples=80, deadline=None)
def test_no_word_of_a_verdict_survives(told: list[str]) -> None:
    assert not any(SENTINEL.search(passage) for passage in passages("Walker", " ".join(told)))


@given(st.lists(st.sampled_from(REASONS) | st.integers(0, len(UPHELD) - 1), max_size=25))
@settings(max_examples=80, deadline=None)
def test_the_opposite_verdict_gives_the_same_passages(told: list[str | int]) -> None:
    upheld, overturned = (
        " ".join(part if isinstance(part, str) else verdicts[part] for part in told)
        for verdicts in (UPHELD, OVERTURNED)
    )
    assert passages("Walker", upheld) == passages("Walker", overturned)


# -- sentences -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("She fell. He ran! Why? It\nrained.", ["She fell.", "He ran!", "Why?", "It rained."]),
        ("Dr. Moss and Mrs. Hill met.", ["Dr. Moss and Mrs. Hill met."]),
        ("It helps (e.g. A. Smith). Then not.", ["It helps (e.g. A. Smith).", "Then not."]),
        ("Take 2.5 mg. 3 pills", ["Take 2.5 mg.", "3 pills"]),
        ("no capital. follows", ["no capital. follows"]),
        ("It ends with Dr.", ["It ends with Dr."]),
        (" \n ", []),
    ],
)
def test_text_is_cut_into_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@given(st.text(max_size=300))
@example('a." (B')
@settings(max_examples=100, deadline=None)
def test_no_letter_or_digit_is_lost_between_sentences(text: str) -> None:
    def bare(words: str) -> str:
        return "".join(filter(str.isalnum, words))

    assert bare("".join(sentences(text))) == bare(text)


# -- passages --------------------------------------------------------------------------------------


def test_the_first_passage_is_the_request_alone_and_the_others_begin_with_it() -> None:
    reasoning = " ".join(REASONS * 5)
    first, *others = passages("  Walker \n with wheels", reasoning)
    assert first == "Walker with wheels"
    assert len(others) > 1
    assert all(passage.startswith("Walker with wheels. ") for passage in others)
    told = " ".join(passage.removeprefix("Walker with wheels. ") for passage in others)
    assert told == reasoning


@pytest.mark.parametrize("rationale", ["", " ", UPHELD[0]])
def test_an_issue_without_reasoning_has_its_request_alone(rationale: str) -> None:
    assert passages("Walker", rationale) == ["Walker"]


def test_an_issue_without_a_request_still_has_a_passage() -> None:
    assert passages(" ", "") == ["(no request)"]


@given(st.lists(st.integers(1, 300), max_size=12), st.integers(5, 120))
@settings(max_examples=60, deadline=None)
def test_windows_hold_whole_sentences_and_keep_to_their_length(
    lengths: list[int], words: int
) -> None:
    """Only a sentence by itself may be longer, and no window is longer than two."""
    told = [" ".join(["Word"] + ["word"] * (length - 1)) + "." for length in lengths]
    found = list(windows(" ".join(told), words))
    assert " ".join(found) == " ".join(told)
    for window in found:
        assert len(window.split()) <= 2 * words
        assert len(window.split()) <= words or len(sentences(window)) == 1
    assert all(window.endswith(".") for window in found) or max(lengths) > 2 * words


def test_passages_are_filled_before_the_next_begins() -> None:
    told = " ".join(["Five words make a sentence."] * 36)
    assert [len(window.split()) for window in windows(told)] == [PASSAGE_WORDS, PASSAGE_WORDS]


def test_an_endless_rationale_costs_no_more_than_so_many_passages() -> None:
    found = passages("Walker", "He is tired of the long walk home. " * 2000)
    assert len(found) == MAX_PASSAGES
