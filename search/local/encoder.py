"""The encoder of queries as a server holds it: loaded ahead, in a thread, or when first needed."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from index.encoder import QueryEncoder

_log = logging.getLogger("precedent")


class Encoder:
    """The encoder of queries, loaded when it is first needed, or before that in a thread."""

    def __init__(self, path: Path) -> None:
        """`path` is where it lies; it is not opened yet."""
        self.path = path
        self.fault = ""
        self._loading = threading.Lock()
        self._encoder: QueryEncoder | None = None
        self._awaited = False

    @property
    def ready(self) -> bool:
        """Whether it is loaded."""
        return self._encoder is not None

    def get(self) -> QueryEncoder | None:
        """The encoder; None while another thread still loads it, or where that failed.

        Raises OSError where its files are missing.
        """
        if self._encoder is None and not self._awaited:
            return self._load()
        return self._encoder

    def load_ahead(self) -> None:
        """Load it now, while `get` answers None; what goes wrong is kept in `fault`."""
        self._awaited = True
        try:
            self._load()
        except Exception as error:  # whatever it is, words go on being searched
            self.fault = f"texts cannot be compared by meaning: {error}"
            _log.error("%s", self.fault)

    def _load(self) -> QueryEncoder:
        with self._loading:
            if self._encoder is None:
                self._encoder = QueryEncoder(self.path)
            return self._encoder
