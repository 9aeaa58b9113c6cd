"""What every room's tests share: the sample letters indexed once, and the shared real letters."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from search.engine import Engine
from search.request import SearchRequest
from tests.told import VECTORS, index_once, not_run

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
    engine.search(SearchRequest(words="pain"))  # which loads it
    return engine


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real letters and judgments; tests without it are skipped, except in CI."""
    folder = Path(os.environ.get("PRECEDENT_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        not_run(f"the shared letters are not at {folder}; PRECEDENT_SHARED can name their folder")
    return folder


def pytest_configure(config: pytest.Config) -> None:
    """Make a folder for what all processes of a run share; those that it starts find it named.

    Each process has a core: more threads than that would only wait for one another.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if not hasattr(config, "workerinput"):
        folder = TemporaryDirectory()
        config.add_cleanup(folder.cleanup)
        os.environ[VECTORS] = f"{folder.name}/vectors.sqlite"


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say last, in words, which tests did not run, and what they need."""
    reasons = Counter(
        report.longrepr[2].removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple)
    )
    for reason, count in reasons.items():
        terminalreporter.write_line(f"{count} tests did NOT RUN: {reason}", yellow=True)
