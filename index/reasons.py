"""The reasons a rationale gives, found by the signs of `data/reasons.toml`."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from index.passages import is_verdict, sentences

_FILE = Path(__file__).parent / "data" / "reasons.toml"
_MAX_CHARACTERS = 20_000


@dataclass(frozen=True, slots=True)
class _Reason:
    name: str
    polar: bool
    signs: tuple[tuple[re.Pattern[str], ...], ...]


@cache
def _reasons() -> tuple[_Reason, ...]:
    record = tomllib.loads(_FILE.read_text("utf-8"))
    return tuple(
        _Reason(
            reason["name"],
            reason.get("polar", False),
            tuple(tuple(map(_group, sign)) for sign in reason["signs"]),
        )
        for reason in record["reason"]
    )


def _group(words: str) -> re.Pattern[str]:
    alternatives = (re.escape(word).replace(r"\*", r"[\w'-]*") for word in words.split("|"))
    return re.compile(rf"\b(?:{'|'.join(alternatives)})\b")


def reason_names() -> tuple[str, ...]:
    """Every reason there is, in the order of the data file."""
    return tuple(reason.name for reason in _reasons())


def read_reasons(text: str) -> tuple[str, ...]:
    """The names of the reasons that sentences of `text` show, in the order of the data file.

    `text` is a rationale or a question; beyond 20,000 characters it is not read. The answer is
    the same whichever way the verdict in it goes.
    """
    said = [
        (s.lower().replace("\u2019", "'"), is_verdict(s)) for s in sentences(text[:_MAX_CHARACTERS])
    ]
    return tuple(
        reason.name
        for reason in _reasons()
        if any(
            all(group.search(sentence) for group in sign)
            for sentence, verdict in said
            if not (reason.polar and verdict)
            for sign in reason.signs
        )
    )
