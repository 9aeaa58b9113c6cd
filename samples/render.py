"""Writes `letters/` and `gold.jsonl` from `source/`. Run as `python -m samples.render`."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from samples.files import pack, render
from samples.records import MARK, Sample, SampleIssue, read_samples

HERE = Path(__file__).parent


def render_all(samples: list[Sample]) -> dict[str, bytes]:
    """The bytes of every file of `letters/` by name; letters of an archive are in it alone."""
    files: dict[str, bytes] = {}
    archives: dict[str, dict[str, bytes]] = {}
    for sample in samples:
        place = files if sample.archive is None else archives.setdefault(sample.archive, {})
        place[sample.file_name] = render(sample)
    return files | {name: pack(members) for name, members in archives.items()}


def gold(samples: list[Sample]) -> str:
    """What a correct parse yields, a letter a line, in the keys of `precedent dump`."""
    return "".join(json.dumps(_letter(sample), ensure_ascii=False) + "\n" for sample in samples)


def _letter(sample: Sample) -> dict[str, object]:
    return {
        "file": sample.file,
        "form": sample.form,
        "case_number": sample.case_number,
        "date_assigned": _iso(sample.date_assigned),
        "date_of_injury": _iso(sample.date_of_injury),
        "decision_date": _iso(sample.decision_date),
        "ur_denial_date": _iso(sample.ur_denial_date),
        "priority": sample.priority,
        "states": sample.states,
        "specialties": sample.specialties,
        "age": sample.age,
        "sex": sample.sex,
        "summary": sample.summary,
        "issues": [_issue(sample, number, issue) for number, issue in enumerate(sample.issues, 1)],
    }


def _issue(sample: Sample, number: int, issue: SampleIssue) -> dict[str, object]:
    # A text of no known form is taken whole, and so with the mark that the renderings begin with.
    mark = f"{MARK}\n\n" if sample.form == "fallback" else ""
    return {
        "id": f"{sample.case_number}#{number}" if sample.case_number else None,
        "request": issue.request,
        "disputed": issue.disputed,
        "outcome": issue.outcome,
        "claims_administrator_guideline": issue.claims_administrator_guideline,
        "reviewer_guideline": issue.reviewer_guideline,
        "claims_administrator_families": issue.claims_administrator_families,
        "reviewer_families": issue.reviewer_families,
        "rationale": mark + issue.rationale,
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def main() -> None:
    """Renders everything and takes away what no source names."""
    samples = read_samples()
    letters = HERE / "letters"
    letters.mkdir(exist_ok=True)
    files = render_all(samples)
    for path in letters.iterdir():
        if path.name not in files:
            path.unlink()
    for name, data in files.items():
        (letters / name).write_bytes(data)
    (HERE / "gold.jsonl").write_text(gold(samples), "utf-8")


if __name__ == "__main__":
    main()
