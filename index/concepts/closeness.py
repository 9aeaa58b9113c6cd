"""How close two readings of `index.concepts.reading` are: the third ranking signal.

A document is a set of features; a question gives each feature of interest a weight per group.
The score of a document is the sum over the question's groups of the group's weight times the
largest weight among the features that the document has, divided by the sum of the groups'
weights: so it lies in [0, 1], and a document with everything asked for scores 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from index.concepts.quantities import segments_of
from index.concepts.taxonomy import Taxonomy, load_taxonomy
from index.letter import Concepts

# What a group counts for: the treatment decides, the drug within medication, then the place.
GROUP_WEIGHTS: Mapping[str, float] = {
    "treatment": 0.5,
    "drug": 0.25,
    "region": 0.2,
    "level": 0.05,
    "side": 0.05,
    "setting": 0.1,
    "quantity": 0.05,
}

_SAME_CATEGORY = 0.15
_SAME_CLASS = 0.6
_FOLLOWING_DRUG = 0.5  # acetaminophen beside hydrocodone
_CLOSE_CLASS = 0.5  # of the closeness of two classes
_CONTAINED = 0.6
_CONTAINER = 0.6
_SIBLING = 0.2  # two parts of one limb or of the spine
_TOUCHING_LEVEL = 0.4
_LEVEL_PART = 0.6
_BOTH_FOR_ONE = 0.8
_ONE_FOR_BOTH = 0.7
_OPERATION = 0.25  # an ancillary item and an operation
_ANCILLARY = "ancillary"
_WITHIN, _BEYOND = "quantity:within a first course", "quantity:beyond a first course"


def features(concepts: Concepts) -> tuple[str, ...]:
    """What a document is, as "kind:name" strings, each once.

    Kinds: category, treatment, region, level, side, drug, class, quantity; and the bare
    "ancillary".
    """
    categories = dict.fromkeys(name.partition(" > ")[0] for name in concepts.treatments)
    named = (
        ("category", categories),
        ("treatment", concepts.treatments),
        ("region", concepts.regions),
        ("level", concepts.levels),
        ("side", concepts.sides),
        ("drug", concepts.drugs),
        ("class", concepts.drug_classes),
    )
    found = [f"{kind}:{name}" for kind, names in named for name in names]
    found += [_ANCILLARY] if concepts.ancillary else []
    return tuple(dict.fromkeys([*found, *_quantity(concepts)]))


def query_features(concepts: Concepts) -> dict[str, dict[str, float]]:
    """What a question looks for: group of `GROUP_WEIGHTS` -> feature -> weight in (0, 1].

    A group the question says nothing about is absent.
    """
    taxonomy = load_taxonomy()
    groups = {
        "treatment": _largest(_treatment_weights(taxonomy, concepts)),
        "drug": _largest(_drug_weights(taxonomy, concepts)),
        "region": _largest(_region_weights(taxonomy, concepts.regions)),
        "level": _largest(_level_weights(concepts.levels)),
        "side": _largest(_side_weights(concepts.sides)),
        "setting": {_ANCILLARY: 1.0} if concepts.ancillary else {},
        "quantity": dict.fromkeys(_quantity(concepts), 1.0),
    }
    return {group: weights for group, weights in groups.items() if weights}


def score(question: Mapping[str, Mapping[str, float]], document: Iterable[str]) -> float:
    """The closeness in [0, 1] of a document's features to a question's; 0 for no question."""
    document = frozenset(document)
    total = sum(GROUP_WEIGHTS[group] for group in question)
    if not total:
        return 0.0
    reached = sum(
        GROUP_WEIGHTS[group]
        * max((weight for feature, weight in weights.items() if feature in document), default=0.0)
        for group, weights in question.items()
    )
    return min(1.0, reached / total)


def similarity(a: Concepts, b: Concepts) -> float:
    """How well `b` answers a question about `a`, in [0, 1]; 1 for a document like the question.

    Not symmetric: what `b` has beyond `a` costs nothing.
    """
    return score(query_features(a), features(b))


_Weights = Iterable[tuple[str, float]]


def _largest(weights: _Weights) -> dict[str, float]:
    """Each feature once, with the largest of its weights."""
    largest: dict[str, float] = {}
    for feature, weight in weights:
        largest[feature] = max(weight, largest.get(feature, 0.0))
    return largest


def _quantity(concepts: Concepts) -> list[str]:
    """How the visits asked for compare with the first course that guidelines allow, if known."""
    treatments = load_taxonomy().treatments
    courses = (treatments[name].course for name in concepts.treatments if name in treatments)
    course = next(filter(None, courses), 0)
    if not course or concepts.visits is None:
        return []
    return [_BEYOND if concepts.visits > course else _WITHIN]


def _treatment_weights(taxonomy: Taxonomy, concepts: Concepts) -> _Weights:
    for name in concepts.treatments:
        entry = taxonomy.treatments.get(name)
        yield f"treatment:{name}", 1.0
        if entry is None:
            continue
        yield f"category:{entry.category}", _SAME_CATEGORY
        yield from ((f"treatment:{other}", close) for other, close in entry.related.items())
        if entry.category == "Surgery":
            yield _ANCILLARY, _OPERATION
    if concepts.ancillary:
        yield "category:Surgery", _OPERATION


def _drug_weights(taxonomy: Taxonomy, concepts: Concepts) -> _Weights:
    # One class for several drugs: one product, of which the first drug is the leading one.
    one_product = len(concepts.drug_classes) == 1
    for place, drug in enumerate(concepts.drugs):
        yield f"drug:{drug}", _FOLLOWING_DRUG if place and one_product else 1.0
    for name in concepts.drug_classes:
        # Without a drug the class is what is asked for.
        yield f"class:{name}", _SAME_CLASS if concepts.drugs else 1.0
        entry = taxonomy.drug_classes.get(name)
        for other, close in entry.related.items() if entry else ():
            yield f"class:{other}", close * _CLOSE_CLASS


def _region_weights(taxonomy: Taxonomy, regions: tuple[str, ...]) -> _Weights:
    for name in regions:
        region = taxonomy.regions.get(name)
        yield f"region:{name}", 1.0
        if region is None:
            continue
        yield from ((f"region:{other}", close) for other, close in region.near.items())
        yield from ((f"region:{container}", _CONTAINER) for container in region.within)
        for other in taxonomy.regions.values():
            if name in other.within:
                yield f"region:{other.name}", _CONTAINED
            elif not set(region.within).isdisjoint(other.within) and other.name != name:
                yield f"region:{other.name}", _SIBLING


def _level_weights(levels: tuple[str, ...]) -> _Weights:
    """A segment also answers with its two vertebrae and, less, with the segments that touch it."""
    for level in levels:
        yield f"level:{level}", 1.0
        for part in level.split("-"):
            if part != level:
                yield f"level:{part}", _LEVEL_PART
            weight = _LEVEL_PART if part == level else _TOUCHING_LEVEL
            yield from ((f"level:{segment}", weight) for segment in segments_of(part))


def _side_weights(sides: tuple[str, ...]) -> _Weights:
    for side in sides:
        yield f"side:{side}", 1.0
        if side == "bilateral":
            yield "side:left", _ONE_FOR_BOTH
            yield "side:right", _ONE_FOR_BOTH
        else:
            yield "side:bilateral", _BOTH_FOR_ONE
