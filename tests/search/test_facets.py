"""Facet counts are those one gets by reading every letter and counting by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.concepts.reading import read_issue
from index.letter import Citation, Family, Issue, Letter
from search.engine import Engine
from search.facets import FACETS, check_filters
from search.query import QueryError
from search.results import Results
from tests.asking import search
from tests.told import ToldIssue, index_of, letter, stored_issues, written

Values = dict[str, frozenset[str]]
NAMES = [group.name for group in FACETS]


def by_hand(letter: Letter, issue: Issue) -> Values:
    """What can be filtered by, read off a stored letter."""
    reviewer, administrator = issue.reviewer_citations, issue.claims_administrator_citations
    differ = {(c.family, c.title) for c in reviewer} != {(c.family, c.title) for c in administrator}
    reading = read_issue(letter, issue)
    treatments = reading.concepts.treatments
    year = letter.decision_date
    return {
        "outcome": frozenset([issue.outcome.value]),
        "guideline": _guidelines(reviewer),
        "administrator": _guidelines(administrator),
        "differ": frozenset(["yes" if differ else "no"] if reviewer and administrator else []),
        "treatment": frozenset(treatments) | {name.partition(" > ")[0] for name in treatments},
        "region": frozenset(reading.concepts.regions),
        "reason": frozenset(reading.reasons),
        "specialty": frozenset(letter.specialties),
        "year": frozenset([str(year.year)] if year else []),
    }


def _guidelines(citations: tuple[Citation, ...]) -> frozenset[str]:
    names = {citation.family.value for citation in citations}
    names |= {
        f"{citation.family.value} > {citation.title}"
        for citation in citations
        if citation.title and citation.family is not Family.NONE
    }
    return frozenset(names)


def allowed(values: Values, filters: Mapping[str, tuple[str, ...]]) -> bool:
    return all(not values[name].isdisjoint(chosen) for name, chosen in filters.items())


@pytest.fixture(scope="module")
def read(sample_index: Path) -> dict[str, Values]:
    """The values of every issue, by its id."""
    return {issue_id: by_hand(*stored) for issue_id, stored in stored_issues(sample_index).items()}


def shown(results: Results, group: str) -> dict[str, int]:
    """The counts above zero that a page shows of one group."""
    return {value.value: value.count for value in results.facets.get(group, ()) if value.count}


def all_issues(results: Results) -> set[str]:
    return {issue_id for hit in results.hits for issue_id in (hit.issue, *hit.near_identical)}


def test_without_a_question_every_issue_is_counted(
    sample_engine: Engine, read: dict[str, Values]
) -> None:
    results = search(sample_engine, "", limit=1)
    assert results.total == len(read)
    for group in NAMES:
        counted = Counter(value for values in read.values() for value in values[group])
        assert shown(results, group) == dict(counted)


@given(data=st.data())
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_counts_under_any_filters_are_those_made_by_hand(
    data: st.DataObject, sample_engine: Engine, read: dict[str, Values]
) -> None:
    known = {
        group: sorted({value for values in read.values() for value in values[group]})
        for group in NAMES
    }
    groups = data.draw(st.lists(st.sampled_from(NAMES), max_size=3, unique=True))
    filters = {
        group: tuple(
            data.draw(st.lists(st.sampled_from(known[group]), min_size=1, max_size=3, unique=True))
        )
        for group in groups
    }
    results = search(sample_engine, "", filters=filters, limit=1000)
    assert all_issues(results) == {
        issue_id for issue_id, values in read.items() if allowed(values, filters)
    }
    for group in NAMES:
        others = {name: chosen for name, chosen in filters.items() if name != group}
        counted = Counter(
            value for values in read.values() if allowed(values, others) for value in values[group]
        )
        assert shown(results, group) == dict(counted), group


@pytest.mark.parametrize("mode", ["hybrid", "lexical", "semantic"])
def test_counts_are_over_the_whole_result_set_not_the_page(
    sample_engine: Engine, read: dict[str, Values], mode: str
) -> None:
    whole = search(sample_engine, "physical therapy", mode=mode, limit=1000)
    page = search(sample_engine, "physical therapy", mode=mode, limit=1)
    found = all_issues(whole)
    assert len(found) == whole.total > 5
    for group in NAMES:
        assert shown(page, group) == dict(
            Counter(v for issue_id in found for v in read[issue_id][group])
        )


def test_the_other_choices_of_a_filtered_group_keep_their_numbers(sample_engine: Engine) -> None:
    free = search(sample_engine, "lumbar")
    filtered = search(sample_engine, "lumbar", filters={"outcome": ["overturned"]})
    assert shown(filtered, "outcome") == shown(free, "outcome")
    assert shown(filtered, "region") != shown(free, "region")


def test_a_count_says_how_many_are_left_when_it_is_chosen(sample_engine: Engine) -> None:
    free = search(sample_engine, "lumbar", limit=1)
    for group in NAMES:
        for value, count in list(shown(free, group).items())[:2]:
            chosen = search(sample_engine, "lumbar", filters={group: [value]}, limit=1)
            assert chosen.total == count, (group, value)


def test_children_stand_behind_their_parent(sample_engine: Engine) -> None:
    results = search(sample_engine, "")
    last_parent, parents = "", set()
    for value in results.facets["guideline"]:
        if value.parent:
            assert value.parent == last_parent
            assert value.value.startswith(f"{value.parent} > ")
            assert value.label == value.value.rpartition(" > ")[2]
        else:
            last_parent = value.value
            parents.add(value.value)
    assert {"MTUS", "ODG"} <= parents


def test_a_parent_counts_the_issues_of_its_children_once(
    sample_engine: Engine, read: dict[str, Values]
) -> None:
    counts = shown(search(sample_engine, ""), "treatment")
    of_children = Counter(
        parent
        for values in read.values()
        for parent in {v.partition(" > ")[0] for v in values["treatment"] if " > " in v}
    )
    assert {parent: counts[parent] for parent in of_children} == dict(of_children)


def test_a_chosen_value_is_shown_even_where_nothing_has_it(sample_engine: Engine) -> None:
    results = search(sample_engine, "acupuncture", filters={"region": ["a tail"]})
    (tail,) = (value for value in results.facets["region"] if value.value == "a tail")
    assert (tail.count, tail.selected, results.total) == (0, True, 0)


def test_years_run_from_the_newest(sample_engine: Engine) -> None:
    years = list(shown(search(sample_engine, ""), "year"))
    assert years == sorted(years, reverse=True)


@pytest.mark.parametrize("group", ["colour", "", "Outcome"])
def test_a_filter_that_does_not_exist_is_refused_with_those_that_do(group: str) -> None:
    with pytest.raises(QueryError) as refused:
        check_filters({group: ("yes",)})
    assert "no filter" in refused.value.message
    assert all(name in refused.value.remedy for name in NAMES)


@pytest.mark.parametrize(("group", "value"), [("outcome", "denied"), ("differ", "perhaps")])
def test_a_value_that_cannot_be_is_refused_with_those_that_can(group: str, value: str) -> None:
    with pytest.raises(QueryError) as refused:
        check_filters({group: (value,)})
    assert value in refused.value.message
    assert ("overturned" if group == "outcome" else "no") in refused.value.remedy


def test_an_empty_filter_filters_nothing() -> None:
    assert check_filters({"outcome": ("", " "), "region": ()}) == {}


def test_a_filter_says_itself_in_english(sample_engine: Engine) -> None:
    results = search(sample_engine, "", filters={"outcome": ["upheld"], "year": ["2017"]})
    phrases = [said.words for said in results.filters]
    assert phrases == ["outcome is Upheld: denial stands", "decided in 2017"]


def test_replaced_and_removed_issues_are_not_counted(tmp_path: Path) -> None:
    first = letter("CM16-9900901", ToldIssue("Knee brace"), ToldIssue("Wrist splint"))
    other = letter("CM16-9900902", ToldIssue("MRI of the left ankle", "overturned"))
    folder = written(tmp_path / "letters", first, other)
    index = index_of([folder], tmp_path / "index")
    assert shown(search(Engine(index), ""), "outcome") == {"upheld": 2, "overturned": 1}
    written(folder, letter("CM16-9900901", ToldIssue("Knee brace", "overturned")))
    index_of([folder], index)
    results = search(Engine(index), "")
    assert shown(results, "outcome") == {"overturned": 2}
    assert results.total == 2
    assert results.outcomes.base_n == 2
