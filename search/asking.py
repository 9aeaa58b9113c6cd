"""From what a person gave (words, a pasted text, an issue) to a question for every arm."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from index.analysis import stop_words, tokens
from index.concepts.reading import read_concepts
from index.concepts.reasons import read_reasons
from index.letter import Concepts, Letter
from index.passages import PASSAGE_WORDS, is_verdict_word, without_verdict
from index.segments.segment import issue_passages
from search.concepts import wanted
from search.expand import MINUS, QUOTED, QUOTES, expansions, meanings_text, widened
from search.marks import Marker
from search.query import And, AtLeast, Everything, Node, Not, Or, Prefix, Wildcard, words_of
from search.ranking import Question
from search.request import Request, understand
from search.results import Expansion, Understood
from search.snapshot import Snapshot
from search.spelling import did_you_mean
from search.syntax import parse

KEY_TERMS = 40
AROUND = 0.5  # what a key term of the whole text counts beside one of the requested item
ENOUGH = 10  # issues; fewer with most of the words, and one word less is asked for
_JOINED = re.compile(r"(?<![^\s)])(?:AND|OR)(?![^\s(])")
_EXCLUDED = re.compile(
    rf"(?<![^\s(])(?:[{MINUS}]|NOT\s+)"
    rf"(?:[{QUOTES}][^{QUOTES}]*[{QUOTES}](?:~\d+)?|\([^()]*\)|[^\s(){QUOTES}]+)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question, and what is said about how it was read.

    `texts` are what to embed: the focus, and the whole where it differs.
    """

    question: Question
    texts: tuple[str, ...]
    marker: Marker
    understood: Understood
    notes: tuple[str, ...] = ()
    expansions: tuple[Expansion, ...] = ()
    did_you_mean: str = ""


def by_words(
    snapshot: Snapshot,
    words: str,
    *,
    expand: bool = True,
    off: Collection[str] = (),
    senses: Mapping[str, str] | None = None,
) -> Asked:
    """A question typed into the search box; `off` and `senses` as in `search.expand`.

    Raises QueryError.
    """
    if not words.strip():
        everything = _strictly(snapshot, Everything(), Question(match=None, strict=True))
        return Asked(
            question=everything, texts=(), marker=Marker(()), understood=Understood(requested="")
        )
    parsed = parse(words)
    typed = words
    words = _EXCLUDED.sub(" ", words)  # what is not wanted neither ranks nor means anything
    strict = _is_strict(parsed.node) or _JOINED.search(QUOTED.sub(" ", typed)) is not None
    found = () if strict else _read(words, expand=expand, off=off, senses=senses)
    active = tuple(e for e in found if e.active)
    concepts = read_concepts(words)
    question = Question(
        match=None,
        strict=strict,
        hard=parsed.hard,
        features=wanted(concepts, read_reasons(words)),
    )
    notes: tuple[str, ...] = ()
    if strict:
        question = _strictly(snapshot, parsed.node, question)
    else:
        node, matched, notes = _loosened(snapshot, widened(parsed.node, active))
        terms = _terms(words, active)
        terms = {term: weight for term, weight in terms.items() if snapshot.lexical.df(term)}
        question = replace(question, match=node, matched=matched, terms=terms)
    return Asked(
        question=question,
        texts=(meanings_text(words, active),) if words.strip() else (),
        marker=Marker(parsed.terms | _meant(active), parsed.prefixes),
        understood=_understood(words, concepts),
        notes=(*parsed.notes, *notes, *_capped(snapshot, parsed.prefixes)),
        expansions=found,
        did_you_mean=did_you_mean(
            typed, snapshot.lexical, {word for e in found for word in e.term.lower().split()}
        ),
    )


def _strictly(snapshot: Snapshot, node: Node, question: Question) -> Question:
    """The question with what matches `node`, which ranks it too."""
    found = snapshot.lexical.match(node)
    worth = np.zeros(snapshot.size, np.float32)
    worth[found.docs] = found.scores
    return replace(question, match=node, matched=found.docs, worth=worth)


def _read(
    text: str, *, expand: bool, off: Collection[str], senses: Mapping[str, str] | None
) -> tuple[Expansion, ...]:
    """The expansions of `text`, none of them active without `expand`."""
    found = expansions(text, off=off, senses=senses)
    return found if expand else tuple(replace(e, active=False) for e in found)


def by_text(
    snapshot: Snapshot,
    text: str,
    *,
    expand: bool = True,
    off: Collection[str] = (),
    senses: Mapping[str, str] | None = None,
) -> Asked:
    """A pasted request, report or denial; `off` and `senses` as in `search.expand`."""
    request = understand(text)
    return _by_request(snapshot, request, expand=expand, off=off, senses=senses)


def by_issue(snapshot: Snapshot, document: int) -> Asked:
    """The question that an issue itself asks: what else is like it."""
    (stored,) = snapshot.stored([document])
    requested = stored.issue.disputed or stored.issue.request
    reasoning, _ = without_verdict(stored.issue.rationale)
    request = Request(
        requested=requested,
        focus=requested,
        whole=f"{requested}. {reasoning}",
        concepts=stored.issue.concepts,
        reasons=read_reasons(stored.issue.rationale),
    )
    asked = _by_request(snapshot, request)
    passages = issue_passages(stored)
    texts = (passages[0], passages[min(1, len(passages) - 1)])
    return replace(asked, texts=texts, expansions=())  # what it is about is known


def _by_request(
    snapshot: Snapshot,
    request: Request,
    *,
    expand: bool = True,
    off: Collection[str] = (),
    senses: Mapping[str, str] | None = None,
) -> Asked:
    found = _read(request.focus, expand=expand, off=off, senses=senses)
    active = tuple(e for e in found if e.active)
    focus, whole = (_blind(text) for text in (request.focus, request.whole))
    weights = snapshot.lexical.key_terms(focus, KEY_TERMS)
    around = snapshot.lexical.key_terms(whole, KEY_TERMS)
    terms = {term: AROUND * weight for term, weight in around.items()}
    for term, weight in weights.items():
        terms[term] = terms.get(term, 0.0) + weight
    texts: tuple[str, ...] = (meanings_text(request.focus, active),)
    if request.whole != request.focus:
        # More of it than a passage has costs an encoding and changes no ranking.
        texts = (*texts, " ".join(request.whole.split()[:PASSAGE_WORDS]))
    return Asked(
        question=Question(
            match=None, terms=terms, features=wanted(request.concepts, request.reasons)
        ),
        texts=texts,
        marker=Marker(weights.keys() | _meant(active)),
        understood=_understood(request.requested, request.concepts),
        expansions=found,
    )


def _blind(text: str) -> str:
    """`text` without the words of a verdict."""
    return " ".join(word for word in text.split() if not is_verdict_word(word.strip("(\"'")))


def _is_strict(node: Node) -> bool:
    """Whether the person wrote more than words and quotes: then near in meaning is not asked."""
    match node:
        case Or() | Prefix() | Wildcard():
            return True
        case And(children) | AtLeast(_, children):
            return any(_is_strict(child) for child in children)
        case Not(child):
            return _is_strict(child)
        case _:
            return getattr(node, "field", None) is not None


def _loosened(snapshot: Snapshot, node: Node) -> tuple[Node, NDArray[np.int32], tuple[str, ...]]:
    """The node itself, or most of its words where no issue holds them all; what it matches; and
    what is to be said of it.
    """
    matched = snapshot.lexical.find(node)
    if not isinstance(node, And) or len(matched):
        return node, matched, ()
    optional = tuple(c for c in node.children if not isinstance(c, Not) and not _hard(c))
    fixed = tuple(c for c in node.children if c not in optional)
    if len(optional) < 2:
        return node, matched, ()
    least = len(optional)
    while len(matched) < ENOUGH and least > 1:
        least -= 1
        loose = _at_least(least, optional, fixed)
        matched = snapshot.lexical.find(loose)
    if not len(matched):
        insisted = tuple(child for child in fixed if not isinstance(child, Not))
        beside = " beside what is quoted" if insisted else ""
        kept = And(fixed) if insisted else node
        said = f"No issue contains any of the words{beside}."
        return kept, snapshot.lexical.find(kept), (said,)
    said = f"No issue contains all of the words; these contain at least {least} of {len(optional)}."
    return loose, matched, (said,)


def _at_least(least: int, optional: tuple[Node, ...], fixed: tuple[Node, ...]) -> Node:
    loose = AtLeast(least, optional)
    return And((*fixed, loose)) if fixed else loose


def _capped(snapshot: Snapshot, described: Sequence[Prefix | Wildcard]) -> Iterator[str]:
    """What is to be said of prefixes and wildcards that stand for too many words, or none."""
    for node in described:
        expansion = snapshot.lexical.expand(node)
        used = len(expansion.terms)
        if not used:
            yield f"The index holds no word of the form {_written(node)}."
        elif expansion.found > used:
            yield (
                f"{_written(node)} stands for {expansion.found} words; the {used} that most "
                "letters hold are searched for."
            )


def _written(node: Prefix | Wildcard) -> str:
    return f"{node.text}*" if isinstance(node, Prefix) else node.pattern


def _hard(node: Node) -> bool:
    return any(getattr(leaf, "hard", False) for leaf in words_of(node))


def _terms(words: str, active: tuple[Expansion, ...]) -> dict[str, float]:
    """Analysed words with their weights for ranking; meanings count less than what was typed."""
    common = stop_words()
    plain = [word for word in words.replace('"', " ").split() if word.lower() not in common]
    terms = dict.fromkeys(tokens(" ".join(plain) or words), 1.0)
    for expansion in active:
        for meaning in expansion.meanings:
            for term in tokens(meaning):
                if term not in common:
                    terms.setdefault(term, 0.4)
    return terms


def _meant(active: tuple[Expansion, ...]) -> frozenset[str]:
    """The analysed words of the meanings in force, to be marked like what was typed."""
    meanings = " ".join(meaning for e in active for meaning in e.meanings)
    return frozenset(tokens(meanings)) - stop_words()


def _understood(requested: str, concepts: Concepts) -> Understood:
    return Understood(
        requested=requested,
        treatments=concepts.treatments,
        regions=concepts.regions,
        levels=concepts.levels,
        sides=concepts.sides,
        drugs=concepts.drugs,
        visits=concepts.visits,
    )


def sentence(total: int, letters: int, with_words: int, near: int, asked: Asked) -> str:
    """The result set in English: "312 issues in 287 letters: 112 contain your words, ..."."""
    if total == 0:
        return "Nothing found."
    whole = f"{total:,} {_plural(total, 'issue')} in {letters:,} {_plural(letters, 'letter')}"
    match = asked.question.match
    if match is None:
        return f"The {whole} nearest to the request."
    if not words_of(match):  # everything, or everything but what is excluded
        return f"{whole}."
    contain = f"{with_words:,} {'contains' if with_words == 1 else 'contain'} your words"
    if near and with_words:
        return f"{whole}: {contain}, {near:,} more {_are(near)} near in meaning."
    return f"{whole}: {contain}." if with_words else f"{whole}, near in meaning."


def _plural(count: int, noun: str) -> str:
    return noun if count == 1 else f"{noun}s"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def letter_marks(letter: Letter, words: str) -> dict[str, tuple[tuple[int, int], ...]]:
    """Where the words of a question stand in a letter, by section; nothing for no words."""
    if not words.strip():
        return {}
    parsed = parse(words)
    by = Marker(parsed.terms - frozenset(stop_words()), parsed.prefixes)
    sections = {"summary": letter.summary}
    for issue in letter.issues:
        sections[f"request {issue.number}"] = issue.request
        sections[f"rationale {issue.number}"] = issue.rationale
    return {
        name: tuple((start, end) for start, end, _ in by.marks(text))
        for name, text in sections.items()
    }
