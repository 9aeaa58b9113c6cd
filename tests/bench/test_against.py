"""Two trees are compared on the same letters, by the figures that both of them print."""

from __future__ import annotations

from pathlib import Path

from bench.against import compared, share

KEYWORD = ("keyword", "precedent", "median_ms")
ADDED = ("similar", "precedent", "median_ms")


def test_figures_of_the_same_name_are_compared_round_by_round() -> None:
    rounds = [({KEYWORD: 2.0}, {KEYWORD: 4.0}), ({KEYWORD: 3.0}, {KEYWORD: 3.0})]
    (line,) = compared(rounds)
    assert line == "keyword  precedent  median_ms: 0.750 (0.500 to 1.000), 2.5 / 3.5"


def test_what_only_one_tree_measures_is_left_out() -> None:
    assert list(compared([({KEYWORD: 1.0, ADDED: 1.0}, {KEYWORD: 1.0})])) == [
        "keyword  precedent  median_ms: 1.000 (1.000 to 1.000), 1 / 1"
    ]


def test_trees_share_letters_and_vectors_but_no_index(tmp_path: Path) -> None:
    work, aside = tmp_path / "work", tmp_path / "aside"
    for made in ("letters-300-1", "index-300-drawn"):
        (work / made).mkdir(parents=True)
    (work / "vectors-60.npy").touch()
    share(work, aside)
    share(work, aside)  # of every round
    assert sorted(path.name for path in aside.iterdir()) == ["letters-300-1", "vectors-60.npy"]
    assert (aside / "letters-300-1").resolve() == work / "letters-300-1"
