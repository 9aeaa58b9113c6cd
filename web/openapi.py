"""The API described for programs: its shapes from the records that are sent, its limits from the
forms that enforce them.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from search.facets import FACETS
from search.request import LONGEST_TEXT, LONGEST_WORDS, MODES, PAGE_SIZE, SORTS
from search.results import Overview, Results, Similar
from web import forms
from web.serialize import ErrorRecord, HealthRecord, IssueRecord, LetterRecord

Json = dict[str, Any]

STRING: Json = {"type": "string"}
INTEGER: Json = {"type": "integer"}
STRINGS: Json = {"type": "array", "items": STRING}
ONE_OR_MORE: Json = {"oneOf": [STRING, STRINGS]}
_SENT = (Results, Similar, LetterRecord, IssueRecord, Overview, HealthRecord, ErrorRecord)


@cache
def schemas() -> Json:
    """The shape of every record that is sent, and of the body that asks for similar cases.

    Everything a record holds is always sent.
    """
    _, components = msgspec.json.schema_components(
        _SENT, ref_template="#/components/schemas/{name}"
    )
    for schema in components.values():
        if "properties" in schema:
            schema["required"] = list(schema["properties"])
            for of_property in schema["properties"].values():
                of_property.pop("default", None)
    return {**components, "Case": _case()}


def _case() -> Json:
    properties: Json = {
        "text": {**STRING, "maxLength": LONGEST_TEXT},
        "issue": {**STRING, "description": "An issue of the index, in place of a text."},
        **{kind.name: ONE_OR_MORE for kind in FACETS},
        "mode": {"enum": [str(mode) for mode in MODES]},
        "sort": {"enum": [str(sort) for sort in SORTS]},
        "limit": {**INTEGER, "minimum": 1, "maximum": forms.MAX_LIMIT},
        "offset": {**INTEGER, "minimum": 0, "maximum": forms.MAX_OFFSET},
        "seen": STRING,
        "expand": {"enum": list(forms.SWITCH)},
        "off": ONE_OR_MORE,
        "sense": ONE_OR_MORE,
    }
    return {"type": "object", "properties": properties}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _query(name: str, schema: Json, words: str) -> Json:
    return {"name": name, "in": "query", "description": words, "schema": schema}


def filters() -> list[Json]:
    """The parameters that narrow a result set."""
    return [
        _query(
            kind.name,
            {"type": "array", "items": {"type": "string", "enum": list(kind.labels)}}
            if kind.closed
            else STRINGS,
            f"{kind.described} May be repeated.",
        )
        for kind in FACETS
    ]


def paging() -> list[Json]:
    """The parameters that a search and similar cases share besides the filters."""
    return [
        _query(
            "mode",
            {"enum": [str(mode) for mode in MODES], "default": "hybrid"},
            "; ".join(f"{mode}: {said}" for mode, said in MODES.items()) + ".",
        ),
        _query(
            "sort",
            {"enum": [str(sort) for sort in SORTS], "default": "relevance"},
            "The order of hits.",
        ),
        _query(
            "limit",
            {**INTEGER, "minimum": 1, "maximum": forms.MAX_LIMIT, "default": PAGE_SIZE},
            "Hits on a page.",
        ),
        _query(
            "offset",
            {**INTEGER, "minimum": 0, "maximum": forms.MAX_OFFSET, "default": 0},
            "Hits to pass over.",
        ),
        _query(
            "seen",
            STRING,
            "Build and generation, joined by a point, of the page before: a note says so where the "
            "index has changed since.",
        ),
    ]


def _operation(summary: str, schema: str, *refusals: int, **more: Any) -> Json:
    def answer(words: str, name: str) -> Json:
        return {"description": words, "content": {"application/json": {"schema": _ref(name)}}}

    return {
        "summary": summary,
        "responses": {
            "200": answer(summary, schema),
            **{str(status): answer("Refused, with a remedy", "ErrorRecord") for status in refusals},
        },
        **more,
    }


def _id(example: str) -> list[Json]:
    return [{"name": "id", "in": "path", "required": True, "schema": STRING, "example": example}]


SEARCH_ONLY = [
    _query("q", {**STRING, "maxLength": LONGEST_WORDS}, "Words, with the query language."),
]
READING = [
    _query(
        "expand",
        {"enum": list(forms.SWITCH), "default": "yes"},
        "Whether TENS also means what it abbreviates.",
    ),
    _query(
        "off",
        {**STRINGS, "maxItems": forms.MAX_TERMS},
        "A term to search only as written, such as esi; may be repeated.",
    ),
    _query(
        "sense",
        {**STRINGS, "maxItems": forms.MAX_TERMS},
        "The sense of an ambiguous term, as pt:physical therapy; may be repeated.",
    ),
]
"""How terms are read; for words and pasted texts alike."""


def document() -> Json:
    """The OpenAPI 3.1 document."""
    file = {"type": "string", "contentMediaType": "application/octet-stream"}
    upload = {"type": "object", "properties": {"file": file, "text": STRING}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "precedent",
            "version": "1",
            "description": "Search over prior Independent Medical Review determinations.",
        },
        "paths": {
            "/api/search": {
                "get": _operation(
                    "Issues that answer words and filters",
                    "Results",
                    400,
                    parameters=[*SEARCH_ONLY, *READING, *filters(), *paging()],
                )
            },
            "/api/similar": {
                "post": _operation(
                    "Issues similar to a pasted request, an uploaded file or an issue",
                    "Similar",
                    *(400, 403, 404, 413, 415, 422, 503),
                    parameters=[*READING, *filters(), *paging()],
                    requestBody={
                        "required": True,
                        "content": {
                            "application/json": {"schema": _ref("Case")},
                            "multipart/form-data": {"schema": upload},
                        },
                    },
                )
            },
            "/api/letters/{id}": {
                "get": _operation("A letter", "LetterRecord", 404, parameters=_id("CM16-0213037"))
            },
            "/api/issues/{id}": {
                "get": _operation("An issue", "IssueRecord", 404, parameters=_id("CM16-0213037#1"))
            },
            "/api/overview": {"get": _operation("What the index holds", "Overview")},
            "/healthz": {"get": _operation("Whether the server answers", "HealthRecord")},
            "/openapi.json": {
                "get": {
                    "summary": "This document",
                    "responses": {"200": {"description": "This document"}},
                }
            },
        },
        "components": {"schemas": schemas()},
    }
