"""The file a letter was read from, as it lies on this machine."""

from __future__ import annotations

import re
from pathlib import Path

from flask import Blueprint, send_file
from flask.typing import ResponseReturnValue

from web import asking, guard
from web.errors import Problem
from web.serialize import file_name

blueprint = Blueprint("original", __name__)

TYPES = {
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".txt": "text/plain",
}
UNKNOWN = "application/octet-stream"


def is_at_hand(source: str) -> bool:
    """Whether a letter's source is a plain file of this machine, no archive's member, no link."""
    path = Path(source)
    return path.is_absolute() and path.is_file() and not path.is_symlink()


@blueprint.get("/letters/<id_>/original")
def original(id_: str) -> ResponseReturnValue:
    """The stored file itself, to be kept and not to be run; its path comes from the index alone."""
    page = asking.engine().letter(id_, neighbours=0)
    path = Path(page.source)
    # Named by its letter: a name out of somebody's folder may hold anything.
    suffix = path.suffix.lower() if re.fullmatch(r"\.[a-z0-9]{1,8}", path.suffix.lower()) else ""
    try:
        if not is_at_hand(page.source):
            raise FileNotFoundError
        answer = send_file(
            path,
            mimetype=TYPES.get(suffix, UNKNOWN),
            as_attachment=True,
            download_name=f"{page.letter.id}{suffix}",
        )
    except OSError as error:
        raise Problem(
            404,
            "no_original",
            f"The file of this letter, {file_name(page.source)}, cannot be handed out.",
            "It lies in an archive, was moved, or may not be read. "
            "Its text is at the end of its page.",
        ) from error
    if answer.mimetype == "text/plain":
        answer.headers["Content-Type"] = "text/plain"  # its charset is not known
    answer.headers["Content-Security-Policy"] = f"{guard.POLICY}; sandbox"
    return answer
