"""The people of a letter: the reviewer's states and specialties, the worker's age and sex."""

from __future__ import annotations

import re
from datetime import date

from index.parse.front import DATE, read_date

_STATES = re.compile(
    r"State(?:\(s\)|s)?\s+of\s+Licensure\s*:\s*(.{2,300}?)"
    r"(?=\s*(?:Certification|\n\n|CLINICAL\s+CASE|IMR\s+|HOW\s+THE|DOCUMENTS\s+REV|\Z))",
    re.IGNORECASE | re.DOTALL,
)
_CERTIFICATIONS = re.compile(
    r"Certification(?:\(s\)|s)?\s*/\s*Special(?:ty|ties|ty\(s\))\s*:\s*(.{2,400}?)"
    r"(?=\s*(?:State(?:\(s\)|s)?\s+of|\n\n|CLINICAL\s+CASE|IMR\s+|HOW\s+THE|DOCUMENTS\s+REV|\Z))",
    re.IGNORECASE | re.DOTALL,
)
_BOARD = re.compile(
    r"\bis\s+Board[\s-]Certified\s+in\s+(.{2,300}?)"
    r"(?=,?\s+and\s+(?:is|has\s+been)\s+licensed|,\s+is\s+licensed|\.\s|\.?\Z)",
    re.IGNORECASE | re.DOTALL,
)
_LICENSED = re.compile(
    r"\blicensed\s+to\s+practice(?:\s+medicine)?\s+in\s+(?:the\s+states?\s+of\s+)?(.{2,200}?)"
    r"(?=\.\s|\.?\Z|\s+and\s+(?:is|has)\b)",
    re.IGNORECASE | re.DOTALL,
)
_SUBSPECIALTY = re.compile(
    r",?\s+(?:and\s+)?(?:has|with)\s+a\s+subspecialty\s+in\s+", re.IGNORECASE
)
# Names of one specialty that hold an "and".
_WITH_AND = re.compile(
    r"\b(Physical Medicine|Hospice|Public Health|Preventive Medicine|Allergy|Obstetrics|Oral"
    r"|Child|Ear,? Nose,?|Otology|Hand|Foot|Plastic|Cardiovascular|Thoracic|Pulmonary"
    r"|Facial Plastic|Clinical|Neuromusculoskeletal Medicine|Anatomic|Vascular)\s+and\s+"
    r"(?=Rehabilitation|Palliative|General Preventive|Immunology|Gynecology|Maxillofacial"
    r"|Adolescent|Throat|Neurotology|Upper|Ankle|Reconstructive|Thoracic|Cardiac|Critical"
    r"|Laboratory|OMM|Clinical|Interventional)",
    re.IGNORECASE,
)
_AND = "\x00"
_LIST = re.compile(r"\s*[,;]\s*(?:and\s+)?|\s+and\s+", re.IGNORECASE)


def read_reviewer(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The states and the specialties of the reviewer, in the letter's order."""
    states, specialties = _STATES.search(text), _CERTIFICATIONS.search(text)
    if states or specialties:
        return _names(states[1] if states else ""), _labelled(specialties[1] if specialties else "")
    board, licensed = _BOARD.search(text), _LICENSED.search(text)
    words = _SUBSPECIALTY.sub(", ", board[1]) if board else ""
    return _names(licensed[1] if licensed else ""), _names(words)


def _labelled(words: str) -> tuple[str, ...]:
    """A labelled list parts its names by commas alone."""
    return tuple(name for part in re.split(r"[,;]", words) if (name := " ".join(part.split())))


def _names(words: str) -> tuple[str, ...]:
    words = _WITH_AND.sub(rf"\1 {_AND} ", " ".join(words.split()))
    parts = (part.replace(_AND, "and").strip(" .") for part in _LIST.split(words))
    return tuple(part for part in parts if part)


_AGE = re.compile(
    r"(?<![\d.])(\d{1,3})(?:\s?-?\s?(?:years?|yrs?)\.?[\s-]{0,2}(?:old|of[\s-]age)\b"
    r"|\s?-?\s?y\s?[./]?\s?o\b\.?)",
    re.IGNORECASE,
)
_AGED = re.compile(
    r"\b(?:male|female|man|woman|gentleman|lady|worker|patient|employee|applicant|claimant),?\s"
    r"(?:is\s)?(?:aged?|who\sis)\s(\d{1,3})\b",
    re.IGNORECASE,
)
_SEX = re.compile(
    r"\b(?:(?P<male>male|man|gentleman)|(?P<female>female|woman|lady))\b", re.IGNORECASE
)
_INITIAL = re.compile(r"[\s,-]{0,3}(?:(?P<male>M)|(?P<female>F))\b")
_PRONOUN = re.compile(r"\b(?:(?P<male>he|his|him)|(?P<female>she|her))\b", re.IGNORECASE)
_INTRODUCTION = 600  # characters: the worker is introduced at the start


def read_worker(summary: str) -> tuple[int | None, str | None]:
    """Age in years and sex ("male", "female") of the worker as the summary introduces them."""
    for pattern in (_AGE, _AGED):
        for match in pattern.finditer(summary):
            if 14 <= int(match[1]) <= 110:
                sex = _INITIAL.match(summary, match.end())
                return int(match[1]), _named(sex) or _introduced_sex(summary[match.start() :])
    return None, _introduced_sex(summary)


def _introduced_sex(summary: str) -> str | None:
    """The sex a noun names first, else a pronoun."""
    head = summary[:_INTRODUCTION]
    return _named(_SEX.search(head)) or _named(_PRONOUN.search(head))


def _named(match: re.Match[str] | None) -> str | None:
    if match is None:
        return None
    return "male" if match["male"] else "female"


_INJURED = re.compile(
    rf"\b(?:injur(?:y|ed|ies)|DOI|hurt)\b[^.]{{0,100}}?(?P<date>{DATE})", re.IGNORECASE
)


def read_injury_date(summary: str) -> date | None:
    """The date of injury where only the summary tells it: the first date after such a word."""
    match = _INJURED.search(summary)
    return read_date(match["date"]) if match else None
