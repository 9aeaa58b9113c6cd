"""Generates letters: any number, the same ones for the same seed, in the layout of form B.

`python bench/corpus.py --issues N --out DIR` writes them as ZIP archives of TXT files. What is
like real letters: length, share of letters with several issues, outcome rates by category, mix
of treatments and regions, near-duplicates, and a vocabulary that grows. What is not: sentences
come from some seventy templates, so words of middling frequency are fewer than in real ones.
"""

from __future__ import annotations

import argparse
import sys
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, TypeVar

sys.path.insert(0, str(Path(__file__).parent.parent))  # also as a file, `python bench/...`

from bench.writing import Writer, kinds, tables

_T = TypeVar("_T")

MANY_ISSUES = {"1": 0.6, "2": 0.25, "3": 0.085, "4": 0.035, "5": 0.015, "6": 0.01, "8": 0.005}
REPEATED_RATIONALE = 0.12  # issues decided in words that were used before
REPEATED_SUMMARY = 0.04  # letters about a patient who had one before
_REMEMBERED = 50  # what may be repeated
_PER_ARCHIVE = 20_000
_FIRST_DECISION = date(2016, 1, 4)
_DECISION_DAYS = 2_900
_HEAD = """\
Case Number: {case_number}
Date Assigned: {assigned:%m/%d/%Y}
Date of Injury: {injured}
Decision Date: {decided:%m/%d/%Y}
UR Denial Date: {denied:%m/%d/%Y}
Priority: {priority}
Application Received: {received:%m/%d/%Y}

HOW THE IMR FINAL DETERMINATION WAS MADE

MAXIMUS Federal Services chose an expert reviewer who has no ties to any of the parties and who \
has been in active practice for more than five years. The reviewer was given the complete file.

The Expert Reviewer has the following credentials:
State(s) of Licensure: {states}
Certification(s)/Specialty: {specialty}

CLINICAL CASE SUMMARY

The expert reviewer developed the following clinical case summary based on a review of the case \
file, including all medical records:

{summary}

IMR ISSUES, DECISIONS AND RATIONALES

The Final Determination was based on decisions for the disputed items/services set forth below:
"""
_ISSUE = """
{request}: {outcome}

Claims Administrator guideline: {administrator}.

MAXIMUS guideline: {reviewer}.

Decision rationale: {rationale}
"""


@dataclass(frozen=True, slots=True)
class GeneratedIssue:
    """An issue as it was meant: what a correct parse finds."""

    request: str
    category: str
    outcome: str
    administrator: str
    reviewer: str
    rationale: str


@dataclass(frozen=True, slots=True)
class GeneratedLetter:
    """A letter: its case number, what it decides, and its text."""

    case_number: str
    issues: tuple[GeneratedIssue, ...]
    text: str


def letters(issues: int, seed: int, first_case: int = 1) -> Iterator[GeneratedLetter]:
    """Letters with `issues` issues in all; case numbers count from `first_case`."""
    author = _Author(seed)
    number = first_case
    while issues > 0:
        letter = author.letter(number, issues)
        issues -= len(letter.issues)
        number += 1
        yield letter


class _Author:
    """Writes one letter after the other, some like earlier ones."""

    def __init__(self, seed: int) -> None:
        self._writer = Writer(Random(seed))
        found = tables()
        self._summary: dict[str, list[str]] = found["summary"]
        self._rationale: dict[str, Any] = found["rationale"]
        self._categories: dict[str, Any] = found["category"]
        self._regions: dict[str, Any] = found["region"]
        self._citations: dict[str, list[str]] = found["citations"]
        self._slots: dict[str, list[str]] = found["slots"]
        self._shares = {name: float(c["share"]) for name, c in self._categories.items()}
        self._region_shares = {name: float(r["share"]) for name, r in self._regions.items()}
        self._patients: list[tuple[dict[str, str], str]] = []
        self._rationales: dict[tuple[str, str, str], list[str]] = {}

    def letter(self, number: int, most: int) -> GeneratedLetter:
        """The letter of a case number, with at most `most` issues."""
        write = self._writer
        count = min(int(write.weighted(MANY_ISSUES)), most)
        repeated = self._patients and write.chance(REPEATED_SUMMARY)
        if repeated:
            write.fixed, summary = self._patients[write.below(len(self._patients))]
        else:
            write.fixed = self._patient()
        asked = [self._request() for _ in range(count)]
        if not repeated:
            summary = self._tell(" and ".join(request for _, request in asked))
            _remember(self._patients, (write.fixed, summary), number)
        issues = tuple(self._issue(category, request) for category, request in asked)
        decided = _FIRST_DECISION + timedelta(days=write.below(_DECISION_DAYS))
        head = _HEAD.format(
            case_number=f"CM{decided:%y}-{number:07}",
            assigned=decided - timedelta(days=20 + write.below(20)),
            injured=write.fixed["injured"],
            decided=decided,
            denied=decided - timedelta(days=60 + write.below(40)),
            priority="Standard" if write.chance(0.98) else "Expedited",
            received=decided - timedelta(days=41 + write.below(15)),
            states=", ".join(dict.fromkeys(write.one_of(self._slots["state"]) for _ in range(2))),
            specialty=write.one_of(self._slots["specialty"]),
            summary=summary,
        )
        parts = [
            _ISSUE.format(
                request=issue.request,
                outcome=issue.outcome.capitalize(),
                administrator=issue.administrator,
                reviewer=issue.reviewer,
                rationale=issue.rationale,
            )
            for issue in issues
        ]
        return GeneratedLetter(f"CM{decided:%y}-{number:07}", issues, "".join([head, *parts]))

    def _patient(self) -> dict[str, str]:
        """The slots that stay the same in a letter."""
        write = self._writer
        he = "she" if write.chance(0.45) else "he"
        region = write.weighted(self._region_shares)
        of_region = self._regions[region]
        return {
            "age": str(20 + write.below(48)),
            "sex": "female" if he == "she" else "male",
            "he": he,
            "He": he.capitalize(),
            "injured": write.fill("{date}"),
            "region": region,
            "side": ("left", "right", "bilateral")[write.below(3)],
            "level": write.one_of(of_region["levels"]),
            "limb": of_region["limb"],
            "mtus": of_region["mtus"],
            "odg": of_region["odg"],
        }

    def _request(self) -> tuple[str, str]:
        """A category and a request in it."""
        write = self._writer
        category = write.weighted(self._shares)
        write.fixed["kind"] = write.one_of(kinds(category))
        request = write.fill(write.one_of(self._categories[category]["requests"]))
        return category, request[0].upper() + request[1:]

    def _tell(self, asked: str) -> str:
        """A clinical case summary."""
        write, told = self._writer, self._summary
        write.fixed["asked"] = asked
        numbers = {"history": 3, "complaint": 3, "examination": 3, "studies": 2, "treatment": 2}
        sentences = [
            sentence
            for part, templates in told.items()
            for sentence in write.several(templates, numbers.get(part, 1))
        ]
        return " ".join(sentences)

    def _issue(self, category: str, request: str) -> GeneratedIssue:
        write = self._writer
        overturned = write.chance(self._categories[category]["overturned"])
        outcome = "overturned" if overturned else "upheld"
        administrator = self._cited(0.1)
        reviewer = administrator if write.chance(0.5) else self._cited(0.05)
        return GeneratedIssue(
            request,
            category,
            outcome,
            administrator,
            reviewer,
            self._reason(category, request, outcome),
        )

    def _cited(self, none: float) -> str:
        write = self._writer
        if write.chance(none):
            return self._citations["none"][0]
        family = write.weighted({"mtus": 0.6, "odg": 0.34, "other": 0.06})
        return write.fill(write.one_of(self._citations[family]))

    def _reason(self, category: str, request: str, outcome: str) -> str:
        """A rationale; some are earlier ones of the same subject with the item exchanged."""
        write, told = self._writer, self._rationale
        about = (category, outcome, write.fixed["region"])
        earlier = self._rationales.setdefault(about, [])
        if earlier and write.chance(REPEATED_RATIONALE):
            return earlier[write.below(len(earlier))].replace("{item}", request)
        write.fixed["item"] = "{item}"
        sentences = [
            *write.several(told["guideline"], 2),
            *write.several(told["facts"], 3),
            *write.several(told["reasons"][outcome], 2),
            *write.several(told["verdict"][outcome], 1),
        ]
        rationale = " ".join(sentences)
        _remember(earlier, rationale, write.below(_REMEMBERED))
        return rationale.replace("{item}", request)


def _remember(memory: list[_T], entry: _T, at: int) -> None:
    """Keep an entry, in place of one of those already there once there are enough."""
    if len(memory) < _REMEMBERED:
        memory.append(entry)
    else:
        memory[at % _REMEMBERED] = entry


def write_archives(directory: Path, made: Iterable[GeneratedLetter]) -> int:
    """Write letters into `directory` as ZIP archives of TXT files; returns how many there are."""
    directory.mkdir(parents=True, exist_ok=True)
    rest, written = iter(made), 0
    while batch := list(islice(rest, _PER_ARCHIVE)):
        file = directory / f"letters-{written // _PER_ARCHIVE:04}.zip"
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for letter in batch:
                # A date of its own, so that the same letters make the same bytes.
                member = zipfile.ZipInfo(f"{letter.case_number}.txt")
                member.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(member, letter.text, compresslevel=1)
        written += len(batch)
    return written


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Write generated letters as ZIP archives.")
    parser.add_argument("--issues", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(
        f"{write_archives(given.out, letters(given.issues, given.seed)):,} letters in {given.out}"
    )


if __name__ == "__main__":
    main()
