"""The labels under a heading: the administrator's guideline, the reviewer's, the rationale."""

from __future__ import annotations

import re
from dataclasses import dataclass

CLAIMS, REVIEWER, RATIONALE = "claims", "reviewer", "rationale"


@dataclass(frozen=True, slots=True)
class Label:
    """A label at `start`; its text begins at `end`."""

    kind: str
    start: int
    end: int

    @property
    def is_sentence(self) -> bool:
        """Whether it is no label but the beginning of a sentence, which is its text."""
        return self.start == self.end


# The rare word of a label is sought first, and then what must stand before it: a pattern for
# whole labels would be tried at every character of the letter.
_KEY = re.compile(
    r"[GgRr](?i:uidelines?(?:\s+cited)?|ationale(?:\s+for\s+(?:the|this)\s+decision)?)\s*:"
)
_REVIEWERS = r"(?:Expert|Physician|IMR|Medical|Professional|MAXIMUS)"
_BEFORE_GUIDELINE = re.compile(
    r"(?:\bThe\s+)?\b(?:(?P<claims>Claims?\s+Administrator)"
    rf"|(?P<reviewer>MAXIMUS(?:\s+Federal\s+Services)?|(?:{_REVIEWERS}\s+)?Reviewer))"
    r"(?:['\u2019]?s)?\s+$",
    re.IGNORECASE,
)
_BEFORE_RATIONALE = re.compile(
    rf"(?:(?:\bThe\s+)?\b(?:{_REVIEWERS}\s+)?Reviewer(?:['\u2019]?s)?\s+)?\bDecision\s+$",
    re.IGNORECASE,
)
_WINDOW = 60

# Form D tells in sentences what the others label.
_SENTENCE = re.compile(
    r"^The\s+(?:(?P<claims>Claims\s+Administrator)|(?P<reviewer>(?:Expert|Physician|Medical|MAXIMUS)\s+"
    r"Reviewer))\s+(?:based|did\s+not|cited|relied|used|found\s+(?:no|that\s+no))\b",
    re.IGNORECASE | re.MULTILINE,
)


def find_labels(text: str) -> tuple[Label, ...]:
    """The labels in a text, in order; where no guideline is labelled, the sentences instead."""
    labels = [label for key in _KEY.finditer(text) if (label := _label(text, key))]
    if all(label.kind == RATIONALE for label in labels):
        sentences = (
            Label(CLAIMS if match["claims"] else REVIEWER, match.start(), match.start())
            for match in _SENTENCE.finditer(text)
        )
        labels = sorted([*labels, *sentences], key=lambda label: label.start)
    return tuple(labels)


def _label(text: str, key: re.Match[str]) -> Label | None:
    """The label a rare word ends, None where the word stands in a sentence."""
    begin = max(0, key.start() - _WINDOW)
    window = text[begin : key.start()]
    if key.group()[0] in "Gg":
        if before := _BEFORE_GUIDELINE.search(window):
            kind = CLAIMS if before["claims"] else REVIEWER
            return Label(kind, begin + before.start(), key.end())
        return None
    if before := _BEFORE_RATIONALE.search(window):
        return Label(RATIONALE, begin + before.start(), key.end())
    return Label(RATIONALE, key.start(), key.end()) if " " in key.group().strip(" :") else None
