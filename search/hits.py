"""From documents to hits: folding near-identical ones, and reading the rest from the store."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from index.segments.attributes import guideline_names, guidelines_differ
from index.store import StoredIssue
from search.explain import snippets, why
from search.marks import Marker
from search.ranking import Question, Ranking
from search.results import Hit, Snippet
from search.snapshot import Documents, Snapshot

FOLDED = 1_000  # near-identical issues are looked for among the first so many

Group = tuple[int, ...]


class Folded:
    """A ranking with near-identical issues folded under the best of them."""

    def __init__(self, snapshot: Snapshot, ranking: Ranking) -> None:
        """Those decided in the same words make one group."""
        groups: dict[int, list[int]] = {}
        head, _ = ranking.first(FOLDED)
        for document, wording in zip(head.tolist(), snapshot.wordings[head].tolist(), strict=True):
            groups.setdefault(wording, []).append(document)
        self._groups = [tuple(group) for group in groups.values()]
        self._ranking = ranking

    def __len__(self) -> int:
        """The number of groups."""
        return len(self._groups) + max(len(self._ranking) - FOLDED, 0)

    def page(self, offset: int, limit: int) -> list[Group]:
        """`limit` groups from `offset` on, each with the document to show first."""
        found = self._groups[offset : offset + limit]
        if (missing := limit - len(found)) > 0 and len(self._ranking) > FOLDED:
            first = FOLDED + max(0, offset - len(self._groups))
            found += [(int(d),) for d in self._ranking.documents[first : first + missing]]
        return found


def closest(snapshot: Snapshot, ranking: Ranking, most: int, share: float) -> Documents:
    """The best `most` with `share` of the best score or more; near-identical ones once."""
    documents, scores = ranking.first(FOLDED)
    alike = set(documents[scores >= share * scores.max(initial=0.0)].tolist())
    groups = Folded(snapshot, ranking).page(0, most)
    return np.array([group[0] for group in groups if group[0] in alike], dtype=np.int64)


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

    def hits(self, groups: Sequence[Group]) -> tuple[Hit, ...]:
        """A hit for each group, in order."""
        stored = self._snapshot.stored([group[0] for group in groups])
        return tuple(
            self._hit(group[0], issue, tuple(self._snapshot.ids(group[1:])))
            for group, issue in zip(groups, stored, strict=True)
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
            score=self._ranking.score(document),
            lexical_rank=self._ranking.place("lexical", document),
            semantic_rank=self._ranking.place("semantic", document),
            concept_rank=self._ranking.place("concepts", document),
            snippets=found,
            why=why(
                stored, self._by, self._question.features, self._snapshot.catalogue.values(document)
            ),
            near_identical=near_identical,
        )

    def _snippets(self, document: int, stored: StoredIssue) -> tuple[Snippet, ...]:
        passage = None
        if self._question.vectors is not None and self._ranking.place("semantic", document):
            passage = self._snapshot.semantic.best_passage(self._question.vectors, document)
        return snippets(stored, self._by, passage)
