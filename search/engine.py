"""The one gate to the index that the pages, the API and the command line use."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from index.encoder import QueryEncoder
from index.manifest import read_manifest
from search import asking, facets
from search.explain import missing
from search.facets import Filters
from search.hits import Folded, HitMaker, closest
from search.outcomes import outcomes
from search.overview import fared, of_treatment, overview
from search.query import QueryError
from search.ranking import Mode, Question, Ranking, Search, sorted_by
from search.results import (
    Hit,
    LetterPage,
    Overview,
    Results,
    Similar,
)
from search.snapshot import Documents, Snapshot
from search.syntax import case_number

SIMILAR = 50  # the most similar issues whose outcomes are counted, at most
SIMILAR_SHARE = 0.7  # of the best score: what scores less is not counted as similar
SIDE_BY_SIDE = 3  # nearest approved and denied
QUOTATIONS = 6
# One question for each inner loop: numba compiles a loop when it is first run.
_EVERY_KERNEL = (
    "pain",
    "lumbar pain",
    '"low back"',
    "pain OR knee",
    "pain -knee",
    "inject*",
    "request:knee",
    "pain AND (knee OR back) NOT urine",
)
_log = logging.getLogger("precedent")


class Engine:
    """Searches one index directory. Safe to call from many threads at once."""

    def __init__(self, directory: Path) -> None:
        """Open the newest generation. Raises IndexUnusable with a remedy."""
        self.directory = directory
        self._opening = threading.Lock()
        self._loading = threading.Lock()
        self._snapshot = Snapshot(directory)
        self._encoder: QueryEncoder | None = None
        self._warming = False
        self._overview: Overview | None = None

    # -- generations and the encoder ----------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """The newest generation; a request keeps the one it got."""
        try:
            published = read_manifest(self.directory).generation
        except Exception as error:  # an index being replaced must not take the reader down
            _log.warning("the index cannot be read anew: %s", error)
            return self._snapshot
        if published != self._snapshot.generation:
            with self._opening:
                if published != self._snapshot.generation:
                    self._snapshot = Snapshot(self.directory)
        return self._snapshot

    def load_encoder(self) -> QueryEncoder:
        """The query encoder, loaded at the first call; OSError where its files are missing."""
        with self._loading:
            if self._encoder is None:
                self._encoder = QueryEncoder(self._snapshot.encoder_path)
            return self._encoder

    def warm_up(self) -> threading.Thread:
        """Load and compile what questions need, in a thread of its own, which is returned.

        Until the encoder is there, questions are answered by words alone.
        """
        self._warming = True
        thread = threading.Thread(target=self._warm, name="warm-up", daemon=True)
        thread.start()
        return thread

    def _warm(self) -> None:
        self.load_encoder()
        for words in _EVERY_KERNEL:
            self.search(words, limit=1)

    @property
    def semantic_ready(self) -> bool:
        """Whether questions are compared by meaning already."""
        return self._encoder is not None

    # -- the two searches -----------------------------------------------------------------------

    def search(
        self,
        words: str,
        *,
        filters: Filters | None = None,
        mode: str = "hybrid",
        limit: int = 20,
        offset: int = 0,
        sort: str = "relevance",
        expand: bool = True,
        off: Collection[str] = (),
        senses: Mapping[str, str] | None = None,
    ) -> Results:
        """Keyword search; `off` and `senses` switch expansions as in `search.expand`.

        Raises QueryError (message, position, remedy).
        """
        snapshot = self.snapshot()
        chosen = facets.checked(filters)
        if case := case_number(words):
            letter = case.partition("#")[0]
            if snapshot.store.letter(letter, snapshot.generation):
                return replace(_EMPTY, letter_id=case, mode=mode, sentence=f"Letter {letter}")
            said = f"There is no letter {letter} in this index."
            return replace(_EMPTY, mode=mode, sentence=said)
        asked = asking.by_words(snapshot, words, expand=expand, off=off, senses=senses)
        question, mode_used = self._with_vectors(asked.question, asked.texts, Mode(mode))
        put = Search(snapshot, question, mode_used)
        ranking = put.under(snapshot.catalogue.allowed(chosen))
        if not words.strip() and sort == "relevance":
            sort = "newest"
        ranking = sorted_by(snapshot, ranking, sort)
        return self._results(
            snapshot,
            put,
            ranking,
            asked=asked,
            question=question,
            mode=mode_used,
            chosen=chosen,
            window=(offset, limit),
        )

    def similar(
        self,
        text: str,
        *,
        filters: Filters | None = None,
        mode: str = "hybrid",
        limit: int = 20,
        offset: int = 0,
        expand: bool = True,
        off: Collection[str] = (),
        senses: Mapping[str, str] | None = None,
    ) -> Similar:
        """Similar-case search by a pasted request. Raises QueryError where it says nothing."""
        if not text.strip():
            raise QueryError("There is no text.", None, "Paste a request, or give a file of one.")
        snapshot = self.snapshot()
        asked = asking.by_text(snapshot, text, expand=expand, off=off, senses=senses)
        return self._similar(snapshot, asked, filters, Mode(mode), (offset, limit), own=None)

    def similar_to(
        self,
        issue: str,
        *,
        filters: Filters | None = None,
        mode: str = "hybrid",
        limit: int = 20,
        offset: int = 0,
    ) -> Similar:
        """Similar-case search from an issue id; the issue itself is left out. KeyError if none."""
        snapshot = self.snapshot()
        document = self._document(snapshot, issue)
        asked = asking.by_issue(snapshot, document)
        return self._similar(snapshot, asked, filters, Mode(mode), (offset, limit), own=document)

    def ranked(
        self, text: str, *, pasted: bool, mode: str = "hybrid", limit: int = 100
    ) -> list[tuple[str, float]]:
        """The ids and scores of the first issues, nothing folded: what an evaluation reads."""
        snapshot = self.snapshot()
        asked = asking.by_text(snapshot, text) if pasted else asking.by_words(snapshot, text)
        question, used = self._with_vectors(asked.question, asked.texts, Mode(mode))
        documents, scores = Search(snapshot, question, used).under(None).first(limit)
        ids = snapshot.ids(documents)
        return [(issue, float(score)) for issue, score in zip(ids, scores, strict=True)]

    def letter(self, id: str, *, words: str = "", neighbours: int = 5) -> LetterPage:  # noqa: A002
        """A letter by its id or the id of one of its issues. KeyError if there is none."""
        snapshot = self.snapshot()
        letter_id, _, number = id.partition("#")
        found = snapshot.store.letter(letter_id, snapshot.generation)
        if found is None:
            raise KeyError(f"there is no letter {letter_id} in this index")
        letter = found[1]
        wanted = int(number) if number.isdigit() else letter.issues[0].number
        if all(issue.number != wanted for issue in letter.issues):
            raise KeyError(f"letter {letter_id} has no issue {number}")
        near: tuple[Hit, ...] = ()
        if neighbours:
            similar = self.similar_to(
                f"{letter_id}#{wanted}", limit=neighbours + len(letter.issues)
            )
            near = tuple(hit for hit in similar.results.hits if hit.letter != letter.id)
        return LetterPage(
            letter=letter,
            source=snapshot.store.source_of(letter_id),
            marks=asking.letter_marks(letter, words),
            neighbours=near[:neighbours],
        )

    def overview(self) -> Overview:
        """Counts and rates of the whole index."""
        snapshot = self.snapshot()
        known = self._overview
        if known is None or known.generation != snapshot.generation:
            known = self._overview = overview(snapshot)
        return replace(known, semantic_ready=self.semantic_ready)

    # -- parts of an answer ---------------------------------------------------------------------

    def _with_vectors(
        self, question: Question, texts: Sequence[str], mode: Mode
    ) -> tuple[Question, Mode]:
        """The question with its vectors; words only while the encoder is still loading."""
        if mode is Mode.LEXICAL or not texts:
            return question, mode
        if self._warming and not self.semantic_ready:
            return question, Mode.LEXICAL
        return replace(question, vectors=self.load_encoder().encode(texts)), mode

    def _results(
        self,
        snapshot: Snapshot,
        put: Search,
        ranking: Ranking,
        *,
        asked: asking.Asked,
        question: Question,
        mode: Mode,
        chosen: dict[str, tuple[str, ...]],
        window: tuple[int, int],
    ) -> Results:
        sets = {_frozen(chosen): ranking.members}

        def result_set(filters: Filters) -> Documents:
            """The documents of the result set under other filters, each set found once."""
            if (key := _frozen(filters)) not in sets:
                sets[key] = put.under(snapshot.catalogue.allowed(filters)).members
            return sets[key]

        offset, limit = window
        without_outcome = {name: v for name, v in chosen.items() if name != "outcome"}
        folded = Folded(snapshot, ranking)
        make = HitMaker(snapshot, ranking, question, asked.marker)
        total = len(ranking)
        letters = snapshot.catalogue.letters_among(ranking.members)
        near = total - ranking.with_words
        return Results(
            total=total,
            with_words=ranking.with_words,
            near=near,
            letters=letters,
            mode=str(mode),
            offset=offset,
            limit=limit,
            sentence=asking.sentence(total, letters, ranking.with_words, near, asked),
            hits=make.hits(folded.page(offset, limit)),
            shown=len(folded),
            facets=facets.facets(snapshot.catalogue, chosen, result_set),
            outcomes=fared(snapshot, result_set(without_outcome)),
            filters_said=facets.said(chosen),
            notes=asked.notes,
            expansions=asked.expansions,
            did_you_mean=asked.did_you_mean,
        )

    def _similar(
        self,
        snapshot: Snapshot,
        asked: asking.Asked,
        filters: Filters | None,
        mode: Mode,
        window: tuple[int, int],
        own: int | None,
    ) -> Similar:
        chosen = facets.checked(filters)
        question, mode = self._with_vectors(asked.question, asked.texts, mode)
        put = Search(snapshot, question, mode, own)
        ranking = put.under(snapshot.catalogue.allowed(chosen))
        unfiltered = ranking
        if "outcome" in chosen:
            others = {name: values for name, values in chosen.items() if name != "outcome"}
            unfiltered = put.under(snapshot.catalogue.allowed(others))
        results = self._results(
            snapshot,
            put,
            ranking,
            asked=asked,
            question=question,
            mode=mode,
            chosen=chosen,
            window=window,
        )
        nearest = closest(snapshot, unfiltered, SIMILAR, SIMILAR_SHARE)
        make = HitMaker(snapshot, unfiltered, question, asked.marker)
        approved = nearest[snapshot.overturned[nearest]]
        denied = nearest[(snapshot.decided & ~snapshot.overturned)[nearest]]
        treatment = asked.understood.treatments[:1]
        return Similar(
            results=replace(results, outcomes=fared(snapshot, nearest)),
            understood=asked.understood,
            nearest_approved=make.hits([(int(d),) for d in approved[:SIDE_BY_SIDE]]),
            nearest_denied=make.hits([(int(d),) for d in denied[:SIDE_BY_SIDE]]),
            same_treatment=of_treatment(snapshot, treatment[0]) if treatment else None,
            missing=missing(snapshot.stored(denied[:30]), QUOTATIONS),
        )

    def _document(self, snapshot: Snapshot, issue: str) -> int:
        letter_id, _, number = issue.partition("#")
        found = snapshot.store.letter(letter_id, snapshot.generation)
        if found is None or not number.isdigit():
            raise KeyError(f"there is no issue {issue} in this index")
        row, letter = found
        for stored_number, of_letter in zip(
            snapshot.store.numbers_of(row), letter.issues, strict=True
        ):
            if of_letter.number == int(number):
                return snapshot.document_of(stored_number)
        raise KeyError(f"letter {letter_id} has no issue {number}")


_EMPTY = Results(
    total=0,
    shown=0,
    with_words=0,
    near=0,
    letters=0,
    mode="",
    offset=0,
    limit=0,
    sentence="",
    hits=(),
    facets=(),
    outcomes=outcomes(0, 0, 0, 0, 0),
)


def _frozen(filters: Filters) -> frozenset[tuple[str, tuple[str, ...]]]:
    return frozenset((group, tuple(values)) for group, values in filters.items())
