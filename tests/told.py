"""Letters told in a few words, and indexes of them: what tests set up for themselves."""

from __future__ import annotations

import fcntl
import io
import os
import shutil
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import NoReturn
from unittest.mock import patch

import numpy as np
import pytest

from index.build import build
from index.encoder import DocumentEncoder, Model, Vectors, find_model
from index.extract.reader import Readers
from index.folder import claim
from index.letter import Issue, Letter
from index.manifest import FILE as MANIFEST
from index.manifest import read_manifest
from index.progress import Reporter
from index.segments import writer
from index.store import Store


def not_run(reason: str) -> NoReturn:
    """Skip a test whose needs this machine does not meet; in CI, where they are met, fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"in CI nothing may be left out: {reason}")
    pytest.skip(reason)


@dataclass(frozen=True)
class ToldIssue:
    """An issue as a test tells it."""

    request: str
    outcome: str = "upheld"
    rationale: str = "The records tell of no trial of exercise at home."
    administrator: str = "Decision based on MTUS Low Back Complaints 2004."
    reviewer: str = "Decision based on Non-MTUS Citation Official Disability Guidelines (ODG) Pain."


def letter(
    case: str,
    *issues: ToldIssue,
    summary: str = "The worker, a fictional baker, strained the low back.",
    decided: str = "04/05/2016",
    states: Iterable[str] = ("California",),
    specialties: Iterable[str] = ("Family Practice",),
) -> str:
    """The text of a letter in the form of 2016."""
    parts = [
        f"Case Number: {case}" if case else "",
        f"Decision Date: {decided}" if decided else "",
        "HOW THE IMR FINAL DETERMINATION WAS MADE",
        f"State(s) of Licensure: {', '.join(states)}",
        f"Certification(s)/Specialty: {', '.join(specialties)}",
        "CLINICAL CASE SUMMARY",
        "The expert reviewer developed the following clinical case summary based on a review of "
        "the case file, including all medical records:",
        summary,
        "IMR ISSUES, DECISIONS AND RATIONALES",
        "The Final Determination was based on decisions for the disputed items/services set forth "
        "below:",
    ]
    for issue in issues:
        parts += [
            f"{issue.request}: {issue.outcome.capitalize()}",
            f"Claims Administrator guideline: {issue.administrator}",
            f"MAXIMUS guideline: {issue.reviewer}",
            f"Decision rationale: {issue.rationale}",
        ]
    return "\n\n".join(part for part in parts if part) + "\n"


class RememberingEncoder:
    """The encoder of documents, which encodes each text once however many indexes hold it.

    So an index costs little where another one has the same passages, and equal passages have
    equal vectors: in half precision they would depend on what stands beside them in a batch.
    Where several processes run the tests, they share what each has encoded.
    """

    precision = "remembered"

    def __init__(self, _model: Model) -> None:
        pass

    @property
    def dimensions(self) -> int:
        return _encoder().dimensions

    def encode(self, texts: Sequence[str]) -> Vectors:
        with closing(
            sqlite3.connect(os.environ[VECTORS], timeout=60, isolation_level=None)
        ) as known:
            known.execute("CREATE TABLE IF NOT EXISTS vectors (text TEXT PRIMARY KEY, vector BLOB)")
            of_text = partial(known.execute, "SELECT vector FROM vectors WHERE text = ?")
            new = [text for text in dict.fromkeys(texts) if of_text((text,)).fetchone() is None]
            if new:
                rows = zip(new, map(np.ndarray.tobytes, _encoder().encode(new)), strict=True)
                known.execute("BEGIN IMMEDIATE")
                known.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", rows)
                known.execute("COMMIT")
            found = [of_text((text,)).fetchone()[0] for text in texts]
        return np.stack([np.frombuffer(vector, np.float32) for vector in found])


@cache
def _encoder() -> DocumentEncoder:
    return DocumentEncoder(find_model())


VECTORS = "PRECEDENT_TESTS_VECTORS"
"""Names, in the environment, the file in which this run of the tests keeps vectors."""


def index_of(paths: Sequence[Path], directory: Path) -> Path:
    """Index the files under `paths` into `directory`, with remembered vectors."""
    claim(directory)
    for exported in _exported:
        if exported.is_dir() and not (directory / exported.name).exists():
            shutil.copytree(exported, directory / exported.name)
    with patch.object(writer, "DocumentEncoder", RememberingEncoder):
        quiet = Reporter(io.StringIO(), quiet=True)
        build(list(paths), directory, quiet, readers=readers())
    _exported.update(directory.glob("encoder-*"))
    return directory


@cache
def readers() -> Readers:
    """The processes that read files, kept for all tests: starting one takes as long as a test."""
    return Readers()


_exported: set[Path] = set()  # what takes seconds to export and is the same in every index


def index_once(source: Path, factory: pytest.TempPathFactory) -> Path:
    """An index of `source` that all tests of a run share, for reading only."""
    folder = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # of all workers
    directory = folder / f"index-of-{source.parent.name}-{source.name}"
    with directory.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (directory / MANIFEST).exists():
            index_of([source], directory)
    return directory


Stored = dict[str, tuple[Letter, Issue]]


def stored_issues(index: Path) -> Stored:
    """Every issue of an index with its letter, by id, as the store has them."""
    store = Store(index, read_only=True)
    found = {
        f"{letter.id}#{issue.number}": (letter, issue)
        for letter in store.letters(read_manifest(index).generation)
        for issue in letter.issues
    }
    store.close()
    return found


def upload_form(name: str, data: bytes) -> tuple[bytes, str]:
    """A form with an uploaded file, as a browser sends it: the body and its content type."""
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return head.encode() + data + b"\r\n--x--\r\n", "multipart/form-data; boundary=x"


def written(folder: Path, *texts: str) -> Path:
    """A folder with one file for each of `texts`."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(texts):
        (folder / f"letter-{number:03}.txt").write_text(text, "utf-8")
    return folder
