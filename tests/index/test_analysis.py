"""What text becomes: terms, their places in the text, and the query side agreeing with it."""

from __future__ import annotations

import pickle
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.analysis import (
    IssueAnalyzer,
    chunks,
    fold,
    pieces,
    placed,
    spans,
    stop_words,
    terms,
    tokens,
)

ODD = "aA\u00e9 \ufb01\u00bd'\u2019-/._0123456789LlCc\u0301\u00ad\u2013\n"
UNSEEN = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2060\u2066\ufeff\ufe0f"
ANY_TEXT = st.text(st.one_of(st.sampled_from(ODD), st.characters()), max_size=60)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C7-T1", ["c7", "t1"]),
        ("L4-5", ["l4", "l5"]),
        ("L4/5", ["l4", "l5"]),
        ("L4\u20135", ["l4", "l5"]),
        ("L5-S1", ["l5", "s1"]),
        ("C5-6-7", ["c5", "c6", "c7"]),
        ("L4L5", ["l4", "l5"]),
        ("T11-12", ["t11", "t12"]),
        ("C7-8 C8-9", ["c7", "c8", "c8", "9"]),
        ("L5-4", ["l5", "4"]),
        ("L-5 C\u20117", ["l5", "c7"]),
        ("L5\u2011S1 C5\u20126 C5\u22126", ["l5", "s1", "c5", "c6", "c5", "c6"]),
        ("L4'5", ["l4", "5"]),
        ("p4-5", ["p4", "5"]),
        ("10/325mg", ["10", "325", "mg"]),
        ("10 mg 10mg", ["10", "mg", "10", "mg"]),
        ("2x6 x12 12x", ["2", "x", "6", "x", "12", "12", "x"]),
        ("1,000 mg 1000mg 12,500.5", ["1000", "mg", "1000", "mg", "12500.5"]),
        ("1, 2 1,2 2015,2016", ["1", "2", "1", "2", "2015", "2016"]),
        ("7.5mg", ["7.5", "mg"]),
        ("B12 c7 t12", ["b12", "c7", "t12"]),
        ("EMG/NCV", ["emg", "ncv"]),
        ("anti-inflammatory", ["anti", "inflammatory"]),
        ("x-ray", ["x", "ray"]),
        ("patient's patient\u2019s patients", ["patient"] * 3),
        ("don't O\u2019Hara", ["dont", "ohara"]),
        ("na\u00efve e\u0301tude de\u0301ja\u0300", ["naiv", "etud", "deja"]),
        ("in\u00adject", ["inject"]),
        ("\ufb01ne", ["fine"]),
        ("\uff2d\uff32\uff29", ["mri"]),
        ("Norco\u2122 pain\u00b2", ["norco", "pain", "2"]),
        ("\u00bd tablet", ["1", "2", "tablet"]),
        ("pain.The end.", ["pain", "the", "end"]),
        ("snake_case ____", ["snake", "case"]),
        ("injections injected injecting", ["injection", "inject", "inject"]),
        ("CM16-0213037", ["cm16", "0213037"]),
        (" ... -- // ", []),
        ("", []),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


def test_stop_words_are_indexed_and_listed_folded() -> None:
    assert tokens("the use of it") == ["the", "use", "of", "it"]
    assert {"the", "of", "it"} <= stop_words()
    assert "use" not in stop_words()
    assert all(word == fold(word) for word in stop_words())


@pytest.mark.parametrize(
    ("spellings", "expected"),
    [
        ("postoperative post-operative post\u2011operative post operative", ["post", "operativ"]),
        ("xray x-ray X ray", ["x", "ray"]),
        ("followup follow-up follow up", ["follow", "up"]),
        ("hwave H-wave h wave", ["h", "wave"]),
        ("nonsteroidal non-steroidal non steroidal", ["non", "steroidal"]),
        ("EMG/NCS emgncs EMG-NCS", ["emg", "ncs"]),
        ("bilateral bi-lateral B/L b/l", ["bilateral"]),
        ("outpatient out-patient", ["outpatient"]),
    ],
)
def test_a_word_has_the_same_terms_in_each_spelling(spellings: str, expected: list[str]) -> None:
    found = tokens(spellings)
    assert found == expected * (len(found) // len(expected))
    words = [piece.word for piece in placed(spellings)]
    assert words == words[: len(expected)] * (len(words) // len(expected))


def test_words_are_folded_and_not_stemmed() -> None:
    text = "Patient\u2019s INJECTIONS, post\u00adoperative; 1,000"
    assert [piece.word for piece in placed(text)] == [
        *("patient's", "injections", "post", "operative", "1000")
    ]


@given(ANY_TEXT, st.data())
def test_what_cannot_be_seen_changes_no_term(text: str, data: st.DataObject) -> None:
    typed = list(text)
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(typed)))
        typed.insert(place, data.draw(st.sampled_from(UNSEEN)))
    assert tokens("".join(typed)) == tokens(text)


@given(ANY_TEXT)
def test_spans_are_the_tokens_with_their_places(text: str) -> None:
    found = spans(text)
    assert [term for term, _, _ in found] == tokens(text) == terms(chunks(text))
    before = (0, 0)
    for _, start, end in found:
        assert start < end <= len(text)
        assert start >= before[1] or (start, end) == before
        before = (start, end)


@given(ANY_TEXT)
def test_a_word_of_a_text_means_the_term_it_was_indexed_as(text: str) -> None:
    for chunk in chunks(text):
        for piece in pieces(chunk):
            if piece.word.isascii() and len(piece.word) <= 64:
                assert tokens(piece.word) == [piece.term]


def test_spans_point_at_the_words_as_written() -> None:
    text = "(C7\u2013T1, L4-5; the patient\u2019s X-ray)"
    assert [text[start:end] for _, start, end in spans(text)] == [
        *("C7", "T1", "L4", "5", "the", "patient\u2019s", "X", "ray")
    ]


def test_long_junk_is_quick_and_cut() -> None:
    assert [len(term) for term in tokens("x" * 1_000_000)] == [64]
    assert len(tokens("a-" * 100_000)) == 100_000


def test_the_analyzer_gives_whoosh_the_same_terms_and_survives_pickling() -> None:
    analyzer = pickle.loads(pickle.dumps(IssueAnalyzer()))
    text = "Lumbar L4-5 injection"
    found = [
        (token.text, token.pos, token.startchar, token.endchar)
        for token in analyzer(text, positions=True, chars=True, start_pos=2, start_char=10)
    ]
    expected = [
        (term, 2 + place, 10 + start, 10 + end)
        for place, (term, start, end) in enumerate(spans(text))
    ]
    assert found == expected


def test_threads_may_analyse_at_once() -> None:
    texts = [" ".join(f"w{n}x{thread}ing" for n in range(2_000)) for thread in range(4)]
    expected = [tokens(text) for text in texts]
    wrong: list[int] = []

    def work(number: int) -> None:
        if any(tokens(texts[number]) != expected[number] for _ in range(5)):
            wrong.append(number)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
