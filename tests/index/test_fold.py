"""One fold for every text: what looks alike is alike, and the original can be pointed at."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.fold import Plain, fold, mended, plain, readable

ANY_TEXT = st.text(
    st.one_of(
        st.sampled_from("aA \u00e9\u0301\ufb01\u00bd\u00ad\u2011\u00df\u0130"), st.characters()
    )
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "L5\u2010S1 L5\u2011S1 L5\u2012S1 L5\u2013S1 L5\u2014S1 L5\u2212S1 L5\uff0dS1",
            "L5-S1 " * 7,
        ),
        ("epi\u00addural epi\u200bdural epi\u2060dural \u202eepidural\u202c", "epidural " * 4),
        ("\ufb01ne di\ufb03cult", "fine difficult"),
        ("\uff2d\uff32\uff29", "MRI"),
        ("caf\u00e9 cafe\u0301", "cafe cafe"),
        ("\u201cno\u201d \u2018no\u2019 \u00abno\u00bb", '"no" \'no\' "no"'),
        ("12\u00a0visits\u20096", "12 visits 6"),
        ("one\u2028two", "one\ntwo"),
    ],
)
def test_plain_is_what_would_be_typed(text: str, expected: str) -> None:
    assert plain(text) == expected.strip()


def test_a_small_number_is_no_part_of_the_word_before_it() -> None:
    assert plain("pain\u00b2").split() == ["pain", "2"]
    assert plain("2\u00bd").split() == ["2", "1/2"]


def test_fold_takes_the_case_away() -> None:
    assert fold("Stra\u00dfe \u0130stanbul MRI") == "strasse istanbul mri"


def test_every_character_is_folded_for_good() -> None:
    for char in map(chr, range(sys.maxunicode + 1)):
        assert plain(plain(char)) == plain(char)
        assert fold(fold(char)) == fold(char)


@given(ANY_TEXT)
def test_a_folded_text_is_folded(text: str) -> None:
    assert plain(plain(text)) == plain(text)
    assert fold(fold(text)) == fold(text) == fold(plain(text))


@given(ANY_TEXT, st.data())
def test_spans_of_the_plain_text_stand_in_the_original_in_order(
    text: str, data: st.DataObject
) -> None:
    made = Plain.of(text)
    assert made.text == plain(text)
    before = 0
    for at in range(len(made.text)):
        start, end = made.span(at, at + 1)
        assert before <= start < end <= len(text)
        before = start
    if made.text:
        start = data.draw(st.integers(0, len(made.text) - 1))
        end = data.draw(st.integers(start + 1, len(made.text)))
        assert made.text[start:end] in plain(text[slice(*made.span(start, end))])


def test_a_span_is_verbatim() -> None:
    text = "an epi\u00addu\u0301ral, \ufb01rst"
    made = Plain.of(text)
    at = made.text.index("epidural")
    assert text[slice(*made.span(at, at + 8))] == "epi\u00addu\u0301ral"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lumbar epi-\ndural injection", "lumbar epidural injection"),
        ("an anti-\ninflammatory drug", "an anti-inflammatory drug"),
        ("a follow-\nup visit", "a follow-up visit"),
        ("on 10-17-\n2016", "on 10-17-2016"),
        ("at L4-\nL5", "at L4-L5"),
        ("there-\n  fore", "therefore"),
        ("low-\nback pain", "low-back pain"),
        ("X-\nray of the knee", "X-ray of the knee"),
        ("requested -\nnot needed", "requested -\nnot needed"),
        ("Knee-\nBrace", "Knee-Brace"),
        ("zolver-\nine, later zolverine", "zolverine, later zolverine"),
    ],
)
def test_a_word_broken_at_the_end_of_a_line_is_mended(text: str, expected: str) -> None:
    assert mended(text) == expected


def test_readable_text_keeps_what_can_be_seen() -> None:
    assert readable("Caf\u00e9 \u201cL4\u20135\u201d") == "Caf\u00e9 \u201cL4\u20135\u201d"
    assert readable("cafe\u0301 CM16\u20110213037\u200b\r\nnext") == "caf\u00e9 CM16-0213037\nnext"
