"""All hostile files, with the bounds that hold for users: what `make hostile` prints.

Every file is indexed beside twenty good letters and uploaded to a server that is searched
meanwhile; then fifty good letters are indexed among five hundred damaged ones. Exit code 1 where a
letter was lost, the service ended, or a bound was passed.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.hostile.files import ALL
from tests.hostile.mutating import mutants
from tests.hostile.serving import Searches, Server, error_of, served

SAMPLES = Path(__file__).parents[2] / "samples" / "letters"
LARGE = "padded.pdf"
MANY = 70  # large files at once
MUTANTS = 500
BOUND_SECONDS, BOUND_MB = 25.0, 1024.0
_IN_WORDS = (200, 400, 413, 422)  # an answer, or a refusal, whose remedy is looked at
UPLOADED = 25 * 1024 * 1024  # bytes of the largest upload that is taken


def good_letters(count: int) -> list[Path]:
    """So many sample letters with a case number, each in a file of its own."""
    return sorted(path for path in SAMPLES.glob("CM*") if path.suffix != ".zip")[:count]


def indexed(letters: Path, index: Path) -> tuple[int, float]:
    """Index a folder; how many of its letters the index holds, and the seconds it took."""
    started = time.monotonic()
    done = _precedent("index", str(letters), "--index", str(index))
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr)
    seconds = time.monotonic() - started
    dumped = _precedent("dump", "--index", str(index)).stdout
    return len([json.loads(line)["id"] for line in dumped.splitlines()]), seconds


def _precedent(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = "from web.cli import main; main()"
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def peak_mb() -> float:
    """The most memory that one process started here and ended since has held, in MB."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def through_index(work: Path, files: Sequence[Path]) -> Iterator[tuple[str, bool]]:
    """Each file alone beside good letters of a small index, then all of them together."""
    good = good_letters(20)
    letters = work / "letters"
    letters.mkdir()
    for path in good:
        shutil.copy(path, letters)
    kept, _ = indexed(letters, work / "index")
    usual = peak_mb()  # of the process that embeds, which loads torch
    worst, lost = ("", 0.0), 0
    for file in files:
        (letters / file.name).hardlink_to(file)
        held, seconds = indexed(letters, work / "index")
        (letters / file.name).unlink()
        lost += held != kept
        worst = max(worst, (file.name, seconds), key=lambda told: told[1])
    yield (
        f"{len(files)} files, each indexed beside {kept} good letters: good letters lost {lost}; "
        f"the longest run took {worst[1]:.1f} s ({worst[0]}); "
        f"largest process {peak_mb():.0f} MB, without them {usual:.0f}",
        not lost and worst[1] < BOUND_SECONDS and peak_mb() < max(BOUND_MB, 1.1 * usual),
    )
    for number in range(MANY):
        shutil.copy(next(f for f in files if f.name == LARGE), letters / f"large-{number}.pdf")
    for file in files:
        (letters / file.name).hardlink_to(file)
    held, seconds = indexed(letters, work / "together")
    again, seconds_again = indexed(letters, work / "together")
    yield (
        f"all of them and {MANY} large ones at once: {held} of {kept} good letters indexed in "
        f"{seconds:.0f} s, {again} after a second run of {seconds_again:.0f} s; "
        f"largest process {peak_mb():.0f} MB, without them {usual:.0f}",
        held == again == kept and peak_mb() < max(BOUND_MB, 1.1 * usual),
    )


def through_upload(work: Path, files: Sequence[Path]) -> Iterator[tuple[str, bool]]:
    """Each file uploaded to a server, then many at once, with searches meanwhile."""
    files = [file for file in files if file.stat().st_size < UPLOADED]
    with served(work / "index", work, seconds=20, processes=2) as server:
        searches = Searches(server)
        with searches.meanwhile():
            answers = {file.name: _uploaded(server, file) for file in files}
        wrong = [name for name, (status, _) in answers.items() if status not in _IN_WORDS]
        slowest = max(answers, key=lambda name: answers[name][1])
        yield (
            f"{len(files)} files uploaded one by one: answered otherwise than in words {wrong}; "
            f"the longest took {answers[slowest][1]:.1f} s ({slowest}); {_told(searches)}; "
            f"server {server.peak_mb():.0f} MB",
            not wrong
            and answers[slowest][1] < BOUND_SECONDS
            and not searches.failed
            and server.peak_mb() < BOUND_MB,
        )
        searches = Searches(server)
        large = next(file for file in files if file.name == LARGE)
        slow = sorted(answers, key=lambda name: -answers[name][1])[:6]
        rush = [large] * MANY + [file for file in files if file.name in slow] * 3
        with searches.meanwhile(), ThreadPoolExecutor(len(rush)) as pool:
            statuses = [status for status, _ in pool.map(lambda f: _uploaded(server, f), rush)]
        counts = {status: statuses.count(status) for status in sorted(set(statuses))}
        yield (
            f"{len(rush)} uploads at once, {MANY} of 24 MB: answers {counts}; "
            f"{_told(searches)}; server {server.peak_mb():.0f} MB",
            set(counts) <= {*_IN_WORDS, 503}
            and not searches.failed
            and server.process.poll() is None
            and server.peak_mb() < BOUND_MB,
        )


def _uploaded(server: Server, file: Path) -> tuple[int, float]:
    started = time.monotonic()
    try:
        status, body = server.upload(file.name, file.read_bytes())
    except OSError:
        return 0, time.monotonic() - started
    if status != 200:
        assert error_of(body)["remedy"]
    return status, time.monotonic() - started


def _told(searches: Searches) -> str:
    spent = sorted(searches.seconds)
    return (
        f"{len(spent)} searches meanwhile, {searches.failed} failed, the median took "
        f"{spent[len(spent) // 2]:.2f} s, the longest {spent[-1]:.2f} s"
    )


def among_mutants(work: Path) -> Iterator[tuple[str, bool]]:
    """Good letters indexed among damaged ones made of others."""
    good = good_letters(50)
    letters = work / "mutants"
    letters.mkdir()
    for path in good:
        shutil.copy(path, letters)
    names = {path.name for path in good}
    others = [path for path in SAMPLES.glob("CM*") if path.name not in names]
    whole = sorted(path for path in others if path.suffix in (".pdf", ".docx"))
    for name, data in mutants(whole, MUTANTS, seed=1):
        (letters / name).write_bytes(data)
    indexed(letters, work / "among")
    dumped = _precedent("dump", "--index", str(work / "among")).stdout
    sources = {Path(json.loads(line)["file"]).name for line in dumped.splitlines()}
    missing = sorted(names - sources)
    yield (
        f"{MUTANTS} damaged PDF and Word files among {len(good)} good letters: missing {missing}; "
        f"{len(sources - names)} of the damaged ones could be read",
        not missing,
    )


def main() -> None:
    """Run all and print a line each."""
    sound = True
    with TemporaryDirectory() as folder:
        work = Path(folder)
        made = work / "made"
        made.mkdir()
        for name, make in ALL.items():
            (made / name).write_bytes(make())
        files = sorted(made.iterdir())
        for figures in (through_index, through_upload):
            for line, holds in figures(work, files):
                print(f"{'ok' if holds else 'NOT'}  {line}", flush=True)
                sound = sound and holds
        for line, holds in among_mutants(work):
            print(f"{'ok' if holds else 'NOT'}  {line}", flush=True)
            sound = sound and holds
    sys.exit(not sound)


if __name__ == "__main__":
    main()
