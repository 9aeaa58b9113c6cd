"""The seam between understanding and engines: what an engine is asked, and what it answers.

Values only, both ways: a `Query` knows no index, and what comes back are ids, scores, ranks,
counts and letters. `open_backend` is the one place that knows which engines there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from index.letter import Concepts, Issue, Letter, Outcome
from search.query import Node
from search.request import Filters, Mode, Page, Sort
from search.results import Count

Features = Mapping[str, Mapping[str, float]]
"""What is looked for beside words: group -> value -> how well it answers, in (0, 1]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTerms:
    """Rank by the terms that tell most about `text`: at most so many, times `weight` each."""

    text: str
    most: int
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked of an engine.

    `match` is what an issue must match to hold the words, None for a case, which has none to hold.
    `strict` leaves out what is only near; there, `match` ranks too. Where no issue matches and
    `loosen` is set, so many of the optional words are asked for as leave that many issues.
    `binds` must match in every mode. Words rank by `terms`, analysed and weighed, and by
    `key_terms`. `texts` are compared by meaning: the focus, and the whole where it differs.
    `leave_out` are ids that take no part at all, `only`, where there are any, those that alone do,
    `required` values an issue must have to take part.
    `spelling` are words to offer a correction for, should no issue hold them.
    """

    match: Node | None
    mode: Mode = Mode.HYBRID
    strict: bool = False
    binds: Node | None = None
    loosen: int = 0
    terms: Mapping[str, float] = field(default_factory=dict)
    key_terms: tuple[KeyTerms, ...] = ()
    texts: tuple[str, ...] = ()
    features: Features = field(default_factory=dict)
    leave_out: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    required: Filters = field(default_factory=dict)
    spelling: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What of a result set is wanted: filters, order, and a window of its entries.

    `fold` puts near-identical issues under the first of them; `facets` False leaves the counting
    out, `nearby` is how many of the nearest under the filters to add where few are left.
    """

    filters: Filters = field(default_factory=dict)
    sort: Sort = Sort.RELEVANCE
    offset: int = 0
    limit: int = 20
    fold: bool = True
    facets: bool = True
    nearby: int = 0

    @classmethod
    def of(cls, page: Page, filters: Filters, *, nearby: int = 0) -> View:
        """What a page of a request shows."""
        return cls(
            filters=filters, sort=page.sort, offset=page.offset, limit=page.limit, nearby=nearby
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """An issue in a ranking: its fused `score` in [0, 1] and its rank (from 1) by signal.

    A signal that did not return it is absent from `ranks`. `passage` is the number of its best
    passage in meaning, None without that signal; `folded` are the ids of near-identical issues.
    """

    id: str
    score: float
    outcome: Outcome
    ranks: Mapping[str, int] = field(default_factory=dict)
    passage: int | None = None
    folded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tally:
    """`overturned` of `n` decided issues, in `letters` distinct letters."""

    n: int
    overturned: int
    letters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultSet:
    """A result set as a view shows it.

    `total` issues in `letters` letters, `shown` entries once folded; `with_words` of the issues
    hold the words, `near` more are near. `counts` are by facet and value, each facet counted as if
    it were not filtered itself; `tally` counts the set as if outcomes were not filtered.
    """

    hits: tuple[Ranked, ...]
    total: int
    shown: int
    with_words: int
    near: int
    letters: int
    tally: Tally
    nearby: tuple[Ranked, ...] = ()
    counts: Mapping[str, Mapping[str, Count]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What an engine answers to a query: a result set for each view, and how it read the query.

    `mode` is the one in force: words alone while meaning is not ready. `least` says how many of the
    optional words were asked for, None where nothing was loosened. `key_terms` are those chosen of
    the first text. `patterns` says of each prefix and wildcard how many words it was searched as,
    and how many there are; `corrections` has a likelier word for one that no issue holds.
    """

    mode: Mode
    sets: tuple[ResultSet, ...]
    least: int | None = None
    key_terms: tuple[str, ...] = ()
    patterns: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    corrections: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Determination:
    """An issue with its letter and what was read into it."""

    id: str
    letter: Letter
    issue: Issue
    concepts: Concepts
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What an index holds: counts, years of decision, and how all and each treatment fared."""

    letters: int
    issues: int
    years: tuple[int, ...]
    tally: Tally
    treatments: Mapping[str, Tally]


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How an engine is: `degraded` says what is wrong, empty where nothing is.

    `meaning` tells whether texts are compared by meaning yet.
    """

    meaning: bool
    degraded: str = ""


class Snapshot(Protocol):
    """One generation of an index, which stays as it is while it is held.

    `build` and `generation` name it: equal pairs hold equal issues.
    """

    @property
    def build(self) -> str:
        """Which index it is, however often that was updated."""
        ...

    @property
    def generation(self) -> int:
        """Which state of that index."""
        ...

    def search(self, query: Query, *views: View) -> Reply:
        """A result set for each of `views`."""
        ...

    def issues(self, ids: Sequence[str]) -> list[Determination]:
        """The issues of these ids, in order. Raises NotFound."""
        ...

    def letter(self, letter_id: str) -> tuple[list[Determination], str]:
        """The issues of a letter in its order, and the path of the file that gave it.

        The path is as `os.fsdecode` makes it of bytes; empty where no file gives the letter any
        more. Raises NotFound.
        """
        ...

    def tally(self, filters: Filters) -> Tally:
        """How all issues that have these values fared."""
        ...

    def values(self, facet: str) -> Mapping[str, int]:
        """The values of a facet, and in how many issues each is."""
        ...

    def holdings(self) -> Holdings:
        """What the index holds."""
        ...


class Backend(Protocol):
    """An engine that answers queries. Safe to call from many threads at once."""

    def snapshot(self) -> Snapshot:
        """The newest generation that can be read; what is asked of it agrees with itself."""
        ...

    def health(self) -> Health:
        """How the engine is."""
        ...

    def warm_up(self) -> None:
        """Load what questions need; until that is done, words alone may answer."""
        ...


class NotFound(LookupError):
    """No issue or letter of that id is in the index."""

    def __init__(self, kind: str, identity: str) -> None:
        super().__init__(f"there is no {kind} {identity} in this index")
        self.kind = kind
        self.identity = identity


def open_backend(address: Path) -> Backend:
    """The engine over the index at `address`. Raises IndexUnusable with a remedy."""
    from search.local.backend import LocalBackend

    return LocalBackend(address)
