"""The query language: what a person types -> a tree of query nodes, or a refusal with its place.

    functional restoration      both words            restoration AND (opioid OR norco)
    "functional restoration"    the phrase            "epidural injection"~5    in order, near
    -urine, NOT urine           without the word      +urine                    in every mode
    request:norco               in one field          surg*, wom?n              parts of words

Whoosh's parser reads it, with just the plugins for these; `_check` refuses first what that
parser would silently read as something else. OR binds its two neighbours, after AND.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from whoosh.qparser import plugins, syntax
from whoosh.qparser.default import QueryParser

from index.analysis import chunks, fold, pieces, stop_words, tokens
from index.fold import plain
from index.segments.postings import FIELDS
from search.query import (
    And,
    Node,
    Not,
    Nothing,
    Or,
    Phrase,
    Prefix,
    QueryError,
    Wildcard,
    Word,
    hard_part,
    words_of,
)

LONGEST_QUERY = 2_000
"""Characters. Longer text is not a query but a case; it goes to the search for similar ones."""
SHORTEST_PREFIX = 3
_DEEPEST = 20

_FIELD_NAMES = "|".join(FIELDS)
_BEFORE, _AFTER = r'(?<![^\s()"])', r'(?![^\s()"])'  # an operator stands alone
_START = r"(?<![^\s(])"  # where a plus or a minus is one
_PARTS = re.compile(
    r'(?P<quoted>"(?P<inside>[^"]*)"(?:~[1-9]\d*)?)|(?P<stray>")|(?P<open>\()|(?P<close>\))'
    rf"|(?P<sign>{_START}[+-](?=[^\s)+-]))"
    r"|(?P<field>(?<![^\s(+-])[A-Za-z]+:(?=[^\s/:)]))"
    rf"|(?P<joint>{_BEFORE}(?:AND|OR){_AFTER})|(?P<not>{_BEFORE}NOT{_AFTER})"
    r'|(?P<word>[^\s()"]+)'
)
# What is kept for operators to come, and what other searches know and this one does not.
_NEARNESS = re.compile(r"(?:w|near|pre)?/(?:\d{1,3}|[sp])", re.IGNORECASE)
_DATES = ("decided", "date", "dated", "before", "after")
_PART_IN_PHRASE = re.compile(r"\*|\w\?(?=\w)")
_QUESTION_MARKS = re.compile(r"\?+(?![\w*?])")
_TRAILING = ".,;:!?'-/"
_BREAK = "|"
# "IMR Case No. CM16-0213037 #2.": the letters CM may be left out where a dash shows what it is.
_CASE = re.compile(
    r"[\s\"'(\[]*(?:(?:IMR|case|number|no)\b[\s.:#]*)*"
    r"(?:CM[\s-]*(\d{2})[\s-]*|(\d{2})-)(\d{7})[\s\"']*(?:#\s*(\d{1,3}))?[\s.,;:\"')\]]*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A question understood.

    `node` is what must match; `terms` are the analysed words to mark in a text, `exact` the words
    to mark as they are written, `prefixes` the beginnings and patterns to mark; `hard` is the part
    that binds in every mode, if any.
    `said` is the text of all that is not excluded, `plain` the part of it that may be taken in
    other words too, with a bar wherever something else stood between. `strict` tells that the
    person wrote more than words and quotes. `notes` are the interpretations made, as sentences.
    """

    node: Node
    terms: frozenset[str]
    exact: frozenset[str]
    prefixes: tuple[Prefix | Wildcard, ...]
    hard: Node | None
    said: str
    plain: str
    strict: bool
    notes: tuple[str, ...]


class _Required(syntax.Wrapper):  # type: ignore[misc]
    """What a plus stands before."""


def _parser() -> QueryParser:
    prefix, tagger = syntax.PrefixOperator, plugins.OperatorsPlugin.OpTagger
    operators = [
        (tagger(rf"{_BEFORE}NOT{_AFTER}|{_START}-(?=[^\s)+-])", syntax.NotGroup, prefix), 0),
        (tagger(rf"{_START}\+(?=[^\s)+-])", _Required, prefix), 0),
        (tagger(rf"{_BEFORE}AND{_AFTER}", syntax.AndGroup), 0),
        (tagger(rf"{_BEFORE}OR{_AFTER}", syntax.OrGroup), 0),
    ]
    return QueryParser(
        None,
        None,
        plugins=[
            plugins.FieldsPlugin(rf"(?<![^\s(+-])(?P<text>(?i:{_FIELD_NAMES})):(?=[^\s/:)])"),
            plugins.WildcardPlugin(),
            plugins.PhrasePlugin(),
            plugins.GroupPlugin(),
            plugins.OperatorsPlugin(operators, clean=True),
        ],
    )


_PARSER = _parser()


def parse(words: str) -> Parsed:
    """What `words` ask for; raises QueryError with the place and what to write instead."""
    if len(words) > LONGEST_QUERY:
        raise QueryError(
            f"The question is longer than {LONGEST_QUERY:,} characters.",
            LONGEST_QUERY,
            "Paste long text into the box for similar requests, or search for its key words.",
        )
    words = plain(words)
    reading = _Reading(words)
    text, joined = _checked(words, reading.notes)
    node = reading.node(_PARSER.process(text))
    if node is None:
        raise QueryError(
            "There is nothing to search for.", 0, "Write a word, a phrase or a case number."
        )
    leaves = words_of(node)
    written = [
        (word, leaf.exact)
        for leaf in leaves
        if isinstance(leaf, Word | Phrase)
        for word in ((leaf.text,) if isinstance(leaf, Word) else leaf.words)
    ]
    return Parsed(
        node=node,
        terms=frozenset(term for word, exact in written if not exact for term in tokens(word)),
        exact=frozenset(word for word, exact in written if exact),
        prefixes=tuple(leaf for leaf in leaves if isinstance(leaf, Prefix | Wildcard)),
        hard=hard_part(node),
        said=" ".join(word for word, _ in reading.said if word != _BREAK),
        plain=" ".join(word if plain else _BREAK for word, plain in reading.said),
        strict=joined or _is_strict(node),
        notes=(*reading.notes, *reading.remarks(node)),
    )


def case_number(words: str) -> str | None:
    """The case number (`CM16-0213037`, with `#2` of an issue) that `words` are, else None."""
    match = _CASE.fullmatch(plain(words))
    if match is None:
        return None
    issue = f"#{int(match[4])}" if match[4] else ""
    return f"CM{match[1] or match[2]}-{match[3]}{issue}"


def _is_strict(node: Node) -> bool:
    """Whether `node` has operators, fields or parts of words: then what is only near is not asked.

    An AND that was written shows in the text alone: the tree of plain words has one too.
    """
    match node:
        case Or() | Prefix() | Wildcard():
            return True
        case And(children):
            return any(_is_strict(child) for child in children)
        case Not(child):
            return _is_strict(child)
        case _:
            return getattr(node, "field", None) is not None


def _checked(text: str, notes: list[str]) -> tuple[str, bool]:
    """`text` with mere punctuation blanked, of the same length, once it is known to be sound.

    And whether an AND or OR stands in it.
    """
    text = _QUESTION_MARKS.sub(lambda match: " " * len(match[0]), text)
    cleaned = list(text)
    opened: list[int] = []
    last, last_at, joined = "start", 0, False
    for match in _PARTS.finditer(text):
        kind, at = _kind(match), match.start()
        if kind == "word" and not _is_word(match[0], at, notes):
            cleaned[at : match.end()] = " " * len(match[0])
            continue
        _check_order(kind, match[0], at, last)
        _check_part(kind, match, opened)
        last, last_at = kind, at
        joined |= kind == "joint"
    if last in {"joint", "not"}:
        raise _nothing_after(text[last_at:].split()[0], last_at)
    if opened:
        raise QueryError("A parenthesis is not closed.", opened[-1], "Close it, or take it out.")
    return "".join(cleaned), joined


def _kind(match: re.Match[str]) -> str:
    return "quoted" if match["quoted"] is not None else str(match.lastgroup)


def _check_part(kind: str, match: re.Match[str], opened: list[int]) -> None:
    """That one part is sound; `opened` are the places of the open parentheses, kept up to date."""
    at = match.start()
    if kind == "quoted" and not chunks(match["inside"]):
        raise QueryError("There is nothing between the quotes.", at, "Write a phrase in them.")
    if kind == "stray":
        raise QueryError("A quote is not closed.", at, 'Close it with ", or take it out.')
    if kind == "quoted" and (part := _PART_IN_PHRASE.search(match["inside"])):
        raise QueryError(
            "A phrase holds whole words only.",
            match.start("inside") + part.end() - 1,
            'Write the part of a word outside the quotes: "custom wrist" AND bra*.',
        )
    if kind == "field" and match[0][:-1].lower() in _DATES:
        raise QueryError(
            "A range of dates cannot be written here.", at, "Choose years among the filters."
        )
    if kind == "field" and match[0][:-1].lower() not in FIELDS:
        raise _unknown_field(match[0], at)
    if kind == "open":
        opened.append(at)
        if len(opened) > _DEEPEST:
            raise QueryError("Too many parentheses within one another.", at, "Use fewer.")
    if kind == "close":
        if not opened:
            raise QueryError("A parenthesis was never opened.", at, "Open it, or take it out.")
        opened.pop()


def _check_order(kind: str, written: str, at: int, last: str) -> None:
    """That `written`, a part of some kind, may follow a part of the kind `last`."""
    if kind == "joint" and last in {"start", "open", "joint", "not"}:
        remedy = f'Write a word before it, or "{written.lower()}" in lower case for the word.'
        raise QueryError(f"{written} has nothing before it.", at, remedy)
    if kind == "close" and last in {"joint", "not"}:
        raise _nothing_after("The operator before it", at)
    if kind == "close" and last == "open":
        raise QueryError("There is nothing in the parentheses.", at, "Write words in them.")
    if kind in {"not", "sign"} and last in {"not", "sign"}:
        raise QueryError("Two exclusions follow one another.", at, "Write one NOT or one minus.")


def _nothing_after(operator: str, at: int) -> QueryError:
    remedy = "Write a word after it, or the operator in lower case for the word."
    return QueryError(f"{operator} has nothing after it.", at, remedy)


def _unknown_field(written: str, at: int) -> QueryError:
    known = ", ".join(f"{name}:" for name in FIELDS)
    return QueryError(
        f"There is no field {written}",
        at,
        f"The fields are {known}. Put a space after the colon to search for the word.",
    )


def _is_word(written: str, at: int, notes: list[str]) -> bool:
    """Whether there is anything to search for in `written`; refuses what would be misread."""
    _check_foreign(written, at)
    if "*" in written or "?" in written:
        _check_wildcard(written.rstrip(_TRAILING), at)
        return True
    if written in {"or", "Or", "not", "Not"}:
        upper = written.upper()
        notes.append(f"\u201c{written}\u201d is read as a word; the operator is {upper}.")
    if written.lower().rstrip(":") in FIELDS and written.endswith(":"):
        notes.append(f"\u201c{written}\u201d before a space is read as a word, not as a field.")
    return bool(chunks(written))


def _check_foreign(written: str, at: int) -> None:
    """That `written` is no operator of another search, which words alone would not carry out."""
    if _NEARNESS.fullmatch(written):
        raise QueryError(
            f"\u201c{written}\u201d is kept for an operator that is not there yet.",
            at,
            'Words in order and near one another are written "back pain"~5.',
        )
    if written.startswith("!") and chunks(written):
        raise QueryError("A ! leaves nothing out.", at, "Write a minus before the word, or NOT.")
    if misread := re.search(r"(?<=\w)([\^~])[\d.]*$", written):
        what = "weigh a word" if misread[1] == "^" else "search for a word nearly spelled so"
        raise QueryError(
            f"A {misread[1]} does not {what}.", at + misread.start(), "Take it and its number out."
        )


def _check_wildcard(pattern: str, at: int) -> None:
    head = re.split(r"[*?]", pattern, maxsplit=1)[0]
    if not head:
        lone = not re.search(r"\w", pattern)
        raise QueryError(
            "A * alone finds nothing." if lone else "A word cannot begin with * or ?.",
            at,
            "Leave it out." if lone else "Write the first letters of the word before it.",
        )
    if not re.fullmatch(r"[^\W_]+", re.sub(r"[*?]", "", pattern)):
        remedy = "Write the part with the * or ? as a word of its own."
        raise QueryError("A word with * or ? can hold only letters and digits.", at, remedy)
    if "*" in pattern and len(head) < SHORTEST_PREFIX:
        remedy = f"Write at least {SHORTEST_PREFIX} letters before the *."
        raise QueryError(f"{pattern} would find too many words.", at, remedy)


class _Reading:
    """Turns Whoosh's syntax tree into query nodes, noting what was left out."""

    def __init__(self, typed: str) -> None:
        self._typed = typed
        self.notes: list[str] = []
        self.said: list[tuple[str, bool]] = []  # what is asked for, and whether in plain words
        self._ignored: list[str] = []

    def remarks(self, node: Node) -> list[str]:
        """What to say of the reading as a whole."""
        said = []
        if self._ignored:
            ignored = ", ".join(f"\u201c{word}\u201d" for word in dict.fromkeys(self._ignored))
            said.append(f"Common words are not searched for outside quotes: {ignored}.")
        if not words_of(node):
            said.append("Only exclusions: everything else is found.")
        elif all(_is_common(leaf) for leaf in words_of(node)):
            said.append("Only common words: they are searched for as they are.")
        return said

    def node(self, part: syntax.SyntaxNode) -> Node | None:
        """The node of `part`; None where it holds nothing to search for."""
        match part:
            case syntax.NotGroup():
                before = len(self.said)
                child = self.node(part[0])
                self.said[before:] = [(_BREAK, False)]  # whatever stands in it is not asked for
                return child and Not(child)
            case _Required():
                return _hardened(self.node(part[0]))
            case syntax.OrGroup():
                return _one_of(self._children(part), Or)
            case syntax.GroupNode():
                return self._all(self._children(part))
            case plugins.PhrasePlugin.PhraseNode():
                words = _words(part.text)
                self.said.append((part.text, False))
                return _leaf(words, part.fieldname, min(part.slop, LONGEST_QUERY), quoted=True)
            case plugins.PrefixPlugin.PrefixNode():
                self.said.append((part.text, False))
                return Prefix(fold(part.text), _field(part))
            case plugins.WildcardPlugin.WildcardNode():
                self.said.append((part.text, False))
                return _pattern(part)
            case _:
                self.said.append((self._as_typed(part), True))
                found = chunks(part.text)
                return self._all([_leaf(_words(chunk), part.fieldname) for chunk in found])

    def _as_typed(self, part: syntax.TextNode) -> str:
        """A word with the question mark behind it: it means something where meaning is compared."""
        marks = _QUESTION_MARKS.match(self._typed, part.endchar)
        return f"{part.text}{marks[0] if marks else ''}"

    def _children(self, group: syntax.GroupNode) -> list[Node]:
        nodes = [self.node(part) for part in group]
        return [node for node in nodes if node is not None]

    def _all(self, nodes: list[Node]) -> Node | None:
        """All of `nodes`, without the common words if other words are among them."""
        told = [node for node in nodes if not _is_common(node)]
        if any(not isinstance(node, Not) for node in told):
            words = [node for node in nodes if isinstance(node, Word)]
            self._ignored += [word.text for word in words if _is_common(word)]
            nodes = told
        return _one_of(nodes, And)


def _one_of(nodes: list[Node], kind: type[And] | type[Or]) -> Node | None:
    """`nodes` under one node of a kind, those of children of the same kind directly."""
    flat: list[Node] = []
    for node in nodes:
        flat.extend(node.children if isinstance(node, kind) else (node,))
    return kind(tuple(flat)) if len(flat) > 1 else flat[0] if flat else None


def _is_common(node: Node) -> bool:
    return isinstance(node, Word) and not node.hard and node.text in stop_words()


def _field(part: syntax.SyntaxNode) -> str | None:
    name: str | None = part.fieldname
    return name.lower() if name else None


def _words(text: str) -> list[str]:
    return [piece.word for chunk in chunks(text) for piece in pieces(chunk)]


def _leaf(words: list[str], field: str | None, slop: int = 1, *, quoted: bool = False) -> Node:
    """The leaf of some words; what is quoted binds, and stands as it is written."""
    name = field.lower() if field else None
    if len(words) == 1:
        return Word(words[0], name, hard=quoted, exact=quoted)
    return Phrase(tuple(words), slop, name, hard=quoted, exact=quoted) if words else Nothing()


def _pattern(part: syntax.TextNode) -> Node:
    pattern = fold(part.text).strip(_TRAILING)
    letters = pattern.rstrip("*")
    if "*" in letters or "?" in letters or letters == pattern:
        return Wildcard(pattern, _field(part))
    return Prefix(letters, _field(part))


def _hardened(node: Node | None) -> Node | None:
    """`node` with every word of it required in every mode."""
    match node:
        case Word() | Phrase():
            return replace(node, hard=True)
        case And(children) | Or(children):
            kept = tuple(hard for child in children if (hard := _hardened(child)) is not None)
            return replace(node, children=kept)
        case _:
            return node
