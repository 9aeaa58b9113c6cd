"""The one gate to an index that the pages, the API and the command line use."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from search.answer.assemble import Assembly
from search.answer.marks import mark_letter
from search.answer.overview import make_overview
from search.backend import NotFound, Snapshot, View, open_backend
from search.facets import check_filters, resolve_filters, without
from search.request import CaseRequest, Page, SearchRequest, Sort
from search.results import Hit, LetterPage, Overview, Results, Similar
from search.understand.case import understand_issue, understand_text
from search.understand.syntax import case_number
from search.understand.words import understand_ids, understand_words

NEARBY = 10
"""The nearest under a filter that are added where it leaves few."""
SIMILAR = 50
"""The most similar issues whose outcomes are counted, at most."""


class Engine:
    """Searches one index. Safe to call from many threads at once."""

    def __init__(self, address: Path) -> None:
        """Open the newest generation. Raises IndexUnusable with a remedy."""
        self.address = address
        self._backend = open_backend(address)
        self._overview: Overview | None = None

    def warm_up(self) -> threading.Thread:
        """Load and compile what questions need, in a thread of its own, which is returned.

        Until it has ended, questions are answered by words alone.
        """
        thread = threading.Thread(target=self._backend.warm_up, name="warm-up", daemon=True)
        thread.start()
        return thread

    def search(self, request: SearchRequest) -> Results:
        """The issues that answer typed words; a case number is answered with its letter.

        Raises QueryError (message, position, remedy).
        """
        snapshot = self._backend.snapshot()
        page = request.page
        filters, unknown = resolve_filters(check_filters(request.filters), snapshot.values)
        if case := case_number(request.words):
            return _go_to(snapshot, case, request)
        if not request.words.strip() and page.sort is Sort.RELEVANCE:
            page = replace(page, sort=Sort.NEWEST)
        understanding = understand_words(request)
        reply = snapshot.search(understanding.query, View.of(page, filters, nearby=NEARBY))
        return Assembly(
            snapshot=snapshot,
            understanding=understanding,
            reply=reply,
            filters=filters,
            page=request.page,
            notes=unknown,
        ).results()

    def similar(self, request: CaseRequest) -> Similar:
        """The issues most similar to a pasted text or to an issue.

        Raises QueryError where the text says nothing, NotFound for an issue that is not there.
        """
        snapshot = self._backend.snapshot()
        if request.issue:
            (one,) = snapshot.issues([case_number(request.issue) or request.issue])
            understanding = understand_issue(one, request)
        else:
            understanding = understand_text(request)
        filters, unknown = resolve_filters(check_filters(request.filters), snapshot.values)
        reply = snapshot.search(
            understanding.query,
            View.of(request.page, filters, nearby=NEARBY),
            View(filters=without(filters, "outcome"), limit=SIMILAR, facets=False),
        )
        return Assembly(
            snapshot=snapshot,
            understanding=understanding,
            reply=reply,
            filters=filters,
            page=request.page,
            notes=unknown,
        ).similar(reply.sets[1].hits)

    def rank(self, request: SearchRequest | CaseRequest, limit: int) -> list[tuple[str, float]]:
        """The ids and scores of the first issues, nothing folded: what an evaluation reads."""
        if isinstance(request, SearchRequest):
            query = understand_words(request).query
        else:
            query = understand_text(request).query
        view = View(limit=limit, fold=False, facets=False)
        reply = self._backend.snapshot().search(query, view)
        return [(one.id, one.score) for one in reply.sets[0].hits]

    def letter(self, id: str, *, words: str = "", neighbours: int = 5) -> LetterPage:  # noqa: A002
        """A letter by its id or that of one of its issues, its `words` marked. Raises NotFound."""
        id = case_number(id) or id  # noqa: A001
        letter_id, _, number = id.partition("#")
        issues, source = self._backend.snapshot().letter(letter_id)
        wanted = next((one for one in issues if number in {"", str(one.issue.number)}), None)
        if wanted is None:
            raise NotFound("issue", id)
        return LetterPage(
            letter=wanted.letter,
            concepts=tuple(one.concepts for one in issues),
            source=source,
            marks=mark_letter(wanted.letter, words),
            neighbours=self._neighbours(wanted.id, neighbours) if neighbours else (),
        )

    def _neighbours(self, issue: str, most: int) -> tuple[Hit, ...]:
        """The issues of other letters that are most like an issue."""
        letter_id = issue.partition("#")[0]
        similar = self.similar(CaseRequest(issue=issue, page=Page(limit=4 * most)))
        others = [hit for hit in similar.hits if hit.letter != letter_id]
        return tuple(others[:most])

    def overview(self) -> Overview:
        """Counts and rates of the whole index."""
        snapshot, health = self._backend.snapshot(), self._backend.health()
        known, now = self._overview, (snapshot.build, snapshot.generation)
        if known is None or (known.build, known.generation) != now:
            known = self._overview = make_overview(snapshot, health)
        return replace(known, semantic_ready=health.meaning, degraded=health.degraded)


def _go_to(snapshot: Snapshot, case: str, request: SearchRequest) -> Results:
    """The letter of a case number: its issues are the hits, in their order."""
    letter_id = case.partition("#")[0]
    try:
        ids = tuple(one.id for one in snapshot.letter(letter_id)[0])
    except NotFound:
        ids = ()
    understanding = understand_ids(ids)
    reply = snapshot.search(understanding.query, View(limit=max(len(ids), 1), fold=False))
    results = Assembly(
        snapshot=snapshot,
        understanding=understanding,
        reply=reply,
        filters={},
        page=request.page,
    ).results()
    if not ids:
        return replace(results, total_words=f"There is no letter {letter_id} in this index.")
    return replace(results, total_words=f"Letter {letter_id}", letter_id=case)
