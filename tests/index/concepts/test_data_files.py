"""The data files are consistent: references resolve, names are unique, the tables are whole."""

from __future__ import annotations

from collections import Counter
from itertools import chain

import pytest

from index.concepts import taxonomy as taxonomy_module
from index.concepts.phrases import expand
from index.concepts.taxonomy import Taxonomy, load_table, load_taxonomy
from index.concepts.vocabulary import Vocabulary, load_vocabulary


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return load_taxonomy()


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return load_vocabulary()


def test_treatments_cover_the_field(taxonomy: Taxonomy) -> None:
    subcategories = [name.partition(" > ")[2] for name in taxonomy.treatments]
    assert len(subcategories) >= 150
    assert [name for name, count in Counter(subcategories).items() if count > 1] == []


def test_relations_resolve_and_hold_in_both_directions(taxonomy: Taxonomy) -> None:
    tables = (
        {name: entry.related for name, entry in taxonomy.treatments.items()},
        {name: entry.related for name, entry in taxonomy.drug_classes.items()},
        {name: entry.near for name, entry in taxonomy.regions.items()},
    )
    for table in tables:
        for name, related in table.items():
            assert name not in related
            for other, closeness in related.items():
                assert 0 < closeness < 1, (name, other)
                assert table[other][name] == closeness, (name, other)


def test_regions_of_treatments_and_containers_exist(taxonomy: Taxonomy) -> None:
    for treatment in taxonomy.treatments.values():
        assert treatment.regions <= set(taxonomy.regions), treatment.name
    for region in taxonomy.regions.values():
        assert set(region.within) <= set(taxonomy.regions)
        assert region.name not in region.within
    assert set(taxonomy.level_regions) == set("CTLS")


def test_contexts_name_treatments(taxonomy: Taxonomy) -> None:
    known = set(chain.from_iterable(name.split(" > ") for name in taxonomy.treatments))
    for context in taxonomy.contexts.values():
        assert context.beside <= known, context.name
        assert context.adds in ("", *taxonomy.treatments)


def test_each_treatment_can_be_found_by_words_or_by_a_drug(taxonomy: Taxonomy) -> None:
    entries = load_table("treatments.toml")["treatment"]
    by_words = {
        f"{category} > {name}"
        for category, members in entries.items()
        for name, entry in members.items()
        if entry.get("patterns") or entry.get("faint")
    }
    by_drug = {entry.treatment for entry in taxonomy.drug_classes.values()}
    assert set(taxonomy.treatments) == by_words | by_drug


def test_drugs(taxonomy: Taxonomy) -> None:
    generics = set(chain.from_iterable(product.drugs for product in taxonomy.products.values()))
    assert len(generics) >= 300
    for product in taxonomy.products.values():
        assert product.drug_class in taxonomy.drug_classes


def test_a_drug_phrase_means_one_product() -> None:
    meanings: dict[tuple[str, ...], set[str]] = {}
    for pattern, drugs, drug_class in taxonomy_module.drug_spellings(load_table("drugs.toml")):
        for sequence in expand(pattern):
            meanings.setdefault(sequence, set()).add(f"{drug_class}: {', '.join(drugs)}")
    assert {words: found for words, found in meanings.items() if len(found) > 1} == {}


@pytest.mark.parametrize("pattern", ["(a|b", "a)", "(a)?", "", "a|"])
def test_a_broken_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        expand(pattern)


def test_patterns_expand() -> None:
    assert set(expand("(left|right)? knee (braces)?")) == {
        ("left", "knee", "brace"),
        ("right", "knee", "brace"),
        ("knee", "brace"),
        ("left", "knee"),
        ("right", "knee"),
        ("knee",),
    }


def test_vocabulary_is_large_enough() -> None:
    table = load_table("vocabulary.toml")
    written = len(table["abbreviations"]) + len(table["ambiguous"])
    assert written >= 250
    assert len(table["synonyms"]["sets"]) >= 100


def test_synonym_sets_have_no_repeats() -> None:
    for members in load_table("vocabulary.toml")["synonyms"]["sets"]:
        assert len(members) > 1
        assert len(set(map(str.lower, members))) == len(members), members


def test_an_entry_leads_somewhere(vocabulary: Vocabulary) -> None:
    for entry in vocabulary.entries.values():
        assert entry.senses
        assert len({sense.name for sense in entry.senses}) == len(entry.senses)
        assert any(sense.expansions for sense in entry.senses), entry.term
        assert not entry.ambiguous or all(sense.context for sense in entry.senses), entry.term


@pytest.mark.parametrize(
    ("term", "around", "sense"),
    [
        ("RFA", ["repeat", "lumbar"], "radiofrequency ablation"),
        ("rfa", ["form", "dated"], "request for authorization"),
        ("PT", [], "physical therapy"),
        ("PT", ["denies", "weakness"], "patient"),
        ("PT", ["ptt", "labs"], "prothrombin time"),
        ("CT", ["release", "wrist"], "carpal tunnel"),
        ("CT", ["head"], "computed tomography"),
        ("MS", ["contin"], "morphine sulfate"),
        ("HA", ["knee", "injection"], "hyaluronic acid"),
        ("HA", ["photophobia"], "headache"),
        ("IF", ["unit"], "interferential"),
    ],
)
def test_context_decides(vocabulary: Vocabulary, term: str, around: list[str], sense: str) -> None:
    entry = vocabulary.get(term)
    assert entry is not None
    decided = entry.sense(around)
    assert decided is not None
    assert decided.name == sense


def test_without_context_and_default_a_term_stays_as_it_is(vocabulary: Vocabulary) -> None:
    entry = vocabulary.get("RFA")
    assert entry is not None
    assert entry.sense([]) is None


@pytest.mark.parametrize(
    ("term", "expansion"),
    [
        ("ESI", "epidural steroid injection"),
        ("Norco", "hydrocodone"),
        ("cyclobenzaprine", "Fexmid"),
        ("mid back", "thoracic spine"),
        ("tennis elbow", "lateral epicondylitis"),
        ("hemogram", "complete blood count"),
        ("narcotic", "opioid"),
        ("hwave", "electrotherapy"),
        ("post operative", "after surgery"),
        ("Post-Operative", "after surgery"),
    ],
)
def test_expansions(vocabulary: Vocabulary, term: str, expansion: str) -> None:
    entry = vocabulary.get(term)
    assert entry is not None
    assert entry.default is not None
    assert expansion in entry.default.expansions
