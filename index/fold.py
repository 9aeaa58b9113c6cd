"""One way to fold text, for letters, pasted texts, uploads and queries: what looks alike is alike.

`plain` takes away how a text was typed, copied or set: accents, ligatures, full-width forms, every
kind of dash and quotation mark, and what cannot be seen (soft hyphens, zero-width and direction
marks). `fold` takes away the case as well. `Plain` also tells where its characters stand in the
original. `mended` joins words that were broken at the ends of lines.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from index.known_words import is_known
from index.spellings import is_one, parts, stands_apart

_NON_ASCII = re.compile(r"[^\x00-\x7f]")
_QUOTES = dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02b9\u02bb\u02bc\u00b4\u2039\u203a", "'")
_DOUBLE_QUOTES = dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u02ba\u00ab\u00bb\u301d\u301e", '"')
_DASHES = dict.fromkeys("\u2212\u02d7\u2043", "-")
_BREAKS = dict.fromkeys("\x85\u2028\u2029", "\n")
_SIGNS = {"\u2044": "/", "\u2122": " ", "\u2120": " ", "\u00ba": " ", "\u00aa": " "}
_UNSEEN = frozenset({"Mn", "Me", "Cf", "Cs", "Co", "Cn"})
_NUMBER_SIGNS = ("<fraction>", "<super>", "<sub>", "<circle>", "<square>")

_BREAK = re.compile("\r\n?|[\v\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_NEVER_SEEN = frozenset({"Cf", "Cs", "Co", "Cn"})
_SELECTORS = frozenset(map(chr, (0x34F, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
_HYPHENS = frozenset("\u2010\u2011\u2012\ufe63\uff0d")

_BROKEN = re.compile(r"(?<=[\w.)])-[ \t]*\n\s*(?=\w)")
_LAST_WORD = re.compile(r"(?<!\w)[A-Za-z]+$")
_FIRST_WORD = re.compile(r"[A-Za-z]+\b")
_WHOLE = re.compile(r"(?<![\w-])(?<!-\n)[a-z]+(?:-[a-z]+)*\b(?!-)")
_LONGEST_WORD = 40
_SHORT_STUMP = 4  # letters of a first half that is no word: "epi-" of epidural


class _Plain(dict[str, str]):
    """What each character that is not ASCII becomes."""

    def __missing__(self, char: str) -> str:
        self[char] = became = _plain(char)
        return became


_of = _Plain(_QUOTES | _DOUBLE_QUOTES | _DASHES | _BREAKS | _SIGNS)


def _plain(char: str) -> str:
    category = unicodedata.category(char)
    if category in _UNSEEN:
        return ""
    if category == "Pd":
        return "-"
    if category == "Zs":
        return " "
    decomposed = unicodedata.normalize("NFKD", char)
    if decomposed == char:
        return char
    became = plain(decomposed)
    # A number set small or in a ring is no part of the word or the number beside it.
    apart = unicodedata.decomposition(char).startswith(_NUMBER_SIGNS)
    return f" {became} " if apart and became.strip() else became


def plain(text: str) -> str:
    """`text` as it would be typed, in its own case. A plain text stays as it is."""
    return text if text.isascii() else _NON_ASCII.sub(lambda match: _of[match[0]], text)


def fold(text: str) -> str:
    """`text` as it is compared: plain and in lower case. A folded text stays as it is."""
    if text.isascii():
        return text.lower()
    return plain(plain(text).casefold())


@dataclass(frozen=True, slots=True)
class Plain:
    """The plain form of a text, and where each of its characters comes from.

    `origins` has an offset into the original for each character of `text` and one for the end.
    """

    text: str
    origins: range | list[int]

    @classmethod
    def of(cls, text: str) -> Plain:
        """The plain form of `text`."""
        if text.isascii():
            return cls(text, range(len(text) + 1))
        parts: list[str] = []
        origins: list[int] = []
        for at, char in enumerate(text):
            became = char if char.isascii() else _of[char]
            parts.append(became)
            origins.extend([at] * len(became))
        return cls("".join(parts), [*origins, len(text)])

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the characters `start` to `end` (exclusive, not empty) stand in the original."""
        first, last, after = self.origins[start], self.origins[end - 1], self.origins[end]
        return first, max(after, last + 1)


def mended(text: str, words: Collection[str] = ()) -> str:
    """`text` with what is broken behind a hyphen at the end of a line in one line.

    Of a broken word the hyphen goes where it is known without it: from `words` (lower case), the
    text itself or the vocabulary; and where its halves are no words. It stays where it belongs:
    in `anti-inflammatory`, `follow-up`, `10-17-2016`.
    """
    if "-" not in text or "\n" not in text:
        return text
    own = frozenset(_WHOLE.findall(text.lower()))

    def hyphen(match: re.Match[str]) -> str:
        left = _LAST_WORD.search(text[max(0, match.start() - _LONGEST_WORD) : match.start()])
        right = _FIRST_WORD.match(text, match.end())
        return "" if left and right and _is_one(left[0], right[0], own, words) else "-"

    return _BROKEN.sub(hyphen, text)


def _is_one(left: str, right: str, *words: Collection[str]) -> bool:
    """Whether two halves of a broken word are one word rather than two with a hyphen."""
    lower = right.islower()
    left, right = left.lower(), right.lower()
    joined = left + right
    if any(f"{left}-{right}" in known for known in words):
        return False
    if len(parts(joined)) > 1 or stands_apart(left):
        return False
    if any(joined in known for known in words) or is_one(left, right):
        return True
    if len(left) == 1 or not lower:
        return False
    return not is_known(right) or (not is_known(left) and len(left) <= _SHORT_STUMP)


def readable(text: str) -> str:
    """`text` as it is kept and shown: with accents and dashes, without what cannot be seen.

    One kind of line break, of space and of hyphen; accents on their letters, ligatures as letters.
    Form feeds and tabs stay, for the layout.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _BREAK.sub("\n", text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", _NON_ASCII.sub(_seen, text))
    return _CONTROL.sub("", text)


def _seen(match: re.Match[str]) -> str:
    char = match[0]
    category = unicodedata.category(char)
    if category in _NEVER_SEEN or char in _SELECTORS:
        return ""
    if category == "Zs":
        return " "
    if char in _HYPHENS or unicodedata.decomposition(char).startswith("<compat> 0066 "):
        return _of[char]
    return char
