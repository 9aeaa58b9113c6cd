"""What was decided does not steer what is called similar: verdicts turned round change nothing.

Every letter is written as text twice: as it is, and with every outcome and every verdict in
its reasoning turned round, in several ways. Both are indexed. Were the verdict to leak into a
ranking, similar cases would cluster by outcome, and the outcome statistics be circular.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from index.letter import Letter, Outcome
from index.manifest import read_manifest
from index.store import Store
from search.engine import Engine
from search.evaluation import read_topics
from tests.asking import case, words
from tests.told import ToldIssue, index_of, index_once, letter, written

FIRST = 50
TURNED = {Outcome.UPHELD: "overturned", Outcome.OVERTURNED: "upheld"}
Inverter = Callable[[str], str]

_NECESSARY = re.compile(
    r"\b(is|are|was|were|be|been)((?: (?:therefore|thus|deemed|considered|found|determined))*)"
    r"( not)?( to be)? medically necessary",
    re.IGNORECASE,
)
_DECIDED = re.compile(
    r"((?:^|(?<=\. ))(?:The|This|Therefore|As such|Thus|Given)[^.]*request[^.]*?\b(?:is|are|was))"
    r"( not)? (supported|indicated|warranted|appropriate|certified|approved|justified)"
)


def without_not(text: str) -> str:
    """ "is not medically necessary" becomes "is medically necessary", and the other way round."""

    def turn(match: re.Match[str]) -> str:
        copula, adverbs, negated, to_be = match.groups(default="")
        return f"{copula}{adverbs}{'' if negated else ' not'}{to_be} medically necessary"

    turned = _NECESSARY.sub(turn, text)
    return _DECIDED.sub(lambda m: f"{m[1]}{'' if m[2] else ' not'} {m[3]}", turned)


def in_other_words(text: str) -> str:
    """Necessary and unnecessary, certified and non-certified change places."""

    def turn(match: re.Match[str]) -> str:
        copula, adverbs, negated, to_be = match.groups(default="")
        said = "medically necessary and appropriate" if negated else "medically unnecessary"
        return f"{copula}{adverbs}{to_be} {said}"

    turned = _NECESSARY.sub(turn, text)
    return re.sub(r"\bnon-?certified\b", "certified", turned, flags=re.IGNORECASE)


def with_a_last_word(text: str) -> str:
    """The reasoning as it is, and a closing sentence of the opposite verdict."""
    return f"{text} Therefore, the request is {'certified' if is_denied(text) else 'denied'}."


def with_its_last_word(text: str) -> str:
    """The same with a closing sentence of its own verdict."""
    return f"{text} Therefore, the request is {'denied' if is_denied(text) else 'certified'}."


def all_at_once(text: str) -> str:
    """Every verdict there is turned round, and the opposite one at the end."""
    last = with_a_last_word(text).removeprefix(text)
    return in_other_words(without_not(in_other_words(text))) + last


def is_denied(text: str) -> bool:
    return re.search(r"\bnot\b[^.]*medically necessary", text) is not None


def as_it_is(text: str) -> str:
    return text


WAYS: list[tuple[Inverter, Inverter]] = [
    (as_it_is, without_not),
    (as_it_is, in_other_words),
    (with_its_last_word, with_a_last_word),
]

TOPICS = [
    "Request: MRI of the lumbar spine for low back pain of eight weeks, normal reflexes.",
    "RFA: cervical epidural steroid injection at C5-C6. UR denied, no radiculopathy documented.",
    "Pain for two years. Requesting Norco 10/325 #120 refill. No urine drug screen on file.",
    "Six PT visits done. Plan: 8 more sessions of physical therapy for the left elbow.",
    "Acupuncture twice weekly for six weeks, low back. Never tried before.",
    "Request for authorization of right shoulder arthroscopy with rotator cuff repair.",
    "Surgeon asks for an assistant surgeon and a cold therapy unit after knee arthroscopy.",
    "TENS unit purchase for chronic low back pain, no trial of a month documented.",
    "Requesting EMG and NCV of both arms for numbness of the hands. Spurling negative.",
    "Topical compound cream with flurbiprofen and lidocaine, 180 g.",
    "In-lab polysomnogram for insomnia and snoring.",
    "Functional restoration program, 160 hours; failed injections and therapy.",
    "Gym membership with a pool for one year.",
    "Omeprazole 20 mg #60 with naproxen; no stomach complaints in the record.",
    "Left total knee arthroplasty; BMI 38; no weight bearing films.",
    "Synvisc injections, right knee, under ultrasound.",
    "Spinal cord stimulator trial after a psychological evaluation.",
    "Chiropractic care, 12 visits for the neck; the first six gave no gain of function.",
    "Trigger point injections to the trapezius; no twitch response described.",
    "Home health aide 8 hours a day after an operation on the hip.",
    "Extracorporeal shockwave therapy for the right shoulder.",
    "Repeat MRI of the cervical spine, the last one being a year old, no new findings.",
]


def stored(index: Path) -> list[Letter]:
    store = Store(index, read_only=True)
    letters = list(store.letters(read_manifest(index).generation))
    store.close()
    return letters


def told(original: Letter, say: Inverter, *, turned: bool) -> str:
    """A letter as text with its reasoning said in some way; turned, with the other outcomes."""
    issues = [
        ToldIssue(
            " ".join(issue.request.split()),
            TURNED[issue.outcome] if turned else issue.outcome.value,
            say(issue.rationale),
            " ".join(issue.claims_administrator_guideline.split()),
            " ".join(issue.reviewer_guideline.split()),
        )
        for issue in original.issues
    ]
    decided = original.decision_date
    return letter(
        original.case_number or "",
        *issues,
        summary=original.summary,
        decided=decided.strftime("%m/%d/%Y") if decided else "",
        states=original.states,
        specialties=original.specialties,
    )


def usable(letters: list[Letter]) -> list[Letter]:
    """Those that can be told anew: with a number to be known by, every issue decided."""
    return [
        letter
        for letter in letters
        if letter.case_number and all(issue.outcome in TURNED for issue in letter.issues)
    ]


def engine(letters: list[Letter], say: Inverter, place: Path, *, turned: bool) -> Engine:
    texts = [told(letter, say, turned=turned) for letter in letters]
    return Engine(index_of([written(place / "letters", *texts)], place / "index"))


def rankings(engine: Engine, texts: list[str]) -> list[list[str]]:
    return [[issue for issue, _ in engine.rank(case(text), FIRST)] for text in texts]


def outcomes(engine: Engine) -> dict[str, str]:
    results = engine.search(words("", limit=10_000))
    every = engine.rank(words(""), results.total)
    pages = {issue.partition("#")[0]: issue for issue, _ in every}
    letters = [engine.letter(issue, neighbours=0).letter for issue in pages.values()]
    return {f"{one.id}#{issue.number}": issue.outcome for one in letters for issue in one.issues}


def turned_round(letters: list[Letter], invert: Inverter) -> int:
    return sum(
        invert(issue.rationale) != issue.rationale for letter in letters for issue in letter.issues
    )


def compare(
    letters: list[Letter], texts: list[str], way: tuple[Inverter, Inverter], places: Path
) -> None:
    plain = engine(letters, way[0], places / "plain", turned=False)
    inverted = engine(letters, way[1], places / "inverted", turned=True)
    before, after = outcomes(plain), outcomes(inverted)
    assert after == {issue: TURNED[Outcome(outcome)] for issue, outcome in before.items()}
    for text, one, other in zip(
        texts, rankings(plain, texts), rankings(inverted, texts), strict=True
    ):
        assert one == other, text


@pytest.mark.parametrize("way", WAYS, ids=[way[1].__name__ for way in WAYS])
def test_sample_letters_rank_the_same_whatever_was_decided(
    sample_index: Path, tmp_path: Path, way: tuple[Inverter, Inverter]
) -> None:
    letters = usable(stored(sample_index))
    assert turned_round(letters, way[1]) >= 80
    compare(letters, TOPICS, way, tmp_path)


def test_real_letters_rank_the_same_whatever_was_decided(
    shared: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    letters = usable(stored(index_once(shared / "letters", tmp_path_factory)))
    assert turned_round(letters, without_not) >= 150
    texts = [topic.text for topic in read_topics(shared / "judgments" / "topics.jsonl")]
    compare(letters, texts, (with_its_last_word, all_at_once), tmp_path)


def test_a_verdict_in_the_pasted_text_does_not_steer_either(sample_engine: Engine) -> None:
    for text in TOPICS:
        denied = f"{text}\nThe request was denied as not medically necessary."
        granted = f"{text}\nThe request was denied as medically necessary."
        assert rankings(sample_engine, [denied]) == rankings(sample_engine, [granted]), text
