"""What words stand for too: shown, switched off, and never done to what stands in quotes."""

from __future__ import annotations

import pytest

from search.engine import Engine
from search.query import And, Or, Phrase, Word
from search.request import SearchRequest, Switches
from search.results import Expansion
from search.understand.expansions import expand_terms, meanings_text, widen
from search.understand.words import understand_words
from tests.asking import search


def meanings(words: str, term: str) -> tuple[str, ...]:
    found = [e for e in expand_terms(words, Switches()) if e.term.lower() == term.lower()]
    assert len(found) == 1, expand_terms(words, Switches())
    return found[0].meanings


KNOWN = {
    "ESI": "epidural steroid injection",
    "ESIs": "epidural steroid injection",
    "LESI": "lumbar epidural steroid injection",
    "TENS": "transcutaneous electrical nerve stimulation",
    "EMG": "electromyography",
    "NCV": "nerve conduction study",
    "UDS": "urine drug screen",
    "Norco": "hydrocodone",
    "Neurontin": "gabapentin",
    "FRP": "functional restoration program",
    "H-wave": "electrotherapy",
    "IF unit": "interferential unit",
}


@pytest.mark.parametrize(("term", "meaning"), KNOWN.items())
@pytest.mark.parametrize("written", ["{}", "{} for the worker", "denied: {}?"])
def test_an_abbreviation_or_brand_stands_for_its_meaning(
    term: str, meaning: str, written: str
) -> None:
    assert meaning in meanings(written.format(term), term)


@pytest.mark.parametrize("term", ["norco", "NORCO", "Norco"])
def test_case_does_not_matter(term: str) -> None:
    assert "hydrocodone" in meanings(term, "norco")


def test_both_halves_of_emg_ncv_are_read() -> None:
    found = expand_terms("EMG/NCV of the legs", Switches())
    said = {meaning for expansion in found for meaning in expansion.meanings}
    assert {"electromyography", "nerve conduction study"} <= said


def test_a_generic_name_stands_for_its_brands() -> None:
    assert "Flexeril" in meanings("cyclobenzaprine 7.5", "cyclobenzaprine")


@pytest.mark.parametrize(
    ("words", "sense"),
    [("PT 12 visits knee", "physical therapy"), ("PT sessions exercise", "physical therapy")],
)
def test_pt_with_visits_is_physical_therapy(words: str, sense: str) -> None:
    (expansion,) = (e for e in expand_terms(words, Switches()) if e.term == "PT")
    assert expansion.active
    assert expansion.sense == sense
    assert len(expansion.choices) > 1


def test_a_sense_that_was_chosen_is_taken() -> None:
    (expansion,) = (e for e in expand_terms("RFA denied", Switches()) if e.term == "RFA")
    assert len(expansion.choices) > 1
    for choice in expansion.choices:
        (chosen,) = (
            e
            for e in expand_terms("RFA denied", Switches(senses={"rfa": choice}))
            if e.term == "RFA"
        )
        assert chosen.sense == choice


def test_what_the_words_around_do_not_decide_is_shown_as_a_choice_and_left_alone() -> None:
    undecided = [
        e
        for term in ("RFA", "CT", "MS", "PT", "SI", "AC", "IF", "PSG", "DVT")
        for e in expand_terms(term, Switches())
        if e.choices and not e.meanings
    ]
    assert undecided
    assert all(not expansion.active and len(expansion.choices) > 1 for expansion in undecided)


@pytest.mark.parametrize(
    "words", ['"ESI"', "\u201cESI\u201d", '"lumbar ESI" knee', "knee -ESI", "knee \u2013ESI"]
)
def test_what_is_quoted_or_excluded_is_not_expanded(words: str) -> None:
    understood = understand_words(SearchRequest(words=words))
    assert all("ESI" not in expansion.term for expansion in understood.expansions)


def test_operators_are_not_terms() -> None:
    assert [e.term for e in expand_terms("NOT OR AND", Switches())] == []


def test_a_term_is_told_once_in_the_order_of_the_question() -> None:
    found = [e.term for e in expand_terms("TENS ESI tens ESI", Switches())]
    assert found == ["TENS", "ESI"]


def test_switched_off_it_is_shown_but_not_applied() -> None:
    (expansion,) = expand_terms("norco", Switches(off=("norco",)))
    assert not expansion.active
    assert expansion.meanings
    assert widen(Word("norco"), [expansion]) == Word("norco")
    assert meanings_text("norco", [expansion]) == "norco"


def test_an_expanded_word_is_matched_by_its_meanings_too() -> None:
    norco = Expansion(term="Norco", meanings=("hydrocodone", "opioid pain pill"))
    node = widen(And((Word("norco"), Word("knee"))), [norco])
    wide = Or((Word("norco"), Word("hydrocodone"), Phrase(("opioid", "pain", "pill"))))
    assert node == And((wide, Word("knee")))


def test_a_run_of_words_with_one_meaning_is_widened_as_one() -> None:
    unit = Expansion(term="IF unit", meanings=("interferential unit",))
    node = widen(And((Word("if"), Word("unit"), Word("rental"))), [unit])
    run = And((Word("if"), Word("unit")))
    wide = Or((run, Phrase(("interferential", "unit"))))
    assert node == And((wide, Word("rental")))


def test_a_word_that_is_also_written_as_two_is_widened_as_one() -> None:
    meant = Expansion(term="postoperative", meanings=("after surgery",))
    written = Phrase(("post", "operative"))
    assert widen(written, [meant]) == Or((written, Phrase(("after", "surgery"))))


def test_a_compound_without_a_meaning_is_matched_as_written() -> None:
    norco = Expansion(term="Norco", meanings=("hydrocodone",))
    written = Phrase(("post", "operative"))
    assert widen(written, [norco]) == written


def test_the_halves_of_a_compound_may_stand_apart_in_their_meanings() -> None:
    emg = Expansion(term="EMG", meanings=("electromyography",))
    written = Phrase(("emg", "ncv"))
    apart = And((Or((Word("emg"), Word("electromyography"))), Word("ncv")))
    assert widen(written, [emg]) == Or((written, apart))


def test_what_was_insisted_on_is_matched_as_written() -> None:
    norco = Expansion(term="Norco", meanings=("hydrocodone",))
    assert widen(Word("norco", hard=True), [norco]) == Word("norco", hard=True)
    assert widen(Word("norco", "request"), [norco]) == Word("norco", "request")


def test_meanings_are_told_to_the_encoder_once() -> None:
    both = [
        Expansion(term="NCV", meanings=("nerve conduction study",)),
        Expansion(term="NCS", meanings=("nerve conduction study",)),
    ]
    assert meanings_text("NCV NCS", both) == "NCV NCS (nerve conduction study)"


# -- asked of the engine --------------------------------------------------------------------------


def test_a_question_in_abbreviations_finds_the_long_form(sample_engine: Engine) -> None:
    results = search(sample_engine, "LESI", mode="lexical", limit=50)
    assert any("EPIDURAL STEROID" in hit.request for hit in results.hits)
    plain = search(sample_engine, "LESI", mode="lexical", expand=False, limit=50)
    assert len(plain.hits) < len(results.hits)
    assert not any(expansion.active for expansion in plain.expansions)
    off = search(sample_engine, "LESI", mode="lexical", off=["lesi"], limit=50)
    assert [hit.issue for hit in off.hits] == [hit.issue for hit in plain.hits]


@pytest.mark.parametrize(
    ("words", "request_"),
    [
        ("hydrocodone", "norco"),
        ("cyclobenzaprine", "flexeril"),
        ("UDS", "urine drug"),
        ("PSG", "polysomnogram"),
    ],
)
def test_brand_and_generic_name_find_one_another(
    sample_engine: Engine, words: str, request_: str
) -> None:
    hits = search(sample_engine, words, limit=8).hits
    assert any(request_ in hit.request.lower() for hit in hits)


def test_what_is_typed_counts_more_than_what_it_stands_for(sample_engine: Engine) -> None:
    hits = search(sample_engine, "norco", limit=3).hits
    assert all("norco" in hit.request.lower() for hit in hits)


def test_a_meaning_that_holds_the_term_itself_is_not_looked_for_again() -> None:
    meant = Expansion(term="epidural", meanings=("epidural steroid injection",))
    assert widen(Word("epidural"), [meant]) == Word("epidural")
    other = Expansion(term="epidural", meanings=("epidural steroid injection", "ESI"))
    assert widen(Word("epidural"), [other]) == Or((Word("epidural"), Word("esi")))
