"""Typing errors: a word that no letter holds, and a like one that many hold, as an offer."""

from __future__ import annotations

import re
from collections.abc import Collection

from rapidfuzz import process
from rapidfuzz.distance import OSA

from search.lexical import LexicalArm

SHORTEST = 4  # letters; a shorter word is like too many others
_CANDIDATES = 8
_WORD = re.compile(r'"[^"]*"|[A-Za-z]+(?:\*|\?)?')


def did_you_mean(words: str, lexical: LexicalArm, known: Collection[str]) -> str:
    """`words` with each unknown word replaced by the likeliest one; "" where none is.

    `known` are words (lower case) that need no correction. What stands in quotes, and a word
    with a wildcard, is left as it is.
    """
    corrected = _WORD.sub(lambda match: _replaced(match[0], lexical, known), words)
    return corrected if corrected != words else ""


def _replaced(word: str, lexical: LexicalArm, known: Collection[str]) -> str:
    plain = word.lower()
    if not word.isalpha() or len(word) < SHORTEST or plain in known or lexical.holds(plain):
        return word
    return likeliest(plain, lexical) or word


def likeliest(word: str, lexical: LexicalArm) -> str:
    """The word of the index that is fewest typing errors away, the most frequent of several.

    An error is a letter left out, added, exchanged or swapped with its neighbour (optimal string
    alignment); one is allowed in up to five letters, two in more. "" where there is none.
    """
    words, frequencies = lexical.vocabulary()
    found = process.extract(
        word,
        words,
        scorer=OSA.distance,
        score_cutoff=1 if len(word) <= 5 else 2,
        limit=_CANDIDATES,
    )
    ranked = sorted(found, key=lambda entry: (entry[1], -int(frequencies[entry[2]])))
    return str(ranked[0][0]) if ranked else ""
