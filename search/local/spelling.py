"""Typing errors: a word that no letter holds, and a like one that many hold, as an offer."""

from __future__ import annotations

from rapidfuzz import process
from rapidfuzz.distance import OSA

from search.local.lexical import LexicalArm

_CANDIDATES = 8


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
