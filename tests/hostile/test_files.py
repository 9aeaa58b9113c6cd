"""A file made to do harm is refused with a sentence, and nothing else is harmed.

Here with bounds of two seconds and the files that are made quickly; `make hostile` reads all of
them with the bounds that hold for users.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from index.extract import Source
from index.extract.child import Answer, Ask
from index.extract.reader import Limits, Reader, Readers, ReaderUnavailable
from index.store import Store
from search.engine import Engine
from tests.hostile.files import ALL
from tests.hostile.mutating import mutants
from tests.hostile.serving import Searches, error_of, served
from tests.index.building import StandIn, case, run, use, write_letter
from tests.index.fictional import SPLINT, form_b

SECONDS = 2.0
LATE = 8.0  # seconds beyond the bound that the machine may take to notice, being busy
GOOD = form_b(SPLINT).encode()
SLOW = "paragraphs.docx"
LONG_TO_MAKE = {"inflates.docx", "member-inflating.zip", "members-many.zip", "noise.txt"}
LONG_TO_READ = {
    "dates.txt",
    "nested-forms.pdf",
    "decisions.txt",
    "form-in-itself.pdf",
    "headings.txt",
    "inflates-to-2-gb.pdf",
    "labels.txt",
    "merged-table-large.docx",
    "nested-forms-wide.pdf",
    "text-endless.pdf",
    "zips-spreading.zip",
}
SAMPLES = Path(__file__).parents[2] / "samples" / "letters"


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader(Limits(seconds=SECONDS)) as reader:
        yield reader


@pytest.mark.parametrize("name", sorted(ALL.keys() - LONG_TO_MAKE - LONG_TO_READ))
def test_a_hostile_file_takes_its_seconds_and_no_more(
    name: str, reader: Reader, tmp_path: Path
) -> None:
    file = tmp_path / name
    file.write_bytes(ALL[name]())
    want = "members" if file.suffix == ".zip" else "letter"
    source = Source(os.fsencode(file), os.fsencode(file))
    started = time.monotonic()
    (answer,) = reader.read([Ask(want=want, source=source)])
    assert time.monotonic() - started < SECONDS + LATE
    refusals = [answer.refusal, *(member.refusal for member in answer.members or ())]
    assert answer.letter is None
    for _code, reason, remedy in filter(None, refusals):
        assert reason.endswith(".")
        assert remedy.endswith(".")
    (good,) = reader.read([Ask(want="letter", name="good.txt", data=GOOD)])
    assert good.letter is not None


def test_what_stops_one_file_does_not_stop_those_asked_with_it(reader: Reader) -> None:
    slow = Ask(want="letter", name=SLOW, data=ALL[SLOW]())
    good = Ask(want="letter", name="good.txt", data=GOOD)
    answers = reader.read([good, good, slow, good])
    assert [told(answer) for answer in answers] == ["read", "read", "too-slow", "read"]


def test_a_file_that_needs_more_memory_than_it_may_have_is_refused() -> None:
    with Reader(Limits(seconds=20, memory=256 * 1024**2)) as reader:
        large = Ask(want="text", name="a.pdf", data=ALL["inflates-to-1-gb.pdf"]())
        assert told(*reader.read([large])) == "not-readable"
        assert reader.text("good.txt", GOOD)


def test_after_a_process_could_not_be_started_another_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with Reader() as reader:
        for command in ("/bin/false", "/no/such/program"):
            with monkeypatch.context() as patch:
                patch.setattr(sys, "executable", command)
                with pytest.raises(ReaderUnavailable, match="memory"):
                    reader.text("good.txt", GOOD)
        assert reader.text("good.txt", GOOD)


def test_limits_that_the_process_was_started_with_are_kept() -> None:
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_CPU, (50, 50));"
        "resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31));"
        "from index.extract.reader import Reader, Limits;"
        "print(Reader(Limits(seconds=99, memory=2**33)).text('a.txt', b'some words'))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "some words\n"


def test_a_process_that_is_killed_while_it_waits_is_replaced(reader: Reader) -> None:
    assert reader.text("good.txt", GOOD)
    child = reader._child
    assert child is not None
    child.process.kill()
    child.process.wait()
    assert reader.text("good.txt", GOOD)


def told(answer: Answer) -> str:
    return answer.refusal[0] if answer.refusal else "read"


HARMFUL = (SLOW, "dictionary.zip", "wide-cell.docx", "zips-deep.zip")


def good_letters(place: Path, count: int, patch: pytest.MonkeyPatch) -> Path:
    """A folder of so many letters, to be indexed without a model."""
    use(StandIn(), patch)
    for number in range(1, count + 1):
        write_letter(place / "letters", number, SPLINT)
    return place / "letters"


def test_good_letters_beside_hostile_files_are_indexed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = good_letters(tmp_path, 20, monkeypatch)
    for name in HARMFUL:
        (letters / f"CM16-0999010-{name}").write_bytes(ALL[name]())  # sorted among the letters
    with Readers(Limits(seconds=SECONDS)) as readers:
        first = run(letters, into=tmp_path / "index", readers=readers)
        again = run(letters, into=tmp_path / "index", readers=readers)
    assert (first.new, first.letters) == (20, 20)
    assert (again.same, again.letters) == (20, 20)
    for done in first, again:
        assert len(done.quarantined) == len(HARMFUL)
        refused = {entry.source.rpartition("-0999010-")[2]: entry for entry in done.quarantined}
        assert refused[SLOW].code == "too-slow"
        assert "2 seconds" in refused[SLOW].reason


def test_good_letters_among_damaged_ones_are_indexed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = good_letters(tmp_path, 10, monkeypatch)
    whole = sorted([*SAMPLES.glob("*.pdf"), *SAMPLES.glob("*.docx")])[::6]
    for name, data in mutants(whole, 60, seed=3):
        (letters / name).write_bytes(data)
    with Readers(Limits(seconds=SECONDS)) as readers:
        run(letters, into=tmp_path / "index", readers=readers)
    assert stored(tmp_path / "index") >= {case(number) for number in range(1, 11)}


def stored(index: Path) -> set[str]:
    store = Store(index, read_only=True)
    found = {letter.id for letter in store.letters(1)}
    store.close()
    return found


def test_searches_are_answered_while_uploads_wait(sample_engine: Engine, tmp_path: Path) -> None:
    with served(sample_engine.address, tmp_path, seconds=SECONDS) as server:
        Searches(server).ask()  # what is read from disk for the first search of all
        searches = Searches(server)
        slow = ALL[SLOW]()
        with searches.meanwhile(), ThreadPoolExecutor(9) as pool:
            answers = list(pool.map(lambda _: server.upload(SLOW, slow), range(9)))
        codes = sorted(error_of(body)["code"] for _, body in answers)
        assert codes == ["unreadable_too_slow"] * 5 + ["uploads_wait"] * 4
        assert sorted(status for status, _ in answers) == [422] * 5 + [503] * 4
        assert searches.failed == 0
        assert len(searches.seconds) > 20
        assert max(searches.seconds) < SECONDS  # none waited for as long as one upload is read
        assert server.upload("good.txt", GOOD)[0] == 200
