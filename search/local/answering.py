"""What a generation answers to a query: result sets as views show them, in values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from index.encoder import Vectors
from search.backend import Query, Ranked, Reply, ResultSet, View
from search.facets import FACETS, without
from search.folding import FOLDED, fold
from search.local.asked import Asked
from search.local.catalogue import Catalogue
from search.local.ranking import Ranking, Selection
from search.local.signals import Documents, Scores
from search.local.snapshot import LocalSnapshot
from search.local.spelling import likeliest
from search.query import Prefix, Wildcard, words_of
from search.request import Filters, Mode
from search.results import Count

FEW = 10
"""Issues; where filters leave fewer, the nearest under the filters are added."""


def answer(snapshot: LocalSnapshot, query: Query, views: Sequence[View]) -> Reply:
    """The result sets that `views` show, and how the query was read."""
    asked = Asked(snapshot, query, _embed(snapshot, query))
    ranking = Ranking(asked)
    selections: dict[_Key, Selection] = {}

    def select(filters: Filters) -> Selection:
        """The part of the result set under `filters`, each made once."""
        key = frozenset(filters.items())
        if key not in selections:
            selections[key] = ranking.under(snapshot.catalogue.allowed(filters))
        return selections[key]

    sets = tuple(_show(asked, ranking, view, select) for view in views)
    return Reply(
        mode=asked.mode,
        sets=sets,
        least=asked.least,
        key_terms=tuple(asked.key_terms[0]) if asked.key_terms else (),
        patterns=dict(_patterns(snapshot, query)),
        corrections=dict(_corrections(snapshot, query)),
    )


_Key = frozenset[tuple[str, tuple[str, ...]]]
_Select = Callable[[Filters], Selection]


def _embed(snapshot: LocalSnapshot, query: Query) -> Vectors | None:
    if query.mode is Mode.LEXICAL or not query.texts:
        return None
    encoder = snapshot.encoder.get()
    return None if encoder is None else encoder.encode(query.texts)


def _show(asked: Asked, ranking: Ranking, view: View, select: _Select) -> ResultSet:
    snapshot = asked.snapshot
    selection = select(view.filters)
    groups, shown = _window(snapshot, selection, view)
    nearby: tuple[Ranked, ...] = ()
    few = view.nearby and len(selection) < FEW and not asked.query.strict
    if few and (allowed := snapshot.catalogue.allowed(view.filters)) is not None:
        documents, scores = ranking.nearest_under(allowed, view.nearby)
        alone = [([document], score) for document, score in _pairs(documents, scores)]
        nearby = _rank(asked, ranking, alone)
    return ResultSet(
        hits=_rank(asked, ranking, groups),
        nearby=nearby,
        total=len(selection),
        shown=shown,
        with_words=selection.with_words,
        near=len(selection) - selection.with_words,
        letters=snapshot.catalogue.letters_among(selection.members),
        tally=snapshot.tally_of(select(without(view.filters, "outcome")).members),
        counts=_count(snapshot, view, select) if view.facets else {},
    )


_Groups = list[tuple[list[int], float]]
"""Documents under the one to show first, with the score of that one."""


def _window(snapshot: LocalSnapshot, selection: Selection, view: View) -> tuple[_Groups, int]:
    """The entries of a view, and how many there are in all."""
    first, last = view.offset, view.offset + view.limit
    if not view.fold:
        documents, scores = selection.in_order(view.sort, last)
        pairs = _pairs(documents, scores)[first:]
        return [([document], score) for document, score in pairs], len(selection)
    documents, scores = selection.in_order(view.sort, FOLDED)
    head = documents.tolist()
    folded = fold(snapshot.wordings[documents].tolist())
    groups = [([head[place] for place in places], float(scores[places[0]])) for places in folded]
    shown = len(groups) + max(len(selection) - FOLDED, 0)
    if last > len(groups) and len(selection) > FOLDED:
        more = _pairs(*selection.in_order(view.sort, FOLDED + last - len(groups)))[FOLDED:]
        groups += [([document], score) for document, score in more]
    return groups[first:last], shown


def _pairs(documents: Documents, scores: Scores) -> list[tuple[int, float]]:
    return list(zip(documents.tolist(), scores.tolist(), strict=True))


def _rank(asked: Asked, ranking: Ranking, groups: _Groups) -> tuple[Ranked, ...]:
    snapshot = asked.snapshot
    ranked = []
    for (document, *alike), score in groups:
        ranks = ranking.ranks(document)
        passage = None
        if asked.vectors is not None and "meaning" in ranks:
            passage = snapshot.vectors.best_passage(asked.vectors, document)
        ranked.append(
            Ranked(
                id=snapshot.ids[document].decode(),
                score=score,
                outcome=snapshot.outcome(document),
                ranks=ranks,
                passage=passage,
                folded=tuple(snapshot.ids[other].decode() for other in alike),
            )
        )
    return tuple(ranked)


def _count(snapshot: LocalSnapshot, view: View, select: _Select) -> dict[str, Mapping[str, Count]]:
    """The counts of every facet, each as if it were not filtered itself."""
    catalogue = snapshot.catalogue
    whole = _both(snapshot, catalogue, select(view.filters).members)
    counts: dict[str, Mapping[str, Count]] = {}
    for kind in FACETS:
        pair = whole
        if kind.name in view.filters:
            others = select(without(view.filters, kind.name))
            pair = _both(snapshot, catalogue, others.members)
        counts[kind.name] = catalogue.counts_of(kind.name, *pair)
    return counts


def _both(
    snapshot: LocalSnapshot, catalogue: Catalogue, documents: Documents
) -> tuple[Documents, Documents]:
    """How many of `documents` have each value, and how many of the overturned ones do."""
    overturned = documents[snapshot.overturned[documents]]
    return catalogue.count(documents), catalogue.count(overturned)


def _patterns(snapshot: LocalSnapshot, query: Query) -> list[tuple[str, tuple[int, int]]]:
    """How many words each prefix and wildcard was searched as, and how many there are."""
    if query.match is None:
        return []
    leaves = (leaf for leaf in words_of(query.match) if isinstance(leaf, Prefix | Wildcard))
    matching = ((leaf.written, snapshot.words.expand(leaf)) for leaf in leaves)
    return [(written, (len(words.words), words.found)) for written, words in matching]


def _corrections(snapshot: LocalSnapshot, query: Query) -> list[tuple[str, str]]:
    """A likelier word for each that no issue holds, where there is one."""
    unknown = [word for word in query.spelling if not snapshot.words.holds(word)]
    pairs = ((word, likeliest(word, snapshot.words)) for word in unknown)
    return [(word, better) for word, better in pairs if better]
