"""Short ways to ask an engine, for tests that are about the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from search.engine import Engine
from search.request import CaseRequest, Mode, Page, SearchRequest, Sort, Switches
from search.results import Results, Similar


def _common(
    filters: Mapping[str, Sequence[str]],
    mode: str,
    limit: int,
    offset: int,
    sort: str,
    expand: bool,
    off: Sequence[str],
    senses: Mapping[str, str],
) -> dict[str, Any]:
    return {
        "filters": {name: tuple(values) for name, values in filters.items()},
        "mode": Mode(mode),
        "page": Page(offset=offset, limit=limit, sort=Sort(sort)),
        "switches": Switches(expand=expand, off=tuple(off), senses=senses),
    }


def words(
    typed: str,
    *,
    filters: Mapping[str, Sequence[str]] | None = None,
    mode: str = "hybrid",
    limit: int = 20,
    offset: int = 0,
    sort: str = "relevance",
    expand: bool = True,
    off: Sequence[str] = (),
    senses: Mapping[str, str] | None = None,
) -> SearchRequest:
    """A request of typed words."""
    common = _common(filters or {}, mode, limit, offset, sort, expand, off, senses or {})
    return SearchRequest(words=typed, **common)


def case(
    text: str = "",
    *,
    issue: str = "",
    filters: Mapping[str, Sequence[str]] | None = None,
    mode: str = "hybrid",
    limit: int = 20,
    offset: int = 0,
    sort: str = "relevance",
    expand: bool = True,
    off: Sequence[str] = (),
    senses: Mapping[str, str] | None = None,
) -> CaseRequest:
    """A request of a pasted text or an issue."""
    common = _common(filters or {}, mode, limit, offset, sort, expand, off, senses or {})
    return CaseRequest(text=text, issue=issue, **common)


def search(engine: Engine, typed: str, **asked: Any) -> Results:
    """What an engine answers to typed words."""
    return engine.search(words(typed, **asked))


def similar(engine: Engine, text: str = "", **asked: Any) -> Similar:
    """What an engine answers to a pasted text or an issue."""
    return engine.similar(case(text, **asked))


def ids(results: Results) -> list[str]:
    """The issues of a page, those folded under another behind it."""
    return [issue_id for hit in results.hits for issue_id in (hit.issue, *hit.near_identical)]
