"""From an HTTP request to the engine and back, alike for pages, API and downloads."""

from __future__ import annotations

import logging
from typing import cast

from flask import current_app, request
from werkzeug.datastructures import FileStorage, MultiDict

from index.extract import Unreadable
from index.extract.reader import ReaderUnavailable
from search.engine import Engine
from search.request import CaseRequest
from web import forms
from web.errors import Problem
from web.uploads import Uploads

log = logging.getLogger(__name__)


def engine() -> Engine:
    """The engine of the application that answers this request."""
    return cast(Engine, current_app.extensions["engine"])


def posted_case() -> CaseRequest:
    """The case in a posted form or JSON body; filters may stand in the address too."""
    args: MultiDict[str, str] = MultiDict(request.args)
    if request.mimetype == "application/json":
        more, text, issue = forms.json_arguments(request.get_json())
        args.update(more)
        return forms.case_request(args, text=text, issue=issue)
    if request.mimetype not in ("multipart/form-data", "application/x-www-form-urlencoded"):
        raise Problem(
            415,
            "unsupported_media_type",
            "The body is neither JSON nor a form.",
            'Send JSON such as {"text": "..."} with Content-Type: application/json, or a form.',
        )
    args.update(request.form)
    text, upload = request.form.get("text", ""), request.files.get("file")
    # A browser sends the file field empty where no file was chosen.
    if upload and upload.filename:
        text = "\n\n".join(part for part in (text.strip(), read_upload(upload)) if part)
    return forms.case_request(args, text=text, issue=request.form.get("issue", ""))


def read_upload(upload: FileStorage) -> str:
    """The text of an uploaded PDF, DOCX or TXT; a 422 where it cannot be read, a 503 in a rush."""
    name = upload.filename or "upload"
    try:
        return cast(Uploads, current_app.extensions["uploads"]).text(name, upload.stream.read())
    except Unreadable as error:
        code = f"unreadable_{error.code.replace('-', '_')}"
        said = f"“{name[-80:]}” cannot be read. {error.reason}"
        raise Problem(422, code, said, error.remedy) from error
    except ReaderUnavailable as error:
        log.error("%s", error)
        raise Problem(
            503,
            "no_reader",
            "No file can be read at the moment.",
            "Paste its text instead, or tell who runs this machine that it is short of memory "
            "or processes.",
        ) from error
