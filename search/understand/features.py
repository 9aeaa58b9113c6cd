"""What a request looks for beside its words: treatment, drug, region, level, side, reasons."""

from __future__ import annotations

from collections.abc import Sequence

from index.concepts.closeness import query_features
from index.letter import Concepts

# A question about what goes with an operation is answered by ancillary items.
_OPERATION_REASON = "Rests on the operation"
_ANCILLARY = "ancillary"


def look_for(concepts: Concepts, reasons: Sequence[str]) -> dict[str, dict[str, float]]:
    """Group -> value -> how well it answers; `reason` beside those of `index.concepts.closeness`.

    Each of several reasons counts for its share.
    """
    features = {group: dict(weights) for group, weights in query_features(concepts).items()}
    if _OPERATION_REASON in reasons and not concepts.levels:
        # What goes with an operation is asked for in general; items named are examples of it.
        features["treatment"] = {**features.get("treatment", {}), _ANCILLARY: 1.0}
    if reasons:
        features["reason"] = {f"reason:{reason}": 1.0 / len(reasons) for reason in reasons}
    return features
