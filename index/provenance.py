"""Where letters come from: which source gave which record, and whose record stands.

Several sources may claim one letter, and a source may give another letter than it gave before. So
the store keeps of every source what it gave. Of those that claim a letter one stands, by an order
that has nothing to do with when they were read: what can be read now before what once could, then
the later decision, then the name. Copies that give the same record are at one; sources that give
different records are in conflict, which every run tells for as long as they do.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby

import msgspec

from index.extract.sources import Refusal, shown

# A source is stale while it cannot be read: `letter`, `content` and `decided` tell of the last time
# that it could. Records that a source gives and that do not stand are in `rivals`; those that do
# are in the table `letters`.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS sources (
    name BLOB PRIMARY KEY, hash TEXT NOT NULL, letter TEXT, content TEXT, decided TEXT,
    stale INTEGER NOT NULL, code TEXT, reason TEXT, remedy TEXT);
CREATE INDEX IF NOT EXISTS sources_letter ON sources (letter, stale, content);
CREATE TABLE IF NOT EXISTS rivals (
    letter TEXT NOT NULL, content TEXT NOT NULL, record BLOB NOT NULL,
    PRIMARY KEY (letter, content));
"""
_PRECEDENCE = "stale, decided DESC, name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A source that could not be read as a letter: what is wrong and what a person can do."""

    source: str
    code: str
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A letter of which several sources give different records: whose stands, and the others."""

    letter: str
    source: str
    others: tuple[str, ...]

    @property
    def reason(self) -> str:
        """What is wrong, in a sentence."""
        return (
            f"{self.source} and {', '.join(self.others)} hold different letters of this number; "
            "the first of them is used (the latest decision, else the first name)."
        )

    @property
    def remedy(self) -> str:
        """What a person can do, in a sentence."""
        return (
            "Keep the right one, take the others away or correct their number, and run "
            "`precedent index PATH... --prune` on their folders."
        )


class Sources:
    """The sources of a store, in its database. Writes stand in the caller's transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """`db` has the tables that `prepare_sources` makes."""
        self._db = db

    # -- writing ---------------------------------------------------------------------------

    def put(self, name: bytes, digest: str, letter: str, content: str, decided: str) -> None:
        """Remember the bytes `name` had, and the letter and record (its digest) they gave.

        `decided` is the letter's decision date in ISO form, or empty.
        """
        self._db.execute(
            "INSERT OR REPLACE INTO sources (name, hash, letter, content, decided, stale)"
            " VALUES (?, ?, ?, ?, ?, 0)",
            (name, digest, letter, content, decided),
        )

    def refuse(self, name: bytes, digest: str, refusal: Refusal) -> None:
        """Remember why a source cannot be read; its bytes are tried again when they change."""
        self._db.execute(
            "INSERT INTO sources (name, hash, stale, code, reason, remedy)"
            " VALUES (?, ?, 1, ?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET hash = excluded.hash, stale = 1,"
            " code = excluded.code, reason = excluded.reason, remedy = excluded.remedy",
            (name, digest, *refusal),
        )

    def make_stale(self, names: Iterable[bytes]) -> None:
        """These cannot be reached now: what they gave is kept, and they are read when they can."""
        bound = [(name,) for name in names]
        self._db.executemany("DELETE FROM sources WHERE name = ? AND letter IS NULL", bound)
        self._db.executemany(
            "UPDATE sources SET hash = '', stale = 1, code = NULL, reason = NULL, remedy = NULL"
            " WHERE name = ?",
            bound,
        )

    def forget(self, names: Iterable[bytes]) -> None:
        """These are no more."""
        self._db.executemany("DELETE FROM sources WHERE name = ?", [(name,) for name in names])

    def keep_rivals(self, letter: str, records: Mapping[str, bytes]) -> None:
        """Keep exactly these records of a letter beside the one that stands, by content."""
        self._db.execute("DELETE FROM rivals WHERE letter = ?", (letter,))
        self._db.executemany(
            "INSERT INTO rivals (letter, content, record) VALUES (?, ?, ?)",
            [(letter, content, record) for content, record in records.items()],
        )

    def rename_content(self, letter: str, old: str, new: str) -> None:
        """The record of a letter that had one digest has another, saying the same."""
        self._db.execute(
            "UPDATE sources SET content = ? WHERE letter = ? AND content = ?", (new, letter, old)
        )

    # -- reading ---------------------------------------------------------------------------

    def hashes(self) -> dict[bytes, str]:
        """The hash of the bytes last read of every source, by name."""
        return dict(self._db.execute("SELECT name, hash FROM sources"))

    def quarantined(self) -> dict[bytes, Quarantined]:
        """Every source that could not be read, by name, in order."""
        rows = self._db.execute(
            "SELECT name, code, reason, remedy FROM sources WHERE code IS NOT NULL ORDER BY name"
        )
        return {
            name: Quarantined(source=shown(name), code=code, reason=reason, remedy=remedy)
            for name, code, reason, remedy in rows
        }

    def conflicts(self) -> list[Conflict]:
        """Every letter of which sources that can be read give different records, by id."""
        rows = self._db.execute(
            "SELECT letter, name, content FROM sources WHERE stale = 0 AND letter IN ("  # noqa: S608
            " SELECT letter FROM sources WHERE stale = 0 GROUP BY letter"
            f" HAVING min(content) <> max(content)) ORDER BY letter, {_PRECEDENCE}"
        )
        return [_conflict(letter, list(claims)) for letter, claims in groupby(rows, lambda r: r[0])]

    def letters_of(self, names: Iterable[bytes]) -> list[str]:
        """The letters that these sources give, each once."""
        query = "SELECT letter FROM sources WHERE name = ? AND letter IS NOT NULL"
        rows = (self._db.execute(query, (name,)).fetchone() for name in names)
        return list(dict.fromkeys(row[0] for row in rows if row))

    def claimed(self, letter: str) -> list[str]:
        """The contents of the records that sources give of a letter; the first one stands."""
        rows = self._db.execute(
            f"SELECT content FROM sources WHERE letter = ? ORDER BY {_PRECEDENCE}",  # noqa: S608
            (letter,),
        )
        return list(dict.fromkeys(content for (content,) in rows))

    def rivals(self, letter: str) -> dict[str, bytes]:
        """The records of a letter that are kept beside the one that stands, by content."""
        return dict(
            self._db.execute("SELECT content, record FROM rivals WHERE letter = ?", (letter,))
        )

    def of_row(self, row: int) -> bytes:
        """The name of the source that gave a letter row, empty where none gives it any more."""
        found = self._db.execute(
            "SELECT name FROM letters JOIN sources"  # noqa: S608
            " ON sources.letter = letters.id AND sources.content = letters.content"
            f" WHERE letters.row = ? ORDER BY {_PRECEDENCE} LIMIT 1",
            (row,),
        ).fetchone()
        return found[0] if found else b""

    def by_letter(self, generation: int) -> dict[str, bytes]:
        """The source of every letter that `generation` sees and a source still gives, by id."""
        rows = self._db.execute(
            "SELECT letter, name FROM letters JOIN sources"  # noqa: S608
            " ON sources.letter = letters.id AND sources.content = letters.content"
            " WHERE born <= :g AND (died IS NULL OR died > :g)"
            f" ORDER BY letter, {_PRECEDENCE}",
            {"g": generation},
        )
        return {letter: next(claims)[1] for letter, claims in groupby(rows, lambda r: r[0])}


def prepare_sources(db: sqlite3.Connection) -> None:
    """Make the tables, in the caller's transaction; where there are older ones, of what they hold.

    Those knew no content: every source is taken to have given the letter as it is. Where several
    gave it, which of them did is not known, and they are read again.
    """
    old = "SELECT 1 FROM pragma_table_info('sources') WHERE name = 'letter'"
    older = db.execute(old).fetchone() is not None
    if older:
        db.execute("DROP INDEX sources_letter")
        db.execute("ALTER TABLE sources RENAME TO older_sources")
    for statement in _SCHEMA.split(";"):
        db.execute(statement)
    if older:
        db.create_function("decided", 1, _decided, deterministic=True)
        db.execute(
            "INSERT INTO sources SELECT CAST(name AS BLOB),"
            " CASE WHEN letter IS NULL OR (id IS NOT NULL AND"
            "  (SELECT count(*) FROM older_sources other WHERE other.letter = id) = 1)"
            "  THEN hash ELSE '' END,"
            " id, content, decided(record), code IS NOT NULL, code, reason, remedy"
            " FROM older_sources LEFT JOIN letters ON id = letter AND died IS NULL"
        )
        db.execute("DROP TABLE older_sources")


class _Decided(msgspec.Struct):
    decision_date: date | None = None


def _decided(record: bytes | None) -> str | None:
    """The decision date of a letter's record as `Sources.put` takes it."""
    if record is None:
        return None
    day = msgspec.json.decode(zlib.decompress(record), type=_Decided).decision_date
    return day.isoformat() if day else ""


def _conflict(letter: str, claims: list[tuple[str, bytes, str]]) -> Conflict:
    """The conflict in these claims (letter, name, content), the one that stands first."""
    _, stands, content = claims[0]
    others = tuple(shown(name) for _, name, claimed in claims if claimed != content)
    return Conflict(letter=letter, source=shown(stands), others=others)
