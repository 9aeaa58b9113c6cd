"""The server as a process: it says where it is, answers, and ends when told."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from typing import Any, cast
from urllib.request import urlopen

import pytest

from search.engine import Engine
from web.serve import CannotServe, run

PROGRAM = """
from types import SimpleNamespace
from web.serve import run
overview = SimpleNamespace(letters=1, issues=2, generation=3, semantic_ready=True)
run(SimpleNamespace(overview=lambda: overview), host="127.0.0.1", port=0)
"""


def test_it_says_where_it_is_and_ends_when_told() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/", line)
        assert found, line
        with urlopen(found[0] + "healthz", timeout=10) as answer:
            assert json.load(answer)["issues"] == 2
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=15) == 0


def test_a_taken_port_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        nothing = cast(Engine, cast(Any, None))
        with pytest.raises(CannotServe, match="--port"):
            run(nothing, "127.0.0.1", taken.getsockname()[1])
