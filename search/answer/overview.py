"""What an index holds, for its front page."""

from __future__ import annotations

from search.answer.outcomes import make_outcomes
from search.backend import Health, Snapshot
from search.results import Overview, TreatmentRate

TREATMENTS = 24
"""To browse on the front page: the most frequent ones."""


def make_overview(snapshot: Snapshot, health: Health) -> Overview:
    """Counts and rates of the whole index."""
    holdings = snapshot.holdings()
    frequent = sorted(holdings.treatments.items(), key=lambda item: (-item[1].n, item[0]))
    return Overview(
        letters=holdings.letters,
        issues=holdings.issues,
        first_year=min(holdings.years, default=None),
        last_year=max(holdings.years, default=None),
        outcomes=make_outcomes(holdings.tally, holdings.tally),
        treatments=tuple(
            TreatmentRate(treatment=name, outcomes=make_outcomes(tally, holdings.tally))
            for name, tally in frequent[:TREATMENTS]
        ),
        semantic_ready=health.meaning,
        degraded=health.degraded,
        generation=snapshot.generation,
        build=snapshot.build,
    )
