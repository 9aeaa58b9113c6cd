"""Abbreviations and synonyms for query expansion, from `vocabulary.toml` and `drugs.toml`.

A term has one or more senses; the words around it in a query decide among several. How terms
are found in a query and shown on the page is the business of `search`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from index.concepts.taxonomy import load_table
from index.spellings import as_apart

_MAX_BRANDS = 8  # brands a generic name expands to
_OPTIONAL = re.compile(r"\s*\([^()]*\)\?")


@dataclass(frozen=True, slots=True)
class Sense:
    """One meaning: what to search for as well, and the lower-case words that decide for it.

    Empty `expansions` mean that this sense is recognised and left alone.
    """

    name: str
    expansions: tuple[str, ...]
    context: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Entry:
    """A term as written in the table, its senses, and the one taken when no context decides."""

    term: str
    senses: tuple[Sense, ...]
    default: Sense | None

    @property
    def ambiguous(self) -> bool:
        """Whether the words around the term have to decide."""
        return len(self.senses) > 1

    def sense(self, words: Iterable[str]) -> Sense | None:
        """The sense for which most of the lower-case `words` of a query speak, else the default."""
        around = set(words)
        votes = [len(sense.context & around) for sense in self.senses]
        best = max(votes)
        if best == 0 or votes.count(best) > 1:
            return self.default
        return self.senses[votes.index(best)]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All entries by term (`spellings.as_apart`); `longest` is the most words a term has."""

    entries: Mapping[str, Entry]
    longest: int

    def get(self, term: str) -> Entry | None:
        """The entry of `term` in any case and spelling, or None."""
        return self.entries.get(as_apart(term))


@cache
def load_vocabulary() -> Vocabulary:
    """Vocabulary and drug names, read once per process.

    Raises ValueError when a term stands in two places or names a default that is no sense of it.
    """
    table = load_table("vocabulary.toml")
    entries: dict[str, Entry] = {}
    plain = [*table["abbreviations"].items(), *_synonyms(table["synonyms"]["sets"])]
    for entry in (*map(_ambiguous, table["ambiguous"].items()), *map(_plain, plain)):
        term = as_apart(entry.term)
        if term in entries:
            raise ValueError(f"vocabulary.toml has {entry.term!r} in two places")
        entries[term] = entry
    for term, expansions in _drug_names(load_table("drugs.toml")):
        key = as_apart(term)
        known = entries.get(key)
        if known is None:
            entries[key] = _plain((term, expansions))
        elif not known.ambiguous:  # a drug that is a synonym of something, too
            before = known.senses[0].expansions
            entries[key] = _plain((known.term, dict.fromkeys([*before, *expansions])))
    return Vocabulary(entries, max(len(term.split()) for term in entries))


def _plain(item: tuple[str, Iterable[str]]) -> Entry:
    term, expansions = item
    sense = Sense(term, tuple(expansions))
    return Entry(term, (sense,), sense)


def _ambiguous(item: tuple[str, Mapping[str, Any]]) -> Entry:
    term, table = item
    senses = tuple(
        Sense(sense["name"], tuple(sense["means"]), frozenset(map(str.lower, sense["context"])))
        for sense in table["senses"]
    )
    default = next((sense for sense in senses if sense.name == table.get("default")), None)
    if "default" in table and default is None:
        raise ValueError(f"vocabulary.toml: {term!r} has no sense {table['default']!r}")
    return Entry(term, senses, default)


def _synonyms(sets: Iterable[list[str]]) -> Iterator[tuple[str, list[str]]]:
    """Each member with the others; a member of several sets once, with all of theirs."""
    others: dict[str, dict[str, None]] = {}
    for members in sets:
        for member in members:
            others.setdefault(member, {}).update(
                {other: None for other in members if other != member}
            )
    yield from ((member, list(found)) for member, found in others.items())


def _drug_names(table: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Brand -> generic names, and generic name -> its first brands."""
    products = [
        *table["combination"].items(),
        *(item for products in table["product"].values() for item in products.items()),
    ]
    for pattern, generics in products:
        if name := _simple(pattern):
            yield name, generics
    for entry in table["class"].values():
        for generic, spellings in entry.get("drugs", {}).items():
            brands = [name for name in map(_simple, spellings) if name]
            distinct = [name for name in brands if generic.lower() not in name.lower()]
            yield from ((brand, [generic]) for brand in brands)
            if distinct:
                yield generic, distinct[:_MAX_BRANDS]


def _simple(pattern: str) -> str:
    """`pattern` without its optional parts; "" where alternatives remain."""
    name = _OPTIONAL.sub("", pattern).strip()
    return "" if "(" in name or "~" in name else name
