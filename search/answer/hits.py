"""From ranked ids to hits: the issues read, their words marked, and why they are there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from index.segments.attributes import guideline_names, guidelines_differ
from search.answer.marks import Marker
from search.answer.snippets import explain, snippets
from search.backend import Determination, Features, Ranked, Snapshot
from search.results import Hit


class HitMaker:
    """Makes the hits of one answer."""

    def __init__(self, snapshot: Snapshot, features: Features, marker: Marker) -> None:
        """`features` are what the query looked for, `marker` marks its words."""
        self._snapshot = snapshot
        self._features = features
        self._marker = marker
        self._issues: dict[str, Determination] = {}

    def read(self, ids: Iterable[str]) -> dict[str, Determination]:
        """The issues of `ids`, in order, by id; each is read once. Raises NotFound."""
        wanted = list(dict.fromkeys(ids))
        unread = [issue for issue in wanted if issue not in self._issues]
        self._issues.update(zip(unread, self._snapshot.issues(unread), strict=True))
        return {issue: self._issues[issue] for issue in wanted}

    def make(self, ranked: Sequence[Ranked]) -> tuple[Hit, ...]:
        """A hit for each of `ranked`, in order."""
        by_id = self.read(issue for one in ranked for issue in (one.id, *one.folded))
        return tuple(self._make(one, by_id[one.id], _requests(one, by_id)) for one in ranked)

    def _make(self, ranked: Ranked, one: Determination, folded: tuple[str, ...]) -> Hit:
        letter, issue = one.letter, one.issue
        return Hit(
            issue=one.id,
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
            treatments=one.concepts.treatments,
            regions=one.concepts.regions,
            score=ranked.score,
            ranks=ranked.ranks,
            snippets=snippets(one, self._marker, ranked.passage),
            why=explain(one, self._marker, self._features),
            near_identical=ranked.folded,
            near_identical_requests=folded,
        )


def _requests(ranked: Ranked, by_id: dict[str, Determination]) -> tuple[str, ...]:
    folded = (by_id[issue].issue for issue in ranked.folded)
    return tuple(issue.disputed or issue.request for issue in folded)
