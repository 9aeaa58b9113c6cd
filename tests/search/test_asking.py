"""From what a person gives to a question for every arm, and what is said about the reading."""

from __future__ import annotations

import pytest

from index.analysis import tokens
from search import asking
from search.engine import Engine
from search.query import And, AtLeast, Everything, Phrase, Word
from search.snapshot import Snapshot


@pytest.fixture(scope="module")
def snapshot(sample_engine: Engine) -> Snapshot:
    return sample_engine.snapshot()


def test_no_words_ask_for_everything(snapshot: Snapshot) -> None:
    asked = asking.by_words(snapshot, "  ")
    assert asked.question.match == Everything()
    assert asked.texts == ()


def test_plain_words_must_all_be_there_and_what_is_near_is_welcome(snapshot: Snapshot) -> None:
    question = asking.by_words(snapshot, "shoulder exercise", expand=False).question
    assert question.match == And((Word("shoulder"), Word("exercise")))
    assert not question.strict
    assert question.hard is None


@pytest.mark.parametrize("words", ["knee OR wrist", "arthro*", "wom?n", "request:mri", "NOT a*b*"])
def test_operators_fields_and_wildcards_are_strict(snapshot: Snapshot, words: str) -> None:
    if words.startswith("NOT"):
        words = "knee NOT (arthro* OR wrist)"
    assert asking.by_words(snapshot, words).question.strict


@pytest.mark.parametrize("words", ["knee pain", '"knee pain"', "knee -wrist", "+knee pain"])
def test_words_quotes_and_signs_are_not(snapshot: Snapshot, words: str) -> None:
    assert not asking.by_words(snapshot, words).question.strict


def test_quotes_are_kept_when_other_words_are_loosened(snapshot: Snapshot) -> None:
    asked = asking.by_words(snapshot, '"physical therapy" zebra polysomnogram knee', expand=False)
    match = asked.question.match
    assert isinstance(match, And)
    assert match.children[0] == Phrase(("physical", "therapy"), hard=True)
    assert isinstance(match.children[1], AtLeast)
    assert any("No issue contains all of the words" in note for note in asked.notes)


def test_what_is_quoted_is_found_where_no_other_word_is(snapshot: Snapshot) -> None:
    asked = asking.by_words(snapshot, '"physical therapy" zebra quagga', expand=False)
    assert asked.question.match == And((Phrase(("physical", "therapy"), hard=True),))
    assert asked.notes == ("No issue contains any of the words beside what is quoted.",)


def test_nothing_is_loosened_for_operators(snapshot: Snapshot) -> None:
    asked = asking.by_words(snapshot, "(zebra AND polysomnogram) OR quagga")
    assert asked.notes == ()


def test_words_in_no_issue_do_not_rank(snapshot: Snapshot) -> None:
    question = asking.by_words(snapshot, "knee qwertzuiop", expand=False).question
    assert set(question.terms) == set(tokens("knee"))


def test_a_meaning_counts_less_than_the_word_typed(snapshot: Snapshot) -> None:
    terms = asking.by_words(snapshot, "norco").question.terms
    (typed,), (meant,) = tokens("norco"), tokens("hydrocodone")
    assert terms[typed] > terms[meant] > 0


@pytest.mark.parametrize("words", ["therapy -norco", "therapy NOT norco", 'therapy NOT "norco"'])
def test_what_is_excluded_is_not_asked_for(snapshot: Snapshot, words: str) -> None:
    asked = asking.by_words(snapshot, words)
    assert set(asked.question.terms) == set(tokens("therapy"))
    assert asked.expansions == ()
    assert asked.understood.drugs == ()
    assert "norco" not in " ".join(asked.texts)


def test_only_an_exclusion_asks_for_the_rest_in_every_mode(sample_engine: Engine) -> None:
    totals = {
        sample_engine.search("-lumbar", mode=mode).total
        for mode in ("hybrid", "lexical", "semantic")
    }
    assert len(totals) == 1
    assert totals.pop() > 20


def test_a_pasted_text_has_no_words_to_contain(snapshot: Snapshot) -> None:
    question = asking.by_text(snapshot, "Request: knee brace for the right knee.").question
    assert question.match is None
    assert question.hard is None


def test_a_long_text_is_asked_by_its_key_terms_not_all_of_them(snapshot: Snapshot) -> None:
    text = "Request: knee brace. " + " ".join(
        f"Finding {word}." for word in sorted(set(_vocabulary(snapshot)))
    )
    terms = asking.by_text(snapshot, text).question.terms
    assert len(terms) <= 2 * asking.KEY_TERMS
    assert set(tokens("knee brace")) <= terms.keys()


def _vocabulary(snapshot: Snapshot) -> list[str]:
    texts = " ".join(stored.letter.summary for stored in snapshot.stored(range(60)))
    return [word for word in texts.split() if word.isalpha()]


@pytest.mark.parametrize("verdict", ["necessary", "denied", "certified", "appropriate", "upheld"])
def test_words_of_a_verdict_are_no_key_terms(snapshot: Snapshot, verdict: str) -> None:
    text = f"Request: knee brace. The brace is {verdict}. It is {verdict} {verdict}."
    terms = asking.by_text(snapshot, text).question.terms
    assert not set(tokens(verdict)) & terms.keys()


def test_the_item_counts_more_than_the_text_around(snapshot: Snapshot) -> None:
    text = "Left wrist pain after a fall, splint worn at night. Request: cortisone injection."
    terms = asking.by_text(snapshot, text).question.terms
    (item,), (around,) = tokens("injection"), tokens("splint")
    assert terms[item] > terms[around]


def test_the_focus_and_the_whole_are_compared_in_meaning(snapshot: Snapshot) -> None:
    focus, whole = asking.by_text(
        snapshot, "Knee pain since May. Request: knee brace. UR denied: no instability."
    ).texts
    assert "knee brace" in focus
    assert "since May" not in focus
    assert "since May" in whole
    assert "instability" not in whole


def test_an_abbreviated_item_is_told_to_the_encoder_in_full(snapshot: Snapshot) -> None:
    focus = asking.by_text(snapshot, "Low back pain. Request: LESI at L4-L5.").texts[0]
    assert "lumbar epidural steroid injection" in focus


def test_an_issue_asks_for_what_is_in_dispute(snapshot: Snapshot) -> None:
    number = next(
        document
        for document, stored in enumerate(snapshot.stored(range(snapshot.size)))
        if stored.issue.disputed and stored.issue.disputed != stored.issue.request
    )
    (stored,) = snapshot.stored([number])
    asked = asking.by_issue(snapshot, number)
    assert asked.understood.requested == stored.issue.disputed
    assert asked.texts[0] == " ".join(stored.issue.disputed.split())


SAID = [
    ("", "{} issues in 73 letters."),
    ('"Hinged knee brace"', "{} issues in 1 letter: {} contain your words."),
    ("request:polysomnogram", "1 issue in 1 letter: 1 contains your words."),
]


@pytest.mark.parametrize(("words", "said"), SAID)
def test_the_result_set_is_said_in_english(sample_engine: Engine, words: str, said: str) -> None:
    results = sample_engine.search(words, limit=1)
    assert results.sentence == said.format(results.total, results.total)


def test_words_are_marked_in_every_section_of_a_letter(sample_engine: Engine) -> None:
    page = sample_engine.letter(
        "CM17-9900022", words='"radiofrequency ablation" relief', neighbours=0
    )
    sections = {"summary": page.letter.summary, "request 1": page.letter.issues[0].request}
    for name, text in sections.items():
        marked = {text[start:end].lower() for start, end in page.marks[name]}
        assert {"radiofrequency", "ablation"} <= marked <= {"radiofrequency", "ablation", "relief"}
