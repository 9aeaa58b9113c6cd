"""Seeded questions of each kind, put together from words of generated letters.

Words are given as written; every engine gets the same tokens of them (`index.analysis`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random

from bench.corpus import GeneratedIssue, GeneratedLetter, letters
from bench.setting import SEED
from index.analysis import stop_words

KINDS = ("keyword", "all words", "phrase", "boolean with filter", "three facets", "pasted text")
FACETS = ("outcome", "guideline", "region")
PASTED_WORDS = 150
_LETTERS = 600  # from the beginning of the corpus, where all sizes have the same ones
_UNSEEN = 9_999  # the seed of letters that are in no corpus: what is pasted is new
_FILTERS: tuple[Mapping[str, str], ...] = (
    {"outcome": "overturned"},
    {"outcome": "upheld", "region": "lumbar spine"},
    {"region": "shoulder"},
    {"outcome": "overturned", "guideline": "MTUS"},
    {"guideline": "ODG > Pain"},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question.

    Documents must hold every word of `every`, one of `some` if given, the words of `phrase`
    side by side, and none of `without`; `filters` must hold, and `facets` are counted over
    all matches. A pasted `text` is another kind of question: its key terms, any of them.
    """

    kind: str
    every: tuple[str, ...] = ()
    some: tuple[str, ...] = ()
    phrase: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    filters: Mapping[str, str] = field(default_factory=dict)
    facets: tuple[str, ...] = ()
    text: str = ""


def questions(kind: str, count: int) -> list[Asked]:
    """`count` questions of a kind, the same ones every time."""
    random = Random(f"{kind} {SEED}")
    if kind == "pasted text":
        return [Asked(kind=kind, text=pasted(letter)) for letter in _letters(_UNSEEN, count)]
    source = _letters(SEED, _LETTERS)
    return [_question(kind, random, source) for _ in range(count)]


@cache
def _letters(seed: int, count: int) -> tuple[GeneratedLetter, ...]:
    """The first `count` letters of a seed."""
    return tuple(letters(4 * count, seed))[:count]


def pasted(letter: GeneratedLetter) -> str:
    """What someone might paste: the request, then the story, 150 words."""
    story = letter.text.split("medical records:")[1].split("IMR ISSUES")[0]
    words = f"Request: {letter.issues[0].request}. {story}".split()
    return " ".join(words[:PASTED_WORDS])


def _question(kind: str, random: Random, source: Sequence[GeneratedLetter]) -> Asked:
    issue = random.choice(random.choice(source).issues)
    words = _telling(issue)
    if kind == "phrase":
        return Asked(kind=kind, phrase=_phrase(random, issue))
    if kind == "boolean with filter":
        every, first, second, without = random.sample(words, 4)
        return Asked(
            kind=kind, every=(every,), some=(first, second), without=(without,),
            filters=random.choice(_FILTERS),
        )  # fmt: skip
    chosen = tuple(dict.fromkeys((words[0], *random.sample(words, random.randint(1, 3)))))
    if kind == "all words":
        return Asked(kind=kind, every=chosen)
    return Asked(kind=kind, some=chosen, facets=FACETS if kind == "three facets" else ())


def _telling(issue: GeneratedIssue) -> list[str]:
    """The different words that people would search for, those of the request first."""
    return list(dict.fromkeys(filter(_tells, f"{issue.request} {issue.rationale}".lower().split())))


def _tells(word: str) -> bool:
    return word.isalpha() and len(word) > 2 and word not in stop_words()


def _phrase(random: Random, issue: GeneratedIssue) -> tuple[str, ...]:
    """Two or three words that stand side by side, the first and last of them telling."""
    words = issue.rationale.lower().split()
    runs = [
        tuple(run)
        for size in (2, 3)
        for run in (words[at : at + size] for at in range(len(words) - size))
        if _tells(run[0]) and _tells(run[-1]) and all(word.isalpha() for word in run)
    ]
    return random.choice(runs)
