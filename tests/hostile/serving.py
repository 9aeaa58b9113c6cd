"""A real server with bounds of our choosing, uploads to it, and searches meanwhile."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tests.told import upload_form

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from pathlib import Path
from index.extract.reader import Limits
from search.engine import Engine
from web.serve import run
if __name__ == "__main__":
    engine = Engine(Path(sys.argv[1]))
    engine.warm_up()
    limits = Limits(seconds=float(sys.argv[2]))
    run(engine, host="127.0.0.1", port=0, processes=int(sys.argv[3]), limits=limits)
"""


@dataclass
class Server:
    """A server that runs: its process and where it answers."""

    process: subprocess.Popen[str]
    address: str

    def get(self, path: str) -> tuple[int, bytes]:
        """Ask for a page; the status and the body."""
        return answer_to(Request(f"{self.address}{path}"))

    def upload(self, name: str, data: bytes) -> tuple[int, bytes]:
        """Find similar cases to an uploaded file."""
        body, kind = upload_form(name, data)
        return answer_to(Request(f"{self.address}api/similar", body, {"Content-Type": kind}))

    def peak_mb(self) -> float:
        """The most memory that one process of the server has held, in MB."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        peaks = []
        for process in [str(self.process.pid), *children.split()]:
            status = Path("/proc", process, "status").read_text()
            peaks.append(int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024)
        return max(peaks)


def answer_to(request: Request) -> tuple[int, bytes]:
    try:
        with urlopen(request, timeout=300) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        with error:
            return error.code, error.read()


def error_of(body: bytes) -> dict[str, str]:
    """The error that an answer in JSON tells."""
    told: dict[str, str] = json.loads(body)["error"]
    return told


@contextmanager
def served(index: Path, folder: Path, *, seconds: float, processes: int = 1) -> Iterator[Server]:
    """A server of `index` whose uploads may take as many `seconds`; its program is below `folder`.

    In a folder of its own: one named index beside a program would be taken for our package.
    """
    program = folder / "program" / "serves.py"
    program.parent.mkdir(exist_ok=True)
    program.write_text(PROGRAM)
    command = [sys.executable, str(program), str(index), str(seconds), str(processes)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield _ready(process)
        finally:
            process.kill()


def _ready(process: subprocess.Popen[str]) -> Server:
    """The server of a process just started, once it compares by meaning too."""
    assert process.stdout is not None
    found = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
    assert found is not None
    server = Server(process, found[0])
    while not json.loads(server.get("healthz")[1])["semantic_ready"]:
        time.sleep(0.1)
    return server


@dataclass
class Searches:
    """Searches asked for one after the other, until told to stop: seconds of each, and failures."""

    server: Server
    seconds: list[float] = field(default_factory=list)
    failed: int = 0

    @contextmanager
    def meanwhile(self) -> Iterator[None]:
        """Ask as long as the block runs."""
        stopped = threading.Event()

        def go_on() -> None:
            while not stopped.wait(0.05):
                self.ask()

        thread = threading.Thread(target=go_on)
        thread.start()
        try:
            yield
        finally:
            stopped.set()
            thread.join()

    def ask(self) -> None:
        """Ask once."""
        started = time.monotonic()
        try:
            status, _ = self.server.get("search?q=therapy&mode=lexical")
        except OSError:
            status = 0
        self.seconds.append(time.monotonic() - started)
        self.failed += status != 200
