"""Phrases written as patterns, found in a text in one pass over its words.

The pattern language is that of the data files; `treatments.toml` describes it in its head.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from index.fold import plain
from index.known_words import known_words
from index.spellings import in_full, parts

GAP = 3  # the most words a "~" of a pattern can stand for
_WORD = re.compile(r"[A-Za-z0-9]+(?:\.\d+)?|%")
_HYPHENED = re.compile(r"\b([A-Za-z]+)[-/]([A-Za-z]+)\b")
_PATTERN = re.compile(r"[()|?~]|=?[A-Za-z0-9]+(?:\.\d+)?|%")
# Words that look like a plural and are none, or mean something else without their s.
_LONG_PLURALS = ("tches", "nches", "rches", "shes", "sses", "xes")
_NOT_PLURAL = frozenset({"tens", "rights"})


class Words(NamedTuple):
    """A text as words: `folded` for comparing, `raw` as written."""

    folded: list[str]
    raw: list[str]


class Found(NamedTuple):
    """Phrase entries found at words `start` to `end` (exclusive)."""

    start: int
    end: int
    entries: tuple[str, ...]


@lru_cache(maxsize=1 << 16)
def fold(word: str) -> str:
    """`word` in lower case without the s of a plural: "Injections" -> "injection"."""
    word = word.lower()
    if len(word) <= 3 or word[-1] != "s" or word[-2:] in ("ss", "us", "is") or word in _NOT_PLURAL:
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-2] if word.endswith(_LONG_PLURALS) else word[:-1]


def words_of(text: str) -> Words:
    """The words of `text`, each as in any of its spellings; hyphens and possessives fall away."""
    joined = _HYPHENED.sub(_in_one, plain(text)).replace("'s", "")
    raw = [part for word in _WORD.findall(joined) for part in _parted(word)]
    return Words([fold(word) for word in raw], raw)


def _in_one(match: re.Match[str]) -> str:
    """A word with a hyphen or a stroke in it as one word, where that is what it is."""
    written = match[0].lower()
    if full := in_full(written):
        return full
    return match[1] + match[2] if written.replace("-", "") in known_words() else match[0]


@lru_cache(maxsize=1 << 16)
def _parted(word: str) -> tuple[str, ...]:
    """`word` as it is, or the words it is also written as."""
    found, start = [], 0
    for part in parts(word.lower()):
        found.append(word[start : start + len(part)])
        start += len(part)
    return tuple(found)


def expand(pattern: str) -> list[tuple[str, ...]]:
    """Every sequence of words that `pattern` stands for.

    Raises ValueError when its parentheses do not match or it stands for no word at all.
    """
    parts = _PATTERN.findall(pattern)
    sequences, at = _alternatives(parts, 0)
    if at != len(parts) or not all(sequences):
        raise ValueError(f"pattern {pattern!r}: check its parentheses and question marks")
    return sequences


def _alternatives(parts: list[str], at: int) -> tuple[list[tuple[str, ...]], int]:
    """The sequences of "a b|c d" from `at` up to a closing parenthesis or the end."""
    done: list[tuple[str, ...]] = []
    current: list[tuple[str, ...]] = [()]
    while at < len(parts) and parts[at] != ")":
        part = parts[at]
        at += 1
        if part == "|":
            done += current
            current = [()]
            continue
        if part == "(":
            group, at = _alternatives(parts, at)
            at += 1
        else:
            group = [(part,) if part[0] in "=~" else tuple(map(fold, _parted(part)))]
        if at < len(parts) and parts[at] == "?":
            group = [*group, ()]
            at += 1
        current = [head + tail for head in current for tail in group]
    return done + current, at


class Phrases:
    """A dictionary of phrases: finds the longest at each place of a text, left to right."""

    def __init__(self, patterns: Iterable[tuple[str, str]]) -> None:
        """Compile (pattern, entry) pairs; several entries may share a pattern."""
        self._root: dict[str, Any] = {}
        for pattern, entry in patterns:
            for sequence in expand(pattern):
                node = self._root
                for word in sequence:
                    node = node.setdefault(word, {})
                if entry not in node.setdefault("", ()):
                    node[""] = (*node[""], entry)

    def scan(self, words: Words) -> Iterator[Found]:
        """The phrases of `words`, none overlapping another."""
        folded, raw = words
        root = self._root
        at = 0
        while at < len(folded):
            if folded[at] in root or "=" + raw[at] in root:
                found = self._longest(root, words, at, at)
                if found is not None:
                    yield found
                    at = found.end
                    continue
            at += 1

    def _longest(self, node: dict[str, Any], words: Words, start: int, at: int) -> Found | None:
        best = Found(start, at, node[""]) if "" in node else None
        if at < len(words.folded):
            for key in (words.folded[at], "=" + words.raw[at]):
                if key in node:
                    found = self._longest(node[key], words, start, at + 1)
                    if found and (best is None or found.end > best.end):
                        best = found
        if "~" in node:
            for skip in range(GAP + 1):
                found = self._longest(node["~"], words, start, at + skip)
                if found:
                    return found if best is None or found.end > best.end else best
        return best
