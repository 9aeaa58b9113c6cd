"""From what a person gives to a query, and what is said about the reading. No index is asked."""

from __future__ import annotations

import pytest

from index.analysis import tokens
from search.backend import Query
from search.engine import Engine
from search.query import And, Everything, QueryError, Word
from search.request import READ_TEXT, CaseRequest
from search.understand.case import understand_issue, understand_text
from search.understand.understanding import Understanding
from search.understand.words import correct, understand_words
from tests.asking import case, search, words


def read(typed: str, *, expand: bool = True) -> Understanding:
    return understand_words(words(typed, expand=expand))


def query(typed: str, *, expand: bool = True) -> Query:
    return read(typed, expand=expand).query


def pasted(text: str) -> Query:
    return understand_text(case(text)).query


# -- typed words ----------------------------------------------------------------------------------


def test_no_words_ask_for_everything() -> None:
    assert query("  ").match == Everything()
    assert query("  ").texts == ()


def test_plain_words_must_all_be_there_and_what_is_near_is_welcome() -> None:
    asked = query("shoulder exercise", expand=False)
    assert asked.match == And((Word("shoulder"), Word("exercise")))
    assert not asked.strict
    assert asked.binds is None
    assert asked.loosen


@pytest.mark.parametrize(
    "typed",
    [
        "knee OR wrist",
        "arthro*",
        "wom?n",
        "request:mri",
        "knee NOT (arthro* OR wrist)",
        "a1 AND b1",
    ],
)
def test_operators_fields_and_wildcards_are_strict(typed: str) -> None:
    assert query(typed).strict
    assert not query(typed).loosen


@pytest.mark.parametrize(
    "typed", ["knee pain", '"knee pain"', "knee -wrist", "+knee pain", '"this AND that"']
)
def test_words_quotes_and_signs_are_not(typed: str) -> None:
    assert not query(typed).strict


def test_a_meaning_counts_less_than_the_word_typed() -> None:
    terms = query("norco").terms
    (typed,), (meant,) = tokens("norco"), tokens("hydrocodone")
    assert terms[typed] > terms[meant] > 0


EXCLUDING = [
    "therapy -norco",
    "therapy NOT norco",
    'therapy NOT "norco"',
    'therapy -request:"norco tablets"',
    "therapy -request:norco",
    "therapy -(norco OR (knee NOT norco))",
    "therapy NOT (norco -knee)",
    "-norco therapy",
]


@pytest.mark.parametrize("typed", EXCLUDING)
def test_what_is_excluded_neither_ranks_nor_means_anything(typed: str) -> None:
    understanding = read(typed)
    assert set(understanding.query.terms) <= set(tokens("therapy"))
    assert understanding.expansions == ()
    assert understanding.understood.drugs == ()
    assert understanding.understood.regions == ()
    assert " ".join(understanding.query.texts).split()[0] == "therapy"
    assert "norco" not in " ".join(understanding.query.texts)
    assert "drug" not in understanding.query.features


def test_only_exclusions_leave_nothing_to_compare() -> None:
    assert query("-lumbar").texts == ()
    assert query("-lumbar").features == {}


def test_what_is_quoted_is_meant_literally() -> None:
    assert read('"norco" therapy').expansions == ()
    assert [e.term for e in read('"knee" norco').expansions] == ["norco"]


def test_words_on_both_sides_of_a_quote_are_not_one_term() -> None:
    terms = {expansion.term.lower() for expansion in read('IF "knee" unit').expansions}
    assert "if unit" not in terms


def test_a_question_keeps_its_mark_where_meaning_is_compared() -> None:
    assert query("Is a second MRI allowed?", expand=False).texts == ("Is a second MRI allowed?",)


def test_wrong_words_are_put_right_but_for_those_in_quotes() -> None:
    assert correct('lumber "lumber" mri', {"lumber": "lumbar"}) == 'lumbar "lumber" mri'
    assert correct("lumbar mri", {"lumber": "lumbar"}) == ""


RESERVED = ["back w/5 pain", "back /5 pain", "back NEAR/5 pain", "back /s pain", "back /p pain"]


@pytest.mark.parametrize("typed", RESERVED)
def test_operators_that_are_not_there_yet_are_not_taken_for_words(typed: str) -> None:
    with pytest.raises(QueryError) as refused:
        read(typed)
    assert refused.value.position == 5
    assert '"back pain"~5' in refused.value.remedy


@pytest.mark.parametrize("typed", ["decided:2016", "knee decided:2015..2017"])
def test_a_range_of_dates_is_not_taken_for_words(typed: str) -> None:
    with pytest.raises(QueryError, match="dates"):
        read(typed)


ODD = [("!brace", 0), ("knee !brace", 5), ("knee^2", 4), ("knee~1", 4), ('"custom bra*"', 11)]


@pytest.mark.parametrize(("typed", "position"), ODD)
def test_what_other_searches_know_is_refused_with_its_place(typed: str, position: int) -> None:
    with pytest.raises(QueryError) as refused:
        read(typed)
    assert refused.value.position == position
    assert refused.value.remedy


# -- pasted texts ---------------------------------------------------------------------------------


def test_a_pasted_text_has_no_words_to_contain() -> None:
    asked = pasted("Request: knee brace for the right knee.")
    assert asked.match is None
    assert asked.binds is None


@pytest.mark.parametrize("verdict", ["necessary", "denied", "certified", "appropriate", "upheld"])
def test_words_of_a_verdict_are_no_key_terms(verdict: str) -> None:
    asked = pasted(f"Request: knee brace. The brace is {verdict}. It is {verdict} {verdict}.")
    assert all(verdict not in key.text.lower() for key in asked.key_terms)


def test_the_item_counts_more_than_the_text_around() -> None:
    asked = pasted("Left wrist pain after a fall, splint worn. Request: cortisone injection.")
    item, around = asked.key_terms
    assert "injection" in item.text
    assert "splint" not in item.text
    assert "splint" in around.text
    assert item.weight > around.weight


def test_the_focus_and_the_whole_are_compared_in_meaning() -> None:
    focus, whole = pasted(
        "Knee pain since May. Request: knee brace. UR denied: no instability."
    ).texts
    assert "knee brace" in focus
    assert "since May" not in focus
    assert "since May" in whole
    assert "instability" not in whole


def test_an_abbreviated_item_is_told_to_the_encoder_in_full() -> None:
    focus = pasted("Low back pain. Request: LESI at L4-L5.").texts[0]
    assert "lumbar epidural steroid injection" in focus


def test_a_text_of_which_only_a_part_is_read_says_so() -> None:
    whole = understand_text(CaseRequest(text="Request: knee brace. " * 100))
    cut = understand_text(CaseRequest(text="Request: knee brace. " * (READ_TEXT // 10)))
    assert whole.notes == ()
    assert cut.notes == ("Only the first 100,000 characters of the text were read.",)


def test_an_issue_asks_for_what_is_in_dispute_and_leaves_itself_out(sample_engine: Engine) -> None:
    snapshot = sample_engine._backend.snapshot()
    issues = snapshot.issues([one for one, _ in sample_engine.rank(words("", limit=1), 10_000)])
    one = next(i for i in issues if i.issue.disputed not in {"", i.issue.request})
    understanding = understand_issue(one, CaseRequest(issue=one.id))
    assert understanding.understood.requested == one.issue.disputed
    assert understanding.query.texts[0] == " ".join(one.issue.disputed.split())
    assert understanding.query.leave_out == (one.id,)


# -- what is said of the answer -------------------------------------------------------------------


def test_quotes_are_kept_when_other_words_are_loosened(sample_engine: Engine) -> None:
    results = search(sample_engine, '"physical therapy" zebra polysomnogram knee', expand=False)
    assert any("No issue contains all of the words" in note for note in results.notes)
    assert results.with_words > 0


def test_what_is_quoted_is_found_where_no_other_word_is(sample_engine: Engine) -> None:
    results = search(sample_engine, '"physical therapy" zebra quagga', expand=False)
    assert results.notes == ("No issue contains any of the words beside what is quoted.",)
    assert results.with_words == search(sample_engine, '"physical therapy"').with_words


def test_nothing_is_loosened_for_operators(sample_engine: Engine) -> None:
    assert search(sample_engine, "(zebra AND polysomnogram) OR quagga").notes == ()


def test_only_an_exclusion_asks_for_the_rest_in_every_mode(sample_engine: Engine) -> None:
    totals = {
        search(sample_engine, "-lumbar", mode=mode).total
        for mode in ("hybrid", "lexical", "semantic")
    }
    assert len(totals) == 1
    assert totals.pop() > 20


SAID = [
    ("", "{} issues in 73 letters."),
    ('"Hinged knee brace"', "{} issues in 1 letter: {} contain your words."),
    ("request:polysomnogram", "1 issue in 1 letter: 1 contains your words."),
]


@pytest.mark.parametrize(("typed", "said"), SAID)
def test_the_result_set_is_said_in_english(sample_engine: Engine, typed: str, said: str) -> None:
    results = search(sample_engine, typed, limit=1)
    assert results.total_words == said.format(results.total, results.total)


def test_words_are_marked_in_every_section_of_a_letter(sample_engine: Engine) -> None:
    page = sample_engine.letter(
        "CM17-9900022", words='"radiofrequency ablation" relief', neighbours=0
    )
    sections = {"summary": page.letter.summary, "request 1": page.letter.issues[0].request}
    for name, text in sections.items():
        marked = {text[start:end].lower() for start, end in page.marks[name]}
        asked = {"radio", "frequency", "ablation"}  # written as one word or as two
        assert asked <= marked <= asked | {"relief"}
