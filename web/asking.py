"""From a request to the engine and back: what pages, API and downloads ask in the same way."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import cast

from flask import current_app, request
from werkzeug.datastructures import FileStorage, MultiDict

from index.extract import Unreadable
from index.extract.reader import ReaderUnavailable
from search.engine import Engine
from search.results import LetterPage, Results, Similar
from web import forms
from web.errors import Problem, not_found
from web.forms import Question
from web.uploads import Uploads

log = logging.getLogger(__name__)


def engine() -> Engine:
    """The engine of the application that answers this request."""
    return cast(Engine, current_app.extensions["engine"])


def search(asked: Question) -> Results:
    """The results of a keyword search."""
    return engine().search(
        asked.words,
        filters=asked.filters,
        mode=asked.mode,
        limit=asked.limit,
        offset=asked.offset,
        sort=asked.sort,
        expand=asked.expand,
        off=asked.off,
        senses=asked.senses,
    )


def letter(id_: str, *, words: str = "", neighbours: int = 5) -> LetterPage:
    """A letter by its id or that of one of its issues; a 404 where there is none."""
    try:
        return engine().letter(id_, words=words, neighbours=neighbours)
    except KeyError as error:
        raise not_found("issue" if "#" in id_ else "letter", id_) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What to find similar cases to: a pasted text, or an issue of this index."""

    question: Question
    text: str = ""
    issue: str = ""


def similar(case: Case) -> Similar:
    """The issues most similar to a case; a 404 where its issue is not in the index."""
    asked = case.question
    if case.issue:
        try:
            return engine().similar_to(
                case.issue,
                filters=asked.filters,
                mode=asked.mode,
                limit=asked.limit,
                offset=asked.offset,
            )
        except KeyError as error:
            raise not_found("issue", case.issue) from error
    return engine().similar(
        forms.pasted(case.text),
        filters=asked.filters,
        mode=asked.mode,
        limit=asked.limit,
        offset=asked.offset,
        expand=asked.expand,
        off=asked.off,
        senses=asked.senses,
    )


def posted_case() -> Case:
    """The case in a posted form or JSON body; filters may stand in the address too."""
    args: MultiDict[str, str] = MultiDict(request.args)
    if request.mimetype == "application/json":
        more, text, issue = forms.json_arguments(request.get_json())
        args.update(more)
        return Case(question=forms.question(args), text=text, issue=issue)
    if request.mimetype not in ("multipart/form-data", "application/x-www-form-urlencoded"):
        raise Problem(
            415,
            "unsupported_media_type",
            "The body is neither JSON nor a form.",
            'Send JSON such as {"text": "..."} with Content-Type: application/json, or a form.',
        )
    args.update(request.form)
    # The words of a pasted case are its text; a stray q in the address is not part of it.
    question = replace(forms.question(args), words="")
    upload = request.files.get("file")
    # A browser sends the file field empty where no file was chosen.
    text = read_upload(upload) if upload and upload.filename else request.form.get("text", "")
    return Case(question=question, text=text, issue=request.form.get("issue", ""))


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
