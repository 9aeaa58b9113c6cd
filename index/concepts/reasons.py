"""The reasons a rationale gives, found by the signs of `data/reasons.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Self

from index.fold import fold
from index.passages import is_verdict, sentences

_FILE = Path(__file__).parents[1] / "data" / "reasons.toml"
_MAX_CHARACTERS = 20_000
_RUN = re.compile(r"\w+")
_WORD = re.compile(r"\w+\*?")


@dataclass(frozen=True, slots=True)
class _Reason:
    """A reason; each of its `signs` is the set of word groups it needs, as bits."""

    name: str
    polar: bool
    signs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Words:
    """Words as a set and as beginnings: "duplicat*" is a beginning, "same" a word."""

    whole: frozenset[str]
    beginnings: tuple[str, ...]

    @classmethod
    def of(cls, written: Iterable[str]) -> Self:
        """The words that the data file writes so."""
        written = list(written)
        return cls(
            frozenset(word for word in written if not word.endswith("*")),
            tuple(word[:-1] for word in written if word.endswith("*")),
        )

    def has(self, word: str) -> bool:
        """Whether `word` is one of them."""
        return word in self.whole or word.startswith(self.beginnings)


@dataclass(frozen=True, slots=True)
class _Group:
    """Alternatives: single words, and `phrases` of several, with the words they begin with."""

    words: _Words
    phrases: re.Pattern[str] | None
    firsts: _Words


@cache
def _tables() -> tuple[tuple[_Reason, ...], tuple[_Group, ...]]:
    """The reasons, and the groups their bits stand for."""
    record = tomllib.loads(_FILE.read_text("utf-8"))
    numbers: dict[str, int] = {}
    reasons = tuple(
        _Reason(
            reason["name"],
            reason.get("polar", False),
            tuple(
                sum(1 << numbers.setdefault(group, len(numbers)) for group in set(sign))
                for sign in reason["signs"]
            ),
        )
        for reason in record["reason"]
    )
    return reasons, tuple(_group(written) for written in numbers)


def _group(written: str) -> _Group:
    alternatives = written.split("|")
    single = [one for one in alternatives if _WORD.fullmatch(one)]
    phrases = [one for one in alternatives if one not in single]
    patterns = (re.escape(phrase).replace(r"\*", r"[\w'-]*") for phrase in phrases)
    firsts = [found[0] for phrase in phrases if (found := _WORD.match(phrase))]
    return _Group(
        _Words.of(single),
        re.compile(rf"\b(?:{'|'.join(patterns)})\b") if phrases else None,
        _Words.of(firsts),
    )


@lru_cache(maxsize=50_000)
def _groups_of(word: str) -> tuple[int, int]:
    """The groups that a word shows, and those of which a phrase can begin with it, as bits."""
    shown = begun = 0
    for number, group in enumerate(_tables()[1]):
        if group.words.has(word):
            shown |= 1 << number
        elif group.firsts.has(word):
            begun |= 1 << number
    return shown, begun


def _groups_in(sentence: str) -> int:
    """The groups that occur in a sentence, as bits."""
    shown = begun = 0
    for word in _RUN.findall(sentence):
        by_word, by_phrase = _groups_of(word)
        shown |= by_word
        begun |= by_phrase
    waiting = begun & ~shown
    while waiting:
        bit = waiting & -waiting
        phrases = _tables()[1][bit.bit_length() - 1].phrases
        if phrases and phrases.search(sentence):
            shown |= bit
        waiting ^= bit
    return shown


def reason_names() -> tuple[str, ...]:
    """Every reason there is, in the order of the data file."""
    return tuple(reason.name for reason in _tables()[0])


def read_reasons(text: str) -> tuple[str, ...]:
    """The names of the reasons that sentences of `text` show, in the order of the data file.

    `text` is a rationale or a question; beyond 20,000 characters it is not read. The answer is
    the same whichever way the verdict in it goes.
    """
    said = [(_groups_in(fold(s)), is_verdict(s)) for s in sentences(text[:_MAX_CHARACTERS])]
    return tuple(
        reason.name
        for reason in _tables()[0]
        if any(
            shown & sign == sign
            for shown, verdict in said
            if not (reason.polar and verdict)
            for sign in reason.signs
        )
    )
