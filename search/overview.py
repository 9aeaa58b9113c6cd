"""Counts and rates over an index, or any set of its issues."""

from __future__ import annotations

import numpy as np

from search.outcomes import outcomes
from search.results import Outcomes, Overview, TreatmentRate
from search.snapshot import Documents, Snapshot

TREATMENTS = 24  # to browse on the front page, the most frequent ones


def fared(snapshot: Snapshot, documents: Documents) -> Outcomes:
    """How the decided ones of `documents` fared, beside all decided ones of the index."""
    decided = documents
    if not (kept := snapshot.decided[documents]).all():
        decided = documents[kept]
    return outcomes(
        overturned=int(np.count_nonzero(snapshot.overturned[decided])),
        n=len(decided),
        letters=snapshot.catalogue.letters_among(decided),
        base_overturned=snapshot.base[0],
        base_n=snapshot.base[1],
    )


def of_treatment(snapshot: Snapshot, name: str) -> Outcomes:
    """How all issues of a treatment fared."""
    documents = snapshot.catalogue.documents(f"treatment:{name}")
    return fared(snapshot, documents[snapshot.live[documents]])


def overview(snapshot: Snapshot) -> Overview:
    """What the index holds; the encoder is said to be not ready, which only the engine knows."""
    live = np.flatnonzero(snapshot.live)
    counts = snapshot.catalogue.counts(live)
    years = [int(year) for year in snapshot.catalogue.counted("year", counts)]
    treatments = sorted(
        (-count, value)
        for value, count in snapshot.catalogue.counted("treatment", counts).items()
        if " > " in value
    )
    return Overview(
        letters=snapshot.manifest.letters,
        issues=snapshot.manifest.issues,
        first_year=min(years, default=None),
        last_year=max(years, default=None),
        outcomes=fared(snapshot, live),
        treatments=tuple(
            TreatmentRate(treatment=name, outcomes=of_treatment(snapshot, name))
            for _, name in treatments[:TREATMENTS]
        ),
        semantic_ready=False,
        generation=snapshot.generation,
    )
