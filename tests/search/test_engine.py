"""What a person gets who asks the engine for words: what is found, and how it is said."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from index.analysis import tokens
from index.letter import Issue, Letter
from index.manifest import IndexUnusable
from index.passages import without_verdict
from search.engine import Engine
from search.query import QueryError
from search.results import Results
from tests.asking import search
from tests.told import Stored, ToldIssue, index_of, letter, stored_issues, written

MODES = ("hybrid", "lexical", "semantic")


@pytest.fixture(scope="module")
def read(sample_index: Path) -> Stored:
    return stored_issues(sample_index)


def texts(letter: Letter, issue: Issue) -> list[str]:
    """The fields of an issue that are searched; the verdict stands apart in the last."""
    reasoning, verdict = without_verdict(issue.rationale)
    cited = f"{issue.claims_administrator_guideline}\n{issue.reviewer_guideline}\n{verdict}"
    return [issue.request, letter.summary, reasoning, cited]


def holds(texts: list[str], words: str) -> bool:
    """Whether every one of the words stands somewhere."""
    there = {term for text in texts for term in tokens(text)}
    return set(tokens(words)) <= there


def holds_phrase(texts: list[str], phrase: str) -> bool:
    wanted = tokens(phrase)
    return any(
        tokens(text)[at : at + len(wanted)] == wanted
        for text in texts
        for at in range(len(tokens(text)))
    )


def ids(results: Results) -> list[str]:
    return [issue_id for hit in results.hits for issue_id in (hit.issue, *hit.near_identical)]


def find(engine: Engine, words: str, **asked: object) -> list[str]:
    return ids(search(engine, words, limit=1000, **asked))


# -- words ----------------------------------------------------------------------------------------


def test_issues_that_contain_all_of_the_words_are_counted_exactly(
    sample_engine: Engine, read: Stored
) -> None:
    results = search(sample_engine, "shoulder exercise", expand=False, limit=1000)
    contain = {
        issue_id for issue_id, stored in read.items() if holds(texts(*stored), "shoulder exercise")
    }
    assert results.with_words == len(contain) > 1
    assert contain <= set(ids(results))
    assert results.near == results.total - results.with_words
    assert f"{len(contain)} contain your words, {results.near} more are near" in results.total_words


def test_words_alone_find_just_what_contains_them(sample_engine: Engine, read: Stored) -> None:
    found = find(sample_engine, "lumbar MRI", expand=False, mode="lexical")
    assert set(found) == {
        issue_id for issue_id, stored in read.items() if holds(texts(*stored), "lumbar mri")
    }


@pytest.mark.parametrize(
    ("words", "least"),
    [("physical therapy zebra", 2), ("acupuncture shoulder polysomnogram", 1)],
)
def test_where_no_issue_has_all_words_most_of_them_do_and_it_is_said(
    sample_engine: Engine, read: Stored, words: str, least: int
) -> None:
    assert not any(holds(texts(*stored), words) for stored in read.values())
    results = search(sample_engine, words, mode="lexical", expand=False, limit=1000)
    (note,) = (note for note in results.notes if "No issue contains all" in note)
    assert f"at least {least} of 3" in note
    assert set(ids(results)) == {
        issue_id
        for issue_id, stored in read.items()
        if sum(holds(texts(*stored), word) for word in words.split()) >= least
    }


def test_the_best_match_of_a_request_by_its_own_words_is_that_request(
    sample_engine: Engine,
) -> None:
    assert search(sample_engine, "polysomnogram sleep study").hits[0].issue == "CM17-9900030#1"


def test_words_that_no_issue_holds_are_said_to_be_in_none(sample_engine: Engine) -> None:
    results = search(sample_engine, "qwertzuiop asdfghjkl", expand=False)
    assert results.with_words == 0
    assert "No issue contains any of the words." in results.notes


def test_nothing_found_is_said(sample_engine: Engine) -> None:
    results = search(sample_engine, "qwertzuiop", mode="lexical")
    assert (results.total, results.hits, results.total_words) == (0, (), "Nothing found.")


# -- what binds in every mode ---------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_a_quoted_phrase_stands_in_every_hit(
    sample_engine: Engine, read: Stored, mode: str
) -> None:
    found = find(sample_engine, 'pain "epidural steroid injection"', mode=mode)
    assert len(found) > 1
    assert all(
        holds_phrase(texts(*read[issue_id]), "epidural steroid injection") for issue_id in found
    )


@pytest.mark.parametrize("mode", MODES)
def test_a_word_with_a_minus_stands_in_no_hit(
    sample_engine: Engine, read: Stored, mode: str
) -> None:
    with_it = find(sample_engine, "therapy", mode=mode)
    found = find(sample_engine, "therapy -shoulder", mode=mode)
    assert 1 < len(found) < len(with_it)
    assert not any(holds(texts(*read[issue_id]), "shoulder") for issue_id in found)


@pytest.mark.parametrize("mode", MODES)
def test_a_word_with_a_plus_stands_in_every_hit(
    sample_engine: Engine, read: Stored, mode: str
) -> None:
    found = find(sample_engine, "medication +omeprazole", mode=mode)
    assert found
    assert all(holds(texts(*read[issue_id]), "omeprazole") for issue_id in found)


@pytest.mark.parametrize("mode", ["hybrid", "lexical"])
def test_operators_find_what_they_say_and_nothing_near(
    sample_engine: Engine, read: Stored, mode: str
) -> None:
    found = find(sample_engine, "acupuncture OR (chiropractic AND neck)", mode=mode)
    assert set(found) == {
        issue_id
        for issue_id, stored in read.items()
        if holds(texts(*stored), "acupuncture") or holds(texts(*stored), "chiropractic neck")
    }


def test_a_word_in_a_field_stands_in_that_field(sample_engine: Engine, read: Stored) -> None:
    found = find(sample_engine, "request:tramadol")
    assert set(found) == {
        issue_id for issue_id, (_, issue) in read.items() if "tramadol" in issue.request.lower()
    }
    assert len(found) == 3


def test_the_beginning_of_a_word_finds_its_ends(sample_engine: Engine, read: Stored) -> None:
    found = find(sample_engine, "request:arthroscop*")
    assert found
    assert set(found) == {
        issue_id for issue_id, (_, issue) in read.items() if "arthroscop" in issue.request.lower()
    }


# -- filters, case numbers, lists -----------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("words", ["pain medication", '"pain" medication', ""])
def test_a_filter_is_exact_in_both_arms(
    sample_engine: Engine, read: Stored, mode: str, words: str
) -> None:
    filters = {"outcome": ["overturned"], "year": ["2017", "2015"]}
    found = find(sample_engine, words, mode=mode, filters=filters)
    everything = find(sample_engine, words, mode=mode)

    def allowed(issue_id: str) -> bool:
        letter, issue = read[issue_id]
        decided = letter.decision_date
        return issue.outcome == "overturned" and bool(decided) and decided.year in (2015, 2017)  # type: ignore[union-attr]

    assert set(found) >= {issue_id for issue_id in everything if allowed(issue_id)}
    assert all(allowed(issue_id) for issue_id in found)
    assert found


def test_a_case_number_goes_to_its_letter(sample_engine: Engine) -> None:
    assert search(sample_engine, "cm17-9900022").letter_id == "CM17-9900022"
    assert search(sample_engine, " CM17 9900022 #1 ").letter_id == "CM17-9900022#1"


def test_a_case_number_that_is_not_here_is_searched_for(sample_engine: Engine) -> None:
    results = search(sample_engine, "CM17-0000001")
    assert results.letter_id == ""


def test_filters_alone_list_and_count(sample_engine: Engine, read: Stored) -> None:
    results = search(sample_engine, "", filters={"outcome": ["overturned"]}, limit=1000)
    overturned = {
        issue_id for issue_id, (_, issue) in read.items() if issue.outcome == "overturned"
    }
    assert set(ids(results)) == overturned
    assert results.total == len(overturned)
    letters = {issue_id.partition("#")[0] for issue_id in overturned}
    assert results.total_words == f"{len(overturned)} issues in {len(letters)} letters."


def _days(results: Results) -> list[object]:
    return [hit.decision_date for hit in results.hits if hit.decision_date]


@pytest.mark.parametrize("words", ["", "lumbar spine"])
def test_sorted_by_date_the_undated_come_last(sample_engine: Engine, words: str) -> None:
    newest = search(sample_engine, words, sort="newest", limit=1000)
    oldest = search(sample_engine, words, sort="oldest", limit=1000)
    assert _days(newest) == sorted(_days(newest), reverse=True)  # type: ignore[type-var]
    assert _days(oldest) == sorted(_days(oldest))  # type: ignore[type-var]
    for results in (newest, oldest):
        dated = [hit.decision_date is not None for hit in results.hits]
        assert dated == sorted(dated, reverse=True)
    assert set(ids(newest)) == set(ids(oldest))


@pytest.mark.parametrize("words", ["", "lumbar pain", '"physical therapy"', "knee OR shoulder"])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_pages_cover_the_set_once(sample_engine: Engine, words: str, size: int) -> None:
    first = search(sample_engine, words, limit=size)
    pages = [
        search(sample_engine, words, limit=size, offset=offset)
        for offset in range(0, min(first.shown, 40 * size), size)
    ]
    found = [issue_id for page in pages for issue_id in ids(page)]
    assert len(found) == len(set(found))
    assert sum(len(page.hits) for page in pages) == min(first.shown, 40 * size)
    if first.shown <= 40 * size:
        assert len(found) == first.total
    assert {page.total for page in pages} == {first.total}


def test_beyond_the_last_page_there_is_nothing(sample_engine: Engine) -> None:
    results = search(sample_engine, "knee", offset=5000)
    assert results.hits == ()
    assert results.total > 0


def test_issues_decided_in_the_same_words_are_folded(sample_engine: Engine) -> None:
    results = search(sample_engine, "request:NCV", filters={"year": ["2015"]})
    (hit,) = results.hits
    assert {hit.issue, *hit.near_identical} == {"CM15-9900012#3", "CM15-9900012#4"}
    assert (results.total, results.shown) == (2, 1)


# -- refusals, generations, threads ---------------------------------------------------------------


@pytest.mark.parametrize("words", ['"open', "*", "ab*", "colour:red", "knee AND", "x" * 100_000])
def test_a_question_that_cannot_be_is_refused_with_place_and_remedy(
    sample_engine: Engine, words: str
) -> None:
    with pytest.raises(QueryError) as refused:
        search(sample_engine, words)
    assert refused.value.message
    assert refused.value.remedy
    assert refused.value.position is not None
    assert 0 <= refused.value.position <= len(words)


def test_only_common_words_are_searched_for_as_they_are(sample_engine: Engine) -> None:
    results = search(sample_engine, "the of and")
    assert results.total > 0
    assert any("Only common words" in note for note in results.notes)


def test_where_there_is_no_index_it_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(IndexUnusable, match="run `precedent index"):
        Engine(tmp_path)


def test_the_engine_moves_to_a_new_generation_between_requests(tmp_path: Path) -> None:
    folder = written(tmp_path / "letters", letter("CM16-9900911", ToldIssue("Knee brace")))
    index = index_of([folder], tmp_path / "index")
    engine = Engine(index)
    before = engine._backend.snapshot()
    assert search(engine, "request:splint").total == 0
    written(folder, *(letter(f"CM16-990091{n}", ToldIssue(f"Splint {n}")) for n in range(1, 4)))
    index_of([folder], index)
    assert search(engine, "request:splint").total == 3
    assert search(engine, "request:brace").total == 0
    assert before.issues(["CM16-9900911#1"])  # a request under way keeps what it had


def test_sixteen_threads_get_what_one_gets(sample_engine: Engine) -> None:
    questions = ["lumbar MRI", '"physical therapy"', "norco -urine", "knee OR wrist", "sleep"] * 6

    def asked(words: str) -> tuple[int, list[tuple[str, float]]]:
        results = search(sample_engine, words, limit=30)
        return results.total, [(hit.issue, hit.score) for hit in results.hits]

    alone = [asked(words) for words in questions[:5]] * 6
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(asked, questions)) == alone


@pytest.mark.parametrize(
    "excluded", ["-shoulder", "NOT shoulder", '-"left shoulder"', "\u2013shoulder"]
)
def test_what_is_excluded_does_not_draw_the_ranking(sample_engine: Engine, excluded: str) -> None:
    plain = search(sample_engine, "therapy", limit=1000)
    without = search(sample_engine, f"therapy {excluded}", limit=1000)
    left = {hit.issue for hit in without.hits}
    assert 20 < len(left) < len(plain.hits)
    kept = [hit.issue for hit in plain.hits if hit.issue in left]
    assert [hit.issue for hit in without.hits if hit.issue in set(kept)][:20] == kept[:20]
