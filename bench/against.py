"""A benchmark of this tree and of an earlier commit, run in turns: ratios hold on noisy machines.

`python -m bench.against f3f7862 bench/indexing.py --issues 5000 --embed 0` prints each figure of
each row as this tree / the other: the median of the rounds, the least and the largest. Both trees
run with the packages installed here.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
Figures = dict[tuple[str, str, str], float]


@contextmanager
def tree_of(commit: str) -> Iterator[Path]:
    """A checkout of `commit` in a temporary folder. Raises CalledProcessError for none."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--detach", str(tree), commit], check=True)
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def measured(tree: Path, command: Sequence[str]) -> Figures:
    """The figures that a benchmark of `tree` prints, by row, engine and name."""
    done = subprocess.run(
        [sys.executable, *command, "--json"],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    record = json.loads(done.stdout.splitlines()[-1])
    return {
        (row["query"], row["engine"], name): float(value)
        for row in record["rows"]
        for name, value in row.items()
        if isinstance(value, int | float)
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=3, help="how often each tree is run")
    options.add_argument("commit", help="what this tree is compared with")
    options.add_argument("command", nargs=argparse.REMAINDER, help="a benchmark and its options")
    given = options.parse_args(arguments)
    with tree_of(given.commit) as other:
        rounds = [
            (measured(ROOT, given.command), measured(other, given.command))
            for _ in range(given.rounds)
        ]
    for key in rounds[0][0]:
        ratios = [here[key] / there[key] for here, there in rounds if there.get(key)]
        if ratios:
            spread = f"{min(ratios):.3f} to {max(ratios):.3f}"
            print(f"{'  '.join(key)}: {statistics.median(ratios):.3f} ({spread})")


if __name__ == "__main__":
    main()
