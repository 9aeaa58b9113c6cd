"""How the pages say things: outcomes that cannot be misread, rates with their doubt, dates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from urllib.parse import quote, quote_plus, urlencode

from flask import Flask
from markupsafe import Markup, escape

from index.letter import Citation, Family, Issue, Letter
from search.facets import FACETS, OUTCOMES
from search.request import LONGEST_TEXT, MODES, SORTS, Sort
from search.results import FacetValue, Hit, Outcomes
from search.signals import SIGNALS

FIELDS = {
    "request": "Request",
    "summary": "Case summary",
    "rationale": "Rationale",
    "guidelines": "Guidelines",
}
# The state replaced most of the MTUS text on this day; what was decided before rests on the old.
MTUS_REPLACED = date(2017, 12, 1)
SHOWN_VALUES = 8


def day(value: date | None) -> str:
    """A date as "17 Jan 2017"."""
    return f"{value.day} {value:%b %Y}" if value else "date not stated"


def plural(count: int, noun: str, several: str = "") -> str:
    """A count with its noun: "1 issue", "1,204 issues"."""
    return f"{count:,} {noun if count == 1 else several or noun + 's'}"


def thousands(number: int) -> str:
    """A count as "1,204"."""
    return f"{number:,}"


def ordinal(number: int) -> str:
    """A rank: 1st, 2nd, 3rd, 11th."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10)
    return f"{number:,}{ending or 'th'}"


def share(rate: float, n: int) -> str:
    """A rate in percent without its sign; a decimal only where there is the evidence for it."""
    return f"{100 * rate:.{1 if n >= 100 else 0}f}"


def fared(outcomes: Outcomes) -> str:
    """As “9 of 41 (22%, 12 to 37)”; without the rate where there is too little to say."""
    counted = f"{outcomes.overturned:,} of {outcomes.n:,}"
    if outcomes.rate is None or outcomes.low is None or outcomes.high is None:
        return counted
    rate, low, high = (share(r, outcomes.n) for r in (outcomes.rate, outcomes.low, outcomes.high))
    return f"{counted} ({rate}%, {low} to {high})"


def base(outcomes: Outcomes) -> str:
    """The rate of the whole index, or that it is not known."""
    if outcomes.base_rate is None:
        return "not known"
    return f"{share(outcomes.base_rate, outcomes.base_n)}%"


def base_count(outcomes: Outcomes) -> int:
    """How many issues of the whole index were overturned."""
    return round((outcomes.base_rate or 0) * outcomes.base_n)


def marked(text: str, marks: Iterable[tuple[int, int]] = ()) -> Markup:
    """The text with `marks` as <mark>; overlapping and wrong offsets do no harm."""
    parts: list[str] = []
    done = 0
    for start, end in sorted(marks):
        start, end = max(start, done), min(end, len(text))
        if start < end:
            parts += [escape(text[done:start]), "<mark>", escape(text[start:end]), "</mark>"]
            done = end
    return Markup("".join([*parts, escape(text[done:])]))  # noqa: S704 - each part is escaped


def last_part(value: str) -> str:
    """The last step of "Imaging > MRI"."""
    return value.rpartition(" > ")[2]


def guideline(citation: Citation) -> str:
    """A citation as the value one filters by."""
    if not citation.title:
        return citation.family.value
    return f"{citation.family.value} > {citation.title}"


def case_name(letter: str) -> str:
    """A letter's id where that is a case number; the hash of a text names nothing to a reader."""
    return "No case number" if letter.startswith("T-") else letter


def citation(letter: Letter, issue: Issue) -> str:
    """How an issue is cited: case number, date, issue, request and outcome."""
    case = f"IMR Case Number {letter.case_number}"
    if not letter.case_number:
        case = f"IMR letter {letter.id} (no case number)"
    decided = f"decided {day(letter.decision_date)}" if letter.decision_date else "undated"
    asked_for = shorten(" ".join((issue.disputed or issue.request).split()), 120)
    outcome = OUTCOMES[issue.outcome.value].partition(":")[0]
    return f"{case}, {decided}, issue {issue.number} ({asked_for}): {outcome}"


def shorten(text: str, most: int) -> str:
    """The text, cut between words where it is longer than `most` characters."""
    return text if len(text) <= most else text[:most].rpartition(" ")[0].rstrip(",;:") + " …"


def can_filter(citation: Citation) -> bool:
    """Whether others can rely on the same thing."""
    return citation.family is not Family.NONE


def superseded(decided: date | None, guidelines: Iterable[str]) -> bool:
    """Whether a determination rests on MTUS text that has since been replaced."""
    return (
        decided is not None
        and decided < MTUS_REPLACED
        and any(name.startswith(Family.MTUS.value) for name in guidelines)
    )


def any_superseded(hits: Iterable[Hit]) -> bool:
    """Whether one of the hits rests on MTUS text that has since been replaced."""
    return any(superseded(hit.decision_date, hit.reviewer_guidelines) for hit in hits)


def tree(values: Sequence[FacetValue]) -> list[tuple[FacetValue, list[FacetValue]]]:
    """The values of a facet as families with their children, in the order they came."""
    tops = [value for value in values if not value.parent]
    known = {value.value for value in tops}
    orphans = [value for value in values if value.parent and value.parent not in known]
    return [
        (top, [value for value in values if value.parent == top.value]) for top in [*tops, *orphans]
    ]


def ranked(ranks: Mapping[str, int]) -> str:
    """The places of a hit: "2nd by words, 1st by meaning"."""
    told = (signal for signal in SIGNALS if signal.name in ranks)
    return ", ".join(f"{ordinal(ranks[signal.name])} {signal.label}" for signal in told)


def alone(value: FacetValue) -> tuple[FacetValue, list[FacetValue]]:
    """A value as a tree without children."""
    return value, []


def letter_path(letter: str, number: int | str = "", words: str = "") -> str:
    """The address of a letter, or of an issue in it; the words searched are marked there."""
    path = f"/letters/{quote(letter, safe='')}"
    pairs = [f"issue={number}"] if number else []
    if words:
        pairs.append(f"q={quote_plus(words)}")
    query = f"?{'&'.join(pairs)}" if pairs else ""
    return f"{path}{query}#issue-{number}" if number else f"{path}{query}"


def similar_path(letter: str, number: int) -> str:
    """The address of the cases similar to an issue."""
    return f"/similar/{quote(letter, safe='')}/{number}"


@lru_cache(maxsize=4096)
def search_path(group: str, value: str) -> str:
    """The address of a search by one filter."""
    return f"/search?{urlencode([(group, value)])}"


def install(app: Flask) -> None:
    """Give these words to the templates."""
    app.jinja_env.filters.update(
        alone=alone,
        base=base,
        base_count=base_count,
        case_name=case_name,
        citation=citation,
        day=day,
        fared=fared,
        guideline=guideline,
        last_part=last_part,
        marked=marked,
        ordinal=ordinal,
        plural=plural,
        ranked=ranked,
        thousands=thousands,
        tree=tree,
    )
    app.jinja_env.globals.update(
        any_superseded=any_superseded,
        can_filter=can_filter,
        date_sorts={name: said for name, said in SORTS.items() if name is not Sort.RELEVANCE},
        facet_kinds=FACETS,
        field_words=FIELDS,
        letter_path=letter_path,
        longest_text=LONGEST_TEXT,
        mode_words=MODES,
        outcome_words=OUTCOMES,
        search_path=search_path,
        share=share,
        shown_values=SHOWN_VALUES,
        similar_path=similar_path,
        sort_words=SORTS,
        superseded=superseded,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
