"""Every command of precedent, run in a network that records, with empty folders of a user.

`python -m tests.silence.commands` runs each twice and prints what it looked up, connected to and
left behind: it is meant to be nothing at all.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import Request, urlopen

from tests.silence.trap import Trap, inside, run
from tests.told import upload_form

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples" / "letters"
LETTERS = ("CM13-9900056.docx", "CM15-9900012.pdf", "CM17-9900022.pdf")
ASKED = "Please authorize twelve visits of physical therapy for the low back."
TOPIC = {"id": "t1", "kind": "keyword", "text": "physical therapy"}
_FOLDERS = {
    "HOME": "home",
    "XDG_CACHE_HOME": "cache",
    "XDG_CONFIG_HOME": "config",
    "XDG_DATA_HOME": "data",
    "XDG_STATE_HOME": "state",
    "TMPDIR": "temporary",
}
_WORKING = "working"
_IDLE = 30.0  # seconds; ONNX Runtime's first report came after ten


def watched(work: Path, rounds: int, idle: float) -> Iterator[dict[str, object]]:
    """One record a command and run: `command`, `lookups`, `connections`, `files`.

    Runs inside the namespaces of a trap. The installation cannot be written to meanwhile; the
    server is left `idle` seconds before it is ended, as what reports its use does so in the
    background.
    """
    trap = Trap(work)
    for place in {ROOT, Path(sys.prefix)}:
        run("mount", "--bind", str(place), str(place))
        run("mount", "--options", "remount,bind,ro", str(place))
    for name in (*_FOLDERS.values(), _WORKING, "letters"):
        (work / name).mkdir()
    for name in LETTERS:
        shutil.copy(SAMPLES / name, work / "letters")
    (work / "topics.jsonl").write_text(json.dumps(TOPIC) + "\n")
    (work / "qrels.tsv").write_text("t1\t0\tCM17-9900022#1\t3\n")
    for number in range(1, 1 + rounds):
        for name, arguments in _commands(work).items():
            if name == "serve":
                port = _serve(work, arguments, idle)
            else:
                _command(work, arguments)
                port = None
            lookups, connections = trap.taken()
            yield {
                "command": name,
                "run": number,
                "lookups": lookups,
                "connections": [c for c in connections if c != f"127.0.0.1:{port}"],
                "files": _left(work),
            }


def _commands(work: Path) -> dict[str, tuple[str, ...]]:
    judged = ("--topics", f"{work}/topics.jsonl", "--qrels", f"{work}/qrels.tsv")
    return {
        "index": ("index", f"{work}/letters"),
        "search": ("search", "physical therapy"),
        "similar": ("similar", f"{work}/letters/{LETTERS[1]}"),
        "show": ("show", "CM17-9900022"),
        "dump": ("dump",),
        "evaluate": ("evaluate", *judged),
        "verify": ("verify",),
        "serve": ("serve", "--port", "0"),
    }


def _environment(work: Path) -> dict[str, str]:
    places = {name: str(work / folder) for name, folder in _FOLDERS.items()}
    return {"PATH": os.environ["PATH"], "PRECEDENT_INDEX": str(work / "index"), **places}


def _started(work: Path, arguments: Sequence[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "from web.cli import main; main()", *arguments],
        cwd=work / _WORKING,
        env=_environment(work),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _command(work: Path, arguments: Sequence[str]) -> None:
    with _started(work, arguments) as process:
        said, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{arguments[0]} ended with {process.returncode}: {said}")


def _serve(work: Path, arguments: Sequence[str], idle: float) -> int:
    """Serve, ask for what a person would, end it; returns the port."""
    with _started(work, arguments) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
        if found is None:
            raise RuntimeError(f"serve said: {line}{process.stdout.read()}")
        address = found[0]
        while not json.loads(_asked(f"{address}healthz"))["semantic_ready"]:
            time.sleep(0.1)
        for page in ("", "search?q=therapy", "api/search?q=therapy", "letters/CM17-9900022"):
            _asked(address + page)
        pasted = json.dumps({"text": ASKED}).encode()
        _asked(f"{address}api/similar", pasted, "application/json")
        for name in LETTERS:
            _asked(f"{address}similar", *upload_form(name, (work / "letters" / name).read_bytes()))
        time.sleep(idle)
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
        return int(found[1])


def _asked(address: str, body: bytes | None = None, kind: str = "") -> bytes:
    headers = {"Content-Type": kind} if kind else {}
    with urlopen(Request(address, body, headers), timeout=60) as answer:
        content: bytes = answer.read()
        return content


def _left(work: Path) -> list[str]:
    """What stands in the user's folders, the temporary one and the working directory."""
    folders = (work / name for name in (*_FOLDERS.values(), _WORKING))
    return sorted(str(path) for folder in folders for path in folder.rglob("*"))


def recorded(work: Path, rounds: int, idle: float) -> list[dict[str, object]]:
    """What every command did, `rounds` times, in a trap around `work`."""
    program = [sys.executable, "-m", "tests.silence.commands", str(work), str(rounds), str(idle)]
    done = subprocess.run(inside(program), cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def main() -> None:
    """With a folder, rounds and seconds: run in it, in a trap, a record a line. Else set one.

    Exit code 1 where anything was recorded.
    """
    if len(sys.argv) > 1:
        for record in watched(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])):
            print(json.dumps(record), flush=True)
        return
    kinds = ("lookups", "connections", "files")
    with TemporaryDirectory() as folder:
        records = recorded(Path(folder), 2, _IDLE)
    for record in records:
        counts = "  ".join(f"{kind} {len(record[kind])}" for kind in kinds)  # type: ignore[arg-type]
        print(f"{record['command']:<9} run {record['run']}  {counts}")
    sys.exit(any(record[kind] for record in records for kind in kinds))


if __name__ == "__main__":
    main()
