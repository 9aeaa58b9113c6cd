"""From the arguments of an HTTP request to a request for the engine, refused in plain words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from search.facets import FACETS, MOST_VALUES, FacetKind
from search.request import (
    LONGEST_TEXT,
    LONGEST_WORDS,
    MODES,
    PAGE_SIZE,
    SORTS,
    CaseRequest,
    Filters,
    Mode,
    Page,
    SearchRequest,
    Sort,
    Switches,
)
from search.understand.syntax import case_number
from web.errors import Problem, bad_argument

SWITCH = ("yes", "no")
MAX_LIMIT = 100
MAX_OFFSET = 1_000_000
MAX_VALUE = 200
MAX_TERMS = 50
JSON_ARGUMENTS = (
    *(kind.name for kind in FACETS),
    *("mode", "sort", "limit", "offset", "seen", "expand", "off", "sense"),
)
"""What a JSON body may hold beside its text or issue."""

# Control characters mean nothing in a question and are not allowed in XML or a page.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


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


def _filter_values(kind: FacetKind, values: Iterable[str]) -> tuple[str, ...]:
    cleaned = dict.fromkeys(clean(value).strip() for value in values)
    cleaned.pop("", None)
    if len(cleaned) > MOST_VALUES:
        raise bad_argument(
            kind.name,
            f"{len(cleaned):,} values of {kind.name} are more than one filter can hold.",
            f"Name at most {MOST_VALUES}.",
        )
    for value in cleaned:
        if kind.closed:
            _choice(kind.name, value.lower(), kind.labels)
        if kind.name == "year" and not re.fullmatch(r"[0-9]{4}", value):
            raise bad_argument("year", f"“{value[:60]}” is not a year.", "Write it as 2016.")
        if len(value) > MAX_VALUE:
            raise bad_argument(
                kind.name, f"That {kind.name} is too long.", "Choose one of those listed."
            )
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Common:
    """What both kinds of request have."""

    filters: Filters
    mode: Mode
    page: Page
    switches: Switches


def search_request(args: MultiDict[str, str]) -> SearchRequest:
    """The search that `args` ask for; raises Problem."""
    words = clean(args.get("q", "")).strip()
    if len(words) > LONGEST_WORDS:
        raise bad_argument(
            "query",
            f"The words are {len(words):,} characters long; at most {LONGEST_WORDS:,} are read.",
            "Paste a whole request under “Similar cases” instead.",
        )
    common = _common(args)
    return SearchRequest(
        words=words,
        filters=common.filters,
        mode=common.mode,
        page=common.page,
        switches=common.switches,
    )


def issue_id(written: str) -> str:
    """The id of a letter or an issue as the index writes it, however a case number is written."""
    written = clean(written).strip()
    return case_number(written) or written


def case_request(args: MultiDict[str, str], *, text: str = "", issue: str = "") -> CaseRequest:
    """The case, a text or an issue, that `args` narrow; raises Problem."""
    common, issue = _common(args), issue_id(issue)
    return CaseRequest(
        text="" if issue else pasted(text),
        issue=issue,
        filters=common.filters,
        mode=common.mode,
        page=common.page,
        switches=common.switches,
    )


def _common(args: MultiDict[str, str]) -> _Common:
    """Filters, mode, page and switches.

    `drop=facet:value` takes a filter out, `drop=off:term` has a term's meanings searched again.
    """
    dropped = {one.partition(":")[::2] for one in args.getlist("drop")}
    filters: dict[str, tuple[str, ...]] = {}
    for kind in FACETS:
        values = _filter_values(kind, args.getlist(kind.name))
        if kept := tuple(value for value in values if (kind.name, value) not in dropped):
            filters[kind.name] = kept
    off = (term.lower() for term in _terms("off", args.getlist("off")))
    switched_on = {value.lower() for name, value in dropped if name == "off"}
    page = Page(
        offset=_number("offset", _last(args, "offset", "0"), 0, MAX_OFFSET),
        limit=_number("limit", _last(args, "limit", str(PAGE_SIZE)), 1, MAX_LIMIT),
        sort=Sort(_choice("sort", _last(args, "sort", Sort.RELEVANCE), SORTS)),
        seen=clean(args.get("seen", ""))[:MAX_VALUE],
    )
    switches = Switches(
        expand=_choice("expand", _last(args, "expand", "yes"), SWITCH) == "yes",
        off=tuple(term for term in off if term not in switched_on),
        senses=_senses(args.getlist("sense")),
    )
    mode = Mode(_choice("mode", _last(args, "mode", Mode.HYBRID), MODES))
    return _Common(filters=filters, mode=mode, page=page, switches=switches)


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
        if name in JSON_ARGUMENTS:
            for item in value if isinstance(value, list) else [value]:
                args.add(name, clean(_scalar(name, item)))
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
    if len(text) > LONGEST_TEXT:
        raise Problem(
            413,
            "too_long",
            f"The text is {len(text):,} characters long; at most {LONGEST_TEXT:,} are read.",
            "Paste only the pages with the request and the findings.",
        )
    return text
