"""How an index run says what it does: lines elsewhere than on a terminal, a bar on one."""

from __future__ import annotations

import io

import pytest

from index import progress
from index.progress import Reporter


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    """A clock that only goes when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(progress, "time", found)
    return found


def test_a_stage_says_how_far_it_is_how_fast_and_how_long_it_will_take(clock: Clock) -> None:
    stream = io.StringIO()
    with Reporter(stream).stage("reading letters", 5_000, "files") as stage:
        clock.now = 12.0
        stage.tick(1_200)
        clock.now = 50.0
        stage.tick(3_800)
    assert stream.getvalue().splitlines() == [
        "reading letters: 1,200 of 5,000 (100/s, 38 s left)",
        "reading letters: 5,000 of 5,000 (100/s, 0 s left)",
        "reading letters: 5,000 files in 50.0 s",
    ]


def test_lines_come_at_most_every_ten_seconds(clock: Clock) -> None:
    stream = io.StringIO()
    with Reporter(stream).stage("embedding", 100, "passages") as stage:
        for _ in range(100):
            clock.now += 0.5
            stage.tick(1)
    said = stream.getvalue().splitlines()
    assert [line.split()[1] for line in said] == ["20", "40", "60", "80", "100", "100"]


def test_a_quick_stage_says_one_line(clock: Clock) -> None:
    stream = io.StringIO()
    with Reporter(stream).stage("merging segments", 3, "issues") as stage:
        clock.now = 0.25
        stage.tick(3)
    assert stream.getvalue() == "merging segments: 3 issues in 0.2 s\n"


def test_a_stage_with_nothing_to_do_is_passed_over(clock: Clock) -> None:
    stream = io.StringIO()
    with Reporter(stream).stage("embedding", 0, "passages") as stage:
        clock.now = 20.0
        stage.tick(0)
    assert stream.getvalue() == ""


def test_a_quiet_reporter_says_nothing(clock: Clock) -> None:
    stream = io.StringIO()
    with Reporter(stream, quiet=True).stage("embedding", 10, "passages") as stage:
        clock.now = 20.0
        stage.tick(10)
    assert stream.getvalue() == ""


def test_nothing_divides_by_no_time_at_all(clock: Clock) -> None:
    clock.now = 1.0
    stream = io.StringIO()
    with Reporter(stream).stage("embedding", 10, "passages") as stage:
        stage.tick(10)
    assert stream.getvalue() == "embedding: 10 passages in 0.0 s\n"


def test_a_stage_that_fails_does_not_claim_to_be_done() -> None:
    stream = io.StringIO()
    with pytest.raises(KeyError), Reporter(stream).stage("embedding", 10, "passages"):
        raise KeyError
    assert stream.getvalue() == ""


def test_on_a_terminal_a_bar_shows_the_stage_its_count_and_its_rate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with Reporter(stream).stage("reading letters", 40, "files") as stage:
        stage.tick(40)
    assert "reading letters" in stream.getvalue()
    assert "40/40" in stream.getvalue()
    assert "files/s" in stream.getvalue()


def test_what_has_no_parts_is_said_in_a_sentence() -> None:
    stream = io.StringIO()
    Reporter(stream).say("loading the encoder")
    Reporter(stream, quiet=True).say("nothing")
    assert stream.getvalue() == "loading the encoder\n"
