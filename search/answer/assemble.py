"""From an engine's reply to one result object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import search.answer.sentences as say
from index.letter import Outcome
from search.answer.hits import HitMaker
from search.answer.marks import Marker
from search.answer.outcomes import make_outcomes
from search.answer.snippets import missing
from search.backend import Ranked, Reply, Snapshot, Tally
from search.facets import make_facets, say_filters
from search.query import Everything
from search.request import Filters, Page
from search.results import Results, Similar
from search.understand.understanding import Understanding
from search.understand.words import correct

SIMILAR_SHARE = 0.7
"""Of the best score: what scores less is not counted as similar."""
_SIDE_BY_SIDE = 3  # nearest approved and denied
_QUOTATIONS = 6
_READ_FOR_QUOTATIONS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """A reply with all that is needed to say it: the first of its sets is the page asked for."""

    snapshot: Snapshot
    understanding: Understanding
    reply: Reply
    filters: Filters
    page: Page
    notes: tuple[str, ...] = ()

    def results(self) -> Results:
        """The page of hits with counts and statistics."""
        return self._results(self._hit_maker())

    def _results(self, hits: HitMaker) -> Results:
        shown, understanding, snapshot = self.reply.sets[0], self.understanding, self.snapshot
        query = understanding.query
        results = Results(
            total=shown.total,
            with_words=shown.with_words,
            near=shown.near,
            letters=shown.letters,
            mode=str(self.reply.mode),
            offset=self.page.offset,
            limit=self.page.limit,
            total_words=say.describe_set(shown, query),
            searched=_say_searched(understanding),
            hits=hits.make(shown.hits),
            nearby=hits.make(shown.nearby),
            shown=shown.shown,
            facets=make_facets(shown.counts, self.filters),
            outcomes=make_outcomes(shown.tally, snapshot.tally({})),
            filters=say_filters(self.filters),
            notes=(*self.notes, *say.notes(understanding, self.reply)),
            expansions=understanding.expansions,
            did_you_mean=correct(understanding.typed, dict(self.reply.corrections)),
            generation=snapshot.generation,
            build=snapshot.build,
        )
        query_mode = understanding.query.mode
        if query_mode is not self.reply.mode and understanding.query.texts:
            loading = (
                "Words only for now: the part that compares meaning is still loading. "
                "Ask again in a moment."
            )
            results = replace(results, notes=(loading, *results.notes))
        if self.page.seen and self.page.seen != results.state:
            changed = "The index has changed since the page before: entries may have moved."
            results = replace(results, notes=(changed, *results.notes))
        return results

    def similar(self, nearest: Sequence[Ranked]) -> Similar:
        """The page of hits, compared with how the `nearest` issues fared."""
        alike = _alike(nearest)
        approved = [one for one in alike if one.outcome is Outcome.OVERTURNED]
        denied = [one for one in alike if one.outcome is Outcome.UPHELD]
        base, hits = self.snapshot.tally({}), self._hit_maker()
        decided = [*approved, *denied]
        tally = Tally(
            n=len(decided),
            overturned=len(approved),
            letters=len({one.id.partition("#")[0] for one in decided}),
        )
        treatment = self.understanding.understood.treatments[:1]
        same = self.snapshot.tally({"treatment": treatment}) if treatment else None
        read = hits.read(one.id for one in denied[:_READ_FOR_QUOTATIONS])
        results = replace(self._results(hits), outcomes=make_outcomes(tally, base))
        return Similar(
            **{field.name: getattr(results, field.name) for field in fields(results)},
            understood=self.understanding.understood,
            nearest_approved=hits.make(approved[:_SIDE_BY_SIDE]),
            nearest_denied=hits.make(denied[:_SIDE_BY_SIDE]),
            same_treatment=make_outcomes(same, base) if same else None,
            missing=missing(read.values(), _QUOTATIONS),
        )

    def _hit_maker(self) -> HitMaker:
        terms = self.understanding.terms.union(self.reply.key_terms)
        marker = Marker(terms, self.understanding.patterns, self.understanding.exact)
        return HitMaker(self.snapshot, self.understanding.query.features, marker)


def _alike(nearest: Sequence[Ranked]) -> list[Ranked]:
    best = max((one.score for one in nearest), default=0.0)
    return [one for one in nearest if one.score >= SIMILAR_SHARE * best]


def _say_searched(understanding: Understanding) -> str:
    match = understanding.query.match
    return "" if match is None or isinstance(match, Everything) else match.in_words()
