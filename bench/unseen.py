"""What cannot be seen changes no term: random texts with soft hyphens and zero-width characters.

    python -m bench.unseen [--cases 10000] [--seed 0]

Takes a run of words out of the sample letters, with dashes, levels and numbers among them, puts
unseen characters anywhere into it and compares its terms, and what they point at, with those of
the run itself. Prints each run that differs, and how many do; exits with 1 if any does.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from index.analysis import placed, tokens
from index.fold import fold

LETTERS = Path(__file__).parent.parent / "samples" / "letters"
UNSEEN = (
    "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060"
)
UNSEEN += "\u2066\u2067\u2068\u2069\ufe0f\ufeff"
SEASONING = (
    "L5\u2011S1",
    "C5-6",
    "1,000 mg",
    "10mg",
    "x-ray",
    "\ufb01ne",
    "2\u00bd",
    "caf\u00e9",
    "B/L",
)
LONGEST = 12  # words


def cases(count: int, seed: int = 0) -> Iterator[tuple[str, str]]:
    """Pairs of a text and the same text with unseen characters in it."""
    chance = random.Random(seed)
    for _ in range(count):
        start = chance.randrange(len(_words()) - LONGEST)
        words = list(_words()[start : start + chance.randint(1, LONGEST)])
        words.insert(chance.randint(0, len(words)), chance.choice(SEASONING))
        text = " ".join(words)
        typed = list(text)
        for _ in range(chance.randint(1, 6)):
            typed.insert(chance.randint(0, len(typed)), chance.choice(UNSEEN))
        yield text, "".join(typed)


@cache
def _words() -> tuple[str, ...]:
    texts = (path.read_text("utf-8", errors="ignore") for path in sorted(LETTERS.glob("*.txt")))
    return tuple(word for text in texts for word in text.split())


def differing(count: int, seed: int = 0) -> list[str]:
    """The texts whose terms, or the words these point at, are others with unseen characters."""
    return [
        with_unseen
        for text, with_unseen in cases(count, seed)
        if tokens(with_unseen) != tokens(text) or _pointed_at(with_unseen) != _pointed_at(text)
    ]


def _pointed_at(text: str) -> list[str]:
    return [fold(text[piece.start : piece.end]) for piece in placed(text)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the arguments, print what differs, exit with 1 if anything does."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    different = differing(given.cases, given.seed)
    for text in different:
        print(ascii(text))
    print(f"{len(different)} of {given.cases:,} texts differ")
    raise SystemExit(bool(different))


if __name__ == "__main__":
    main()
