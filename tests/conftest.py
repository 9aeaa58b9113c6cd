"""What every room's tests share: the sample letters indexed once, and the shared real letters."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.build import build
from index.progress import Reporter
from search.engine import Engine

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "samples" / "letters"


@pytest.fixture(scope="session")
def sample_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the sample letters, for reading only."""
    directory = tmp_path_factory.mktemp("samples") / "index"
    build([SAMPLES], directory, Reporter(io.StringIO(), quiet=True))
    return directory


@pytest.fixture(scope="session")
def sample_engine(sample_index: Path) -> Iterator[Engine]:
    """An engine over the sample letters, its encoder loaded."""
    engine = Engine(sample_index)
    engine.load_encoder()
    yield engine


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real letters and judgments; tests without it are skipped, except in CI."""
    folder = Path(os.environ.get("PRECEDENT_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        reason = f"the shared letters are not at {folder}; PRECEDENT_SHARED can name their folder"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
