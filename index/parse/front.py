"""The head of a letter: case number, dates, priority, wherever the columns have put them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

_LABELS = {
    "case_number": r"Case\s*Number",
    "date_assigned": r"Date\s*Assigned",
    "date_of_injury": r"Date\s*of\s*Injury",
    "decision_date": r"Decision\s*Date|Date\s*of\s*(?:Final\s*)?(?:Decision|Determination)|\bDated",
    "ur_denial_date": r"UR\s*(?:Denial|Decision)\s*Date|Date\s*of\s*UR\s*(?:Decision|Denial)",
    "priority": r"\bPriority",
    "application_received": r"Application\s*Received",
}
_MONTHS = "January February March April May June July August September October November December"
_MONTH_NUMBERS = {name[:3].lower(): place for place, name in enumerate(_MONTHS.split(), 1)}
# A date may be broken over two lines after its separator.
DATE = (
    r"(?<![\d/-])\d{1,2}[/-]\s?\d{1,2}[/-]\s?(?:\d{4}|\d{2})(?![\d/])"
    r"|(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)"
    r"|\b(?:"
    + "|".join(f"{m[:3]}(?:{m[3:]})?" for m in _MONTHS.split())
    + r")\.?\s\d{1,2},?\s\d{4}"
)
CASE_NUMBER = r"\bCM\s?\d\d\s?-\s?\d{5,8}\b"
_TOKEN = re.compile(
    "|".join(f"(?P<{name}>(?:{words})\\s*:)" for name, words in _LABELS.items())
    + f"|(?P<date>{DATE})|(?P<case>{CASE_NUMBER})"
    + r"|(?P<word>\b(?:Standard|Expedited|Regular|Urgent)\b)",
    re.IGNORECASE,
)
_KIND = dict.fromkeys(_LABELS, "date") | {"case_number": "case", "priority": "word"}
_NUMERIC_DATE = re.compile(r"(\d{1,2})[/-]\s?(\d{1,2})[/-]\s?(\d{4}|\d{2})")
_ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_NAMED_DATE = re.compile(r"([A-Za-z]{3})[a-z]*\.?\s(\d{1,2}),?\s(\d{4})")
_CENTURY_TURN = 30  # a year of two digits from here on is of the last century


@dataclass
class Front:
    """What the head of the letter says, None where it does not."""

    case_number: str | None = None
    priority: str | None = None
    dates: dict[str, date] = field(default_factory=dict)


def read_front(text: str) -> Front:
    """Reads labels and values in `text`, the part of the letter before its first heading.

    Extraction can put all labels of a column before all its values: so a run of labels takes
    the run of values after it in order, by kind. Where the numbers do not agree, one value
    belongs to the label right before it, and several to none: no date is better than a wrong one.
    """
    front = Front()
    labels: list[str] = []
    values: list[tuple[str, str]] = []
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup or ""
        if kind in _KIND:
            if values:
                _assign(front, labels, values)
                labels, values = [], []
            labels.append(kind)
        elif labels:
            values.append((kind, token.group()))
    _assign(front, labels, values)
    return front


def _assign(front: Front, labels: list[str], values: list[tuple[str, str]]) -> None:
    for kind in ("case", "word", "date"):
        named = [label for label in labels if _KIND[label] == kind]
        found = [value for value_kind, value in values if value_kind == kind]
        if len(found) < len(named):
            # One value right after one label is that label's, whatever labels stand empty before.
            if len(found) != 1 or _KIND[labels[-1]] != kind:
                continue
            named = named[-1:]
        for label, value in zip(named, found, strict=False):
            _set(front, label, value)


def _set(front: Front, label: str, value: str) -> None:
    if label == "case_number":
        front.case_number = front.case_number or "".join(value.split()).upper()
    elif label == "priority":
        front.priority = front.priority or value.capitalize()
    elif (day := read_date(value)) is not None:
        front.dates.setdefault(label, day)


def read_date(words: str) -> date | None:
    """A date as letters write it (American order), None if there is no such day."""
    try:
        if match := _ISO_DATE.fullmatch(words):
            return date(int(match[1]), int(match[2]), int(match[3]))
        if match := _NUMERIC_DATE.fullmatch(words):
            year = int(match[3])
            if year < 100:
                year += 1900 if year >= _CENTURY_TURN else 2000
            return date(year, int(match[1]), int(match[2]))
        if match := _NAMED_DATE.fullmatch(words):
            return date(int(match[3]), _MONTH_NUMBERS[match[1].lower()], int(match[2]))
    except ValueError:
        return None
    return None
