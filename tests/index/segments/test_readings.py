"""What we read into issues, kept beside their segment: it comes back as it went."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.letter import Concepts, Reading
from index.segments.arrays import IndexDamaged
from index.segments.readings import OFFSETS, RECORDS, open_readings, write_readings
from search.local.snapshot import LocalSnapshot
from tests.index.building import BRACE, SCAN, StandIn, run, use, write_letter
from tests.index.fictional import PHYSIO, SPLINT

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), max_size=3)
NAMES = TEXTS.map(tuple)
CONCEPTS = st.builds(
    Concepts,
    treatments=NAMES,
    regions=NAMES,
    levels=NAMES,
    sides=NAMES,
    drugs=NAMES,
    drug_classes=NAMES,
    visits=st.none() | st.integers(0, 99),
    ancillary=st.booleans(),
)
READINGS = st.builds(Reading, concepts=CONCEPTS, reasons=NAMES)
NECK = Reading(concepts=Concepts(regions=("cervical spine",)), reasons=("too early",))
EMPTY = Reading(concepts=Concepts())


@given(st.lists(READINGS, min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_readings_come_back_as_they_went(
    tmp_path_factory: pytest.TempPathFactory, readings: list[Reading]
) -> None:
    directory = tmp_path_factory.mktemp("segment")
    write_readings(directory, readings)
    opened = open_readings(directory)
    assert len(opened) == len(readings)
    # Tuples, not lists that equal them.
    assert repr([opened[document] for document in range(len(opened))]) == repr(readings)


def test_the_readings_made_up_here_fill_every_field() -> None:
    for record, strategy in ((Reading, READINGS), (Concepts, CONCEPTS)):
        made_up = repr(strategy)
        assert [f.name for f in fields(record) if f"{f.name}=" not in made_up] == []


def test_damage_is_told_with_the_name_of_the_file(tmp_path: Path) -> None:
    write_readings(tmp_path, [NECK, EMPTY])
    records = (tmp_path / RECORDS).read_bytes()
    (tmp_path / RECORDS).write_bytes(records[:-1])
    with pytest.raises(IndexDamaged, match=f"{RECORDS}: holds {len(records) - 1} bytes"):
        open_readings(tmp_path)
    (tmp_path / RECORDS).write_bytes(b"?" + records[1:])
    with pytest.raises(IndexDamaged, match=f"{RECORDS}: cannot be read"):
        open_readings(tmp_path)[0]
    assert open_readings(tmp_path)[1] == EMPTY
    np.save(tmp_path / OFFSETS, np.array([0, 9, 3], np.int64))
    with pytest.raises(IndexDamaged, match=f"{OFFSETS}: holds no ascending offsets"):
        open_readings(tmp_path)


def test_an_index_gives_the_readings_of_documents_in_the_order_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Across segments, of which each holds its own."""
    use(StandIn(), monkeypatch)
    run(write_letter(tmp_path, 1, SPLINT, PHYSIO), into=tmp_path / "index")
    run(write_letter(tmp_path, 2, SCAN, BRACE), into=tmp_path / "index")
    snapshot = LocalSnapshot(tmp_path / "index")
    issues = snapshot.issues([snapshot.ids[document].decode() for document in (2, 0, 3, 1)])
    told = [one.issue.request for one in issues]
    assert told == [SCAN.request, SPLINT.request, BRACE.request, PHYSIO.request]
    read = [one.concepts for one in issues]
    assert (read[0].regions, read[0].sides) == (("knee",), ("right",))
    assert read[1].sides == ("left",)
    assert read[2].regions == ("lumbar spine",)
    assert read[3].visits == 6
