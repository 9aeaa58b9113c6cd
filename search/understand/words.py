"""From typed words to a query."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.analysis import stop_words, tokens
from index.concepts.reading import read_concepts
from index.concepts.reasons import read_reasons
from search.backend import Query
from search.query import Everything, Nothing
from search.request import Mode, SearchRequest
from search.results import Expansion, Understood
from search.understand.expansions import expand_terms, meanings_text, widen
from search.understand.features import look_for
from search.understand.syntax import parse
from search.understand.understanding import Understanding, describe, meaning_terms

ENOUGH = 10
"""Issues; where fewer hold most of the words, one word less is asked for."""
MEANING_WEIGHT = 0.4
"""What a word of a meaning counts beside one that was typed."""
_SHORTEST_CHECKED = 4  # letters; a shorter word is like too many others
_CHECKED = re.compile(r"[A-Za-z]+")


def understand_words(request: SearchRequest) -> Understanding:
    """What typed words ask for; no words ask for everything. Raises QueryError."""
    if not request.words.strip():
        everything = Query(match=Everything(), mode=request.mode, strict=True)
        return Understanding(query=everything, understood=Understood(requested=""))
    parsed = parse(request.words)
    expansions = () if parsed.strict else expand_terms(parsed.plain, request.switches)
    active = tuple(expansion for expansion in expansions if expansion.active)
    concepts = read_concepts(parsed.said)
    query = Query(
        match=parsed.node if parsed.strict else widen(parsed.node, active),
        mode=request.mode,
        strict=parsed.strict,
        binds=parsed.hard,
        loosen=0 if parsed.strict else ENOUGH,
        terms={} if parsed.strict else _rank_by(parsed.said, active),
        texts=(meanings_text(parsed.said, active),) if parsed.said else (),
        features=look_for(concepts, read_reasons(parsed.said)),
        spelling=_to_check(parsed.plain, expansions),
    )
    return Understanding(
        query=query,
        understood=describe(parsed.said, concepts),
        terms=parsed.terms | meaning_terms(active),
        exact=parsed.exact,
        patterns=parsed.prefixes,
        typed=request.words,
        notes=parsed.notes,
        expansions=expansions,
    )


def understand_ids(ids: Sequence[str]) -> Understanding:
    """The query for certain issues and no others."""
    match = Everything() if ids else Nothing()
    query = Query(match=match, mode=Mode.LEXICAL, strict=True, only=tuple(ids))
    return Understanding(query=query, understood=Understood(requested=""))


def _rank_by(said: str, active: Sequence[Expansion]) -> dict[str, float]:
    """Analysed words with their weights for ranking; meanings count less than what was typed."""
    common = stop_words()
    telling = [word for word in said.split() if word.lower() not in common]
    terms = dict.fromkeys(tokens(" ".join(telling) or said), 1.0)
    for expansion in active:
        for meaning in expansion.meanings:
            for term in tokens(meaning):
                if term not in common:
                    terms.setdefault(term, MEANING_WEIGHT)
    return terms


def _to_check(plain: str, expansions: Sequence[Expansion]) -> tuple[str, ...]:
    """The plain words whose spelling may be wrong: what is expanded is known."""
    known = {word for expansion in expansions for word in expansion.term.lower().split()}
    words = (word.lower() for word in _CHECKED.findall(plain) if len(word) >= _SHORTEST_CHECKED)
    return tuple(dict.fromkeys(word for word in words if word not in known))


def correct(typed: str, corrections: dict[str, str]) -> str:
    """`typed` with each wrong word replaced; empty where none is.

    What stands in quotes is left as it is.
    """
    pattern = re.compile(r'"[^"]*"|[A-Za-z]+(?:\*|\?)?')
    corrected = pattern.sub(lambda match: corrections.get(match[0].lower(), match[0]), typed)
    return corrected if corrected != typed else ""
