"""Sentences for generated letters: the templates of `sentences.toml`, filled by a seeded hand.

Words follow Zipf's law at both ends: entries at the head of a list are drawn most often, and
invented words come from a distribution without end, so that the vocabulary keeps growing
(Heaps' law).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any

_SLOT = re.compile(r"\{(\w+)\}")
_DOSES = ("10", "5", "20", "7.5", "50", "100", "300", "500", "15", "30", "600", "2.5", "75", "800")
_COUNTS = ("30", "60", "90", "120", "180", "45", "100", "240")
_MONTHS = 108  # in which things happen, from 2008 on
_SYLLABLES = tuple(
    consonant + vowel + end
    for end in ("", "n", "l", "r", "s")
    for vowel in "aeiou"
    for consonant in ("b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z", "tr")
)
_ENDLESS = 0.35  # the exponent of invented words: the share of ranks above r is r ** -_ENDLESS
_FLAT = 8  # ranks to about here are alike: the most used word is not used by everyone
_LAST_RANK = 10**9
_BRANDS = ("ol", "ex", "ine", "ium", "il", "ant")

Template = tuple[str | Callable[[], str], ...]


@cache
def tables() -> dict[str, Any]:
    """The content of `sentences.toml`."""
    return tomllib.loads((Path(__file__).parent / "sentences.toml").read_text("utf-8"))


@cache
def _data(name: str) -> dict[str, Any]:
    return tomllib.loads((files("index") / "data" / name).read_text("utf-8"))


@cache
def kinds(category: str) -> tuple[str, ...]:
    """The items of a category of `treatments.toml` that a request can name."""
    names = _data("treatments.toml")["treatment"][category]
    return tuple(name for name in names if not name.startswith("Other"))


@cache
def drugs() -> tuple[str, ...]:
    """Generic and brand names of `drugs.toml`, the usual classes first."""
    found: list[str] = []
    for of_class in _data("drugs.toml")["class"].values():
        for generic, brands in of_class.get("drugs", {}).items():
            found += [generic, *(brand for brand in brands if brand.isalpha())]
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=200_000)
def invented(rank: int) -> str:
    """The invented word of a rank (from 1): two syllables for the usual ones, more for rare."""
    rest = rank + len(_SYLLABLES)
    word = ""
    while rest:
        rest, syllable = divmod(rest - 1, len(_SYLLABLES))
        word += _SYLLABLES[syllable]
    return word


class Writer:
    """Fills templates. `fixed` holds the slots of the letter at hand, set by its user."""

    def __init__(self, random: Random) -> None:
        """All chance comes from `random`."""
        self._random = random.random
        self.fixed: dict[str, str] = {}
        self._lists: dict[str, Sequence[str]] = {**tables()["slots"], "drug": drugs()}
        self._made: dict[str, Callable[[], str]] = {
            "surname": lambda: self.invented().capitalize(),
            "sign": lambda: self.invented().capitalize(),
            "brand": self._brand,
            "date": self._date,
            "number": lambda: str(self.below(60) + 2),
            "few": lambda: str(self.below(11) + 2),
            "score": lambda: str(self.below(9) + 1),
            "dose": lambda: self.one_of(_DOSES),
            "count": lambda: self.one_of(_COUNTS),
            "Drug": lambda: self.one_of(drugs()).capitalize(),
        }
        self._compiled: dict[str, Template] = {}

    def below(self, n: int) -> int:
        """A whole number from 0 to n - 1, all alike."""
        return int(self._random() * n)

    def one_of(self, choices: Sequence[str]) -> str:
        """One of `choices`, the first ones most often."""
        return choices[int(len(choices) * self._random() ** 2.5)]

    def chance(self, of: float) -> bool:
        """True in a share `of` of all calls."""
        return self._random() < of

    def invented(self) -> str:
        """An invented word, by Zipf's law over words without end."""
        rank = float(1 - self._random()) ** (-1 / _ENDLESS)
        return invented(min(int(_FLAT * rank) - _FLAT + 1, _LAST_RANK))

    def weighted(self, shares: Mapping[str, float]) -> str:
        """One of the keys, each as often as its share of 1."""
        point = self._random()
        for name, upto in zip(shares, accumulate(shares.values()), strict=True):
            if point < upto:
                return name
        return name

    def fill(self, template: str) -> str:
        """`template` with a word in every slot."""
        compiled = self._compiled.get(template)
        if compiled is None:
            compiled = self._compiled[template] = self._compile(template)
        return "".join([part if isinstance(part, str) else part() for part in compiled])

    def several(self, templates: Sequence[str], count: int) -> list[str]:
        """`count` different ones of `templates`, filled, the first ones most often."""
        rest = list(templates)
        return [
            self.fill(rest.pop(int(len(rest) * self._random() ** 1.5)))
            for _ in range(min(count, len(rest)))
        ]

    def _compile(self, template: str) -> Template:
        parts = _SLOT.split(template)  # text and slot names in turn
        made = [self._slot(part) if at % 2 else part for at, part in enumerate(parts)]
        return tuple(part for part in made if part)

    def _slot(self, name: str) -> Callable[[], str]:
        if name in self._made:
            return self._made[name]
        if name in self._lists:
            choices = self._lists[name]
            return lambda: self.one_of(choices)
        return lambda: self.fixed[name]

    def _brand(self) -> str:
        word = self.invented()
        return (word + _BRANDS[len(word) % len(_BRANDS)]).capitalize()

    def _date(self) -> str:
        month = self.below(_MONTHS)
        return f"{month % 12 + 1:02}/{self.below(28) + 1:02}/{2008 + month // 12}"
