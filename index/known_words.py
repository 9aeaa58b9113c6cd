"""Words that are known to be words: of the tables in data/, of the trade, and common ones."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from index.inflections import stem

_DATA = Path(__file__).parent / "data"
_WORD = re.compile(r"(?<![\w*-])[a-z]{2,}(?![\w*-])")  # no stump such as surg*


@cache
def known_words() -> frozenset[str]:
    """Words in lower case, in the forms in which they stand in the files of data/."""
    texts = [path.read_text("utf-8").lower() for path in sorted(_DATA.glob("*.t*"))]
    return frozenset(word for text in texts for word in _WORD.findall(text))


def is_known(word: str) -> bool:
    """Whether `word`, in lower case, is a known word or an inflection of one."""
    return word in known_words() or stem(word) in _known_stems()


@cache
def _known_stems() -> frozenset[str]:
    return frozenset(map(stem, known_words()))
