"""The query language as documentation: what is typed, how it is read, and what is refused."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.query import (
    And,
    AtLeast,
    Everything,
    Node,
    Not,
    Nothing,
    Or,
    Phrase,
    Prefix,
    QueryError,
    Wildcard,
    Word,
    hard_part,
)
from search.understand.syntax import LONGEST_QUERY, case_number, parse


def both(*children: Node) -> And:
    return And(children)


def either(*children: Node) -> Or:
    return Or(children)


KNEE, PAIN, ARM = Word("knee"), Word("pain"), Word("arm")
Q_KNEE = Word("knee", hard=True, exact=True)
Q_PAIN = Word("pain", hard=True, exact=True)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("knee", KNEE),
        ("knee pain", both(KNEE, PAIN)),
        ("knee AND pain", both(KNEE, PAIN)),
        ("knee OR pain", either(KNEE, PAIN)),
        ("knee OR pain OR arm", either(KNEE, PAIN, ARM)),
        ("arm knee OR pain", both(ARM, either(KNEE, PAIN))),
        ("arm AND knee OR pain", either(both(ARM, KNEE), PAIN)),
        ("arm AND (knee OR pain)", both(ARM, either(KNEE, PAIN))),
        ("knee NOT pain", both(KNEE, Not(PAIN))),
        ("knee -pain", both(KNEE, Not(PAIN))),
        ("knee \u2013pain", both(KNEE, Not(PAIN))),
        ("knee AND NOT pain", both(KNEE, Not(PAIN))),
        ("knee -(pain arm)", both(KNEE, Not(both(PAIN, ARM)))),
        ('knee -"pain arm"', both(KNEE, Not(Phrase(("pain", "arm"), hard=True, exact=True)))),
        ("(knee -pain) OR arm", either(both(KNEE, Not(PAIN)), ARM)),
        ("-knee", Not(KNEE)),
        ("knee - pain", both(KNEE, PAIN)),
        ("+knee pain", both(Word("knee", hard=True), PAIN)),
        ("+(knee OR pain)", either(Word("knee", hard=True), Word("pain", hard=True))),
        ('"knee pain"', Phrase(("knee", "pain"), hard=True, exact=True)),
        ("\u201cknee pain\u201d", Phrase(("knee", "pain"), hard=True, exact=True)),
        ('"pain of the knee"', Phrase(("pain", "of", "the", "knee"), hard=True, exact=True)),
        ('"knee pain"~5', Phrase(("knee", "pain"), 5, hard=True, exact=True)),
        ('"knee"', Word("knee", hard=True, exact=True)),
        ('"C7-T1"', Phrase(("c7", "t1"), hard=True, exact=True)),
        (
            '"knee"AND"pain"',
            both(Q_KNEE, Q_PAIN),
        ),
        ("C7-T1", Phrase(("c7", "t1"))),
        ("L4-5", Phrase(("l4", "l5"))),
        ("EMG-NCV", Phrase(("emg", "ncv"))),
        ("10/325mg", Phrase(("10", "325", "mg"))),
        ("patient's", Word("patient's")),
        ("Knee, Pain.", both(KNEE, PAIN)),
        ("knee & pain", both(KNEE, PAIN)),
        ("knee;pain", both(KNEE, PAIN)),
        ("request:knee", Word("knee", "request")),
        ("Request:knee", Word("knee", "request")),
        ("knee request:pain arm", both(KNEE, Word("pain", "request"), ARM)),
        ("summary:(knee pain)", both(Word("knee", "summary"), Word("pain", "summary"))),
        ('rationale:"knee pain"', Phrase(("knee", "pain"), 1, "rationale", hard=True, exact=True)),
        ("guidelines:surg*", Prefix("surg", "guidelines")),
        ("-request:knee", Not(Word("knee", "request"))),
        ("surg*", Prefix("surg")),
        ("SURG*, knee", both(Prefix("surg"), KNEE)),
        ("wom?n", Wildcard("wom?n")),
        ("arth*scopy", Wildcard("arth*scopy")),
        ("surg* AND knee", both(Prefix("surg"), KNEE)),
        ("does the knee have pain?", both(KNEE, PAIN)),
        ("10:30 http://knee", both(Word("10"), Word("30"), Word("http"), KNEE)),
        ("the knee", KNEE),
        ("the of", both(Word("the"), Word("of"))),
        ("the -knee", both(Word("the"), Not(KNEE))),
        ("knee or pain and arm", both(KNEE, PAIN, ARM)),
        ("knee\tpain\narm", both(KNEE, PAIN, ARM)),
    ],
)
def test_reads(typed: str, read: Node) -> None:
    assert parse(typed).node == read


@pytest.mark.parametrize(
    ("typed", "position", "said"),
    [
        ("", 0, "nothing to search for"),
        ("  ... & ", 0, "nothing to search for"),
        ('knee "pain', 5, "quote is not closed"),
        ('knee ""', 5, "nothing between the quotes"),
        ("knee (pain", 5, "parenthesis is not closed"),
        ("knee) pain", 4, "parenthesis was never opened"),
        ("knee ()", 6, "nothing in the parentheses"),
        ("knee *", 5, "A * alone"),
        ("knee su*", 5, "too many words"),
        ("knee *gery", 5, "cannot begin with"),
        ("knee ?nee", 5, "cannot begin with"),
        ("anti-infl*", 0, "only letters and digits"),
        ("knee colour:red", 5, "no field colour:"),
        ("AND knee", 0, "AND has nothing before it"),
        ("knee OR", 5, "OR has nothing after it"),
        ("knee OR AND pain", 8, "AND has nothing before it"),
        ("(knee OR) pain", 8, "nothing after it"),
        ("NOT", 0, "NOT has nothing after it"),
        ("knee NOT &", 5, "NOT has nothing after it"),
        ("NOT NOT knee", 4, "Two exclusions"),
        ("(" * 30 + "knee" + ")" * 30, 20, "Too many parentheses"),
        ("x" * (LONGEST_QUERY + 1), LONGEST_QUERY, "longer than 2,000"),
    ],
)
def test_refuses(typed: str, position: int, said: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(typed)
    assert said in caught.value.message
    assert caught.value.position == position
    assert caught.value.remedy.endswith(".")


@pytest.mark.parametrize(
    ("typed", "note"),
    [
        ("knee or pain", "\u201cor\u201d is read as a word; the operator is OR."),
        ("knee not pain", "\u201cnot\u201d is read as a word; the operator is NOT."),
        ("the knee", "Common words are not searched for outside quotes: \u201cthe\u201d."),
        ("the of", "Only common words: they are searched for as they are."),
        ("-knee", "Only exclusions: everything else is found."),
        ("request: knee", "\u201crequest:\u201d before a space is read as a word, not as a field."),
    ],
)
def test_says_how_it_was_read(typed: str, note: str) -> None:
    assert note in parse(typed).notes


def test_says_nothing_where_there_is_nothing_to_say() -> None:
    assert parse('knee "of pain" -arm').notes == ()


@pytest.mark.parametrize(
    ("typed", "hard"),
    [
        ("knee pain", None),
        ("C7-T1", None),
        ('knee "pain arm"', Phrase(("pain", "arm"), hard=True, exact=True)),
        ("knee -pain", Not(PAIN)),
        ('"knee" -pain arm', both(Word("knee", hard=True, exact=True), Not(PAIN))),
        ('"knee" OR pain', None),
        (
            '"knee" OR "pain"',
            either(Q_KNEE, Q_PAIN),
        ),
    ],
)
def test_what_binds_in_every_mode(typed: str, hard: Node | None) -> None:
    assert parse(typed).hard == hard
    assert hard_part(parse(typed).node) == hard


def test_what_to_mark() -> None:
    parsed = parse('injections C7-T1 "of the knee" surg* wom?n -arm')
    assert parsed.terms == {"injection", "c7", "t1"}
    assert parsed.exact == {"of", "the", "knee"}
    assert parsed.prefixes == (Prefix("surg"), Wildcard("wom?n"))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("knee pain", "'knee' and 'pain'"),
        ("arm (knee OR -pain)", "'arm' and ('knee' or not 'pain')"),
        ('request:"knee pain"', "the phrase 'knee pain' as written in the request"),
        ('"knee pain"~3', "'knee', then 'pain' as written (with at most 2 words between them)"),
        ("surg* wom?n", "a word beginning with 'surg' and a word of the form 'wom?n'"),
    ],
)
def test_a_question_says_itself_in_english(typed: str, said: str) -> None:
    plain = str.maketrans("\u201c\u201d", "''")
    assert parse(typed).node.in_words().translate(plain) == said


def test_every_node_says_itself() -> None:
    assert AtLeast(2, (KNEE, PAIN, ARM)).in_words().startswith("at least 2 of: \u201cknee\u201d, ")
    assert (Everything().in_words(), Nothing().in_words()) == ("everything", "nothing")


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("CM16-0213037", "CM16-0213037"),
        (" cm16-0213037 ", "CM16-0213037"),
        ("CM160213037", "CM16-0213037"),
        ("CM16 0213037", "CM16-0213037"),
        ("cm16\u20130213037", "CM16-0213037"),
        ("CM16-0213037#2", "CM16-0213037#2"),
        ("cm16-0213037 # 12", "CM16-0213037#12"),
        ("CM16-021303", None),
        ("CM16-02130377", None),
        ("knee CM16-0213037", None),
        ("", None),
    ],
)
def test_case_numbers(typed: str, number: str | None) -> None:
    assert case_number(typed) == number


TYPED = ['"', "(", ")", "AND", "OR", "NOT", "-", "+", "*", "?", ":", "~3", "request:", "a", " "]
TYPED += ["surg*", "the", "\u201c", "\u2019", "\u00e9", "\x00", "L4-5", "\\", "[", "^2", "TO"]
PARTS = st.sampled_from(TYPED)


@given(st.one_of(st.lists(PARTS, max_size=15).map("".join), st.text(max_size=40)))
def test_anything_typed_is_read_or_refused_with_its_place(typed: str) -> None:
    refused: list[QueryError] = []
    try:
        assert parse(typed).node.in_words()
    except QueryError as error:
        refused.append(error)
    for refusal in refused:
        assert refusal.position is not None
        assert 0 <= refusal.position <= len(typed)
        assert refusal.message
        assert refusal.remedy


@given(st.lists(PARTS, max_size=8).map(" ".join))
def test_every_excluded_word_stays_excluded(typed: str) -> None:
    try:
        parsed = parse(f"-urine ({typed})")
    except QueryError:
        return
    assert isinstance(parsed.node, And)
    assert Not(Word("urine")) in parsed.node.children


def test_a_hundred_thousand_characters_are_refused_at_once() -> None:
    for text in ("x" * 100_000, "(" * 100_000, '"' * 100_000, "- " * 50_000):
        started = time.process_time()
        with pytest.raises(QueryError):
            parse(text)
        assert case_number(text) is None
        assert time.process_time() - started < 0.05


def test_the_longest_question_is_read() -> None:
    parsed = parse(" ".join(["knee"] * (LONGEST_QUERY // 5)))
    assert isinstance(parsed.node, And)
    assert parse("(" * 20 + "knee" + ")" * 20).node == KNEE
