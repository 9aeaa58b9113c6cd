"""Why a hit is there: its best passages with the matching words marked, and shared concepts."""

from __future__ import annotations

import re
from collections.abc import Iterable

from index.concepts.closeness import features
from index.passages import passages, sentences, without_verdict
from search.answer.marks import Marker
from search.backend import Determination, Features
from search.results import Missing, Snippet, Why

SNIPPET_CHARACTERS = 320
_FIELDS = ("rationale", "summary")

Marks = tuple[tuple[int, int], ...]


def snippets(one: Determination, by: Marker, passage: int | None) -> tuple[Snippet, ...]:
    """The best passage by words of rationale and summary, and the best one in meaning.

    Behind these two stands what is in dispute, where it holds words of the question. `passage`
    is the number of the semantic arm's best passage, None where it did not return the issue;
    number 0, the request itself, is on the page anyway.
    """
    texts = {"rationale": one.issue.rationale, "summary": one.letter.summary}
    found = []
    for field in _FIELDS:
        snippet = _best_window(field, texts[field], by)
        if snippet is not None:
            found.append(snippet)
    found.sort(key=lambda snippet: -len({*_words(snippet)}))
    if passage:
        meant = _passage(one, passage)
        if meant and not any(meant[:60] in snippet.text for snippet in found):
            marks = tuple((start, end) for start, end, _ in by.marks(meant))
            found.append(Snippet(field="rationale", text=meant, marks=marks, semantic=True))
    if not found:
        found = [Snippet(field="rationale", text=_cut(one.issue.rationale))]
    disputed = one.issue.disputed or one.issue.request
    marks = tuple((start, end) for start, end, _ in by.marks(disputed))
    named = (Snippet(field="request", text=disputed, marks=marks),) if marks else ()
    return (*found[:2], *named)


def _words(snippet: Snippet) -> Iterable[str]:
    return (snippet.text[start:end].lower() for start, end in snippet.marks)


def _best_window(field: str, text: str, by: Marker) -> Snippet | None:
    """The run of characters with the most different words of the question, then most of them."""
    marks = by.marks(text)
    if not marks:
        return None
    best, chosen = (0, 0), 0
    for first, (start, _, _) in enumerate(marks):
        within = [term for s, e, term in marks[first:] if e <= start + SNIPPET_CHARACTERS]
        value = (len(set(within)), len(within))
        if value > best:
            best, chosen = value, first
    start = _word_start(text, max(0, marks[chosen][0] - 60))
    end = _word_end(text, min(len(text), start + SNIPPET_CHARACTERS))
    return Snippet(
        field=field,
        text=("\u2026" if start else "") + text[start:end] + ("\u2026" if end < len(text) else ""),
        marks=tuple(
            (s - start + bool(start), e - start + bool(start))
            for s, e, _ in marks
            if s >= start and e <= end
        ),
    )


def _word_start(text: str, at: int) -> int:
    return text.rfind(" ", 0, at) + 1 if at else 0


def _word_end(text: str, at: int) -> int:
    return at if at >= len(text) else max(text.rfind(" ", 0, at), 0) or at


def _cut(text: str) -> str:
    end = _word_end(text, min(len(text), SNIPPET_CHARACTERS))
    return text[:end] + ("\u2026" if end < len(text) else "")


def _passage(one: Determination, number: int) -> str:
    """The text of an embedded passage, without the request that stands in front of it."""
    embedded = passages(one.issue.disputed or one.issue.request, one.issue.rationale)
    if number >= len(embedded):
        return ""
    return _cut(embedded[number][len(embedded[0]) + 2 :])


def explain(one: Determination, by: Marker, wanted: Features) -> Why:
    """The words of the query that the issue holds, and what it is about that was looked for."""
    disputed = one.issue.disputed or one.issue.request
    terms = dict.fromkeys(
        text[start:end].lower()
        for text in (disputed, one.issue.rationale, one.letter.summary)
        for start, end, _ in by.marks(text)
    )
    values = {*features(one.concepts), *(f"reason:{reason}" for reason in one.reasons)}
    shared = [
        value.partition(":")[2] or value
        for group in wanted.values()
        for value, weight in group.items()
        if value in values and weight > 0.5 and not value.startswith("category:")
    ]
    return Why(terms=tuple(terms)[:8], concepts=tuple(dict.fromkeys(shared))[:6])


_MISSING = re.compile(
    r"\b(?:no|lack of|lacks|without|absence of|insufficient|inadequate|missing|did not|does not"
    r"|do not|not|never)\b[^.;]{0,80}?\b(?:document\w*|evidence|report\w*|record\w*|indicat\w*"
    r"|provid\w*|submitted|specif\w*|described|mention\w*|noted|trial\w*|rationale)\b",
    re.IGNORECASE,
)
_GUIDELINE_TALK = re.compile(r"\b(?:guideline|recommend|mtus|odg|acoem)", re.IGNORECASE)


def missing(denied: Iterable[Determination], most: int) -> tuple[Missing, ...]:
    """What the rationales of `denied` issues say was not there: one sentence each, quoted."""
    found: list[Missing] = []
    said: set[str] = set()
    for one in denied:
        reasoning, _ = without_verdict(one.issue.rationale)
        for sentence in sentences(reasoning):
            if (
                len(sentence) <= SNIPPET_CHARACTERS
                and sentence not in said
                and _MISSING.search(sentence)
                and not _GUIDELINE_TALK.search(sentence)
            ):
                said.add(sentence)
                found.append(Missing(issue=one.id, quotation=sentence))
                break
        if len(found) == most:
            break
    return tuple(found)
