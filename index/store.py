"""The record of truth: letters and issues in SQLite, with where they came from.

Rows are never changed in place. A letter row is born in the generation that first publishes it
and dies in the one that replaces it, so a reader of an older generation still finds what its
arrays point at. Issue numbers are never used again.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from secrets import token_hex

import msgspec

from index.extract.sources import Refusal
from index.letter import Issue, Letter
from index.provenance import Sources, prepare_sources

FILE = "letters.db"
_VERSION = 3  # of the tables, kept in the file; before it there was none
_BLOCK = 1_000  # issues read into memory at once
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Letter)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
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
"""


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
            self._db = sqlite3.connect(_address(path), uri=True, check_same_thread=False)
        else:
            self._db = sqlite3.connect(path)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            _prepare(self._db)
        self.sources = Sources(self._db)

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

    # -- format 2 --------------------------------------------------------------------------

    @property
    def is_earlier(self) -> bool:
        """Whether records are of format 2, in which they also held what was read into issues."""
        return self._meta("records") == ""

    def upgrade(self) -> None:
        """Let records of format 2 say what the letter says, and no more; all or none of them."""
        with self._db:
            rows = self._db.execute("SELECT row, id, content FROM letters").fetchall()
            for row, letter_id, old in rows:
                record = _encoder.encode(self._record(row))
                content = _digest(record)
                self._db.execute(
                    "UPDATE letters SET content = ?, record = ? WHERE row = ?",
                    (content, zlib.compress(record, 6), row),
                )
                self.sources.rename_content(letter_id, old, content)
            self._db.execute("INSERT INTO meta VALUES ('records', '3')")

    def _meta(self, key: str) -> str:
        """What the store says of itself; empty where it says nothing."""
        named = "SELECT 1 FROM sqlite_master WHERE name = 'meta'"
        if self._db.execute(named).fetchone() is None:
            return ""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    # -- writing ---------------------------------------------------------------------------

    def put_source(self, name: bytes, digest: str, letter: Letter, generation: int) -> list[str]:
        """The source `name`, whose bytes have `digest`, gives a letter.

        Returns what becomes of the letter ("new", "changed", "same"), then of the one that the
        source gave before, where another gives it and it is "changed". One that no source gives
        any more stays until `remove_orphans`: the next file may give it.
        """
        record = _encoder.encode(letter)
        content = _digest(record)
        before = [known for known in self.sources.letters_of([name]) if known != letter.id]
        decided = letter.decision_date.isoformat() if letter.decision_date else ""
        self.sources.put(name, digest, letter.id, content, decided)
        became = self._settle(letter.id, generation, {content: record})
        left = [known for known in before if self.sources.claimed(known)]
        return [became, *self._settle_all(left, generation)]

    def quarantine(self, name: bytes, digest: str, refusal: Refusal, generation: int) -> list[str]:
        """A source cannot be read; its letter stays, or is "changed" where another gives it."""
        self.sources.refuse(name, digest, refusal)
        return self._settle_all(self.sources.letters_of([name]), generation)

    def put_aside(self, names: Collection[bytes], generation: int) -> list[str]:
        """The folder or archive of these sources cannot be read: as if none of them could."""
        self.sources.make_stale(names)
        return self._settle_all(self.sources.letters_of(names), generation)

    def prune(self, names: Collection[bytes], generation: int) -> list[str]:
        """Forget these sources; a letter is "changed" where another gives it, else "removed"."""
        letters = self.sources.letters_of(names)
        self.sources.forget(names)
        return self._settle_all(letters, generation)

    def remove_orphans(self, generation: int) -> list[str]:
        """Let the letters die that no source gives; returns "removed" for each."""
        rows = self._db.execute(
            "SELECT id FROM letters WHERE died IS NULL"
            " AND id NOT IN (SELECT letter FROM sources WHERE letter IS NOT NULL)"
        ).fetchall()
        return self._settle_all([letter for (letter,) in rows], generation)

    def _settle_all(self, letters: Collection[str], generation: int) -> list[str]:
        became = [self._settle(letter, generation) for letter in dict.fromkeys(letters)]
        return [word for word in became if word != "same"]

    def _settle(self, letter: str, generation: int, read: Mapping[str, bytes] | None = None) -> str:
        """Have the letter be what its first source gives; returns what becomes of it.

        `read` is a record just read, by its digest. Records that do not stand are kept.
        """
        live = self._db.execute(
            "SELECT row, content, record FROM letters WHERE id = ? AND died IS NULL", (letter,)
        ).fetchone()
        known = self.sources.rivals(letter) | ({live[1]: live[2]} if live else {})
        for content, record in (read or {}).items():
            if content not in known:
                known[content] = zlib.compress(record, 6)
        claimed = self.sources.claimed(letter)
        self.sources.keep_rivals(letter, {content: known[content] for content in claimed[1:]})
        stands = claimed[0] if claimed else None
        if stands == (live[1] if live else None):
            return "same"
        if live:
            self._bury(live[0], generation)
        if stands is None:
            return "removed"
        self._insert(letter, stands, known[stands], generation)
        return "changed" if live else "new"

    def _insert(self, letter_id: str, content: str, record: bytes, generation: int) -> None:
        row = self._db.execute(
            "INSERT INTO letters (id, content, record, born) VALUES (?, ?, ?, ?)",
            (letter_id, content, record, generation),
        ).lastrowid
        self._db.executemany(
            "INSERT INTO issues (letter, n) VALUES (?, ?)",
            [(row, issue.number) for issue in _load(record).issues],
        )

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

    @property
    def build(self) -> str:
        """The id that this store was made with, 16 hex digits; empty for one of format 2."""
        return self._meta("build")

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

    def number_of(self, letter_id: str, n: int, generation: int) -> int | None:
        """The number of the n-th issue of a letter as `generation` sees it, or None."""
        found = self._db.execute(
            "SELECT number FROM issues JOIN letters ON letters.row = issues.letter"
            " WHERE id = ? AND n = ? AND born <= ? AND (died IS NULL OR died > ?)",
            (letter_id, n, generation, generation),
        ).fetchone()
        return int(found[0]) if found else None

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
                digest = _digest(zlib.decompress(record))
            except zlib.error:
                digest = ""
            if digest != content:
                yield letter_id

    def _record(self, row: int) -> Letter:
        (record,) = self._db.execute("SELECT record FROM letters WHERE row = ?", (row,)).fetchone()
        return _load(record)


def _prepare(db: sqlite3.Connection) -> None:
    """Make the tables; where they are those of a version before, move what they hold."""
    if db.execute("PRAGMA user_version").fetchone() == (_VERSION,):
        return
    with db:
        db.execute("BEGIN IMMEDIATE")
        for statement in _SCHEMA.split(";"):
            db.execute(statement)
        prepare_sources(db)
        db.execute("INSERT INTO meta VALUES ('build', ?)", (token_hex(8),))
        db.execute(
            "INSERT INTO meta SELECT 'records', '3' WHERE NOT EXISTS (SELECT 1 FROM letters)"
        )
        db.execute(f"PRAGMA user_version = {_VERSION}")


def _digest(record: bytes) -> str:
    return blake2b(record, digest_size=16).hexdigest()


def _address(path: Path) -> str:
    """What SQLite opens for reading.

    Where nothing can be written it must be told that nobody writes, or it asks for a file beside
    the store; one that is there already may hold more, and is read.
    """
    on_read_only = path.exists() and os.statvfs(path).f_flag & os.ST_RDONLY
    immutable = on_read_only and not path.with_name(f"{path.name}-wal").exists()
    return f"{path.resolve().as_uri()}?mode=ro{'&immutable=1' if immutable else ''}"


def _load(record: bytes) -> Letter:
    return _decoder.decode(zlib.decompress(record))
