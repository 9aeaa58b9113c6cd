"""Tiny indexes of fictional letters, built without a model: what the tests of building share.

A stand-in encoder gives every text its own unit vector and remembers what it was asked for, so
that a test can say what was embedded, and how often. Everything else is the real thing.
"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pytest
from fpdf import FPDF

from index.build import Summary, build
from index.encoder import Model, Vectors, normalise
from index.extract.reader import Readers
from index.manifest import read_manifest
from index.progress import Reporter
from index.segments import writer
from index.store import Store
from tests import told
from tests.index.fictional import HEAD, PHYSIO, SPLINT, Told, form_b

DIMENSIONS = 16
MODEL = Model("stand-in", Path(), "5tand1n" * 4)
BRACE = Told("Lumbar brace for home use", True, "The guideline advises against bracing. He sits.")
SCAN = Told("MRI of the right knee", False, "The knee locks daily. A scan would show the tear.")
CREAM = Told("Capsaicin cream, one tube", True, "No oral drug was tried. The skin is thin.")
REQUESTS = (SPLINT, PHYSIO, BRACE, SCAN, CREAM)


class StandIn:
    """An encoder whose vectors depend on the text alone, and that remembers every text."""

    precision = "stand-in"
    dimensions = DIMENSIONS

    def __init__(self) -> None:
        self.embedded: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.embedded += texts
        return vectors_of(texts)


def vectors_of(texts: Sequence[str]) -> Vectors:
    seeds = (int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) for text in texts)
    rows = [np.random.default_rng(seed).standard_normal(DIMENSIONS) for seed in seeds]
    return normalise(np.array(rows).reshape(-1, DIMENSIONS))


def export_stand_in(_model: Model, directory: Path) -> None:
    directory.mkdir()
    (directory / "model.onnx").write_bytes(b"a stand-in")


def use(encoder: StandIn, patch: pytest.MonkeyPatch) -> None:
    """Have `build` embed with `encoder`, export nothing, and not wait for the disk."""
    patch.setattr(os, "fsync", lambda _descriptor: None)
    patch.setattr(writer, "find_model", lambda: MODEL)
    patch.setattr(writer, "DocumentEncoder", lambda _model: encoder)
    patch.setattr(writer, "export_query_encoder", export_stand_in)


def case(number: int) -> str:
    return f"CM16-0999{number:03}"


def write_letter(folder: Path, number: int, *issues: Told, name: str = "") -> Path:
    """A letter of form B with the case number `number`, in a file of its own."""
    head = HEAD.replace("CM16-0999001", case(number))
    path = folder / (name or f"{case(number)}.txt")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(form_b(*issues, head=head))
    return path


def run(*paths: Path, into: Path, prune: bool = False, readers: Readers | None = None) -> Summary:
    quiet = Reporter(io.StringIO(), quiet=True)
    return build(paths, into, quiet, prune=prune, readers=readers or told.readers())


def pdf(*, text: str = "", password: str = "") -> bytes:
    page = FPDF()
    page.add_page()
    if password:
        page.set_encryption(owner_password="owner", user_password=password)
    if text:
        page.set_font("Times", size=11)
        page.multi_cell(0, 5, text)
    return bytes(page.output())


def bad_files(folder: Path) -> dict[str, str]:
    """Files that hold no letter, in `folder`; their names with the code of the refusal."""
    whole = write_letter(folder, 9, SPLINT)
    text = whole.read_text()
    (folder / "empty.txt").write_bytes(b"")
    (folder / "cut-off.txt").write_text(text[: text.index("Decision rationale:") - 120])
    (folder / "half.pdf").write_bytes(pdf(text=text)[:600])
    (folder / "scan.pdf").write_bytes(pdf())
    (folder / "locked.pdf").write_bytes(pdf(text=text, password="secret"))
    (folder / "menu.txt").write_text("Soup of the day: leek. Bread is free.")
    whole.rename(folder / "really-text.pdf")
    return {
        "empty.txt": "empty",
        "cut-off.txt": "cut-off",
        "half.pdf": "damaged",
        "scan.pdf": "no-text",
        "locked.pdf": "password",
        "menu.txt": "not-a-letter",
    }


def requests(directory: Path) -> dict[str, list[str]]:
    """What is asked for in each letter of the published generation, by case number."""
    generation = read_manifest(directory).generation
    store = Store(directory, read_only=True)
    found = {
        letter.id: [issue.request for issue in letter.issues]
        for letter in store.letters(generation)
    }
    store.close()
    return found


def files(directory: Path) -> list[str]:
    """Every file of an index but the ones SQLite keeps beside an open database."""
    names = (path.relative_to(directory).as_posix() for path in directory.rglob("*"))
    return sorted(name for name in names if not name.endswith(("-wal", "-shm")))
