"""The command `precedent` as a person runs it: a process, its output and its exit code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

import ir_measures
import pytest

from index.folder import mark
from search.engine import Engine
from web.app import create_app

SAMPLES = Path(__file__).parent.parent / "samples"
REQUEST = "44 y/o cook, low back pain for 8 weeks. Request: MRI of the lumbar spine.\n"


def run(
    *arguments: object,
    stdin: str = "",
    stdout: IO[str] | int = subprocess.PIPE,
    **environment: str,
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from web.cli import main; main()", *map(str, arguments)]
    return subprocess.run(
        command,
        input=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        cwd=SAMPLES.parent,
        env={**os.environ, **environment},
    )


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """The one sentence on stderr of a call that is wrong."""
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("precedent: ")
    return lines[0]


# -- what is printed ------------------------------------------------------------------------------


def test_dump_prints_every_letter_with_the_keys_of_the_gold_file(sample_index: Path) -> None:
    done = run("dump", "--index", sample_index)
    records = [json.loads(line) for line in done.stdout.splitlines()]
    gold = [json.loads(line) for line in (SAMPLES / "gold.jsonl").read_text("utf-8").splitlines()]
    assert done.returncode == 0
    assert len(records) == len(gold)
    keys = {key for record in gold for key in record} | {"id", "summary", "form"}
    issue_keys = {key for record in gold for issue in record["issues"] for key in issue} | {"id"}
    for record in records:
        assert keys <= record.keys()
        assert all(issue_keys <= issue.keys() for issue in record["issues"])
    told = {record["case_number"]: record for record in gold if record["case_number"]}
    read = {record["case_number"]: record for record in records if record["case_number"]}
    assert told.keys() == read.keys()
    for case, record in read.items():
        for key in ("decision_date", "states", "specialties"):
            assert record[key] == told[case][key], (case, key)
        outcomes = [issue["outcome"] for issue in record["issues"]]
        assert outcomes == [issue["outcome"] for issue in told[case]["issues"]]


def test_search_as_json_is_what_the_api_answers(sample_index: Path, sample_engine: Engine) -> None:
    done = run(
        "search",
        "lumbar MRI",
        "--json",
        "--outcome",
        "upheld",
        "--limit",
        3,
        "--index",
        sample_index,
    )
    client = create_app(sample_engine).test_client()
    answer = client.get("/api/search?q=lumbar+MRI&outcome=upheld&limit=3")
    assert _rounded(json.loads(done.stdout)) == _rounded(answer.get_json())


def _rounded(value: Any) -> Any:
    """The same with numbers rounded, and what only pages need left out."""
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_rounded(part) for part in value]
    return round(value, 4) if isinstance(value, float) else value


def test_similar_from_a_file_is_similar_from_standard_input(
    sample_index: Path, tmp_path: Path
) -> None:
    file = tmp_path / "request.txt"
    file.write_text(REQUEST)
    from_file = run("similar", file, "--json", "--limit", 3, "--index", sample_index)
    from_input = run(
        "similar", "-", "--json", "--limit", 3, stdin=REQUEST, PRECEDENT_INDEX=str(sample_index)
    )
    assert from_file.returncode == 0, from_file.stderr
    assert from_file.stdout == from_input.stdout
    found = json.loads(from_file.stdout)
    assert "MRI of the lumbar spine" in found["understood"]["requested"]
    assert {"nearest_approved", "nearest_denied", "same_treatment", "missing"} <= found.keys()
    assert "MRI" in found["hits"][0]["request"]


def test_search_in_words_says_the_set_and_each_outcome(sample_index: Path) -> None:
    done = run("search", "sleep study", "--limit", 1, "--index", sample_index)
    assert done.returncode == 0
    assert " contain" in done.stdout.splitlines()[0]
    assert "CM17-9900030#1  Upheld: denial stands  2017-05-10" in done.stdout


@pytest.mark.parametrize(
    ("mode", "loaded"), [("lexical", "['numba']"), ("hybrid", "['numba', 'onnxruntime']")]
)
def test_a_search_loads_no_more_than_it_needs(sample_index: Path, mode: str, loaded: str) -> None:
    """What takes seconds to import is left alone: torch, and the encoder for words."""
    program = (
        "import sys; from web.cli import main; main(standalone_mode=False);"
        "slow = {'torch', 'sentence_transformers', 'numba', 'onnxruntime'};"
        "print(sorted(slow & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "search", "knee", "--mode", mode, "--index", sample_index],
        capture_output=True,
        text=True,
        check=True,
        cwd=SAMPLES.parent,
    )
    assert done.stdout.splitlines()[-1] == loaded


def test_a_case_number_shows_its_letter(sample_index: Path) -> None:
    searched = run("search", "cm17 9900022", "--index", sample_index)
    shown = run("show", "CM17-9900022", "--index", sample_index)
    assert searched.stdout == shown.stdout
    assert "Overturned: treatment approved" in shown.stdout


def test_words_need_no_quotes(sample_index: Path) -> None:
    loose = run("search", "lumbar", "epidural", "injection", "--limit", 2, "--index", sample_index)
    whole = run("search", "lumbar epidural injection", "--limit", 2, "--index", sample_index)
    assert loose.returncode == 0
    assert loose.stdout == whole.stdout


def test_a_word_with_a_minus_is_left_out(sample_index: Path) -> None:
    alone = run("search", "-home", "--limit", 1, "--index", sample_index)
    assert alone.returncode == 0
    assert "everything else is found" in alone.stdout
    without = run("search", "--json", "knee", "-home", "--limit", 1, "--index", sample_index)
    whole = run("search", "--json", "knee", "--limit", 1, "--index", sample_index)
    assert 0 < json.loads(without.stdout)["total"] < json.loads(whole.stdout)["total"]


@pytest.mark.parametrize("written", ["cm16-9900018#2", "CM16 9900018 #2", "No. #CM16-9900018#2"])
def test_show_takes_a_case_number_in_any_way(sample_index: Path, written: str) -> None:
    shown = run("show", written, "--index", sample_index)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout == run("show", "CM16-9900018#2", "--index", sample_index).stdout
    assert "CM16-9900018#2  " in shown.stdout
    assert "CM16-9900018#1  " not in shown.stdout


@pytest.mark.parametrize(
    "arguments", [["show", "CM16-9900018"], ["search", "pain", "--limit", "900"], ["dump"]]
)
def test_a_reader_who_has_gone_is_no_failure(sample_index: Path, arguments: list[str]) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "w") as closed:
        done = run(*arguments, "--index", sample_index, stdout=closed)
    assert done.stderr == ""
    assert done.returncode == 1


def test_show_one_issue_as_json(sample_index: Path) -> None:
    done = run("show", "CM16-9900018#2", "--json", "--index", sample_index)
    record = json.loads(done.stdout)
    assert (record["issue"], record["outcome"]) == ("CM16-9900018#2", "overturned")


def test_evaluate_measures_and_writes_a_run(sample_index: Path, tmp_path: Path) -> None:
    topics, qrels, run_file = (tmp_path / name for name in ("t.jsonl", "q.tsv", "run.txt"))
    topics.write_text(
        json.dumps({"id": "Q1", "kind": "keyword", "text": "sleep study"})
        + "\n"
        + json.dumps({"id": "Q2", "kind": "case", "text": REQUEST})
    )
    qrels.write_text("Q1 0 CM17-9900030#1 3\nQ2 0 CM16-9900013#1 3\nQ2 0 CM16-9900072#1 3\n")
    done = run(
        "evaluate", "--topics", topics, "--qrels", qrels, "--run", run_file, "--json",
        "--index", sample_index,
    )  # fmt: skip
    measures = json.loads(done.stdout)
    assert measures["keyword"] == {"topics": 1, "ndcg_10": 1.0, "recall_50": 1.0, "mrr": 1.0}
    peer = ir_measures.calc_aggregate(
        [ir_measures.RR],
        list(ir_measures.read_trec_qrels(str(qrels))),  # type: ignore[no-untyped-call]
        list(ir_measures.read_trec_run(str(run_file))),  # type: ignore[no-untyped-call]
    )
    assert measures["all"]["mrr"] == pytest.approx(peer[ir_measures.RR])


# -- exit codes -----------------------------------------------------------------------------------


def test_what_cannot_be_read_is_quarantined_and_makes_it_one(
    sample_index: Path, tmp_path: Path
) -> None:
    index, folder = tmp_path / "index", tmp_path / "letters"
    shutil.copytree(sample_index, index)
    folder.mkdir()
    shutil.copy(SAMPLES / "letters" / "CM16-9900013.pdf", folder)
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    done = run("index", folder, "--index", index)
    assert done.returncode == 1
    assert "1 same" in done.stdout
    assert "1 quarantined" in done.stdout
    (line,) = (line for line in done.stderr.splitlines() if line.startswith("quarantined"))
    assert "broken.pdf" in line
    assert run("show", "CM16-9900013", "--index", index).returncode == 0


def test_two_files_of_one_case_number_are_told_and_make_it_one(
    sample_index: Path, tmp_path: Path
) -> None:
    index, folder = tmp_path / "index", tmp_path / "letters" / "\udcff"
    shutil.copytree(sample_index, index)
    folder.mkdir(parents=True)
    letter = (SAMPLES / "letters" / "CM14-9900002.txt").read_bytes()
    (folder / "other.txt").write_bytes(letter.replace(b"Rheumatology", b"Neurology"))
    done = run("index", folder, "--index", index)
    assert done.returncode == 1
    assert "1 in conflict" in done.stdout
    (line,) = (line for line in done.stderr.splitlines() if line.startswith("conflict"))
    assert line.startswith("conflict: CM14-9900002: ")
    assert r"\xff/other.txt" in line
    assert "--prune" in line
    assert run("dump", "--index", index).returncode == 0
    shutil.rmtree(folder)
    done = run("index", folder.parent, "--prune", "--index", index)
    assert done.returncode == 0, done.stderr
    assert "0 in conflict" in done.stdout


def test_a_sound_index_is_verified_and_a_flipped_byte_is_found(
    sample_index: Path, tmp_path: Path
) -> None:
    assert run("verify", "--index", sample_index).returncode == 0
    copy = tmp_path / "index"
    shutil.copytree(sample_index, copy)
    file = next(copy.glob("segments/*/vectors.faiss"))
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))
    done = run("verify", "--index", copy)
    assert done.returncode == 1
    assert "vectors.faiss: its content was altered" in done.stderr
    assert "run `precedent index`" in done.stderr


WRONG_WORDS = {
    '"open': "A quote is not closed",
    "*": "A * alone finds nothing",
    "ab*": "at least 3 letters",
    "colour:red": "There is no field colour:",
    "x" * 100_000: "longer than 2,000 characters",
}


@pytest.mark.parametrize(("words", "said"), WRONG_WORDS.items(), ids=[w[:9] for w in WRONG_WORDS])
def test_a_question_that_cannot_be_is_refused(sample_index: Path, words: str, said: str) -> None:
    assert said in refused(run("search", words, "--index", sample_index))


def test_only_common_words_are_a_question(sample_index: Path) -> None:
    done = run("search", "the of", "--limit", 1, "--index", sample_index)
    assert done.returncode == 0
    assert "Only common words" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "CM99-0000000"], "there is no letter CM99-0000000"),
        (["show", "CM16-9900018#x"], "there is no issue CM16-9900018#x"),
        (["show", "cm16-9900018#99"], "there is no issue CM16-9900018#99"),
        (["search", "knee", "--outcome", "denied"], "Give one of overturned, upheld, unknown"),
        (["similar", "missing.txt"], "missing.txt: No such file"),
        (["similar", "samples"], "samples: Is a directory; give a file"),
        (["evaluate", "--topics", "samples", "--qrels", "x"], "samples: Is a directory"),
        (
            ["evaluate", "--topics", "samples/letters/CM14-9900003.pdf", "--qrels", "x"],
            "is no text in UTF-8",
        ),
        (["evaluate", "--topics", "README.md", "--qrels", "x"], "README.md, line 1: no topic"),
    ],
)
def test_a_call_that_is_wrong_is_refused_with_what_to_give(
    sample_index: Path, arguments: list[str], said: str
) -> None:
    assert said in refused(run(*arguments, "--index", sample_index))


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    done = run("index", tmp_path / "nowhere", "--index", tmp_path / "index")
    assert "give a file or folder that exists" in refused(done)


@pytest.mark.parametrize(
    "arguments", [["search", "knee"], ["show", "CM16-9900013"], ["dump"], ["verify"]]
)
def test_without_an_index_it_says_what_to_run(tmp_path: Path, arguments: list[str]) -> None:
    done = run(*arguments, "--index", tmp_path / "none")
    assert "there is no index in" in refused(done)
    assert "run `precedent index PATH..." in done.stderr


@pytest.mark.parametrize("manifest", ['{"format": 99}', "no json", "[]"])
def test_an_index_of_another_format_is_refused(tmp_path: Path, manifest: str) -> None:
    mark(tmp_path)
    (tmp_path / "manifest.json").write_text(manifest)
    sentence = refused(run("search", "knee", "--index", tmp_path))
    assert "delete the directory and run `precedent index" in sentence


def test_no_text_to_compare_is_refused(sample_index: Path) -> None:
    done = run("similar", "-", stdin=" \n", PRECEDENT_INDEX=str(sample_index))
    assert refused(done)


def test_options_that_cannot_be_are_two(sample_index: Path) -> None:
    for wrong in (["--limit", 0], ["--mode", "magic"], ["--colour", "red"]):
        assert run("search", "knee", *wrong, "--index", sample_index).returncode == 2
