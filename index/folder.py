"""Which folders and files of an index directory are ours: no other is written over or removed.

Every folder that an index run makes carries a marker. A folder is removed file by file, by the
names that we give; what somebody else has put there stays where it is.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path

MARKER = "made-by-precedent.txt"
_NOTE = (
    "precedent made this folder for its index, and replaces and removes what it wrote there.\n"
    "Keep nothing of your own in it.\n"
)
_OFTEN_THERE = {"lost+found"}  # at the top of a disk, whoever uses it
_NAMED = re.compile(r"segments/s\d+|encoder-\w+")  # what an index without markers consists of


class NotOurs(RuntimeError):
    """A directory holds something else than an index of ours; the message says what to do."""


def mark(folder: Path) -> None:
    """Write our marker into a folder that we have made."""
    (folder / MARKER).write_text(_NOTE)


def is_marked(folder: Path) -> bool:
    """Whether `folder` is one that we have made; a link to one is not."""
    return (folder / MARKER).is_file() and not folder.is_symlink()


def claim(directory: Path) -> None:
    """Make `directory` ours to write an index into, if it is empty, not there yet, or ours.

    Raises NotOurs for one that holds anything else. The index of an earlier version, which carries
    no marker, is taken over.
    """
    if directory.exists() and not directory.is_dir():
        raise NotOurs(f"{directory} is a file: give --index a directory")
    if is_marked(directory.resolve()):
        return
    directory.mkdir(parents=True, exist_ok=True)
    if earlier := _unmarked_index(directory):
        for folder in earlier:
            mark(folder)
    elif others := sorted({path.name for path in directory.iterdir()} - _OFTEN_THERE):
        raise NotOurs(
            f"{directory} holds files that are no index ({', '.join(others[:3])}"
            f"{', ...' if len(others) > 3 else ''}): give --index a directory that is empty or not "
            f"there yet, such as {directory / '.precedent'}"
        )
    mark(directory)


def _unmarked_index(directory: Path) -> list[Path]:
    """The folders of an index that was made before folders were marked; none where it is none."""
    try:
        record = json.loads((directory / "manifest.json").read_bytes())
        named = [f"segments/{name}" for name in record["segments"]] + [record["encoder"]]
        folders = [directory / name for name in named if _NAMED.fullmatch(name)]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    whole = len(folders) == len(named) and all(folder.is_dir() for folder in folders)
    whole = whole and (directory / "letters.db").is_file()
    return folders if whole else []


def remove_folder(folder: Path, files: re.Pattern[str]) -> None:
    """Remove a folder that we have made: the files whose paths in it match, and what is empty then.

    One that is not ours stays as it is.
    """
    if not is_marked(folder):
        return
    inside = [folder]
    for path in folder.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            inside.append(path)
        elif files.fullmatch(path.relative_to(folder).as_posix()):
            path.unlink()
    (folder / MARKER).unlink()
    for emptied in reversed(inside):
        if emptied == folder or files.fullmatch(f"{emptied.relative_to(folder).as_posix()}/"):
            with suppress(OSError):  # somebody's file is in it
                emptied.rmdir()
