"""The facets: each once, with its name, its label, its sentence and its values.

Forms, API, command line, pages and exports read this list. The values of a facet are those that
`index.segments.attributes` gives to an issue under the same name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process

from index.letter import Outcome
from search.query import QueryError
from search.request import Filters
from search.results import Count, FacetValue, SaidFilter

MOST_VALUES = 50
"""Values that one filter may name: each is another list to read, and nobody ticks more."""

OUTCOMES: Mapping[str, str] = {
    Outcome.OVERTURNED.value: "Overturned: treatment approved",
    Outcome.UPHELD.value: "Upheld: denial stands",
    Outcome.UNKNOWN.value: "Outcome not stated",
}
"""What each outcome means, in words that cannot be misread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetKind:
    """A group of values one can filter by.

    `said` is a filter as a sentence, `described` what the API and the command line say of it,
    `help` what a page says where the label does not say it; `labels` are the words for values
    that are not shown as they are. A `closed` facet has no other values than those labelled; one
    `always` shown is there without a value too. `newest_first` orders by value, not by count.
    """

    name: str
    label: str
    said: str
    described: str
    help: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    closed: bool = False
    always: bool = False
    newest_first: bool = False

    def label_of(self, value: str) -> str:
        """A value as a page shows it: a child without its parent's name."""
        return self.labels.get(value) or value.rpartition(" > ")[2]

    def sentence(self, value: str) -> str:
        """A filter by `value` in English."""
        return self.said.format(self.labels.get(value, value))


FACETS = (
    FacetKind(
        name="outcome",
        label="Outcome",
        said="outcome is {}",
        described="What the reviewer decided: upheld means the denial stands, overturned that the "
        "treatment is approved.",
        help="Of the issue itself, not of its letter.",
        labels=OUTCOMES,
        closed=True,
        always=True,
    ),
    FacetKind(
        name="treatment",
        label="Treatment",
        said="treatment is {}",
        described="A category of treatment, or Category > Sub.",
        always=True,
    ),
    FacetKind(
        name="region",
        label="Body region",
        said="body region is {}",
        described="A region of the body.",
        always=True,
    ),
    FacetKind(
        name="guideline",
        label="Reviewer relied on",
        said="reviewer relied on {}",
        described="What the reviewer relied on: a family such as ODG, or ODG > Pain.",
        always=True,
    ),
    FacetKind(
        name="administrator",
        label="Administrator relied on",
        said="claims administrator relied on {}",
        described="What the claims administrator cited, written as for guideline.",
        help="What the denial cited.",
    ),
    FacetKind(
        name="differ",
        label="Guidelines differ",
        said="reviewer and administrator cite {} guidelines",
        described="Whether reviewer and claims administrator used different guidelines.",
        help="Whether the reviewer used another guideline than the denial.",
        labels={"yes": "different", "no": "the same"},
        closed=True,
    ),
    FacetKind(
        name="reason",
        label="Reasons given",
        said="reason given: {}",
        described="A reason the decision turned on, as read from its words.",
        help="What the decision turned on, read from its words.",
    ),
    FacetKind(
        name="specialty",
        label="Reviewer's specialty",
        said="reviewer's specialty is {}",
        described="A specialty of the reviewer.",
    ),
    FacetKind(
        name="year",
        label="Year of decision",
        said="decided in {}",
        described="The year of decision.",
        newest_first=True,
    ),
)
BY_NAME: Mapping[str, FacetKind] = {kind.name: kind for kind in FACETS}


def check_filters(filters: Filters) -> dict[str, tuple[str, ...]]:
    """The filters that say something. Raises QueryError for what cannot be a filter."""
    kept: dict[str, tuple[str, ...]] = {}
    for name, values in filters.items():
        kind = BY_NAME.get(name)
        if kind is None:
            raise QueryError(
                f"There is no filter {name!r}.", None, f"Filter by one of {', '.join(BY_NAME)}."
            )
        chosen = tuple(dict.fromkeys(value.strip() for value in values if value.strip()))
        if len(chosen) > MOST_VALUES:
            raise QueryError(
                f"{len(chosen):,} values of {name} are more than one filter can hold.",
                None,
                f"Name at most {MOST_VALUES}.",
            )
        if kind.closed:
            chosen = tuple(value.lower() for value in chosen)
            _check_closed(kind, chosen)
        if chosen:
            kept[name] = chosen
    return kept


def _check_closed(kind: FacetKind, values: Iterable[str]) -> None:
    for value in values:
        if value not in kind.labels:
            known = ", ".join(kind.labels)
            raise QueryError(f"{value!r} is no {kind.name}.", None, f"Give one of {known}.")


def resolve_filters(
    filters: Filters, values_of: Callable[[str], Iterable[str]]
) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """The filters with their values as the index writes them, and a note on each it has not.

    `values_of` gives the values of a facet. Case does not matter; an unknown value stays, and finds
    nothing.
    """
    resolved: dict[str, tuple[str, ...]] = {}
    notes: list[str] = []
    for name, values in filters.items():
        written = {value.casefold(): value for value in values_of(name)}
        if not BY_NAME[name].closed:
            unknown = [value for value in values if value.casefold() not in written]
            notes += [_unknown(BY_NAME[name], value, list(written.values())) for value in unknown]
        resolved[name] = tuple(
            dict.fromkeys(written.get(value.casefold(), value) for value in values)
        )
    return resolved, tuple(notes)


def _unknown(kind: FacetKind, value: str, known: Sequence[str]) -> str:
    near = process.extract(value, known, scorer=fuzz.WRatio, score_cutoff=60, limit=3)
    hint = ", ".join(f"\u201c{name}\u201d" for name, _, _ in near)
    said = f"No issue of this index has the {kind.label.lower()} \u201c{value}\u201d."
    return f"{said} Did you mean {hint}?" if hint else said


def without(filters: Filters, facet: str) -> Filters:
    """The filters of all other facets."""
    return {name: values for name, values in filters.items() if name != facet}


def say_filters(filters: Filters) -> tuple[SaidFilter, ...]:
    """Each filter with its sentence."""
    return tuple(
        SaidFilter(name=name, value=value, words=BY_NAME[name].sentence(value))
        for name, values in filters.items()
        for value in values
    )


def make_facets(
    counts: Mapping[str, Mapping[str, Count]], filters: Filters
) -> dict[str, tuple[FacetValue, ...]]:
    """The values of each facet from their counts, in the order of the list."""
    values = {
        kind.name: _order_values(kind, counts.get(kind.name, {}), filters.get(kind.name, ()))
        for kind in FACETS
    }
    return {name: of_facet for name, of_facet in values.items() if of_facet or BY_NAME[name].always}


def _order_values(
    kind: FacetKind, counted: Mapping[str, Count], selected: tuple[str, ...]
) -> tuple[FacetValue, ...]:
    """Values by count, children behind their parent; selected ones are there even at zero."""
    counts = dict.fromkeys(selected, Count(0, 0)) | dict(counted)

    def order(value: str) -> tuple[int, str, int, str]:
        parent = value.partition(" > ")[0]
        if kind.newest_first:
            return (-int(value) if value.isdigit() else 0, value, 0, value)
        child = -counts[value].n if value != parent else -(1 << 62)
        return (-counts.get(parent, Count(0, 0)).n, parent, child, value)

    return tuple(
        FacetValue(
            value=value,
            label=kind.label_of(value),
            count=counts[value].n,
            overturned=counts[value].overturned,
            selected=value in selected,
            parent=value.partition(" > ")[0] if " > " in value else "",
        )
        for value in sorted(counts, key=order)
    )
