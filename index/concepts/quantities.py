"""Spinal levels and numbers of visits, read from the words of a request.

Levels: a pair or a range means the motion segments it spans ("L4-5" -> L4-L5; "L3 through S1" ->
L3-L4, L4-L5, L5-S1); a level that stands alone, or in a list, stays one ("C2, 3, 4" -> C2, C3, C4).
"""

from __future__ import annotations

import re

from index.fold import plain

_COLUMN = [f"{letter}{n}" for letter, last in zip("CTLS", (7, 12, 5, 5), strict=True)
           for n in range(1, last + 1)]  # fmt: skip
_PLACE = {level: place for place, level in enumerate(_COLUMN)}
_MAX_SEGMENTS = 12

_NOT_A_COUNT = (
    r"(?!\d|\.\d|[\s-]*(?:weight|signal|hyper|hypo|image"
    r"|mg|visit|session|week|wk|time|day|month|%))"
)
_FIRST = re.compile(rf"\b([CTLS])-?(\d{{1,2}}){_NOT_A_COUNT}", re.IGNORECASE)
_JOIN = r"-|/|\bto\b|\bthrough\b|\bthru\b|,|&|\band\b"
_NEXT = re.compile(
    rf"\s*({_JOIN})\s*(?:and\s+)?([CTLS]?)-?(\d{{1,2}}){_NOT_A_COUNT}", re.IGNORECASE
)
_LISTING = frozenset({",", "&", "and"})


def read_levels(text: str) -> tuple[str, ...]:
    """The spinal levels of `text`, normalised, in order of appearance."""
    text = plain(text)
    levels: dict[str, None] = {}
    at = 0
    while first := _FIRST.search(text, at):
        at = first.end()
        current = _level(first[1].upper(), int(first[2]))
        if not current:
            continue
        run = [current]
        while following := _NEXT.match(text, at):
            joined = following[1].lower()
            level = _following(current, joined, following[2].upper(), int(following[3]))
            if not level:
                break
            at = following.end()
            if joined in _LISTING:
                levels.update(dict.fromkeys(_segments(run)))
                run = [level]
            else:
                run.append(level)
            current = level
        levels.update(dict.fromkeys(_segments(run)))
    return tuple(levels)


def segments_of(vertebra: str) -> list[str]:
    """The motion segments above and below a vertebra: "L5" -> L4-L5, L5-S1; [] for no vertebra."""
    place = _PLACE.get(vertebra)
    if place is None:
        return []
    first, last = max(place - 1, 0), min(place + 1, len(_COLUMN) - 1)
    return [f"{_COLUMN[at]}-{_COLUMN[at + 1]}" for at in range(first, last)]


def _level(letter: str, number: int) -> str:
    level = f"{letter}{number}"
    return level if level in _PLACE else ""


def _following(current: str, joined: str, letter: str, number: int) -> str:
    """The level that continues `current`, or "" where the number is none of the spine."""
    if letter:
        return _level(letter, number)
    same = _level(current[0], number)
    if same and (_PLACE[same] > _PLACE[current] or (joined in _LISTING and same == current)):
        return same
    # "L5-1" is L5-S1: the number starts again in the next part of the spine.
    after = "CTLS".find(current[0]) + 1
    crosses = joined not in _LISTING and number == 1 and after < 4 and not _next_in_part(current)
    return _level("CTLS"[after], number) if crosses else ""


def _next_in_part(level: str) -> str:
    return _level(level[0], int(level[1:]) + 1)


def _segments(run: list[str]) -> list[str]:
    """The segments spanned by a run of joined levels, or the one level it is."""
    if len(run) == 1:
        return run
    top, bottom = (pick(_PLACE[level] for level in run) for pick in (min, max))
    if not 0 < bottom - top <= _MAX_SEGMENTS:
        return list(dict.fromkeys(run))
    return [f"{_COLUMN[place]}-{_COLUMN[place + 1]}" for place in range(top, bottom)]


_NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20,
    "twenty-four": 24, "thirty": 30, "thirty-six": 36, "forty": 40,
    "once": 1, "twice": 2, "thrice": 3,
}  # fmt: skip
_MAX_VISITS = 400
_MAX_TEXT = 2_000

_N = rf"(\d{{1,3}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})"
# A number or a range of which the second, larger one counts; "(8)" may repeat it.
_COUNT = rf"\b(?:{_N}\s?(?:-|to|or)\s?)?{_N}(?:\s?\(\d{{1,3}}\))?"
_VISIT = r"(?:visits?|sessions?|treatments?)"
_RATE = re.compile(
    rf"{_COUNT}\s?(?:times?|x|{_VISIT}|days?)?\s?(?:a|per|each|every|/|times|x)?\s?"
    r"(week|wk|month)(?:ly|s)?\W{0,3}(?:for|x|times|over|\*)?\s?"
    rf"(?:a period of |the next |a total of |up to )?{_COUNT}\s?(?:more |additional )?\3s?\b"
)
_TOTAL = re.compile(rf"{_COUNT}\s(?:(?!weeks?|times?|for\b)[a-z/-]{{1,20}}\s){{0,4}}{_VISIT}\b")
_PAIR = re.compile(r"\b(\d{1,2})\s?(?:x|times|\*)\s?(\d{1,2})\b(?!\s?(?:mg|mm|cm|%|\.\d))")
_NUMBERED = re.compile(
    rf"(?:(?:#|\bx|\btimes|\bqty:?)\s?|{_VISIT}\s?[,:;-]?\s?#?)(\d{{1,3}}|{_N})\b"
    r"(?!\s?(?:mg|%|/|-?\s?(?:week|wk|day|month|hour|time|x)))"
)


def read_visits(text: str) -> int | None:
    """The visits or sessions that `text` asks for, between 1 and 400; of a range, the upper end.

    A rate comes first ("two times a week for six weeks" -> 12), then a total ("12 sessions"),
    "2x6", and "#12". None where no number of visits is named.
    """
    text = plain(text[:_MAX_TEXT]).lower()
    visits = 0
    if found := _RATE.search(text):
        visits = _number(found[2]) * _number(found[5])
    elif found := _TOTAL.search(text):
        visits = _number(found[2])
    elif found := _PAIR.search(text):
        visits = _number(found[1]) * _number(found[2])
    elif found := _NUMBERED.search(text):
        visits = _number(found[1])
    return visits if 0 < visits <= _MAX_VISITS else None


def _number(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBERS[word]
