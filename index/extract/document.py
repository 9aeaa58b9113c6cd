"""What a file becomes: lines with bold runs; and what is said of a file that becomes nothing."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024
MAX_FILE_BYTES = 50 * MEBIBYTE
MAX_CHARACTERS = 5_000_000

Span = tuple[int, int]


class Unreadable(ValueError):
    """A file that holds no letter we can read: `reason` says what happened, `remedy` what to do.

    `code` is one short word for machines, the same for the same kind of trouble.
    """

    def __init__(self, code: str, reason: str, remedy: str) -> None:
        super().__init__(f"{reason} {remedy}")
        self.code = code
        self.reason = reason
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it stands on its page; `bold` holds the half-open spans of `text` in bold."""

    text: str
    bold: tuple[Span, ...] = ()
    page: int = 0


@dataclass(frozen=True, slots=True)
class Document:
    """The text of one file in reading order; an empty line is a paragraph break."""

    name: str
    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        """The lines, one under the other."""
        return "\n".join(line.text for line in self.lines)


def too_large() -> Unreadable:
    """The refusal of a file, an archive or a text over its bound."""
    return Unreadable(
        "too-large",
        "It is larger than a letter can be (50 MB, 500 pages, or what an archive may unpack to).",
        "Split it, or take out what is not a letter.",
    )


def damaged(kind: str) -> Unreadable:
    """The refusal of a file whose structure does not hold."""
    return Unreadable(
        "damaged",
        f"The {kind} is damaged or cut off.",
        "Send or download it again from its source.",
    )


def locked() -> Unreadable:
    """The refusal of a file that opens only with a password."""
    return Unreadable(
        "password",
        "It is protected by a password.",
        "Open it with its password, save a copy without one, and add the copy.",
    )
