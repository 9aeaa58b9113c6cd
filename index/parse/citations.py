"""The words of a guideline attribution, as citations: family, title, edition, sections, pages.

The family is what the letter attributes a citation to: "MTUS" for what it cites as MTUS; for
"Non-MTUS", ODG where that is named, else ACOEM, else other. The titles, and the many ways to
write each, are in `data/guidelines.toml`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from index.letter import Citation, Family

_MAX_WORDS = 20_000  # characters; the longest attributions have some 2,000

_NONE = re.compile(
    r"\bdid\s+not\s+cite\b|\bno\s+(?:medical\s+)?(?:evidence|guidelines?)\s+(?:was|were)?\s*cited",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\bdid\s+not\s+base\s+(?:its|their|his\s*/\s*her)\s+decision\s+on\s+the\s+MTUS\b\.?"
    r"|(?:\bbased\s+(?:its|their|his\s*/\s*her)\s+decision\s+on\s+)?(?:\brecommendations?(?:\(s\))?\s+)?"
    r"\boutside\s+(?:of\s+)?the\s+MTUS(?:\s+Guidelines)?\b\.?",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"\b(?:Decision\s+)?based\s+(?:its|his/her|their)?\s*(?:decision\s+)?on\b", re.IGNORECASE
)
_NON_MTUS = re.compile(
    r"\bNon-?\s?MTUS\b(?:\s+Citations?)?:?"
    r"|\b(?:not\s+(?:a\s+)?part\s+of|not\s+in)\s+the\s+(?:MTUS|Medical\s+Treatment\s+Utilization)",
    re.IGNORECASE,
)
# What follows tells why, and often names guidelines that were not relied on.
_WHY = re.compile(r"(?<=\w)[,\s]+(?:was|were|is|are)\s+relied\s+upon\b.*", re.IGNORECASE)
# Prose goes on from MTUS to something else in one clause.
_BESIDE_MTUS = re.compile(
    r",?\s+and\s+(?:on\s+)?(?=(?:the\s+)?(?:ODG\b|Official\s+Disability\s+Guid)"
    r"|(?:a|an|the)\s+(?:published|article|journal|study|textbook|review)\b)",
    re.IGNORECASE,
)
_ODG = re.compile(r"\bODG\b|\bOfficial\s+Disability\s+Guid", re.IGNORECASE)
_ACOEM = re.compile(
    r"\bACOEM\b|\bAmerican\s+College\s+of\s+Occupational\s+and\s+Environmental", re.IGNORECASE
)
_MTUS = re.compile(
    r"\bMTUS\b|\bMedical\s+Treatment\s+Utilization\s+Schedule"
    r"|\bChronic\s+Pain\s+Medical\s+Treatment|\bPost-?surgical\s+Treatment\s+Guid"
    r"|\bAcupuncture\s+Medical\s+Treatment",
    re.IGNORECASE,
)


@lru_cache(maxsize=8192)  # letters say the same over and over
def parse_citations(words: str) -> tuple[Citation, ...]:
    """The citations in an attribution, in order; one of family NONE where it says it cites nothing.

    Of an attribution that the letter lacks nothing is said: no citation, not even that one.
    """
    words = " ".join(words[:_MAX_WORDS].split())
    if not words:
        return ()
    found = [citation for clause in _clauses(words) for citation in _read_clause(clause)]
    return tuple(dict.fromkeys(found)) or (Citation(family=Family.NONE, text=words),)


def _clauses(words: str) -> Iterator[str]:
    """What stands after each "Decision based on"; all of an attribution told otherwise."""
    if _NONE.search(words) and not _CLAUSE.search(words):
        return
    words = _WHY.sub("", _DENIED.sub("", words))
    starts = list(_CLAUSE.finditer(words))
    ends = [*(match.start() for match in starts[1:]), len(words)]
    clauses = [words[match.end() : end] for match, end in zip(starts, ends, strict=False)]
    yield from (c for clause in clauses or [words] if (c := clause.strip(" .,;")) and len(c) > 2)


def _read_clause(clause: str) -> Iterator[Citation]:
    mtus, non_mtus = _parted(clause)
    if mtus:
        yield from _mtus(mtus)
    if non_mtus:
        yield from _non_mtus(non_mtus)


def _parted(clause: str) -> tuple[str, str]:
    """The part of a clause cited as MTUS and the part cited as not."""
    mark = _NON_MTUS.search(clause)
    if mark and mark.group().lower().startswith("non"):
        return clause[: mark.start()].strip(" .,;"), clause[mark.end() :].strip()
    mtus = _MTUS.search(clause)
    if mark or not mtus:
        return "", clause
    if beside := _BESIDE_MTUS.search(clause, mtus.end()):
        return clause[: beside.start()], clause[beside.end() :]
    return clause, ""


# -- titles ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Titles:
    """One table of titles: a pattern for all the names in it, and the title of each."""

    pattern: re.Pattern[str]
    titles: tuple[str, ...]
    chapters: dict[int, str]

    def find(self, words: str) -> Iterator[tuple[int, int, str]]:
        for match in self.pattern.finditer(words):
            yield match.start(), match.end(), self.titles[int((match.lastgroup or "t0")[1:])]


def _pattern_of(name: str) -> str:
    return name.replace(" and ", r"\s(?:and|&)\s").replace(" ", r"\s")


@cache
def _table() -> dict[str, list[dict[str, object]]]:
    return tomllib.loads((files("index") / "data" / "guidelines.toml").read_text("utf-8"))


@cache
def _titles(table: str) -> _Titles:
    names: list[tuple[str, str]] = []
    chapters: dict[int, str] = {}
    for entry in _table()[table]:
        title = str(entry["title"])
        names += [(str(name), title) for name in _strings(entry["names"])]
        chapters |= {int(number): title for number in _strings(entry.get("chapters", []))}
    names.sort(key=lambda pair: -len(pair[0]))
    pattern = "|".join(f"(?P<t{i}>{_pattern_of(name)})" for i, (name, _) in enumerate(names))
    compiled = re.compile(rf"(?<![\w-])(?:{pattern})(?!\w)", re.IGNORECASE)
    return _Titles(compiled, tuple(title for _, title in names), chapters)


def _strings(values: object) -> list[str]:
    return [str(value) for value in values] if isinstance(values, list) else []


# -- MTUS ------------------------------------------------------------------------------------

# What may stand between the beginning of a citation and its title.
_LEAD = re.compile(
    r"(?:^|[,;.]\s*(?:and\s+)?|\band\s+)"
    r"(?:(?:the|California|CA|MTUS|Medical\s+Treatment\s+Utilization\s+Schedule|\(MTUS\)|\(?ACOEM\)?"
    r"|American\s+College\s+of\s+Occupational\s+and\s+Environmental\s+Medicine|Practice|Guidelines?"
    r"|2nd|Second|Edition|\(\d{4}\)|\d{4}|-|:|,)\s*)*"
    r"(?:Chapter\s*(?P<chapter>\d{1,2})\)?\s*[-:,(]?\s*)?$",
    re.IGNORECASE,
)
_CHAPTER = re.compile(r"\bChapter\s*(\d{1,2})\b", re.IGNORECASE)
_EDITION = re.compile(r"\b(20(?:0\d|1\d|2\d))\b")
_LOOK_BACK = 160


def _mtus(clause: str) -> Iterator[Citation]:
    titles = _titles("mtus")
    places = [
        (start, end, title)
        for start, end, title in titles.find(clause)
        if _LEAD.search(clause[max(0, start - _LOOK_BACK) : start])
        and not _in_section(clause, start)
    ]
    if not places:
        chapter = _CHAPTER.search(clause)
        title = titles.chapters.get(int(chapter[1]), "") if chapter else ""
        start = chapter.end() if chapter else 0
        yield _citation(Family.MTUS, title, clause, clause[start:])
        return
    bounds = [*(start for start, _, _ in places[1:]), len(clause)]
    for place, ((start, end, title), bound) in enumerate(zip(places, bounds, strict=False)):
        text = clause[start if place else 0 : bound]
        yield _citation(Family.MTUS, title, _trim(text), clause[end:bound])


_NEXT_PART = re.compile(r"(?:,|;)?\s*\band\s*$", re.IGNORECASE)


def _in_section(clause: str, start: int) -> bool:
    """Whether a name stands in a list of sections: there only ", and" leads to a new title."""
    sections = clause.lower().rfind("section(s):", 0, start)
    return sections >= 0 and not re.search(r",\s*and\s*$", clause[sections:start])


def _trim(text: str) -> str:
    return _NEXT_PART.sub("", text).strip(" ,;.")


def _citation(family: Family, title: str, text: str, details: str) -> Citation:
    head, mark, listed = details.partition("Section(s):")
    edition = _EDITION.search(head[:40])
    return Citation(
        family=family,
        title=title,
        edition=edition[1] if edition else "",
        sections=_sections(_trim(listed)) if mark else (),
        pages=_pages(details),
        text=text,
    )


_PAGES = re.compile(
    r"\b(?:Page(?:\(s\)|s)?|pp?\.|pgs?\.?)\s*:?\s*([\d\s,.\u2013-]{1,80})", re.IGNORECASE
)
_PAGE = re.compile(r"(?<![\d.])\d{1,4}(?:\s*[-\u2013]\s*\d{1,4})?(?![\d]|\.\d)")


def _pages(words: str) -> tuple[str, ...]:
    found = [
        re.sub(r"\s*[-\u2013]\s*", "-", page)
        for pages in _PAGES.finditer(words)
        for page in _PAGE.findall(pages[1])
    ]
    return tuple(dict.fromkeys(found))


_NAMED_SECTIONS = re.compile(r"[()]|,\s+(?=[A-Z0-9])")
_NUMBERED_SECTIONS = re.compile(r"[()]|,\s+(?=\d+\.)")


def _sections(listed: str) -> tuple[str, ...]:
    """The names in a list of sections: a comma parts two where a capital or a number follows."""
    parts: list[str] = []
    depth = start = 0
    separator = _NUMBERED_SECTIONS if listed[:1].isdigit() else _NAMED_SECTIONS
    for match in separator.finditer(listed):
        if match.group() in "()":
            depth = max(0, depth + (1 if match.group() == "(" else -1))
        elif depth == 0 and listed[start : match.start()].strip() not in _section_heads():
            parts.append(listed[start : match.start()])
            start = match.end()
    parts.append(listed[start:])
    return tuple(part.strip() for part in parts if part.strip())


@cache
def _section_heads() -> frozenset[str]:
    sections: object = _table()["sections"]
    return frozenset(_strings(sections["heads"]) if isinstance(sections, dict) else ())


# -- not MTUS --------------------------------------------------------------------------------

_BODIES = re.compile(
    r"\b(?:(?:the\s+)?Official\s+Disability\s+Guid(?:e|eline)s?|American\s+College\s+of\s+Occupational"
    r"\s+and\s+Environmental\s+Medicine|ODG|ACOEM)\b(?:\s+guidelines?)?|\((?:ODG|ACOEM)\)",
    re.IGNORECASE,
)
_REMARKS = re.compile(
    r"\((?:Acute\s*(?:&|and)\s*Chronic|Chronic|Acute|updated[^)]{0,40}|online\s+version|web[^)]{0,20})\)"
    r"|\b(?:chapter|section|topic)\b",
    re.IGNORECASE,
)
_BEFORE_TITLE = re.compile(
    r"(?:^|[,;:/(\-\u2013]|\band|&|\bchapter|\d{4}|\bEdition|\x00)\s*$", re.IGNORECASE
)
_AFTER_TITLE = re.compile(r"\s*(?:$|[,;:/(.\-\u2013]|&|chapter|section|and\s)", re.IGNORECASE)


def _non_mtus(clause: str) -> Iterator[Citation]:
    clause = clause.strip(" .,;:")
    if _ODG.search(clause):
        yield from _titled(Family.ODG, _titles("odg"), clause)
    elif _ACOEM.search(clause):
        yield from _titled(Family.ACOEM, _titles("acoem"), clause)
    else:
        named = next(_titles("other").find(clause), None)
        yield Citation(
            family=Family.OTHER,
            title=named[2] if named else "",
            pages=_pages(clause),
            text=clause,
        )


def _titled(family: Family, titles: _Titles, clause: str) -> Iterator[Citation]:
    """A citation for each chapter named; where none stands as a chapter, the first name found."""
    words = _BODIES.sub(lambda body: "\x00".rjust(len(body.group())), clause)
    found = list(titles.find(words))
    places = [place for place in found if _stands_alone(words, place)] or found[:1]
    if not places:
        edition = _EDITION.search(clause)
        year = edition[1] if edition else ""
        yield Citation(family=family, edition=year, sections=_rest(words), text=clause)
        return
    ends = [*(start for start, _, _ in places[1:]), len(words)]
    merged: dict[str, list[str]] = {}
    for (_, end, title), bound in zip(places, ends, strict=False):
        merged.setdefault(title, []).extend(_rest(words[end:bound]))
    edition = _EDITION.search(words[: places[0][0]])
    for title, sections in merged.items():
        yield Citation(
            family=family,
            title=title,
            edition=edition[1] if edition else "",
            sections=tuple(dict.fromkeys(sections)),
            pages=_pages(clause),
            text=clause,
        )


_CHAPTER_WORD = re.compile(r"\s+(?:chapter|section)\b", re.IGNORECASE)


def _stands_alone(words: str, place: tuple[int, int, str]) -> bool:
    start, end, _ = place
    return bool(
        (words[start].isupper() or _CHAPTER_WORD.match(words, end))
        and _BEFORE_TITLE.search(words[max(0, start - 12) : start])
        and _AFTER_TITLE.match(words, end)
    )


_JOINER = re.compile(r"\b(?:and|&)\s*$|^\s*(?:and|&)\s")
_NO_SECTION = re.compile(
    r"^(?:\d{4}\b|\d{1,2}/\d{1,2}/\d{2,4}|on\b)|\bPage(?:\(s\)|s)?:.*", re.IGNORECASE
)
_STRAY = " ,;:./-\u2013"


def _rest(words: str) -> tuple[str, ...]:
    """What a citation names below the chapter."""
    words = " ".join(_REMARKS.sub(" ", words.replace("\x00", " ")).split())
    words = _NO_SECTION.sub("", _JOINER.sub("", words).strip(_STRAY))
    words = re.sub(r"\s+([,;:.)])", r"\1", words).strip(_STRAY)
    if words.startswith("(") and words.endswith(")"):
        words = words[1:-1]
    return (words,) if len(words) > 2 else ()
