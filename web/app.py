"""The Flask application: one engine, its pages, its API and its downloads."""

from __future__ import annotations

from collections.abc import Collection
from io import BytesIO
from typing import IO

from flask import Flask, Request, request

from search.engine import Engine
from web import api, errors, export, guard, original, pages, wire, words
from web.uploads import Busy, Uploads

MAX_UPLOAD = 25 * 1024 * 1024


class InMemoryRequest(Request):
    """Keeps what is uploaded in memory: a patient's record is not spooled to a temporary file."""

    def _get_file_stream(
        self,
        total_content_length: int | None,  # noqa: ARG002 - werkzeug's signature
        content_type: str | None,  # noqa: ARG002
        filename: str | None = None,  # noqa: ARG002
        content_length: int | None = None,  # noqa: ARG002
    ) -> IO[bytes]:
        return BytesIO()


def create_app(
    engine: Engine,
    *,
    hosts: Collection[str] | None = guard.LOOPBACK,
    uploads: Uploads | None = None,
) -> Flask:
    """The application over `engine`, answering to the names in `hosts` (None: to any)."""
    app = Flask(__name__)
    app.request_class = InMemoryRequest
    app.extensions["engine"] = engine
    app.extensions["uploads"] = uploads or Uploads()
    app.config["MAX_CONTENT_LENGTH"] = MAX_UPLOAD
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_UPLOAD
    app.json.sort_keys = False  # type: ignore[attr-defined]
    guard.install(app, hosts)
    errors.install(app)
    app.before_request(_refuse_dropped)
    words.install(app)
    for room in (pages, original, api, export):
        app.register_blueprint(room.blueprint)
    return app


def _refuse_dropped() -> None:
    """Send away who sent one large body too many: it was not kept."""
    if wire.DROPPED in request.headers:
        raise Busy
