"""From documents to hits: folding near-identical ones, and reading the rest from the store."""

from __future__ import annotations

from collections.abc import Sequence

from index.attributes import guideline_names, guidelines_differ
from index.store import StoredIssue
from search.explain import Marker, snippets, why
from search.ranking import Question, Ranking
from search.results import Hit, Snippet
from search.snapshot import Documents, Snapshot

FOLDED = 1_000  # near-identical issues are looked for among the first so many

Group = tuple[int, ...]


class Folded:
    """A ranking with near-identical issues folded under the best of them."""

    def __init__(self, snapshot: Snapshot, documents: Documents) -> None:
        """`documents` best first; those decided in the same words make one group."""
        groups: dict[int, list[int]] = {}
        head = documents[:FOLDED]
        for document, wording in zip(head.tolist(), snapshot.wordings[head].tolist(), strict=True):
            groups.setdefault(wording, []).append(document)
        self._groups = [tuple(group) for group in groups.values()]
        self._rest = documents[FOLDED:]

    def __len__(self) -> int:
        """The number of groups."""
        return len(self._groups) + len(self._rest)

    def page(self, offset: int, limit: int) -> list[Group]:
        """`limit` groups from `offset` on, each with the document to show first."""
        found = self._groups[offset : offset + limit]
        first = max(0, offset - len(self._groups))
        missing = limit - len(found)
        return found + [(int(d),) for d in self._rest[first : first + missing]]


class HitMaker:
    """Makes the hits of one answer."""

    def __init__(
        self,
        snapshot: Snapshot,
        ranking: Ranking,
        question: Question,
        by: Marker,
    ) -> None:
        """`by` marks the words of the question."""
        self._snapshot = snapshot
        self._ranking = ranking
        self._question = question
        self._by = by
        self._scores = dict(
            zip(ranking.documents[:FOLDED].tolist(), ranking.scores[:FOLDED].tolist(), strict=True)
        )

    def hits(self, groups: Sequence[Group]) -> tuple[Hit, ...]:
        """A hit for each group, in order."""
        members = [document for group in groups for document in group]
        stored = dict(zip(members, self._snapshot.stored(members), strict=True))
        return tuple(
            self._hit(group[0], stored[group[0]], tuple(stored[d].id for d in group[1:]))
            for group in groups
        )

    def _hit(self, document: int, stored: StoredIssue, near_identical: tuple[str, ...]) -> Hit:
        letter, issue = stored.letter, stored.issue
        found = self._snippets(document, stored)
        return Hit(
            issue=stored.id,
            letter=letter.id,
            number=issue.number,
            issues_in_letter=len(letter.issues),
            request=issue.request,
            disputed=issue.disputed or issue.request,
            outcome=issue.outcome,
            decision_date=letter.decision_date,
            reviewer_guidelines=guideline_names(issue.reviewer_citations),
            claims_administrator_guidelines=guideline_names(issue.claims_administrator_citations),
            guidelines_differ=guidelines_differ(issue),
            specialties=letter.specialties,
            treatments=issue.concepts.treatments,
            regions=issue.concepts.regions,
            score=self._scores.get(document, 0.0),
            lexical_rank=self._ranking.lexical_ranks.get(document),
            semantic_rank=self._ranking.semantic_ranks.get(document),
            concept_rank=self._ranking.concept_ranks.get(document),
            snippets=found,
            why=why(
                stored, self._by, self._question.features, self._snapshot.catalogue.values(document)
            ),
            near_identical=near_identical,
        )

    def _snippets(self, document: int, stored: StoredIssue) -> tuple[Snippet, ...]:
        passage = None
        if self._question.vectors is not None and document in self._ranking.semantic_ranks:
            passage = self._snapshot.semantic.best_passage(self._question.vectors, document)
        return snippets(stored, self._by, passage)
