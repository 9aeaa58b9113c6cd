"""Nothing leaves this machine, and nothing is left on it outside the index."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.silence.commands import ROOT, recorded
from tests.silence.trap import inside, unavailable
from tests.told import not_run

CONTROL = """
import json, socket, sys
from pathlib import Path
from tests.silence.trap import Trap
trap = Trap(Path(sys.argv[1]))
for host in "example.org", "192.0.2.1", "127.0.0.1":
    try:
        socket.create_connection((host, 443), timeout=5)
    except OSError:
        pass
print(json.dumps(trap.taken()))
"""


@pytest.fixture(scope="module", autouse=True)
def _needs_a_trap() -> None:
    if reason := unavailable():
        not_run(f"no network can be set up that records who calls out: {reason}")


def test_the_trap_sees_a_look_up_and_every_connection(tmp_path: Path) -> None:
    command = inside([sys.executable, "-c", CONTROL, str(tmp_path)])
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    lookups, connections = json.loads(done.stdout)
    assert "example.org" in lookups
    assert {"198.51.100.7:443", "192.0.2.1:443", "127.0.0.1:443"} <= set(connections)


def test_no_command_calls_out_or_leaves_a_file(tmp_path: Path) -> None:
    records = recorded(tmp_path, rounds=1, idle=0)
    assert len(records) == 8
    for kind in ("lookups", "connections", "files"):
        assert {f"{r['command']}: {r[kind]}" for r in records if r[kind]} == set()
