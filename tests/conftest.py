"""What every room's tests share: the sample letters indexed once, and the shared real letters."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from search.engine import Engine
from tests.told import index_once

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "samples" / "letters"


@pytest.fixture(scope="session")
def sample_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the sample letters, for reading only."""
    return index_once(SAMPLES, tmp_path_factory)


@pytest.fixture(scope="session")
def sample_engine(sample_index: Path) -> Engine:
    """An engine over the sample letters, its encoder loaded."""
    engine = Engine(sample_index)
    engine.load_encoder()
    return engine


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
