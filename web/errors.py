"""Everything that can go wrong, in one shape: a code, what happened, and what to do about it.

`/api` and the other machine addresses answer with JSON, the pages with the same words in HTML.
Nothing a person typed or pasted reaches the log: a failure is logged by its kind and its place.
"""

from __future__ import annotations

import logging
import traceback
from http import HTTPStatus

from flask import Flask, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from index.fold import plain
from index.manifest import IndexUnusable
from search.backend import NotFound
from search.query import QueryError

log = logging.getLogger(__name__)

REMEDIES = {
    400: ("bad_request", "The request could not be read.", "Check its form and send it again."),
    404: ("not_found", "There is no page at this address.", "Start again from the front page."),
    405: ("method_not_allowed", "This address does not take that method.", "See /openapi.json."),
    413: (
        "too_large",
        "That is larger than 25 MB.",
        "Send only the pages with the request, or paste their text.",
    ),
    415: (
        "unsupported_media_type",
        "The body is not of a kind this address reads.",
        'Send JSON such as {"text": "..."} with Content-Type: application/json, or a form.',
    ),
}


class Problem(Exception):
    """A refusal a person can act on. `place` is the words around a mistake, as (before, after).

    `retry_after` is the seconds after which the same request may be answered.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        remedy: str,
        *,
        place: tuple[str, str] | None = None,
        retry_after: int | None = None,
    ) -> None:
        """Hold the one error shape and its HTTP status."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.remedy = remedy
        self.place = place
        self.retry_after = retry_after


def bad_argument(name: str, message: str, remedy: str) -> Problem:
    """A 400 for one argument."""
    return Problem(400, f"bad_{name}", message, remedy)


def not_found(what: str, id_: str) -> Problem:
    """A 404 for a letter or issue that this index does not hold."""
    return Problem(
        404,
        "not_found",
        f"This index holds no {what} “{id_[:80]}”.",
        "Check the number, or search for the words of the letter. "
        "An issue is written CM16-0213037#1; in an address the # is written %23.",
    )


def bad_query(error: QueryError, words: str) -> Problem:
    """A 400 for words that the query language cannot read, with the place marked."""
    if not words or error.position is None:
        return Problem(400, "bad_query", error.message, error.remedy)
    at = min(max(error.position, 0), len(words))
    message = f"{error.message.rstrip('.')} (at character {at + 1})."
    place = (words[:at], words[at:])
    return Problem(400, "bad_query", message, error.remedy, place=place)


def wants_json() -> bool:
    """Whether this address speaks to programs."""
    return request.path.startswith("/api/") or request.path.endswith((".json", "/healthz"))


def respond(problem: Problem) -> ResponseReturnValue:
    """The problem as JSON or as a page."""
    error = {"code": problem.code, "message": problem.message, "remedy": problem.remedy}
    headers = {} if problem.retry_after is None else {"Retry-After": str(problem.retry_after)}
    if wants_json():
        return jsonify(error=error), problem.status, headers
    phrase = HTTPStatus(problem.status).phrase
    page = render_template("error.html", error=error, place=problem.place, phrase=phrase)
    return page, problem.status, headers


def _from_http(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None or (error.code or 500) < 400:
        return error.get_response()  # a redirect, not a failure
    status = error.code or 500
    code, message, remedy = REMEDIES.get(
        status,
        (error.name.lower().replace(" ", "_"), error.name + ".", "Check the request."),
    )
    return respond(Problem(status, code, message, remedy))


def _from_query(error: QueryError) -> ResponseReturnValue:
    return respond(bad_query(error, plain(request.args.get("q", ""))))


def _from_depth(_error: RecursionError) -> ResponseReturnValue:
    return respond(
        Problem(400, "too_deep", "The body nests too deeply.", "Send one flat JSON object.")
    )


def _from_unusable(error: IndexUnusable) -> ResponseReturnValue:
    log.error("%s", error)
    return respond(
        Problem(
            503,
            "index_unavailable",
            "The index is being replaced, or cannot be read.",
            "Try again in a moment; if it stays so, `precedent verify` says what is wrong.",
            retry_after=5,
        )
    )


def _from_missing(error: NotFound) -> ResponseReturnValue:
    return respond(not_found(error.kind, error.identity))


def _from_anything(error: Exception) -> ResponseReturnValue:
    # The message and the source lines of an exception may hold a patient's words; its kind and
    # where it rose do not.
    frames = traceback.extract_tb(error.__traceback__)
    places = " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames[-6:]))
    log.error("%s at %s", type(error).__name__, places)
    return respond(
        Problem(
            500,
            "internal_error",
            "Something went wrong on this machine, and the answer could not be made.",
            "Try again. If it happens again, `precedent verify` checks the index.",
        )
    )


def install(app: Flask) -> None:
    """Answer every failure of `app` in the one shape."""
    app.register_error_handler(Problem, respond)
    app.register_error_handler(QueryError, _from_query)
    app.register_error_handler(IndexUnusable, _from_unusable)
    app.register_error_handler(NotFound, _from_missing)
    app.register_error_handler(RecursionError, _from_depth)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(Exception, _from_anything)
