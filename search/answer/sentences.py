"""What is said of a result set and of how a query was read, in English."""

from __future__ import annotations

from collections.abc import Iterator

from search.backend import Query, Reply, ResultSet
from search.query import loosenable, words_of
from search.understand.understanding import Understanding


def describe_set(found: ResultSet, query: Query) -> str:
    """The result set: "312 issues in 287 letters: 112 contain your words, 200 more are near"."""
    if found.total == 0:
        return "Nothing found."
    whole = (
        f"{found.total:,} {_plural(found.total, 'issue')} in "
        f"{found.letters:,} {_plural(found.letters, 'letter')}"
    )
    if query.match is None:
        return f"The {whole} nearest to the request."
    if not words_of(query.match):  # everything, or everything but what is excluded
        return f"{whole}."
    verb = "contains" if found.with_words == 1 else "contain"
    contain = f"{found.with_words:,} {verb} your words"
    if found.near and found.with_words:
        are = "is" if found.near == 1 else "are"
        return f"{whole}: {contain}, {found.near:,} more {are} near in meaning."
    return f"{whole}: {contain}." if found.with_words else f"{whole}, near in meaning."


def notes(understanding: Understanding, reply: Reply) -> tuple[str, ...]:
    """What was interpreted, loosened or capped."""
    return (
        *understanding.notes,
        *_loosening(understanding.query, reply),
        *_patterns(reply),
    )


def _loosening(query: Query, reply: Reply) -> Iterator[str]:
    if reply.least is None or query.match is None:
        return
    optional, fixed = loosenable(query.match)
    if reply.least:
        yield (
            "No issue contains all of the words; these contain at least "
            f"{reply.least} of {len(optional)}."
        )
    else:
        beside = " beside what is quoted" if any(words_of(node) for node in fixed) else ""
        yield f"No issue contains any of the words{beside}."


def _patterns(reply: Reply) -> Iterator[str]:
    for written, (used, there_are) in reply.patterns.items():
        if not used:
            yield f"The index holds no word of the form {written}."
        elif there_are > used:
            yield (
                f"{written} stands for {there_are} words; the {used} that most "
                "letters hold are searched for."
            )


def _plural(count: int, noun: str) -> str:
    return noun if count == 1 else f"{noun}s"
