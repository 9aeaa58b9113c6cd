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


def _words(count: int) -> str:
    return "word" if count == 1 else "words"


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
    """Documents that contain the word, in any of its forms; `weight` scales its score.

    One that is `exact` counts only where it stands as written.
    """

    text: str
    field: str | None = None
    weight: float = 1.0
    hard: bool = False
    exact: bool = False

    def in_words(self) -> str:
        """The node as a phrase of English."""
        said = f"\u201c{self.text}\u201d"
        return _in_field(f"{said} as written" if self.exact else said, self.field)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Documents that contain the words in this order within one window of a field.

    The last of n words follows the first by at most `slop` * (n - 1) positions: with 1 they are
    side by side. One that is `exact` counts only where its words stand as written.
    """

    words: tuple[str, ...]
    slop: int = 1
    field: str | None = None
    hard: bool = False
    exact: bool = False

    def in_words(self) -> str:
        """The node as a phrase of English."""
        written = " as written" if self.exact else ""
        if self.slop == 1:
            said = f"the phrase \u201c{' '.join(self.words)}\u201d{written}"
        else:
            gaps = (self.slop - 1) * (len(self.words) - 1)
            steps = ", then ".join(f"\u201c{word}\u201d" for word in self.words)
            said = f"{steps}{written} (with at most {gaps} {_words(gaps)} between them)"
        return _in_field(said, self.field)


@dataclass(frozen=True, slots=True)
class Prefix:
    """Documents that contain a word beginning with the letters `text`."""

    text: str
    field: str | None = None

    @property
    def written(self) -> str:
        """The node as it is typed."""
        return f"{self.text}*"

    def in_words(self) -> str:
        """The node as a phrase of English."""
        return _in_field(f"a word beginning with \u201c{self.text}\u201d", self.field)


@dataclass(frozen=True, slots=True)
class Wildcard:
    """Documents with a word of the `pattern`: `?` is any one character, `*` any number of them."""

    pattern: str
    field: str | None = None

    @property
    def written(self) -> str:
        """The node as it is typed."""
        return self.pattern

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


def loosenable(node: Node) -> tuple[tuple[Node, ...], tuple[Node, ...]]:
    """The children of an And that may be left out where none holds all, and those that may not.

    Exclusions, and what was insisted on by quotes or a plus, may not.
    """
    if not isinstance(node, And):
        return (), ()
    optional = tuple(
        child
        for child in node.children
        if not isinstance(child, Not) and not any(_is_hard(leaf) for leaf in words_of(child))
    )
    return optional, tuple(child for child in node.children if child not in optional)


def _is_hard(leaf: Word | Phrase | Prefix | Wildcard) -> bool:
    return isinstance(leaf, Word | Phrase) and leaf.hard
