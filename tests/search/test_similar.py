"""Similar cases: from a pasted text and from an issue, with what became of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from search.answer.assemble import SIMILAR_SHARE
from search.backend import NotFound
from search.engine import SIMILAR, Engine
from search.query import QueryError
from tests.asking import search, similar

SLEEP = (
    "55 y/o bookkeeper, neck pain since 2015, wakes five times a night, gasps by report of her "
    "husband. BMI 34. Request: overnight laboratory sleep study.\nUR denied: no trial of "
    "behavioral measures."
)


def test_the_nearest_issue_asks_for_the_same(sample_engine: Engine) -> None:
    found = similar(sample_engine, SLEEP)
    assert found.hits[0].issue == "CM17-9900030#1"
    assert "sleep study" in found.understood.requested
    assert "behavioral" not in found.understood.requested


@pytest.mark.parametrize("mode", ["hybrid", "lexical", "semantic"])
def test_every_mode_answers(sample_engine: Engine, mode: str) -> None:
    found = similar(sample_engine, SLEEP, mode=mode)
    assert found.mode == mode
    assert "CM17-9900030#1" in [hit.issue for hit in found.hits[:3]]


@pytest.mark.parametrize("issue", ["CM17-9900023#1", "CM15-9900012#3", "CM16-9900018#4"])
def test_an_issue_is_not_similar_to_itself(sample_engine: Engine, issue: str) -> None:
    found = similar(sample_engine, issue=issue, limit=1000)
    shown = [issue_id for hit in found.hits for issue_id in (hit.issue, *hit.near_identical)]
    assert issue not in shown
    sides = {hit.issue for hit in (*found.nearest_approved, *found.nearest_denied)}
    assert issue not in sides
    assert len(shown) == found.total


def test_the_sibling_decided_in_the_same_words_is_nearest(sample_engine: Engine) -> None:
    found = similar(sample_engine, issue="CM17-9900023#1")
    assert found.hits[0].issue == "CM17-9900024#1"


@pytest.mark.parametrize("issue", ["CM16-0000000#1", "CM17-9900023#9", "CM17-9900023", "nonsense"])
def test_an_issue_that_is_not_here_is_said_not_to_be(sample_engine: Engine, issue: str) -> None:
    with pytest.raises(NotFound):
        similar(sample_engine, issue=issue)


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_no_text_is_refused(sample_engine: Engine, text: str) -> None:
    with pytest.raises(QueryError, match="There is no text"):
        similar(sample_engine, text)


def test_nearest_approved_and_denied_stand_side_by_side(sample_engine: Engine) -> None:
    found = similar(sample_engine, "Requesting lumbar MRI for low back pain with leg weakness.")
    assert {hit.outcome for hit in found.nearest_approved} == {"overturned"}
    assert {hit.outcome for hit in found.nearest_denied} == {"upheld"}


def test_a_filter_by_outcome_leaves_statistics_and_sides_alone(sample_engine: Engine) -> None:
    therapy = "Request: physical therapy, 8 visits."
    free = similar(sample_engine, therapy)
    filtered = similar(sample_engine, therapy, filters={"outcome": ["overturned"]})
    assert {hit.outcome for hit in filtered.hits} == {"overturned"}
    assert filtered.outcomes == free.outcomes
    assert [h.issue for h in filtered.nearest_denied] == [h.issue for h in free.nearest_denied]


def test_statistics_are_over_what_scores_nearly_as_well_as_the_best(
    sample_engine: Engine,
) -> None:
    found = similar(sample_engine, "Request: physical therapy, 8 visits.", limit=1000)
    hits = found.hits
    alike = [hit for hit in hits if hit.score >= SIMILAR_SHARE * hits[0].score][:SIMILAR]
    decided = [hit for hit in alike if hit.outcome != "unknown"]
    outcomes = found.outcomes
    assert outcomes.n == len(decided) > 2
    assert outcomes.overturned == sum(hit.outcome == "overturned" for hit in decided)
    assert outcomes.letters == len({hit.letter for hit in decided})


def test_the_rate_of_the_same_treatment_is_of_all_its_issues(sample_engine: Engine) -> None:
    found = similar(sample_engine, "Request: physical therapy for the left elbow, 8 visits.")
    treatment = found.understood.treatments[0]
    whole = search(sample_engine, "", filters={"treatment": [treatment]})
    assert found.same_treatment == whole.outcomes


def test_what_denials_missed_is_quoted_from_denied_issues(sample_engine: Engine) -> None:
    found = similar(sample_engine, "Request for authorization: TENS unit purchase for home use.")
    assert found.missing
    for missing in found.missing:
        page = sample_engine.letter(missing.issue, neighbours=0)
        number = int(missing.issue.partition("#")[2])
        (issue,) = (issue for issue in page.letter.issues if issue.number == number)
        assert issue.outcome == "upheld"
        assert missing.quotation in " ".join(issue.rationale.split())


@pytest.mark.parametrize(
    "text",
    [
        '"' * 5000,
        "(" * 3000 + "AND OR NOT * ? ~",
        "a" * 200_000,
        "x " * 100_000,
        "\x00\x01\u202e\ufffd" * 500,
        "\U0001f4a9" * 100,
        ". " * 20_000,
        "request: " * 5_000,
        "7",
    ],
    ids=["quotes", "brackets", "a word", "words", "control", "emoji", "dots", "cues", "digit"],
)
def test_no_pasted_text_is_too_odd(sample_engine: Engine, text: str) -> None:
    found = similar(sample_engine, text, limit=3)
    assert found.total >= 0


def test_a_pasted_text_is_not_a_query(sample_engine: Engine) -> None:
    found = similar(sample_engine, 'Request: knee brace. NOT "AND" (OR -brace request:nothing')
    assert any("knee brace" in hit.request.lower() for hit in found.hits[:3])


def test_pages_cover_the_similar_once(sample_engine: Engine) -> None:
    first = similar(sample_engine, SLEEP, limit=20)
    found: list[str] = []
    for offset in range(0, first.shown, 20):
        hits = similar(sample_engine, SLEEP, limit=20, offset=offset).hits
        found += [issue_id for hit in hits for issue_id in (hit.issue, *hit.near_identical)]
    assert len(found) == len(set(found)) == first.total


def test_sixteen_threads_get_what_one_gets(sample_engine: Engine) -> None:
    cases = [SLEEP, "Request: Norco 10/325 #90.", "RFA: right carpal tunnel release."] * 6

    def asked(text: str) -> list[tuple[str, float]]:
        return [(hit.issue, hit.score) for hit in similar(sample_engine, text).hits]

    alone = [asked(text) for text in cases[:3]] * 6
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(asked, cases)) == alone
