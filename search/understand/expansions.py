"""Query expansion: what the words of a question stand for too, shown and switchable.

Abbreviations, brands and synonyms come from `index.concepts.vocabulary`. An ambiguous one is read
by the words around it; where they do not decide it is left alone and shown as a choice. What
stands in quotes is meant literally and is never expanded.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from index.analysis import chunks, pieces
from index.concepts.vocabulary import Entry, load_vocabulary
from search.query import And, Node, Or, Phrase, Word
from search.request import Switches
from search.results import Expansion

MOST_MEANINGS = 6
_IN_MEANING = 3  # meanings that are embedded with a question
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9'-]*|\|")


def expand_terms(text: str, switches: Switches) -> tuple[Expansion, ...]:
    """What terms of `text` are taken to mean too, in its order, as far as `switches` allow.

    A bar in `text` keeps what stands on its sides from being read as one term.
    """
    vocabulary = load_vocabulary()
    written = [match[0] for match in _WORD.finditer(text)]
    around = {word.lower() for word in written}
    terms: dict[str, Expansion] = {}
    at = 0
    while at < len(written):
        for length in range(min(vocabulary.longest, len(written) - at), 0, -1):
            term = " ".join(written[at : at + length])
            entry = vocabulary.get(term) or vocabulary.get(term.removesuffix("s"))
            if entry is not None:
                context = around - {word.lower() for word in written[at : at + length]}
                chosen = switches.senses.get(term.lower(), "")
                terms.setdefault(term.lower(), _expand(term, entry, context, chosen))
                at += length - 1
                break
        at += 1
    return tuple(
        replace(
            expansion,
            active=switches.expand and bool(expansion.meanings) and key not in switches.off,
        )
        for key, expansion in terms.items()
        if expansion.meanings or expansion.choices
    )


def _expand(term: str, entry: Entry, context: Collection[str], chosen: str) -> Expansion:
    """`term` in the `chosen` sense, else in the one that the words around it decide."""
    picked = next((sense for sense in entry.senses if sense.name == chosen), None)
    sense = picked or entry.sense(context)
    return Expansion(
        term=term,
        meanings=sense.expansions[:MOST_MEANINGS] if sense else (),
        sense=sense.name if sense and entry.ambiguous else "",
        choices=tuple(sense.name for sense in entry.senses) if entry.ambiguous else (),
    )


def widen(node: Node, active: Sequence[Expansion]) -> Node:
    """`node` with each expanded word, or run of words, matched by its meanings too."""
    table = {
        tuple(_words(e.term)): meanings for e in active if e.active and (meanings := _meanings(e))
    }
    return _widen(node, table) if table else node


_Table = Mapping[tuple[str, ...], tuple[Node, ...]]


def _widen(node: Node, table: _Table) -> Node:
    match node:
        case Word(text, None, _, False) if (text,) in table:
            return Or((node, *table[(text,)]))
        case Phrase(words, 1, None, False) if words in table:
            return Or((node, *table[words]))
        case Phrase(words, 1, None, False) if any((word,) in table for word in words):
            # A compound such as EMG/NCV: its parts may also stand apart, in their meanings.
            return Or((node, And(tuple(_widen(Word(word), table) for word in words))))
        case And(children):
            return And(_runs(children, table))
        case _:
            return node


def _runs(children: tuple[Node, ...], table: _Table) -> tuple[Node, ...]:
    """The children of an And, runs of plain words that mean something together made one."""
    found: list[Node] = []
    at = 0
    longest = max(map(len, table))
    while at < len(children):
        for length in range(min(longest, len(children) - at), 1, -1):
            run = children[at : at + length]
            key = tuple(child.text for child in run if _is_plain(child))  # type: ignore[union-attr]
            if len(key) == length and key in table:
                found.append(Or((And(run), *table[key])))
                at += length
                break
        else:
            found.append(_widen(children[at], table))
            at += 1
    return tuple(found)


def _is_plain(node: Node) -> bool:
    return isinstance(node, Word) and node.field is None and not node.hard


def _meanings(expansion: Expansion) -> tuple[Node, ...]:
    """What else to match; a phrase that holds the term itself matches nothing more."""
    nodes: list[Node] = []
    for meaning in expansion.meanings:
        words = _words(meaning)
        if set(_words(expansion.term)) <= set(words):
            continue
        nodes.append(Word(words[0]) if len(words) == 1 else Phrase(tuple(words)))
    return tuple(nodes)


def _words(text: str) -> list[str]:
    return [piece.word for chunk in chunks(text) for piece in pieces(chunk)]


def meanings_text(text: str, active: Sequence[Expansion]) -> str:
    """`text` with the meanings of its terms behind it: an encoder does not know most of them."""
    said = [m for e in active if e.active for m in e.meanings[:_IN_MEANING]]
    return f"{text} ({'; '.join(dict.fromkeys(said))})" if said else text
