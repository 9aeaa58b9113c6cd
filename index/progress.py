"""Progress of an index run: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_SECONDS_BETWEEN_LINES = 10.0


class Stage:
    """One stage under way: told how much is done, says so with rate and time left."""

    def __init__(self, name: str, total: int, unit: str, stream: TextIO, bar: Progress | None):
        """`total` in `unit`s; `bar` draws on a terminal, else lines go to `stream`."""
        self._name, self._total, self._unit = name, total, unit
        self._stream, self._bar = stream, bar
        self._task = bar.add_task(name, total=total, rate="") if bar else None
        self._done, self._started, self._said = 0, time.monotonic(), time.monotonic()

    def tick(self, count: int) -> None:
        """`count` more units are done."""
        self._done += count
        now = time.monotonic()
        rate = self._done / max(now - self._started, 1e-6)
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=count, rate=f"{rate:,.0f} {self._unit}/s")
        elif now - self._said >= _SECONDS_BETWEEN_LINES:
            self._said = now
            left = (self._total - self._done) / max(rate, 1e-6)
            self._line(f"{self._done:,} of {self._total:,} ({rate:,.0f}/s, {left:,.0f} s left)")

    def finish(self) -> None:
        """The stage is over; elsewhere than on a terminal a closing line says how long it took."""
        if self._bar is None:
            taken = time.monotonic() - self._started
            self._line(f"{self._done:,} {self._unit} in {taken:.1f} s")

    def _line(self, said: str) -> None:
        print(f"{self._name}: {said}", file=self._stream, flush=True)


class Reporter:
    """Says how an index run goes, on one stream."""

    def __init__(self, stream: TextIO, *, quiet: bool = False) -> None:
        """`quiet` says nothing at all."""
        self._stream, self._quiet = stream, quiet

    def say(self, sentence: str) -> None:
        """Say what is done now, where that takes seconds and has no parts to count."""
        if not self._quiet:
            print(sentence, file=self._stream, flush=True)

    @contextmanager
    def stage(self, name: str, total: int, unit: str) -> Iterator[Stage]:
        """A stage of `total` `unit`s; a stage of none is passed over in silence."""
        if self._quiet or total == 0:
            yield Stage(name, total, unit, io.StringIO(), None)
            return
        if not self._stream.isatty():
            stage = Stage(name, total, unit, self._stream, None)
            yield stage
            stage.finish()
            return
        columns = (
            TextColumn("{task.description:<20}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(file=self._stream)) as bar:
            yield Stage(name, total, unit, self._stream, bar)
