"""What a question asks for, free of any engine: a tree of nodes that can say itself in English.

Words are held as written (folded, not stemmed); the arm that ranks analyses them. `field` is
one of the indexed fields, or None for all. `hard` marks what the person insisted on, by
quotes or a plus: it binds in every mode of search, where other words only steer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


class QueryError(ValueError):
    """A question that cannot be answered as it stands.

    `message` says what is wrong, `position` is the character offset of the place in the
    question (None where the fault is not in its words), `remedy` says what to write instead.
    """

    def __init__(self, message: str, position: int | None, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.remedy = remedy


def _in_field(said: str, field: str | None) -> str:
    return f"{said} in the {field}" if field else said


def _join(children: tuple[Node, ...], by: str) -> str:
    several = (And, Or)
    said = (
        f"({child.in_words()})"
        if isinstance(child, several) and len(child.children) > 1
        else child.in_words()
        for child in children
    )
    return by.join(said)


@dataclass(frozen=True, slots=True)
class Word:
    """Documents that contain the word, in any of its forms; `weight` scales its score."""

    text: str
    field: str | None = None
    weight: float = 1.0
    hard: bool = False

    def in_words(self) -> str:
        """The node as a phrase of English."""
        return _in_field(f"\u201c{self.text}\u201d", self.field)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Documents that contain the words in this order within one field.

    Each word follows the one before it by at most `slop` positions: 1 is side by side.
    """

    words: tuple[str, ...]
    slop: int = 1
    field: str | None = None
    hard: bool = False

    def in_words(self) -> str:
        """The node as a phrase of English."""
        if self.slop == 1:
            return _in_field(f"the phrase \u201c{' '.join(self.words)}\u201d", self.field)
        steps = ", then ".join(f"\u201c{word}\u201d" for word in self.words)
        return _in_field(f"{steps} (each within {self.slop} words of the last)", self.field)


@dataclass(frozen=True, slots=True)
class Prefix:
    """Documents that contain a word beginning with the letters `text`."""

    text: str
    field: str | None = None

    def in_words(self) -> str:
        """The node as a phrase of English."""
        return _in_field(f"a word beginning with \u201c{self.text}\u201d", self.field)


@dataclass(frozen=True, slots=True)
class Wildcard:
    """Documents with a word of the `pattern`: `?` is any one character, `*` any number of them."""

    pattern: str
    field: str | None = None

    def in_words(self) -> str:
        """The node as a phrase of English."""
        return _in_field(f"a word of the form \u201c{self.pattern}\u201d", self.field)


@dataclass(frozen=True, slots=True)
class And:
    """Documents that match every child; none of its children is excluded by Not(child)."""

    children: tuple[Node, ...]

    def in_words(self) -> str:
        """The node as a phrase of English."""
        return _join(self.children, " and ")


@dataclass(frozen=True, slots=True)
class Or:
    """Documents that match at least one child."""

    children: tuple[Node, ...]

    def in_words(self) -> str:
        """The node as a phrase of English."""
        return _join(self.children, " or ")


@dataclass(frozen=True, slots=True)
class Not:
    """Documents that do not match the child. It adds nothing to a score."""

    child: Node

    def in_words(self) -> str:
        """The node as a phrase of English."""
        return "not " + _join((self.child,), "")


@dataclass(frozen=True, slots=True)
class AtLeast:
    """Documents that match `least` or more of the children ("most of the words")."""

    least: int
    children: tuple[Node, ...]

    def in_words(self) -> str:
        """The node as a phrase of English."""
        return f"at least {self.least} of: {_join(self.children, ', ')}"


@dataclass(frozen=True, slots=True)
class Everything:
    """Every document, with a score of nothing."""

    def in_words(self) -> str:
        """The node as a phrase of English."""
        return "everything"


@dataclass(frozen=True, slots=True)
class Nothing:
    """No document."""

    def in_words(self) -> str:
        """The node as a phrase of English."""
        return "nothing"


Node: TypeAlias = (
    Word | Phrase | Prefix | Wildcard | And | Or | Not | AtLeast | Everything | Nothing
)


def words_of(node: Node) -> tuple[Word | Phrase | Prefix | Wildcard, ...]:
    """The leaves of `node` that a matching document may show, in order; not those excluded."""
    match node:
        case And(children) | Or(children) | AtLeast(_, children):
            return tuple(leaf for child in children for leaf in words_of(child))
        case Word() | Phrase() | Prefix() | Wildcard():
            return (node,)
        case _:
            return ()


def hard_part(node: Node) -> Node | None:
    """What of `node` binds in every mode: quoted and plus words, and exclusions; None for nothing.

    A choice binds only where each of its branches does.
    """
    match node:
        case And(children):
            parts = tuple(part for child in children if (part := hard_part(child)) is not None)
            return (parts[0] if len(parts) == 1 else And(parts)) if parts else None
        case Or(children):
            parts = tuple(part for child in children if (part := hard_part(child)) is not None)
            return Or(parts) if len(parts) == len(children) else None
        case Not() | Word(hard=True) | Phrase(hard=True):
            return node
        case _:
            return None
