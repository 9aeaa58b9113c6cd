"""A damaged segment is refused, or answers: it never takes the process down."""

from __future__ import annotations

import re
import subprocess
import sys


def test_sixty_damaged_segments_are_refused_or_answer() -> None:
    command = [sys.executable, "-m", "tests.hostile.damage", "--cases", "60", "--seed", "7"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = re.search(r"60 cases, (\d+) refused, (\d+) not altered", done.stdout)
    assert found
    assert int(found[1]) > 25
