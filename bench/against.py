"""A benchmark of this tree and of an earlier commit, run in turns: ratios hold on noisy machines.

`python -m bench.against f3f7862 bench/indexing.py --issues 5000 --embed 0` prints each figure of
each row as this tree / the other: the median of the rounds, the least and the largest, then the
median of each tree.

Each tree runs the benchmark of its own, so that it is asked in the way it knows; rows are compared
that have the same name in both. Both read the same letters and draw the same vectors, but each has
an index of its own, kept in --work, and both run with the packages installed here.
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

sys.path.insert(0, str(Path(__file__).parent.parent))  # also as a file, `python bench/...`

from bench.setting import WORK

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


def share(work: Path, aside: Path) -> None:
    """Let `aside` have the letters and vectors of `work`, and no index, which is a tree's own."""
    aside.mkdir(parents=True, exist_ok=True)
    for made in (*work.glob("letters-*"), *work.glob("vectors-*")):
        if not (link := aside / made.name).exists():
            link.symlink_to(made.resolve())


def measured(tree: Path, command: Sequence[str], work: Path) -> Figures:
    """The figures that a benchmark of `tree` prints, by row, engine and name."""
    done = subprocess.run(
        [sys.executable, *command, "--work", str(work), "--json"],
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
    options.add_argument("--work", type=Path, default=WORK, help="where letters and indexes are")
    options.add_argument("commit", help="what this tree is compared with")
    options.add_argument("command", nargs=argparse.REMAINDER, help="a benchmark and its options")
    given = options.parse_args(arguments)
    rounds: list[tuple[Figures, Figures]] = []
    with tree_of(given.commit) as other:
        aside = given.work / f"against-{given.commit}"
        for _ in range(given.rounds):
            here = measured(ROOT, given.command, given.work)
            share(given.work, aside)
            rounds.append((here, measured(other, given.command, aside)))
    for line in compared(rounds):
        print(line)


def compared(rounds: Sequence[tuple[Figures, Figures]]) -> Iterator[str]:
    """A line for each figure that both trees have in every round, by what it is of."""
    for key in rounds[0][0]:
        if not all(here.get(key) and there.get(key) for here, there in rounds):
            continue
        ratios = [here[key] / there[key] for here, there in rounds]
        ours = statistics.median(here[key] for here, _ in rounds)
        theirs = statistics.median(there[key] for _, there in rounds)
        yield (
            f"{'  '.join(key)}: {statistics.median(ratios):.3f} "
            f"({min(ratios):.3f} to {max(ratios):.3f}), {ours:.4g} / {theirs:.4g}"
        )


if __name__ == "__main__":
    main()
