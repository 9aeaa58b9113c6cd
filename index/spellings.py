"""One word in several spellings: joined, hyphenated, apart. Tables and rules: data/spellings.toml.

What is written joined, with a hyphen or as two words (`postoperative`, `post-operative`, `post
operative`) is read as two. What is only written joined or with a hyphen (`bilateral`,
`bi-lateral`) is read as one.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

from index.inflections import stem
from index.known_words import is_known, known_words

_FILE = Path(__file__).parent / "data" / "spellings.toml"
_SHORTEST_REST = 4  # letters of a word behind a prefix


class _Tables(NamedTuple):
    """What the file holds; `compounds` by the joined form, `whole` as stems."""

    apart: tuple[str, ...]
    joined: frozenset[str]
    compounds: dict[str, tuple[str, ...]]
    whole: frozenset[str]
    short: dict[str, str]


@cache
def _tables() -> _Tables:
    read = tomllib.loads(_FILE.read_text("utf-8"))
    compounds = {"".join(entry.split()): tuple(entry.split()) for entry in read["compounds"]}
    return _Tables(
        tuple(read["prefixes_apart"]),
        frozenset(read["forms_joined"]),
        compounds,
        frozenset(map(stem, read["whole"])),
        read["short"],
    )


def parts(word: str) -> tuple[str, ...]:
    """The words that `word`, in lower case, is made of, in order; mostly itself alone."""
    tables = _tables()
    if word in tables.compounds:
        return tables.compounds[word]
    if word[-1:] == "s" and word[:-1] in tables.compounds:
        *first, last = tables.compounds[word[:-1]]
        return (*first, last + "s")
    for prefix in tables.apart:
        if word.startswith(prefix):
            rest = word[len(prefix) :]
            if len(rest) >= _SHORTEST_REST and is_known(rest):
                return (word,) if stem(word) in tables.whole else (prefix, rest)
    return (word,)


def as_apart(term: str) -> str:
    """`term`, of one or more words, in lower case and the spelling that parts most words."""
    words = term.lower().replace("-", " ").split()
    return " ".join(part for word in words for part in parts(word))


def stands_apart(prefix: str) -> bool:
    """Whether `prefix`, in lower case, is one that a hyphen or a space may follow."""
    return prefix in _tables().apart


def is_one(first: str, second: str) -> bool:
    """Whether a hyphen between two words in lower case means nothing: `bi-lateral`, `on-going`."""
    return first in _tables().joined or first + second in known_words()


def in_full(chunk: str) -> str:
    """The word that a chunk in lower case is short for (`b/l`), "" for none."""
    return _tables().short.get(chunk, "")
