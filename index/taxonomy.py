"""The editable tables of treatments, body regions and drugs, and the phrase matcher they share.

The tables are TOML files in `index/data`; each says in its head how it is written. They are read
once, checked (an unknown reference is a `ValueError` naming it) and compiled into dictionaries
of words, so that reading a text costs one pass however many phrases there are.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

GAP = 3  # the most words a "~" of a pattern can stand for
_WORD = re.compile(r"[A-Za-z0-9]+(?:\.\d+)?|%")
_PATTERN = re.compile(r"[()|?~]|=?[A-Za-z0-9]+(?:\.\d+)?|%")
# Words that look like a plural and are none, or mean something else without their s.
_NOT_PLURAL = frozenset({"tens", "rights"})


class Words(NamedTuple):
    """A text as words: `folded` for comparing, `raw` as written."""

    folded: list[str]
    raw: list[str]


class Found(NamedTuple):
    """Phrase entries found at words `start` to `end` (exclusive)."""

    start: int
    end: int
    entries: tuple[str, ...]


@lru_cache(maxsize=1 << 16)
def fold(word: str) -> str:
    """`word` in lower case without the s of a plural: "Injections" -> "injection"."""
    word = word.lower()
    if len(word) <= 3 or word[-1] != "s" or word[-2:] in ("ss", "us", "is") or word in _NOT_PLURAL:
        return word
    return word[:-3] + "y" if word.endswith("ies") else word[:-1]


def words_of(text: str) -> Words:
    """The words of `text`; hyphens, slashes and possessives fall away."""
    raw = _WORD.findall(text.replace("\u2019", "'").replace("'s", ""))
    return Words([fold(word) for word in raw], raw)


def expand(pattern: str) -> list[tuple[str, ...]]:
    """Every sequence of words that `pattern` stands for.

    Raises ValueError when its parentheses do not match or it stands for no word at all.
    """
    parts = _PATTERN.findall(pattern)
    sequences, at = _alternatives(parts, 0)
    if at != len(parts) or not all(sequences):
        raise ValueError(f"pattern {pattern!r}: check its parentheses and question marks")
    return sequences


def _alternatives(parts: list[str], at: int) -> tuple[list[tuple[str, ...]], int]:
    """The sequences of "a b|c d" from `at` up to a closing parenthesis or the end."""
    done: list[tuple[str, ...]] = []
    current: list[tuple[str, ...]] = [()]
    while at < len(parts) and parts[at] != ")":
        part = parts[at]
        at += 1
        if part == "|":
            done += current
            current = [()]
            continue
        if part == "(":
            group, at = _alternatives(parts, at)
            at += 1
        else:
            group = [(part if part[0] in "=~" else fold(part),)]
        if at < len(parts) and parts[at] == "?":
            group = [*group, ()]
            at += 1
        current = [head + tail for head in current for tail in group]
    return done + current, at


class Phrases:
    """A dictionary of phrases: finds the longest at each place of a text, left to right."""

    def __init__(self, patterns: Iterable[tuple[str, str]]) -> None:
        """Compile (pattern, entry) pairs; several entries may share a pattern."""
        self._root: dict[str, Any] = {}
        for pattern, entry in patterns:
            for sequence in expand(pattern):
                node = self._root
                for word in sequence:
                    node = node.setdefault(word, {})
                if entry not in node.setdefault("", ()):
                    node[""] = (*node[""], entry)

    def scan(self, words: Words) -> Iterator[Found]:
        """The phrases of `words`, none overlapping another."""
        folded, raw = words
        root = self._root
        at = 0
        while at < len(folded):
            if folded[at] in root or "=" + raw[at] in root:
                found = self._longest(root, words, at, at)
                if found is not None:
                    yield found
                    at = found.end
                    continue
            at += 1

    def _longest(self, node: dict[str, Any], words: Words, start: int, at: int) -> Found | None:
        best = Found(start, at, node[""]) if "" in node else None
        if at < len(words.folded):
            for key in (words.folded[at], "=" + words.raw[at]):
                if key in node:
                    found = self._longest(node[key], words, start, at + 1)
                    if found and (best is None or found.end > best.end):
                        best = found
        if "~" in node:
            for skip in range(GAP + 1):
                found = self._longest(node["~"], words, start, at + skip)
                if found:
                    return found if best is None or found.end > best.end else best
        return best


@dataclass(frozen=True, slots=True)
class Treatment:
    """One subcategory; `name` is "Category > Subcategory", `related` maps such names to (0, 1)."""

    name: str
    category: str
    regions: frozenset[str]
    weak: bool
    ancillary: bool
    visits: bool
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
    ignored = [(pattern, IGNORED) for pattern in region_table["ignore"]["patterns"]]
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
        treatment_phrases=Phrases(phrases),
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
    for pattern, drugs, name in _spellings(table):
        if name not in classes:
            raise ValueError(f"drugs.toml: {pattern!r} belongs to no class ({name!r})")
        key = f"{name}: {', '.join(drugs)}"
        products[key] = Product(drugs, name)
        phrases.append((pattern, key))
    return classes, products, phrases


def _spellings(table: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...], str]]:
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
