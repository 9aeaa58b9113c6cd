"""From the arguments of a request to a question for the engine, refused in plain words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from web.errors import Problem, bad_argument

FILTERS = (
    "outcome",
    "guideline",
    "administrator",
    "differ",
    "treatment",
    "region",
    "reason",
    "specialty",
    "year",
)
CLOSED = {"outcome": ("overturned", "upheld", "unknown"), "differ": ("yes", "no")}
MODES = ("hybrid", "lexical", "semantic")
SORTS = ("relevance", "newest", "oldest")
SWITCH = ("yes", "no")
PAGE_SIZE = 20
MAX_LIMIT = 100
MAX_OFFSET = 1_000_000
MAX_WORDS = 2_000
MAX_VALUE = 200
MAX_TERMS = 50
MAX_TEXT = 500_000

# Control characters mean nothing in a question and are not allowed in XML or a page.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of the engine, and the address that asks it again."""

    words: str = ""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mode: str = "hybrid"
    limit: int = PAGE_SIZE
    offset: int = 0
    sort: str = "relevance"
    expand: bool = True
    off: tuple[str, ...] = ()  # terms, lower case, that are searched only as written
    senses: Mapping[str, str] = field(default_factory=dict)  # ambiguous term -> chosen sense

    def pairs(self) -> list[tuple[str, str]]:
        """The arguments that ask this, defaults left out."""
        pairs = [("q", self.words)] if self.words else []
        pairs += [(group, value) for group, values in self.filters.items() for value in values]
        given = {
            "mode": (self.mode, "hybrid"),
            "sort": (self.sort, "relevance"),
            "limit": (str(self.limit), str(PAGE_SIZE)),
            "offset": (str(self.offset), "0"),
            "expand": ("yes" if self.expand else "no", "yes"),
        }
        pairs += [(name, value) for name, (value, usual) in given.items() if value != usual]
        pairs += [("off", term) for term in self.off]
        return pairs + [("sense", f"{term}:{sense}") for term, sense in self.senses.items()]

    def url(self, path: str) -> str:
        """The address of this question at `path`."""
        pairs = self.pairs()
        return f"{path}?{urlencode(pairs)}" if pairs else path

    def at(self, offset: int) -> Question:
        """The same question, another page."""
        return replace(self, offset=max(offset, 0))

    def without(self, group: str, value: str) -> Question:
        """The same question, one filter value less."""
        kept = {
            name: tuple(v for v in values if (name, v) != (group, value))
            for name, values in self.filters.items()
        }
        return replace(self, filters={n: v for n, v in kept.items() if v}, offset=0)

    def unfiltered(self) -> Question:
        """The same words, no filters."""
        return replace(self, filters={}, offset=0)

    def changed(self, name: str, value: str | bool) -> Question:
        """The same question from its first page, one of its choices changed."""
        choices: dict[str, Any] = {name: value}
        return replace(self, **choices, offset=0)

    def switched(self, term: str, *, on: bool) -> Question:
        """The same question, what `term` stands for searched too or not."""
        off = tuple(other for other in self.off if other != term.lower())
        return replace(self, off=off if on else (*off, term.lower()), offset=0)

    def read_as(self, term: str, sense: str) -> Question:
        """The same question, an ambiguous term taken in one of its senses."""
        senses = {**self.senses, term.lower(): sense}
        return replace(self.switched(term, on=True), senses=senses)

    def about(self, terms: Collection[str]) -> Question:
        """The same question without switches of terms that are not in it."""
        return replace(
            self,
            off=tuple(term for term in self.off if term in terms),
            senses={term: sense for term, sense in self.senses.items() if term in terms},
        )


def _choice(name: str, value: str, allowed: Iterable[str]) -> str:
    if value not in allowed:
        known = ", ".join(allowed)
        raise bad_argument(name, f"“{value[:60]}” is not a {name}.", f"Use one of: {known}.")
    return value


def _last(args: MultiDict[str, str], name: str, usual: str) -> str:
    """The last value given: a form holds its state in a hidden field, its buttons come after."""
    return next((value for value in reversed(args.getlist(name)) if value), usual)


def _number(name: str, value: str, low: int, high: int) -> int:
    # Length first: int() of a very long string of digits is slow, and isdigit() alone takes "²".
    if not (len(value) <= 9 and value.isascii() and value.isdigit() and low <= int(value) <= high):
        raise bad_argument(
            name, f"“{value[:60]}” cannot be the {name}.", f"Give a number from {low} to {high:,}."
        )
    return int(value)


def _filter_values(name: str, values: Iterable[str]) -> tuple[str, ...]:
    cleaned = dict.fromkeys(clean(value).strip() for value in values)
    cleaned.pop("", None)
    for value in cleaned:
        if name in CLOSED:
            _choice(name, value, CLOSED[name])
        if name == "year" and not re.fullmatch(r"[0-9]{4}", value):
            raise bad_argument(name, f"“{value[:60]}” is not a year.", "Write it as 2016.")
        if len(value) > MAX_VALUE:
            raise bad_argument(name, f"That {name} is too long.", "Choose one of those listed.")
    return tuple(cleaned)


def _terms(name: str, values: Collection[str]) -> tuple[str, ...]:
    if len(values) > MAX_TERMS or any(len(value) > MAX_VALUE for value in values):
        raise bad_argument(
            name, f"That is more than “{name}” can hold.", f"Name at most {MAX_TERMS} terms."
        )
    return tuple(dict.fromkeys(" ".join(clean(value).split()) for value in values if value.strip()))


def _senses(values: Collection[str]) -> dict[str, str]:
    found = {}
    for value in _terms("sense", values):
        term, colon, sense = value.partition(":")
        if not (term and colon and sense):
            raise bad_argument(
                "sense",
                f"“{value[:60]}” does not say which term has which sense.",
                "Write it as pt:physical therapy.",
            )
        found[term.lower()] = sense
    return found


def clean(text: str) -> str:
    """The text without control characters, lines ended one way."""
    return CONTROL.sub(" ", text.replace("\r\n", "\n"))


def question(args: MultiDict[str, str]) -> Question:
    """The question that `args` ask; raises Problem.

    `drop=group:value` takes a filter out, `drop=off:term` has a term's meanings searched again.
    """
    words = clean(args.get("q", "")).strip()
    if len(words) > MAX_WORDS:
        raise bad_argument(
            "query",
            f"The words are {len(words):,} characters long; at most {MAX_WORDS:,} are read.",
            "Paste a whole request under “Similar cases” instead.",
        )
    found = {name: _filter_values(name, args.getlist(name)) for name in FILTERS}
    asked = Question(
        words=words,
        filters={name: values for name, values in found.items() if values},
        mode=_choice("mode", _last(args, "mode", "hybrid"), MODES),
        limit=_number("limit", _last(args, "limit", str(PAGE_SIZE)), 1, MAX_LIMIT),
        offset=_number("offset", _last(args, "offset", "0"), 0, MAX_OFFSET),
        sort=_choice("sort", _last(args, "sort", "relevance"), SORTS),
        expand=_choice("expand", _last(args, "expand", "yes"), SWITCH) == "yes",
        off=tuple(term.lower() for term in _terms("off", args.getlist("off"))),
        senses=_senses(args.getlist("sense")),
    )
    for dropped in args.getlist("drop"):
        group, _, value = dropped.partition(":")
        on = group == "off"
        asked = asked.switched(value, on=True) if on else asked.without(group, value)
    return asked


def json_arguments(body: object) -> tuple[MultiDict[str, str], str, str]:
    """The arguments, the pasted text and the issue id of a JSON body; raises Problem."""
    if not isinstance(body, dict):
        raise Problem(
            400,
            "bad_json",
            "The body is not a JSON object.",
            'Send an object such as {"text": "..."}.',
        )
    args: MultiDict[str, str] = MultiDict()
    for name, value in body.items():
        if name in (*FILTERS, "mode", "limit", "offset", "expand", "off", "sense"):
            for item in value if isinstance(value, list) else [value]:
                args.add(name, _scalar(name, item))
    return args, _string(body, "text"), _string(body, "issue")


def _scalar(name: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise bad_argument(
            name, f"“{name}” holds neither text nor a number.", "Give a string, or a list of them."
        )
    try:
        return str(value)
    except ValueError as error:  # an integer with thousands of digits
        raise bad_argument(name, f"“{name}” is too large.", "Give a smaller number.") from error


def _string(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise bad_argument(name, f"“{name}” is not text.", f"Send “{name}” as a JSON string.")
    return value


def pasted(text: str) -> str:
    """A pasted request, cleaned; raises Problem where there is none or too much."""
    text = clean(text).strip()
    if not text:
        raise Problem(
            400,
            "no_text",
            "There is no text to compare.",
            "Paste the request or the denial, or choose a PDF, DOCX or TXT file.",
        )
    if len(text) > MAX_TEXT:
        raise Problem(
            413,
            "too_long",
            f"The text is {len(text):,} characters long; at most {MAX_TEXT:,} are read.",
            "Paste only the pages with the request and the findings.",
        )
    return text
