"""Understanding a pasted request: what is asked for, apart from the history around it.

A pasted text may be a request for authorization, a progress report or a denial of dozens of
lines. It is cut into clauses; each is weighed by the words that introduce a request, by the
treatments it names, and against the words of history and denial. The clauses of most weight
are the requested item; what the administrator said is set aside.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from index.concepts.reading import read_concepts
from index.concepts.reasons import read_reasons
from index.fold import mended, readable
from index.letter import Concepts
from index.passages import sentences
from search.request import READ_TEXT

_FILE = Path(__file__).parents[1] / "data" / "cues.toml"
_CLAUSE = re.compile(r"(?<=[;:])\s+|\s+-\s+|\s*\n\s*|(?<=\))\s*,\s+|,\s+(?=(?:and|then)\s)")
# A form has a label or a mark before each entry; elsewhere a line may end within a sentence.
_ENTRY = re.compile(r"\n\s*\n|\n(?=[ \t]*(?:[A-Z][\w /()&'-]{0,40}:|[-*\u2022]\s|\d{1,2}[.)]\s))")
_MOST_ITEMS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Pasted:
    """A pasted request as understood.

    `requested` is the text of the requested item ("" where none was found), `focus` what
    stands for it in a search, `whole` the text without what the administrator said. `concepts`
    are those of the item, with region and side from the rest where the item names none;
    `reasons` those the text turns on.
    """

    requested: str
    focus: str
    whole: str
    concepts: Concepts
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Clause:
    text: str
    weight: float
    denial: bool


def read_pasted(text: str) -> Pasted:
    """What `text` asks for. What stands beyond READ_TEXT characters is not read."""
    text = mended(readable(text[:READ_TEXT]))
    clauses = _clauses(text)
    asked = [clause for clause in clauses if clause.weight > 0 and not clause.denial]
    best = max((clause.weight for clause in asked), default=0.0)
    items = [clause.text for clause in asked if clause.weight >= 0.75 * best][:_MOST_ITEMS]
    requested = " ".join(items)
    whole = " ".join(clause.text for clause in clauses if not clause.denial) or " ".join(
        text.split()
    )
    focus = requested or whole
    return Pasted(
        requested=requested,
        focus=focus,
        whole=whole,
        concepts=_concepts(focus, whole),
        reasons=read_reasons(text),
    )


def _concepts(focus: str, whole: str) -> Concepts:
    """Concepts of the item; what it leaves open is filled in from the text around it."""
    item, around = read_concepts(focus), read_concepts(whole)
    return replace(
        item,
        treatments=item.treatments or around.treatments,
        regions=item.regions or around.regions,
        levels=item.levels,
        sides=item.sides or (around.sides if not item.regions else ()),
    )


def _clauses(text: str) -> list[_Clause]:
    found: list[_Clause] = []
    for entry in _ENTRY.split(text):
        for sentence in sentences(entry):
            found += _weighed(sentence)
    return found


def _weighed(sentence: str) -> list[_Clause]:
    """The clauses of a sentence; a denial reaches to the end of its sentence."""
    pieces = [piece for piece in _CLAUSE.split(sentence) if piece.strip()]
    found: list[_Clause] = []
    denial = False
    cue = 0.0
    for piece in pieces:
        before, rest = _before_denial(piece) if not denial else ("", piece)
        if before:
            # "Request:" introduces the clause behind it: its weight is carried over.
            weight = _weight(before, cue)
            found.append(_Clause(before, weight, denial=False))
            cue = _cue(before) if before.rstrip().endswith(":") else 0.0
        if rest:
            denial = True
            found.append(_Clause(rest, 0.0, denial=True))
    return found


def _before_denial(piece: str) -> tuple[str, str]:
    match = _words("denial").search(piece)
    if match is None or _words("dispute").search(piece):
        return piece, ""
    return piece[: match.start()].strip(), piece[match.start() :].strip()


def _cue(clause: str) -> float:
    if _words("strong").search(clause):
        return 3.0
    return 1.5 if _words("weak").search(clause) else 0.0


def _weight(clause: str, carried: float) -> float:
    """How much a clause looks like the request: cue words and a treatment, less its history."""
    cue = max(_cue(clause), carried)
    if cue == 0.0:
        return 0.0
    concepts = read_concepts(clause)
    names_item = bool(concepts.treatments or concepts.drugs)
    history = 1.0 if _words("history").search(clause) else 0.0
    return max(cue + (2.0 if names_item else 0.0) - history, 0.1)


@cache
def _words(group: str) -> re.Pattern[str]:
    phrases = tomllib.loads(_FILE.read_text("utf-8"))[group]
    longest = sorted(phrases, key=len, reverse=True)
    alternatives = (re.escape(phrase).replace(r"\*", r"\w*") for phrase in longest)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(alternatives)})(?![\w-])", re.IGNORECASE)
