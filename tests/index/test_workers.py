"""The processes of an index run end with it, however it ends."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

STARTS_ONE = """
import os, sys, time
from index.workers import process_pool
if __name__ == "__main__":
    with process_pool(1) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        time.sleep(60)
"""


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_a_worker_of_a_killed_run_does_not_stay_behind(tmp_path: Path) -> None:
    (tmp_path / "starts_one.py").write_text(STARTS_ONE)
    with subprocess.Popen(
        [sys.executable, tmp_path / "starts_one.py"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={"PYTHONPATH": str(Path(__file__).parents[2])},
    ) as run:
        assert run.stdout
        worker = int(run.stdout.readline())
        assert is_running(worker)
        run.kill()
    for _ in range(100):
        if not is_running(worker):
            return
        time.sleep(0.1)
    raise AssertionError(f"worker {worker} still runs")
