"""The engine's records as plain JSON values: the one shape of the API, `--json` and downloads."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from index.letter import Citation, Issue, Letter
from search.results import Facet, Hit, LetterPage, Outcomes, Overview, Results, Similar

Json = dict[str, Any]


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None


def outcomes_json(outcomes: Outcomes) -> Json:
    """How a set of issues fared: k, n, the rate and its bounds, the base rate."""
    return asdict(outcomes)


def _facet(facet: Facet) -> list[Json]:
    return [asdict(value) for value in facet.values]


def hit_json(hit: Hit) -> Json:
    """One ranked issue with its snippets and why it is there."""
    return {
        "issue": hit.issue,
        "letter": hit.letter,
        "number": hit.number,
        "issues_in_letter": hit.issues_in_letter,
        "request": hit.request,
        "disputed": hit.disputed,
        "outcome": hit.outcome.value,
        "decision_date": _day(hit.decision_date),
        "reviewer_guidelines": list(hit.reviewer_guidelines),
        "claims_administrator_guidelines": list(hit.claims_administrator_guidelines),
        "guidelines_differ": hit.guidelines_differ,
        "specialties": list(hit.specialties),
        "treatments": list(hit.treatments),
        "regions": list(hit.regions),
        "score": hit.score,
        "lexical_rank": hit.lexical_rank,
        "semantic_rank": hit.semantic_rank,
        "concept_rank": hit.concept_rank,
        "snippets": [
            {
                "field": snippet.field,
                "text": snippet.text,
                "marks": [list(mark) for mark in snippet.marks],
                "semantic": snippet.semantic,
            }
            for snippet in hit.snippets
        ],
        "why": {"terms": list(hit.why.terms), "concepts": list(hit.why.concepts)},
        "near_identical": list(hit.near_identical),
    }


def results_json(results: Results) -> Json:
    """A page of hits with the counts and statistics of the whole result set."""
    return {
        "total": results.total,
        "total_words": results.sentence,
        "shown": results.shown,
        "with_words": results.with_words,
        "near": results.near,
        "letters": results.letters,
        "mode": results.mode,
        "limit": results.limit,
        "offset": results.offset,
        "facets": {facet.name: _facet(facet) for facet in results.facets},
        "outcomes": outcomes_json(results.outcomes),
        "hits": [hit_json(hit) for hit in results.hits],
        "filters": [
            {"name": name, "value": value, "words": words}
            for name, value, words in results.filters_said
        ],
        "notes": list(results.notes),
        "expansions": [asdict(expansion) for expansion in results.expansions],
        "did_you_mean": results.did_you_mean,
        "letter_id": results.letter_id,
    }


def similar_json(similar: Similar) -> Json:
    """The result shape of a search, and what only a similar-case search says."""
    same = similar.same_treatment
    return {
        **results_json(similar.results),
        "understood": asdict(similar.understood),
        "nearest_approved": [hit_json(hit) for hit in similar.nearest_approved],
        "nearest_denied": [hit_json(hit) for hit in similar.nearest_denied],
        "same_treatment": outcomes_json(same) if same else None,
        "missing": [asdict(missing) for missing in similar.missing],
    }


def _citation(citation: Citation) -> Json:
    return {**asdict(citation), "family": citation.family.value}


def issue_json(letter: Letter, issue: Issue) -> Json:
    """One issue as its letter decides it."""
    return {
        "issue": f"{letter.id}#{issue.number}",
        "letter": letter.id,
        "number": issue.number,
        "request": issue.request,
        "disputed": issue.disputed or issue.request,
        "outcome": issue.outcome.value,
        "decision_date": _day(letter.decision_date),
        "rationale": issue.rationale,
        "claims_administrator_guideline": issue.claims_administrator_guideline,
        "reviewer_guideline": issue.reviewer_guideline,
        "claims_administrator_citations": [
            _citation(citation) for citation in issue.claims_administrator_citations
        ],
        "reviewer_citations": [_citation(citation) for citation in issue.reviewer_citations],
        "concepts": asdict(issue.concepts),
    }


def letter_json(page: LetterPage) -> Json:
    """A whole letter with its issues and its nearest neighbours."""
    letter = page.letter
    return {
        "letter": letter.id,
        "case_number": letter.case_number,
        "form": letter.form.value,
        "date_assigned": _day(letter.date_assigned),
        "date_of_injury": _day(letter.date_of_injury),
        "decision_date": _day(letter.decision_date),
        "ur_denial_date": _day(letter.ur_denial_date),
        "application_received": _day(letter.application_received),
        "priority": letter.priority,
        "states": list(letter.states),
        "specialties": list(letter.specialties),
        "age": letter.age,
        "sex": letter.sex,
        "summary": letter.summary,
        "issues": [issue_json(letter, issue) for issue in letter.issues],
        "text": letter.text,
        "neighbours": [hit_json(hit) for hit in page.neighbours],
    }


def overview_json(overview: Overview) -> Json:
    """What the index holds."""
    return asdict(overview)
