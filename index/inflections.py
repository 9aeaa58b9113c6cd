"""One term for the inflections of a word: plural, tense, -ing. Families of words stay apart.

`injections` and `injected` are `inject-` and `injection`; `medication`, `medical` and `medically`
are three terms. What no rule tells (took, vertebrae, series) stands in `data/inflections.toml`.
The term need not be a word (`reduc` for reduce, reduced, reducing): it is never shown.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

_FILE = Path(__file__).parent / "data" / "inflections.toml"
_VOWEL = re.compile("[aeiouy]")
_GREEK_PLURAL = re.compile(r".*(?:[bghimnprt]os|[ly]ys|thes|tas)es")  # stenoses, prostheses
_SHORT = re.compile(r"[^aeiouy]*[aeiouy][^aeiouywx]")  # rat, us: what an e tells from rate, use
_DOUBLED = re.compile(r".{2,}([bdgmnprt])\1")  # planned, but not added
_LONG_DOUBLE_L = re.compile(r".*[aeiouy].*[aeiouy]ll")  # controlled, refill, but not fill


class _Table(NamedTuple):
    """`bases`: the base of each irregular form; `uninflected`: words that only look inflected."""

    bases: dict[str, str]
    uninflected: frozenset[str]


@cache
def _table() -> _Table:
    read = tomllib.loads(_FILE.read_text("utf-8"))
    bases = {form: base for base, forms in read["irregular"].items() for form in forms}
    return _Table(bases, frozenset(read["uninflected"]))


def stem(word: str) -> str:
    """What the inflections of `word`, lower-case letters a to z, have in common."""
    bases, uninflected = _table()
    if len(word) < 3 or word in uninflected:
        return word
    singular = word if word in bases else _singular(word)
    if singular in uninflected:
        return singular
    return _closed(bases[singular] if singular in bases else _without_tense(singular))


def _singular(word: str) -> str:
    if len(word) < 4 or word[-1] != "s" or word[-2] in "su" or word.endswith("is"):
        return word
    if word.endswith("ies"):
        return word[:-1] if len(word) == 4 else word[:-3] + "y"
    if len(word) > 6 and _GREEK_PLURAL.fullmatch(word):
        return word[:-2] + "is"
    return word[:-1]  # the e of "boxes" and "masses" falls with that of "reduce"


def _without_tense(word: str) -> str:
    if word.endswith("ied"):
        return word[:-1] if len(word) == 4 else word[:-3] + "y"
    if word.endswith("eed"):
        return word[:-1] if _VOWEL.search(word[:-3]) else word
    ending = 2 if word.endswith("ed") else 3 if word.endswith("ing") else 0
    verb = word[: len(word) - ending]
    if not ending or len(verb) < 2 or not _VOWEL.search(verb):
        return word
    if _DOUBLED.fullmatch(verb):
        return verb[:-1]
    return verb + "e" if _SHORT.fullmatch(verb) else verb


def _closed(word: str) -> str:
    """`word` without a silent e or a second l at its end, which some inflections lack."""
    if len(word) > 3 and word[-1] == "e" and word[-2] not in "aeio":
        rest = word[:-1]
        word = word if _SHORT.fullmatch(rest) else rest
    return word[:-1] if _LONG_DOUBLE_L.fullmatch(word) else word
