"""The record of truth: letters and issues in SQLite, with where they came from.

Rows are never changed in place. A letter row is born in the generation that first publishes it
and dies in the one that replaces it, so a reader of an older generation still finds what its
arrays point at. Issue numbers are never used again.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import msgspec

from index.letter import Issue, Letter

FILE = "letters.db"
_BLOCK = 1_000  # issues read into memory at once
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Letter)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS letters (
    row INTEGER PRIMARY KEY, id TEXT NOT NULL, content TEXT NOT NULL, record BLOB NOT NULL,
    born INTEGER NOT NULL, died INTEGER);
CREATE INDEX IF NOT EXISTS letters_id ON letters (id);
CREATE INDEX IF NOT EXISTS letters_died ON letters (died) WHERE died IS NOT NULL;
CREATE TABLE IF NOT EXISTS issues (
    number INTEGER PRIMARY KEY AUTOINCREMENT, letter INTEGER NOT NULL, n INTEGER NOT NULL,
    segment TEXT);
CREATE INDEX IF NOT EXISTS issues_letter ON issues (letter);
CREATE INDEX IF NOT EXISTS issues_pending ON issues (number) WHERE segment IS NULL;
CREATE TABLE IF NOT EXISTS sources (
    name TEXT PRIMARY KEY, hash TEXT NOT NULL, letter TEXT,
    code TEXT, reason TEXT, remedy TEXT);
CREATE INDEX IF NOT EXISTS sources_letter ON sources (letter);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A source that could not be read as a letter: what is wrong and what a person can do."""

    source: str
    code: str
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredIssue:
    """An issue by its number, with the letter it stands in and that letter's row."""

    number: int
    row: int
    letter: Letter
    issue: Issue

    @property
    def id(self) -> str:
        """The public id, such as "CM16-0213037#1"."""
        return f"{self.letter.id}#{self.issue.number}"


class Store:
    """Reads and writes one `letters.db`. Not for use by several threads at once."""

    def __init__(self, directory: Path, *, read_only: bool = False) -> None:
        """Open the store; sqlite3.OperationalError where a read-only one does not exist."""
        path = directory / FILE
        if read_only:
            # Each thread has a store of its own; the last to hold it may be another.
            self._db = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False
            )
        else:
            self._db = sqlite3.connect(path)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the connection; a second call does nothing."""
        self._db.close()

    def __del__(self) -> None:
        """A store that is let go is closed, whoever held it."""
        if hasattr(self, "_db"):
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside stand or fall together."""
        with self._db:
            yield

    # -- writing ---------------------------------------------------------------------------

    def put(self, letter: Letter, generation: int) -> str:
        """Store a letter for `generation`; returns "new", "changed" or "same"."""
        record = _encoder.encode(letter)
        content = blake2b(record, digest_size=16).hexdigest()
        old = self._db.execute(
            "SELECT row, content FROM letters WHERE id = ? AND died IS NULL", (letter.id,)
        ).fetchone()
        if old and old[1] == content:
            return "same"
        if old:
            self._bury(old[0], generation)
        row = self._db.execute(
            "INSERT INTO letters (id, content, record, born) VALUES (?, ?, ?, ?)",
            (letter.id, content, zlib.compress(record, 6), generation),
        ).lastrowid
        self._db.executemany(
            "INSERT INTO issues (letter, n) VALUES (?, ?)",
            [(row, issue.number) for issue in letter.issues],
        )
        return "changed" if old else "new"

    def put_source(self, name: str, digest: str, letter_id: str) -> None:
        """Remember which bytes `name` had and which letter they gave."""
        self._db.execute(
            "INSERT OR REPLACE INTO sources (name, hash, letter) VALUES (?, ?, ?)",
            (name, digest, letter_id),
        )

    def quarantine(self, entry: Quarantined, digest: str) -> None:
        """Remember why a source could not be read; its bytes are tried again when they change.

        A letter that it held before stays.
        """
        self._db.execute(
            "INSERT INTO sources (name, hash, code, reason, remedy) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET hash = excluded.hash, code = excluded.code,"
            " reason = excluded.reason, remedy = excluded.remedy",
            (entry.source, digest, entry.code, entry.reason, entry.remedy),
        )

    def prune(self, names: Iterable[str], generation: int) -> int:
        """Forget these sources; letters left without any source die. Returns how many did."""
        self._db.executemany("DELETE FROM sources WHERE name = ?", [(name,) for name in names])
        orphans = self._db.execute(
            "SELECT id FROM letters WHERE died IS NULL"
            " AND id NOT IN (SELECT letter FROM sources WHERE letter IS NOT NULL)"
        ).fetchall()
        return sum(self.remove(letter, generation) for (letter,) in orphans)

    def remove(self, letter_id: str, generation: int) -> int:
        """Let a letter die in `generation`; returns 1 where there was one."""
        rows = self._db.execute(
            "SELECT row FROM letters WHERE id = ? AND died IS NULL", (letter_id,)
        ).fetchall()
        for (row,) in rows:
            self._bury(row, generation)
        return len(rows)

    def _bury(self, row: int, generation: int) -> None:
        """Let a letter row die; one that no reader can have seen is dropped at once."""
        seen = self._db.execute(
            "SELECT 1 FROM issues WHERE letter = ? AND segment IS NOT NULL", (row,)
        ).fetchone()
        if seen:
            self._db.execute("UPDATE letters SET died = ? WHERE row = ?", (generation, row))
        else:
            self._db.execute("DELETE FROM issues WHERE letter = ?", (row,))
            self._db.execute("DELETE FROM letters WHERE row = ?", (row,))

    def assign(self, segment: str, numbers: Sequence[int]) -> None:
        """Record that these issues stand in `segment`."""
        self._db.executemany(
            "UPDATE issues SET segment = ? WHERE number = ?", [(segment, n) for n in numbers]
        )

    def purge(self, generation: int) -> None:
        """Drop rows that died in `generation` or before: no reader can reach them any more."""
        dead = "SELECT row FROM letters WHERE died IS NOT NULL AND died <= ?"
        self._db.execute(f"DELETE FROM issues WHERE letter IN ({dead})", (generation,))  # noqa: S608
        self._db.execute("DELETE FROM letters WHERE died IS NOT NULL AND died <= ?", (generation,))

    # -- reading ---------------------------------------------------------------------------

    def source_hashes(self) -> dict[str, str]:
        """The hash of the bytes last read of every source, by name."""
        return dict(self._db.execute("SELECT name, hash FROM sources"))

    def quarantined(self) -> list[Quarantined]:
        """Every source that could not be read, by name."""
        rows = self._db.execute(
            "SELECT name, code, reason, remedy FROM sources WHERE code IS NOT NULL ORDER BY name"
        )
        return [
            Quarantined(source=name, code=code, reason=reason, remedy=remedy)
            for name, code, reason, remedy in rows
        ]

    def source_of(self, letter_id: str) -> str:
        """The name of a source of a letter, empty where it is not known."""
        row = self._db.execute(
            "SELECT name FROM sources WHERE letter = ? ORDER BY name", (letter_id,)
        ).fetchone()
        return str(row[0]) if row else ""

    def sources_by_letter(self) -> dict[str, str]:
        """The first source of every letter, by letter id."""
        return dict(self._db.execute("SELECT letter, min(name) FROM sources GROUP BY letter"))

    def pending(self) -> list[int]:
        """The numbers of live issues that stand in no segment yet, ascending."""
        return [
            number
            for (number,) in self._db.execute(
                "SELECT number FROM issues JOIN letters ON letters.row = issues.letter"
                " WHERE segment IS NULL AND died IS NULL ORDER BY number"
            )
        ]

    def segments(self) -> list[str]:
        """The names of all segments that hold live issues, in order."""
        rows = self._db.execute(
            "SELECT segment FROM issues JOIN letters ON letters.row = issues.letter"
            " WHERE segment IS NOT NULL AND died IS NULL GROUP BY segment ORDER BY segment"
        )
        return [name for (name,) in rows]

    def live_numbers(self, segment: str) -> list[int]:
        """The numbers of the live issues of a segment, ascending."""
        rows = self._db.execute(
            "SELECT number FROM issues JOIN letters ON letters.row = issues.letter"
            " WHERE segment = ? AND died IS NULL ORDER BY number",
            (segment,),
        )
        return [number for (number,) in rows]

    def died_since(self, generation: int) -> bool:
        """Whether a letter died after `generation` was published."""
        query = "SELECT 1 FROM letters WHERE died > ?"
        return self._db.execute(query, (generation,)).fetchone() is not None

    def issues(self, numbers: Sequence[int]) -> list[StoredIssue]:
        """The issues of these numbers, in the order given. Raises KeyError for an unknown one."""
        letters: dict[int, Letter] = {}
        found: list[StoredIssue] = []
        for number in numbers:
            at = self._db.execute(
                "SELECT letter, n FROM issues WHERE number = ?", (int(number),)
            ).fetchone()
            if at is None:
                raise KeyError(f"no issue of number {number} in the store")
            row, n = at
            if row not in letters:
                letters[row] = self._record(row)
            issue = next(issue for issue in letters[row].issues if issue.number == n)
            found.append(StoredIssue(number=int(number), row=row, letter=letters[row], issue=issue))
        return found

    def ids(self, numbers: Sequence[int]) -> list[str]:
        """The public ids of the issues of these numbers, in order; KeyError for an unknown one."""
        query = (
            "SELECT id || '#' || n FROM issues JOIN letters ON letters.row = issues.letter"
            " WHERE number = ?"
        )
        found = [self._db.execute(query, (int(number),)).fetchone() for number in numbers]
        if None in found:
            raise KeyError(f"no issue of number {numbers[found.index(None)]} in the store")
        return [issue_id for (issue_id,) in found]

    def stream(self, numbers: Sequence[int]) -> Iterator[StoredIssue]:
        """The same one by one, for more issues than memory should hold."""
        for start in range(0, len(numbers), _BLOCK):
            yield from self.issues(numbers[start : start + _BLOCK])

    def letter(self, letter_id: str, generation: int) -> tuple[int, Letter] | None:
        """The row and record of a letter as `generation` sees it, or None."""
        row = self._db.execute(
            "SELECT row, record FROM letters WHERE id = ? AND born <= ?"
            " AND (died IS NULL OR died > ?)",
            (letter_id, generation, generation),
        ).fetchone()
        return (row[0], _load(row[1])) if row else None

    def numbers_of(self, row: int) -> list[int]:
        """The issue numbers of a letter row, in letter order."""
        rows = self._db.execute("SELECT number FROM issues WHERE letter = ? ORDER BY n", (row,))
        return [number for (number,) in rows]

    def letters(self, generation: int) -> Iterator[Letter]:
        """Every letter that `generation` sees, by id."""
        rows = self._db.execute(
            "SELECT record FROM letters WHERE born <= ? AND (died IS NULL OR died > ?) ORDER BY id",
            (generation, generation),
        )
        for (record,) in rows:
            yield _load(record)

    def counts(self, generation: int) -> tuple[int, int]:
        """How many letters and issues `generation` sees."""
        live = "born <= :g AND (died IS NULL OR died > :g)"
        letters = f"SELECT count(*) FROM letters WHERE {live}"  # noqa: S608
        issues = (
            "SELECT count(*) FROM issues JOIN letters ON letters.row = issues.letter"  # noqa: S608
            f" WHERE {live}"
        )
        bound = {"g": generation}
        return (
            int(self._db.execute(letters, bound).fetchone()[0]),
            int(self._db.execute(issues, bound).fetchone()[0]),
        )

    def live_in(self, generation: int) -> list[int]:
        """The numbers of all issues that `generation` sees, ascending."""
        rows = self._db.execute(
            "SELECT number FROM issues JOIN letters ON letters.row = issues.letter"
            " WHERE born <= :g AND (died IS NULL OR died > :g) ORDER BY number",
            {"g": generation},
        )
        return [number for (number,) in rows]

    def check(self) -> list[str]:
        """What SQLite finds wrong with its own file."""
        said = [line for (line,) in self._db.execute("PRAGMA quick_check")]
        return [] if said == ["ok"] else said

    def altered(self, generation: int) -> Iterator[str]:
        """The ids of letters seen by `generation` whose record is not what was put."""
        rows = self._db.execute(
            "SELECT id, content, record FROM letters WHERE born <= ?"
            " AND (died IS NULL OR died > ?) ORDER BY id",
            (generation, generation),
        )
        for letter_id, content, record in rows:
            try:
                digest = blake2b(zlib.decompress(record), digest_size=16).hexdigest()
            except zlib.error:
                digest = ""
            if digest != content:
                yield letter_id

    def _record(self, row: int) -> Letter:
        (record,) = self._db.execute("SELECT record FROM letters WHERE row = ?", (row,)).fetchone()
        return _load(record)


def _load(record: bytes) -> Letter:
    return _decoder.decode(zlib.decompress(record))
