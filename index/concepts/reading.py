"""What a text is about: treatments, regions, levels, sides, drugs, visits.

`read_concepts` reads any text; `issue_concepts` an issue, whose request speaks first, and
`read_issue` all that we derive of one. The closeness of two such readings is in
`index.concepts.closeness`, offered from here too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from index.concepts.closeness import GROUP_WEIGHTS, features, query_features, score, similarity
from index.concepts.drugs import read_drugs
from index.concepts.phrases import Found, Phrases, Words, words_of
from index.concepts.quantities import read_levels, read_visits
from index.concepts.reasons import read_reasons
from index.concepts.taxonomy import IGNORED, Taxonomy, load_taxonomy
from index.letter import Concepts, Issue, Letter, Reading
from index.passages import without_verdict

__all__ = [
    "GROUP_WEIGHTS",
    "features",
    "issue_concepts",
    "query_features",
    "read_concepts",
    "read_issue",
    "score",
    "similarity",
]

MAX_TEXT = 20_000  # characters read of any text: what a request can need, and a bound
_MAX_FALLBACK = 8_000
_OPERATIONS = frozenset({"Surgery", "Injections"})
_ELECTRODIAGNOSTICS = "Electrodiagnostics"
# Larger regions that say little about a joint's treatment, so that the rationale may say more.
_LIMBS = frozenset({"upper extremity", "lower extremity"})
# In a text that names no request, a region is its subject when named at least this often,
# measured against the region named most.
_SUBJECT_SHARE = 0.5
_EVERY = 0.0  # of the diagnoses every region counts, also one that a diagnosis only implies
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_CLAUSE_END = re.compile(r"[,.;]")
_SIDE_LETTERS = {"R": "right", "L": "left"}


def read_concepts(text: str) -> Concepts:
    """The concepts of `text`; empty ones where nothing is recognised. Reads 20,000 characters."""
    text = text[:MAX_TEXT]
    taxonomy = load_taxonomy()
    words = words_of(text)
    levels = read_levels(text)
    return _read(taxonomy, text, words, levels, _regions(taxonomy, words, levels))


def issue_concepts(
    request: str, disputed: str = "", rationale: str = "", summary: str = ""
) -> Concepts:
    """The concepts of an issue.

    The disputed part of the request says what is asked for, the whole request fills in what that
    part leaves out. Where neither names a region (or only a limb), the rationale's subject does,
    else the summary's.
    """
    taxonomy = load_taxonomy()
    asked = read_concepts(disputed or request)
    if disputed and disputed != request:
        asked = _completed(asked, read_concepts(request))
    if asked.regions and (_is_electrodiagnostic(asked) or not set(asked.regions) <= _LIMBS):
        return asked
    regions, sides = _subject(taxonomy, rationale[:_MAX_FALLBACK], summary[:_MAX_FALLBACK])
    if asked.regions:
        limbs = set(asked.regions)
        regions = [name for name in regions if not limbs.isdisjoint(taxonomy.regions[name].within)]
    if not regions:
        return asked
    # Treatments that depend on the region are read again, now that it is known.
    text = (disputed or request)[:MAX_TEXT]
    read = _read(taxonomy, text, words_of(text), asked.levels, (*asked.regions, *regions))
    return replace(
        asked,
        treatments=read.treatments or asked.treatments,
        regions=read.regions,
        sides=asked.sides or sides,
    )


def read_issue(letter: Letter, issue: Issue) -> Reading:
    """What we read into an issue; sentences that state the verdict tell nothing of its subject."""
    reasoning, _ = without_verdict(issue.rationale)
    return Reading(
        concepts=issue_concepts(issue.request, issue.disputed, reasoning, letter.summary),
        reasons=read_reasons(issue.rationale),
    )


def _completed(asked: Concepts, whole: Concepts) -> Concepts:
    """`asked` with the fields it leaves empty taken from `whole`."""
    treatments = asked.treatments or whole.treatments
    return Concepts(
        treatments=treatments,
        regions=asked.regions or whole.regions,
        levels=asked.levels or whole.levels,
        sides=asked.sides or whole.sides,
        drugs=asked.drugs or (() if asked.treatments else whole.drugs),
        drug_classes=asked.drug_classes or (() if asked.treatments else whole.drug_classes),
        # The whole request also tells the visits that were asked for or authorised before.
        visits=asked.visits,
        ancillary=asked.ancillary or whole.ancillary,
    )


def _is_electrodiagnostic(concepts: Concepts) -> bool:
    """Whether nerve studies are asked for: they concern a whole limb."""
    return any(name.startswith(_ELECTRODIAGNOSTICS) for name in concepts.treatments)


def _read(
    taxonomy: Taxonomy, text: str, words: Words, levels: tuple[str, ...], regions: Iterable[str]
) -> Concepts:
    """The concepts of a text whose levels and regions are known."""
    regions = tuple(dict.fromkeys(regions))
    drugs_found = list(taxonomy.drug_phrases.scan(words))
    found = [
        one
        for one in taxonomy.treatment_phrases.scan(words)
        if IGNORED not in one.entries and not any(_part_of(one, drug) for drug in drugs_found)
    ]
    named = [name for each in found for name in each.entries if _applies(taxonomy, name, regions)]
    drugs, classes, medications = read_drugs(taxonomy, words, drugs_found, found, named)
    treatments = _without_weak(taxonomy, [*named, *medications])
    if not treatments:
        treatments = list(_entries(taxonomy.faint_phrases, words))
    # What leads is what is asked for: an operation stays one when it brings its assistant along.
    leading = taxonomy.treatments[treatments[0]].category if treatments else ""
    ancillary = leading not in _OPERATIONS and any(
        taxonomy.treatments[name].ancillary for name in treatments
    )
    for name in _entries(taxonomy.context_phrases, words):
        context = taxonomy.contexts[name]
        if any(context.beside & set(treatment.split(" > ")) for treatment in treatments):
            ancillary = ancillary or leading not in _OPERATIONS
            treatments += [context.adds] if context.adds else []
    treatments = list(dict.fromkeys(treatments))
    return Concepts(
        treatments=tuple(treatments),
        regions=regions,
        levels=levels,
        sides=_sides(taxonomy, words),
        drugs=tuple(dict.fromkeys(drugs)),
        drug_classes=tuple(dict.fromkeys(classes)),
        visits=_visits(taxonomy, text, treatments),
        ancillary=ancillary,
    )


def _part_of(found: Found, drug: Found) -> bool:
    """Whether a phrase is a part of a longer drug name, such as the XR of a release form."""
    inside = drug.start <= found.start and found.end <= drug.end
    return inside and found.end - found.start < drug.end - drug.start


def _entries(phrases: Phrases, words: Words) -> dict[str, None]:
    return {name: None for found in phrases.scan(words) for name in found.entries}


def _applies(taxonomy: Taxonomy, name: str, regions: tuple[str, ...]) -> bool:
    only = taxonomy.treatments[name].regions
    return not only or not only.isdisjoint(regions)


def _without_weak(taxonomy: Taxonomy, names: list[str]) -> list[str]:
    """`names` less the general entries of categories that also have a particular one."""
    entries = [taxonomy.treatments[name] for name in dict.fromkeys(names)]
    strong = {entry.category for entry in entries if not entry.weak}
    return [entry.name for entry in entries if not (entry.weak and entry.category in strong)]


def _visits(taxonomy: Taxonomy, text: str, treatments: list[str]) -> int | None:
    asked_in_visits = any(taxonomy.treatments[name].visits for name in treatments)
    return read_visits(text) if asked_in_visits else None


def _regions(taxonomy: Taxonomy, words: Words, levels: tuple[str, ...]) -> list[str]:
    """The regions named by word or by spinal level, else those that diagnoses imply."""
    named = list(_entries(taxonomy.region_phrases, words))
    named += [taxonomy.level_regions[level[0]] for level in levels]
    regions = [name for name in dict.fromkeys(named) if name != IGNORED]
    if not regions:
        regions = [name for name in _entries(taxonomy.hint_phrases, words) if name != IGNORED]
    inner = {container for name in regions for container in taxonomy.regions[name].within}
    # "spine" beside "lumbar spine" says nothing; an arm beside a shoulder is a place of its own.
    return [name for name in regions if name in _LIMBS or name not in inner]


def _sides(taxonomy: Taxonomy, words: Words) -> tuple[str, ...]:
    named = _entries(taxonomy.side_phrases, words)
    for found in taxonomy.region_phrases.scan(words):
        if side := _side_letter(words, found):
            named[side] = None
    return tuple(name for name in named if name != IGNORED)


def _side_letter(words: Words, found: Found) -> str:
    """The side that a lone letter before a region means ("R shoulder")."""
    if found.start == 0 or IGNORED in found.entries:
        return ""
    return _SIDE_LETTERS.get(words.raw[found.start - 1], "")


def _subject(taxonomy: Taxonomy, rationale: str, summary: str) -> tuple[list[str], tuple[str, ...]]:
    """The regions a letter treats, and their sides: see `[subject]` of regions.toml."""
    cues = taxonomy.subject
    told, history = _SENTENCE.split(rationale), _SENTENCE.split(summary)
    patient = [s for s in told if cues["patient"].search(s) and not cues["guideline"].search(s)]
    diagnoses = [s for s in history if cues["diagnosis"].search(s)]
    complaints = [s for s in history if cues["complaint"].search(s)]
    for sentences, share in (
        (patient, _SUBJECT_SHARE),
        (diagnoses, _EVERY),
        (complaints, _SUBJECT_SHARE),
        (history, _SUBJECT_SHARE),
    ):
        text = " ".join(_without_radiation(taxonomy, sentence) for sentence in sentences)
        regions, sides = _named_often(taxonomy, words_of(text), share)
        if regions:
            return regions, sides
    return [], ()


def _without_radiation(taxonomy: Taxonomy, sentence: str) -> str:
    """`sentence` without where the pain radiates to or what the patient denies."""
    found = taxonomy.subject["radiation"].search(sentence)
    if not found:
        return sentence
    rest = _CLAUSE_END.search(sentence, found.end())
    return sentence[: found.start()] + (sentence[rest.start() :] if rest else "")


def _named_often(
    taxonomy: Taxonomy, words: Words, share: float
) -> tuple[list[str], tuple[str, ...]]:
    """The regions named at least `share` times as often as the one named most; their sides."""
    counts: Counter[str] = Counter()
    sides: dict[str, Counter[str]] = {}
    side_at = {found.end: found.entries[0] for found in taxonomy.side_phrases.scan(words)}
    found_regions = list(taxonomy.region_phrases.scan(words))
    if share == _EVERY:
        found_regions += taxonomy.hint_phrases.scan(words)
    for found in found_regions:
        for name in found.entries:
            counts[name] += 1
            side = side_at.get(found.start, IGNORED)
            if side != IGNORED:
                sides.setdefault(name, Counter())[side] += 1
    del counts[IGNORED]
    if not counts:
        return _regions(taxonomy, words, ()), ()
    most = max(counts.values())
    regions = [name for name in _particular(taxonomy, counts) if counts[name] >= most * share]
    found_sides = {s: None for n in regions for s, _ in sides.get(n, Counter()).most_common(1)}
    return regions, tuple(found_sides)


def _particular(taxonomy: Taxonomy, names: Iterable[str]) -> list[str]:
    """`names` without limbs beside other regions, and without what contains another of them."""
    names = list(names)
    inner = {container for name in names for container in taxonomy.regions[name].within}
    return [name for name in names if name not in inner and (name not in _LIMBS or len(names) == 1)]
