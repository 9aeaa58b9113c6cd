"""The editable tables of treatments, body regions and drugs, compiled for reading texts.

The tables are TOML files in `index/data`; each says in its head how it is written. They are read
once, checked (an unknown reference is a `ValueError` naming it) and compiled into dictionaries
of words, so that reading a text costs one pass however many phrases there are.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from index.concepts.phrases import Phrases, fold


@dataclass(frozen=True, slots=True)
class Treatment:
    """One subcategory; `name` is "Category > Subcategory", `related` maps such names to (0, 1).

    `course` is the number of visits that guidelines allow at first, 0 where they give none.
    """

    name: str
    category: str
    regions: frozenset[str]
    weak: bool
    ancillary: bool
    visits: bool
    course: int
    related: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Context:
    """Words around an item (`name`) that make it ancillary and may add a treatment."""

    name: str
    beside: frozenset[str]
    adds: str


@dataclass(frozen=True, slots=True)
class Region:
    """A body region: what contains it, and its neighbours with a closeness in (0, 1)."""

    name: str
    within: tuple[str, ...]
    near: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DrugClass:
    """A drug class: its Medication treatment, the class it is on the skin, close classes."""

    name: str
    treatment: str
    topical: str
    injected: bool
    related: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Product:
    """What a drug phrase stands for: generic names, and the class of the product."""

    drugs: tuple[str, ...]
    drug_class: str


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """All three tables, compiled. Entries of the phrase dictionaries are keys of the mappings."""

    treatments: Mapping[str, Treatment]
    contexts: Mapping[str, Context]
    regions: Mapping[str, Region]
    drug_classes: Mapping[str, DrugClass]
    products: Mapping[str, Product]
    level_regions: Mapping[str, str]
    forms: Mapping[str, frozenset[str]]
    subject: Mapping[str, re.Pattern[str]]
    treatment_phrases: Phrases
    faint_phrases: Phrases
    context_phrases: Phrases
    region_phrases: Phrases
    hint_phrases: Phrases
    side_phrases: Phrases
    drug_phrases: Phrases


IGNORED = "ignored"


def load_table(name: str) -> dict[str, Any]:
    """The TOML table `name` of `index/data`."""
    return tomllib.loads((files("index") / "data" / name).read_text("utf-8"))


@cache
def load_taxonomy() -> Taxonomy:
    """The tables, compiled once per process (about half a second).

    Raises ValueError when a table refers to a name that it does not define.
    """
    treatment_table = load_table("treatments.toml")
    region_table = load_table("regions.toml")
    drug_table = load_table("drugs.toml")
    treatments, phrases, faint = _treatments(treatment_table)
    contexts = {
        name: Context(name, frozenset(entry["with"]), _full(treatments, entry.get("adds", "")))
        for name, entry in treatment_table["context"].items()
    }
    regions = _regions(region_table)
    classes, products, drug_phrases = _drugs(drug_table, treatments)
    _check(treatments, contexts, regions)
    ignored = _ignored(region_table)
    return Taxonomy(
        treatments=treatments,
        contexts=contexts,
        regions=regions,
        drug_classes=classes,
        products=products,
        level_regions={
            letter: name
            for name, entry in region_table["region"].items()
            for letter in entry.get("levels", "")
        },
        forms={name: frozenset(map(fold, words)) for name, words in drug_table["form"].items()},
        subject={
            name: re.compile("|".join(map(re.escape, words)), re.IGNORECASE)
            for name, words in region_table["subject"].items()
        },
        treatment_phrases=Phrases(_ignored(treatment_table) + phrases),
        faint_phrases=Phrases(faint),
        context_phrases=Phrases(
            (pattern, name)
            for name, entry in treatment_table["context"].items()
            for pattern in entry["words"]
        ),
        region_phrases=Phrases(ignored + _patterns(region_table["region"], "patterns")),
        hint_phrases=Phrases(ignored + _patterns(region_table["region"], "hints")),
        side_phrases=Phrases(ignored + _patterns(region_table["side"], "patterns")),
        drug_phrases=Phrases(drug_phrases),
    )


def _check(
    treatments: Mapping[str, Treatment],
    contexts: Mapping[str, Context],
    regions: Mapping[str, Region],
) -> None:
    """Refuse regions and companions that no table defines."""
    parts = {part for name in treatments for part in name.split(" > ")}
    wanted = {
        **{entry.name: entry.regions - set(regions) for entry in treatments.values()},
        **{f"context {entry.name}": entry.beside - parts for entry in contexts.values()},
    }
    for name, unknown in wanted.items():
        if unknown:
            raise ValueError(f"treatments.toml: {name} refers to {sorted(unknown)[0]!r}")


def _ignored(table: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(pattern, IGNORED) for pattern in table["ignore"]["patterns"]]


def _patterns(table: Mapping[str, Any], key: str) -> list[tuple[str, str]]:
    return [(pattern, name) for name, entry in table.items() for pattern in entry.get(key, ())]


def _full(treatments: Mapping[str, Treatment], subcategory: str) -> str:
    """The "Category > Subcategory" name of `subcategory`; empty for none."""
    if not subcategory:
        return ""
    for name in treatments:
        if name.partition(" > ")[2] == subcategory:
            return name
    raise ValueError(f"treatments.toml has no subcategory {subcategory!r}")


def _relate(entries: Mapping[str, Any], name: str, other: str, closeness: float) -> None:
    """Make `name` and `other` close in both directions, keeping the larger closeness."""
    if other not in entries:
        raise ValueError(f"{name!r} refers to {other!r}, which is not defined")
    for one, two in ((name, other), (other, name)):
        entry = entries[one]
        related: dict[str, float] = entry.near if isinstance(entry, Region) else entry.related
        related[two] = max(closeness, related.get(two, 0.0))


def _treatments(
    table: Mapping[str, Any],
) -> tuple[dict[str, Treatment], list[tuple[str, str]], list[tuple[str, str]]]:
    entries = {
        f"{category} > {name}": (category, entry)
        for category, members in table["treatment"].items()
        for name, entry in members.items()
    }
    treatments = {
        name: Treatment(
            name,
            category,
            frozenset(entry.get("regions", ())),
            entry.get("weak", False),
            entry.get("ancillary", False),
            entry.get("visits", False),
            entry.get("course", 0),
        )
        for name, (category, entry) in entries.items()
    }
    for name, (_, entry) in entries.items():
        for other, closeness in entry.get("related", {}).items():
            _relate(treatments, name, _full(treatments, other), closeness)
    plain = {name: entry for name, (_, entry) in entries.items()}
    return treatments, _patterns(plain, "patterns"), _patterns(plain, "faint")


def _regions(table: Mapping[str, Any]) -> dict[str, Region]:
    regions = {
        name: Region(name, tuple(entry.get("within", ())))
        for name, entry in table["region"].items()
    }
    for name, entry in table["region"].items():
        for container in regions[name].within:
            if container not in regions:
                raise ValueError(f"region {name!r} lies within {container!r}, which is not defined")
        for other, closeness in entry.get("near", {}).items():
            _relate(regions, name, other, closeness)
    return regions


def _drugs(
    table: Mapping[str, Any], treatments: Mapping[str, Treatment]
) -> tuple[dict[str, DrugClass], dict[str, Product], list[tuple[str, str]]]:
    classes = {
        name: DrugClass(
            name,
            _full(treatments, entry["treatment"]),
            entry.get("topical", ""),
            entry.get("injected", False),
        )
        for name, entry in table["class"].items()
    }
    for name, entry in table["class"].items():
        for other, closeness in entry.get("related", {}).items():
            _relate(classes, name, other, closeness)
        if classes[name].topical not in ("", *classes):
            raise ValueError(f"class {name!r}: topical {classes[name].topical!r} is not defined")
    products: dict[str, Product] = {}
    phrases: list[tuple[str, str]] = []
    for pattern, drugs, name in drug_spellings(table):
        if name not in classes:
            raise ValueError(f"drugs.toml: {pattern!r} belongs to no class ({name!r})")
        key = f"{name}: {', '.join(drugs)}"
        products[key] = Product(drugs, name)
        phrases.append((pattern, key))
    return classes, products, phrases


def drug_spellings(table: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Every (pattern, generic names, class) of the drug table."""
    class_of: dict[str, str] = {}
    for name, entry in table["class"].items():
        for drug, spellings in entry.get("drugs", {}).items():
            # A drug listed in a second class is named there by its products only.
            for pattern in (*(() if drug in class_of else (drug,)), *spellings):
                yield pattern, (drug,), name
            class_of.setdefault(drug, name)
    for pattern, drugs in table["combination"].items():
        yield pattern, tuple(drugs), class_of.get(drugs[0], "")
    for name, entry in table["product"].items():
        for pattern, drugs in entry.items():
            yield pattern, tuple(drugs), name
