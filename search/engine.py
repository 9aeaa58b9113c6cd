"""The one gate to the index that the pages, the API and the command line use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from search.results import LetterPage, Overview, Results, Similar


class Engine:
    """Searches one index directory. Safe to call from many threads at once."""

    @classmethod
    def open(cls, directory: Path) -> Engine:
        """Open the newest generation. Raises IndexUnusable with a remedy."""
        raise NotImplementedError

    def search(
        self,
        words: str,
        *,
        filters: Mapping[str, Sequence[str]] | None = None,
        mode: str = "hybrid",
        limit: int = 20,
        offset: int = 0,
        sort: str = "relevance",
        expand: bool = True,
        snippets: bool = True,
    ) -> Results:
        """Keyword search. Raises QueryError (message, position, remedy)."""
        raise NotImplementedError

    def similar(
        self,
        text: str,
        *,
        filters: Mapping[str, Sequence[str]] | None = None,
        mode: str = "hybrid",
        limit: int = 20,
        offset: int = 0,
    ) -> Similar:
        """Similar-case search by a pasted request (already plain text)."""
        raise NotImplementedError

    def similar_to(
        self,
        issue: str,
        *,
        filters: Mapping[str, Sequence[str]] | None = None,
        mode: str = "hybrid",
        limit: int = 20,
        offset: int = 0,
    ) -> Similar:
        """Similar-case search from an issue id; the issue itself is left out. KeyError if none."""
        raise NotImplementedError

    def letter(self, id: str, *, words: str = "", neighbours: int = 5) -> LetterPage:
        """A letter by its id or the id of one of its issues. KeyError if there is none."""
        raise NotImplementedError

    def overview(self) -> Overview:
        """Counts and rates of the whole index."""
        raise NotImplementedError
