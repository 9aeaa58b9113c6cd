"""Drugs in the words of a request: their classes, and whether they are swallowed, put on the
skin, mixed into one compound or part of an injection.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from index.concepts.phrases import Found, Words
from index.concepts.taxonomy import Taxonomy

_INJECTIONS = "Injections"
_MEDICATION = "Medication"
_COMPOUND = "Medication > Compounded topical"
_COMPOUND_CLASS = "compounded topical"
_NEAR = 6  # words after a drug among which a cream, patch or percentage belongs to it
_STRENGTH = 4


def read_drugs(
    taxonomy: Taxonomy,
    words: Words,
    found: list[Found],
    treatments: list[Found],
    named: list[str],
) -> tuple[list[str], list[str], list[str]]:
    """The drugs of a text, their classes, and the Medication treatments they make.

    `found` and `treatments` are the drug and treatment phrases of the words, `named` the
    treatments that apply.
    """
    if not found:
        return [], [], []
    taken = _spans(each for each in treatments if not _all_medication(each))
    injected = any(name.startswith(_INJECTIONS) for name in named)
    compound = _compounded(taxonomy, words, found, _COMPOUND in named)
    drugs: list[str] = []
    classes: list[str] = []
    medications: list[str] = []
    ends = [each.start for each in found[1:]] + [len(words.folded)]
    for each, limit in zip(found, ends, strict=True):
        product = taxonomy.products[each.entries[0]]
        drugs += product.drugs
        drug_class = taxonomy.drug_classes[product.drug_class]
        if each.start in taken or (injected and drug_class.injected):
            continue  # part of an injection, a pump or a test, not a medication of its own
        if each in compound:
            classes.append(_COMPOUND_CLASS)
            medications.append(_COMPOUND)
            continue
        if drug_class.topical and _on_skin(taxonomy, words, each, limit):
            drug_class = taxonomy.drug_classes[drug_class.topical]
        classes.append(drug_class.name)
        medications.append(drug_class.treatment)
    return drugs, classes, medications


def _spans(found: Iterable[Found]) -> set[int]:
    return {at for each in found for at in range(each.start, each.end)}


def _all_medication(found: Found) -> bool:
    return all(name.startswith(_MEDICATION) for name in found.entries)


def _on_skin(taxonomy: Taxonomy, words: Words, drug: Found, limit: int) -> bool:
    """Whether the words about a drug say cream, patch, gel or a strength in percent."""
    after = words.folded[drug.end : min(limit, drug.end + _NEAR)]
    before = words.folded[max(0, drug.start - 2) : drug.start]
    if not taxonomy.forms["oral"].isdisjoint(after):
        return False
    return not (
        taxonomy.forms["topical"].isdisjoint(after) and taxonomy.forms["before"].isdisjoint(before)
    )


def _compounded(
    taxonomy: Taxonomy, words: Words, found: list[Found], named: bool
) -> frozenset[Found]:
    """Those of the drugs `found` that are mixed into one topical compound.

    They are when two or more have a strength in percent and share a cream, or when two or more
    follow one another directly and a cream or base closes them. Where a compound is named, every
    drug not dosed in milligrams is part of it.
    """
    if named:
        return frozenset(each for each in found if not _dosed(words, each))
    mixed = set(_percentages(taxonomy, words, found))
    chain: list[Found] = []
    for one, two in pairwise(found):
        if two.start - one.end <= 1 and (two.start == one.end or words.folded[one.end] == "and"):
            chain += [one, two]
    if chain:
        end = chain[-1].end
        if not taxonomy.forms["compound"].isdisjoint(words.folded[end : end + 3]):
            mixed.update(chain)
    return frozenset(mixed)


def _percentages(taxonomy: Taxonomy, words: Words, found: list[Found]) -> Iterator[Found]:
    """Two or more drugs in a row with a strength in percent and one cream or patch for all."""
    group: list[Found] = []
    limits = [each.start for each in found[1:]] + [len(words.folded)]
    for each, limit in zip(found, limits, strict=True):
        in_percent = "%" in words.folded[each.start : each.end + _STRENGTH]
        if in_percent:
            group.append(each)
        if not in_percent or not taxonomy.forms["own"].isdisjoint(words.folded[each.start : limit]):
            yield from group if len(group) > 1 else ()
            group = []
    yield from group if len(group) > 1 else ()


_MILLIGRAMS = re.compile(r"\d+(?:\.\d+)?mg|mg")


def _dosed(words: Words, drug: Found) -> bool:
    return any(map(_MILLIGRAMS.fullmatch, words.folded[drug.end : drug.end + 3]))
