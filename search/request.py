"""What a person asks: a frozen record, made once at the edge and handed on whole.

Pages, API and command line each make a `SearchRequest` or a `CaseRequest` of what they were
given; nothing behind them takes its fields one by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

PAGE_SIZE = 20
LONGEST_WORDS = 2_000
"""Characters of a typed query; longer text is a case."""
LONGEST_TEXT = 500_000
"""Characters of a pasted text that is accepted."""
READ_TEXT = 100_000
"""Characters of it that are read: some forty pages."""


class Mode(StrEnum):
    """Which signals take part: all, words alone, or meaning alone."""

    HYBRID = "hybrid"
    LEXICAL = "lexical"
    SEMANTIC = "semantic"


class Sort(StrEnum):
    """The order of hits: by relevance, or by the date of decision, undated ones last."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"


MODES: Mapping[Mode, str] = {
    Mode.HYBRID: "words and meaning",
    Mode.LEXICAL: "words only",
    Mode.SEMANTIC: "meaning only",
}
"""The modes, each as a page names it."""

SORTS: Mapping[Sort, str] = {
    Sort.RELEVANCE: "relevance",
    Sort.NEWEST: "newest first",
    Sort.OLDEST: "oldest first",
}
"""The orders, each as a page names it."""

Filters = Mapping[str, tuple[str, ...]]
"""Values by facet: an issue must have one of the values of each facet named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """What a person decided about the meanings of terms.

    `expand` False searches every term as written only; `off` are the terms (lower case) that are;
    `senses` the chosen sense of an ambiguous term (lower case).
    """

    expand: bool = True
    off: tuple[str, ...] = ()
    senses: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which part of a result set, in which order, is wanted.

    `limit` hits behind the first `offset`; `seen` is the state of the index (see
    `search.results.Results.state`) that earlier pages were read from, empty for a first page.
    """

    offset: int = 0
    limit: int = PAGE_SIZE
    sort: Sort = Sort.RELEVANCE
    seen: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """Typed words, in the query language; none of them asks for everything."""

    words: str = ""
    filters: Filters = field(default_factory=dict)
    mode: Mode = Mode.HYBRID
    page: Page = field(default_factory=Page)
    switches: Switches = field(default_factory=Switches)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRequest:
    """A case to find similar ones to: a pasted `text`, or an `issue` of the index by its id."""

    text: str = ""
    issue: str = ""
    filters: Filters = field(default_factory=dict)
    mode: Mode = Mode.HYBRID
    page: Page = field(default_factory=Page)
    switches: Switches = field(default_factory=Switches)
