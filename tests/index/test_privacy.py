"""What is told to the libraries before they are imported, and what a crash leaves behind."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

CRASHES = """
import os, resource, signal
resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
{before}
patient = "a patient's words"
os.kill(os.getpid(), signal.SIGSEGV)
"""


def python(program: str, **more: str) -> subprocess.CompletedProcess[str]:
    bare = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=bare | more
    )


@pytest.mark.parametrize("package", ["index.encoder", "search.engine", "web.cli"])
def test_every_way_into_our_packages_silences_the_libraries(package: str) -> None:
    asked = f"import {package}, os; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    assert python(asked, ORT_DISABLE_TELEMETRY="0").stdout == "1\n"


def test_a_library_that_reports_already_is_not_worked_with() -> None:
    late = python("import sys; sys.modules['onnxruntime'] = sys; import search.engine")
    assert "NotPrivate" in late.stderr
    assert "ORT_DISABLE_TELEMETRY=1" in late.stderr
    told = "import sys; sys.modules['onnxruntime'] = sys; import search.engine"
    assert python(told, ORT_DISABLE_TELEMETRY="1").returncode == 0


@pytest.mark.skipif(
    resource.getrlimit(resource.RLIMIT_CORE)[1] == 0
    or "/" in Path("/proc/sys/kernel/core_pattern").read_text(),
    reason="this machine writes no core dump into the working directory, whoever crashes",
)
def test_a_crash_dumps_no_memory(tmp_path: Path) -> None:
    def left(before: str) -> list[Path]:
        program = CRASHES.format(before=before)
        done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True)
        assert done.returncode == -signal.SIGSEGV
        return list(tmp_path.iterdir())

    forbid = "from index.privacy import forbid_core_dumps; forbid_core_dumps()"
    assert left(forbid) == []
    assert left("resource.RLIMIT_CORE") != []
