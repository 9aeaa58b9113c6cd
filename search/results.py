"""What the engine answers with: one result object for every page, API answer and export.

All records are immutable and free of engine types. Ranks count from 1. Marks are (start, end)
character offsets into the text they stand with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from index.letter import Concepts, Letter, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """A passage of one field (`request`, `summary`, `rationale`, `guidelines`) of an issue.

    `marks` are the matching words; `semantic` tells the best passage in meaning, which may
    hold none of the words.
    """

    field: str
    text: str
    marks: tuple[tuple[int, int], ...] = ()
    semantic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why a hit is there: the words found in it and the concepts it shares with the question."""

    terms: tuple[str, ...] = ()
    concepts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One issue in a ranking.

    `request` is the whole heading, `disputed` the part of it in dispute. `ranks` has its place by
    signal; a signal that did not return it is absent. `near_identical` are the ids of issues folded
    under it, `near_identical_requests` what each of them asked for.
    """

    issue: str
    letter: str
    number: int
    issues_in_letter: int
    request: str
    disputed: str
    outcome: Outcome
    decision_date: date | None
    reviewer_guidelines: tuple[str, ...]
    claims_administrator_guidelines: tuple[str, ...]
    guidelines_differ: bool
    specialties: tuple[str, ...]
    treatments: tuple[str, ...]
    regions: tuple[str, ...]
    score: float
    ranks: Mapping[str, int]
    snippets: tuple[Snippet, ...]
    why: Why
    near_identical: tuple[str, ...] = ()
    near_identical_requests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Count:
    """How many issues there are, and how many of them were overturned."""

    n: int
    overturned: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetValue:
    """A value one can filter by: `count` issues have it, `overturned` of them were.

    "MTUS > Low Back Complaints" is a child of "MTUS".
    """

    value: str
    label: str
    count: int
    overturned: int
    selected: bool = False
    parent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """How a set of prior issues fared.

    `overturned` of `n` decided issues in `letters` distinct letters; `low` and `high` bound the
    rate with the Wilson score interval at 95%. `base_rate` over `base_n` is the whole index.
    Rates are fractions in [0, 1], None where `n` is too small to say (see search.outcomes).
    """

    n: int
    overturned: int
    letters: int
    rate: float | None
    low: float | None
    high: float | None
    base_rate: float | None
    base_n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """A query term and what it was taken to mean too; `active` tells whether it is applied.

    An ambiguous term has `choices`, the names of its senses; `sense` is the one taken, empty
    where nothing in the question decides.
    """

    term: str
    meanings: tuple[str, ...]
    active: bool = True
    sense: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidFilter:
    """A filter in force: a `value` of the facet `name`, and the two in English."""

    name: str
    value: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """The answer to a question: one page of hits of a result set, with counts and statistics.

    `shown` hits are left of the `total` issues once near-identical ones are folded; offset and
    limit count those. `with_words` of the issues contain the words, `near` more are near in
    meaning. Where filters leave few, `nearby` are the nearest under the filters, counted nowhere.
    `total_words` says the result set in English, `searched` what an issue had to hold, `notes` what
    was interpreted, loosened or capped. A facet counts the whole result set, as if it were not
    filtered itself. `build` and `generation` name the index that answered. `letter_id` is set where
    the words are the number of a letter that is there.
    """

    total: int
    total_words: str
    searched: str = ""
    shown: int
    with_words: int
    near: int
    letters: int
    mode: str
    limit: int
    offset: int
    generation: int
    build: str
    facets: Mapping[str, tuple[FacetValue, ...]]
    outcomes: Outcomes
    hits: tuple[Hit, ...]
    nearby: tuple[Hit, ...] = ()
    filters: tuple[SaidFilter, ...] = ()
    notes: tuple[str, ...] = ()
    expansions: tuple[Expansion, ...] = ()
    did_you_mean: str = ""
    letter_id: str = ""

    @property
    def state(self) -> str:
        """Build and generation as one word, for an address to carry on."""
        return f"{self.build}.{self.generation}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What was understood of a pasted request; every field may be empty."""

    requested: str
    treatments: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()
    drugs: tuple[str, ...] = ()
    visits: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What denials among the similar issues said was missing: a quotation and where it stands."""

    issue: str
    quotation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Similar(Results):
    """The answer to a pasted request or to "similar to this issue".

    `outcomes` are over the most similar issues, one per group of near-identical ones;
    `same_treatment` is the rate of all issues of the understood treatment.
    """

    understood: Understood
    nearest_approved: tuple[Hit, ...]
    nearest_denied: tuple[Hit, ...]
    same_treatment: Outcomes | None = None
    missing: tuple[Missing, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterPage:
    """A letter for reading, with what each of its issues is about, in its order.

    `source` is the path of the file that gave it, as `os.fsdecode` makes it of bytes (what is shown
    of it goes through `index.extract.shown`); empty where no file gives it any more. `marks` are
    offsets per section name for the words searched. Section names are "summary" and,
    per issue number n, "request n" and "rationale n".
    """

    letter: Letter
    concepts: tuple[Concepts, ...]
    source: str
    marks: dict[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    neighbours: tuple[Hit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TreatmentRate:
    """A treatment to browse, with how its issues fared."""

    treatment: str
    outcomes: Outcomes


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What an index holds: counts, the years of decision covered, rates by treatment."""

    letters: int
    issues: int
    first_year: int | None
    last_year: int | None
    outcomes: Outcomes
    treatments: tuple[TreatmentRate, ...]
    semantic_ready: bool
    degraded: str
    generation: int
    build: str
