"""The server as a process: it says where it is, answers, and ends when told."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple, cast
from urllib.request import urlopen

import pytest

from search.engine import Engine
from tests.index.test_workers import is_running
from web.serve import CannotServe, run

PROGRAM = """
from types import SimpleNamespace
from web.serve import run
overview = SimpleNamespace(
    letters=1, issues=2, generation=3, build="", semantic_ready=True, degraded=""
)
engine = SimpleNamespace(overview=lambda: overview, similar=None)
run(engine, host="127.0.0.1", port=0)
"""
IN_TWO_PROCESSES = """
import os, sys
from pathlib import Path
from search.engine import Engine
from web.serve import Server, run
if __name__ == "__main__":
    run(Engine(Path(sys.argv[1])), host="127.0.0.1", port=0, processes=2)
else:
    class Saying(Server):
        def run(self):
            Path(sys.argv[2]).write_text(str(os.getpid()))
            super().run()
    import web.serve
    web.serve.Server = Saying
"""
MEGABYTE = 1024 * 1024


class Serving(NamedTuple):
    process: subprocess.Popen[str]
    address: str


@pytest.fixture
def serving() -> Iterator[Serving]:
    """A server of its own, as a process."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://(127\.0\.0\.1:\d+)/", line)
        assert found, line
        yield Serving(process, found[1])
        process.kill()


def test_it_says_where_it_is_and_ends_when_told(serving: Serving) -> None:
    with urlopen(f"http://{serving.address}/healthz", timeout=10) as answer:
        assert json.load(answer)["issues"] == 2
    serving.process.send_signal(signal.SIGTERM)
    assert serving.process.wait(timeout=15) == 0


def peak_memory(process: subprocess.Popen[str]) -> int:
    """The most memory a process has held, in bytes."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
    assert found
    return int(found[1]) * 1024


def upload(address: str, path: str, size: int) -> tuple[int, bytes]:
    """Send a file of `size` bytes as a browser does: all of it, then listen."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
    tail = b"\r\n--x--\r\n"
    connection = HTTPConnection(address, timeout=60)
    connection.putrequest("POST", path)
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.putheader("Content-Length", str(len(head) + size + len(tail)))
    connection.endheaders()
    connection.send(head)
    for _ in range(size // MEGABYTE):
        connection.send(bytes(MEGABYTE))
    connection.send(tail)
    answer = connection.getresponse()
    status, body = answer.status, answer.read()
    connection.close()
    return status, body


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the memory from /proc")
def test_a_huge_upload_is_refused_in_words_and_held_by_nobody(serving: Serving) -> None:
    with urlopen(f"http://{serving.address}/healthz", timeout=10):
        before = peak_memory(serving.process)
    status, body = upload(serving.address, "/api/similar", 200 * MEGABYTE)
    assert status == 413
    assert json.loads(body)["error"]["code"] == "too_large"
    status, body = upload(serving.address, "/similar", 200 * MEGABYTE)
    assert status == 413
    assert b"larger than 25 MB" in body
    assert peak_memory(serving.process) - before < 60 * MEGABYTE
    with urlopen(f"http://{serving.address}/healthz", timeout=10) as answer:
        assert answer.status == 200


def test_a_body_of_no_stated_length_is_bounded_too(serving: Serving) -> None:
    connection = HTTPConnection(serving.address, timeout=60)
    chunks = (bytes(MEGABYTE) for _ in range(27))
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # hung up while we sent
        connection.request("POST", "/api/similar", body=chunks, encode_chunked=True)
        assert connection.getresponse().status == 413
    connection.close()
    with urlopen(f"http://{serving.address}/healthz", timeout=10) as answer:
        assert answer.status == 200


def test_a_taken_port_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        nothing = cast(Engine, cast(Any, None))
        with pytest.raises(CannotServe, match="--port"):
            run(nothing, "127.0.0.1", taken.getsockname()[1])


@pytest.fixture
def in_two_processes(sample_engine: Engine, tmp_path: Path) -> Iterator[Serving]:
    """A server of the sample letters that started a second one, whose number is in `second`."""
    (tmp_path / "serves.py").write_text(IN_TWO_PROCESSES)
    with subprocess.Popen(
        [sys.executable, tmp_path / "serves.py", sample_engine.address, tmp_path / "second"],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    ) as process:
        assert process.stdout is not None
        found = re.search(r"http://(127\.0\.0\.1:\d+)/", process.stdout.readline())
        assert found
        yield Serving(process, found[1])
        process.kill()


def second_of(folder: Path) -> int:
    """The process that serves beside the first one, once it takes questions."""
    for _ in range(600):
        with contextlib.suppress(OSError, ValueError):
            return int((folder / "second").read_text())
        time.sleep(0.1)
    raise AssertionError("the second process took no question")


def ask_at_once(address: str, times: int) -> list[int]:
    """The statuses of as many pages, asked for side by side."""

    def ask(number: int) -> int:
        with urlopen(f"http://{address}/search?q=knee+{number}&mode=lexical", timeout=60) as answer:
            answer.read()
            return int(answer.status)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(ask, range(times)))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads processes from /proc")
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_two_processes_answer_from_one_address_and_end_together(
    in_two_processes: Serving, tmp_path: Path, end: signal.Signals
) -> None:
    second = second_of(tmp_path)
    assert ask_at_once(in_two_processes.address, 16) == [200] * 16
    in_two_processes.process.send_signal(end)
    in_two_processes.process.wait(timeout=15)
    for _ in range(150):
        if not is_running(second):
            return
        time.sleep(0.1)
    raise AssertionError("the second process stayed behind")
