"""The API described for programs, with the limits and choices the forms enforce."""

from __future__ import annotations

from typing import Any

from web import forms

Json = dict[str, Any]

FILTER_WORDS = {
    "outcome": "What the reviewer decided: upheld means the denial stands, overturned that the "
    "treatment is approved.",
    "guideline": "What the reviewer relied on: a family such as ODG, or ODG > Pain.",
    "administrator": "What the claims administrator cited, written as for guideline.",
    "differ": "Whether reviewer and claims administrator used different guidelines.",
    "treatment": "A category of treatment, or Category > Sub.",
    "region": "A region of the body.",
    "reason": "A reason the decision turned on, as read from its words.",
    "specialty": "A specialty of the reviewer.",
    "year": "The year of decision.",
}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(items: Json) -> Json:
    return {"type": "array", "items": items}


def _object(properties: Json) -> Json:
    return {"type": "object", "required": list(properties), "properties": properties}


STRING: Json = {"type": "string"}
INTEGER: Json = {"type": "integer"}
NUMBER: Json = {"type": "number"}
BOOLEAN: Json = {"type": "boolean"}
STRINGS = _list(STRING)
DATE: Json = {"type": ["string", "null"], "format": "date"}
RANK: Json = {"type": ["integer", "null"], "minimum": 1}
RATE: Json = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
OUTCOME: Json = {"type": "string", "enum": list(forms.CLOSED["outcome"])}

SCHEMAS: Json = {
    "Error": _object(
        {"error": _object({"code": STRING, "message": STRING, "remedy": STRING})},
    ),
    "Outcomes": _object(
        {
            "n": INTEGER,
            "overturned": INTEGER,
            "letters": INTEGER,
            "rate": RATE,
            "low": RATE,
            "high": RATE,
            "base_rate": RATE,
            "base_n": INTEGER,
        }
    ),
    "FacetValue": _object(
        {
            "value": STRING,
            "label": STRING,
            "count": INTEGER,
            "selected": BOOLEAN,
            "parent": STRING,
        }
    ),
    "Hit": _object(
        {
            "issue": STRING,
            "letter": STRING,
            "number": INTEGER,
            "issues_in_letter": INTEGER,
            "request": STRING,
            "disputed": STRING,
            "outcome": OUTCOME,
            "decision_date": DATE,
            "reviewer_guidelines": STRINGS,
            "claims_administrator_guidelines": STRINGS,
            "guidelines_differ": BOOLEAN,
            "specialties": STRINGS,
            "treatments": STRINGS,
            "regions": STRINGS,
            "score": NUMBER,
            "lexical_rank": RANK,
            "semantic_rank": RANK,
            "concept_rank": RANK,
            "snippets": _list(
                _object(
                    {
                        "field": STRING,
                        "text": STRING,
                        "marks": _list(_list(INTEGER)),
                        "semantic": BOOLEAN,
                    }
                )
            ),
            "why": _object({"terms": STRINGS, "concepts": STRINGS}),
            "near_identical": STRINGS,
        }
    ),
    "Results": _object(
        {
            "total": INTEGER,
            "total_words": STRING,
            "shown": INTEGER,
            "with_words": INTEGER,
            "near": INTEGER,
            "letters": INTEGER,
            "mode": STRING,
            "limit": INTEGER,
            "offset": INTEGER,
            "facets": {
                "type": "object",
                "additionalProperties": _list(_ref("FacetValue")),
            },
            "outcomes": _ref("Outcomes"),
            "hits": _list(_ref("Hit")),
            "filters": _list(_object({"name": STRING, "value": STRING, "words": STRING})),
            "notes": STRINGS,
            "expansions": _list(
                _object(
                    {
                        "term": STRING,
                        "meanings": STRINGS,
                        "active": BOOLEAN,
                        "sense": STRING,
                        "choices": STRINGS,
                    }
                )
            ),
            "did_you_mean": STRING,
            "letter_id": STRING,
        }
    ),
    "Similar": {
        "allOf": [
            _ref("Results"),
            _object(
                {
                    "understood": {"type": "object"},
                    "nearest_approved": _list(_ref("Hit")),
                    "nearest_denied": _list(_ref("Hit")),
                    "same_treatment": {"anyOf": [_ref("Outcomes"), {"type": "null"}]},
                    "missing": _list(_object({"issue": STRING, "quotation": STRING})),
                }
            ),
        ]
    },
    "Issue": _object(
        {
            "issue": STRING,
            "letter": STRING,
            "number": INTEGER,
            "request": STRING,
            "disputed": STRING,
            "outcome": OUTCOME,
            "decision_date": DATE,
            "rationale": STRING,
            "claims_administrator_guideline": STRING,
            "reviewer_guideline": STRING,
            "claims_administrator_citations": _list({"type": "object"}),
            "reviewer_citations": _list({"type": "object"}),
            "concepts": {"type": "object"},
        }
    ),
    "Letter": _object(
        {
            "letter": STRING,
            "case_number": {"type": ["string", "null"]},
            "decision_date": DATE,
            "specialties": STRINGS,
            "summary": STRING,
            "issues": _list(_ref("Issue")),
            "neighbours": _list(_ref("Hit")),
        }
    ),
    "Overview": _object({"letters": INTEGER, "issues": INTEGER, "outcomes": _ref("Outcomes")}),
    "Health": _object({"status": STRING, "letters": INTEGER, "issues": INTEGER}),
    "Case": {
        "type": "object",
        "properties": {
            "text": {**STRING, "maxLength": forms.MAX_TEXT},
            "issue": {**STRING, "description": "An issue of the index, in place of a text."},
            **{name: {"oneOf": [STRING, STRINGS]} for name in forms.FILTERS},
            "mode": {"enum": list(forms.MODES)},
            "limit": {**INTEGER, "minimum": 1, "maximum": forms.MAX_LIMIT},
            "offset": {**INTEGER, "minimum": 0, "maximum": forms.MAX_OFFSET},
            "expand": {"enum": list(forms.SWITCH)},
            "off": {"oneOf": [STRING, STRINGS]},
            "sense": {"oneOf": [STRING, STRINGS]},
        },
    },
}


def _query(name: str, schema: Json, words: str) -> Json:
    return {"name": name, "in": "query", "description": words, "schema": schema}


def filters() -> list[Json]:
    """The parameters that narrow a result set."""
    return [
        _query(
            name,
            _list({"type": "string", "enum": list(forms.CLOSED[name])})
            if name in forms.CLOSED
            else STRINGS,
            f"{FILTER_WORDS[name]} May be repeated.",
        )
        for name in forms.FILTERS
    ]


def paging() -> list[Json]:
    """The parameters that a search and similar cases share besides the filters."""
    return [
        _query("mode", {"enum": list(forms.MODES), "default": "hybrid"}, "Which arms rank."),
        _query(
            "limit",
            {**INTEGER, "minimum": 1, "maximum": forms.MAX_LIMIT, "default": forms.PAGE_SIZE},
            "Hits on a page.",
        ),
        _query(
            "offset",
            {**INTEGER, "minimum": 0, "maximum": forms.MAX_OFFSET, "default": 0},
            "Hits to pass over.",
        ),
    ]


def _operation(summary: str, schema: str, *refusals: int, **more: Any) -> Json:
    def answer(words: str, name: str) -> Json:
        return {"description": words, "content": {"application/json": {"schema": _ref(name)}}}

    return {
        "summary": summary,
        "responses": {
            "200": answer(summary, schema),
            **{str(status): answer("Refused, with a remedy", "Error") for status in refusals},
        },
        **more,
    }


def _id(example: str) -> list[Json]:
    return [{"name": "id", "in": "path", "required": True, "schema": STRING, "example": example}]


SEARCH_ONLY = [
    _query("q", {**STRING, "maxLength": forms.MAX_WORDS}, "Words, with the query language."),
    _query("sort", {"enum": list(forms.SORTS), "default": "relevance"}, "The order of hits."),
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
    upload = _object({"file": {"type": "string", "contentMediaType": "application/octet-stream"}})
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
                "get": _operation("A letter", "Letter", 404, parameters=_id("CM16-0213037"))
            },
            "/api/issues/{id}": {
                "get": _operation("An issue", "Issue", 404, parameters=_id("CM16-0213037#1"))
            },
            "/api/overview": {"get": _operation("What the index holds", "Overview")},
            "/healthz": {"get": _operation("Whether the server answers", "Health")},
            "/openapi.json": {
                "get": {
                    "summary": "This document",
                    "responses": {"200": {"description": "This document"}},
                }
            },
        },
        "components": {"schemas": SCHEMAS},
    }
