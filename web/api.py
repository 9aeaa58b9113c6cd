"""The JSON API: read the arguments, ask the engine, answer in the contract's shape."""

from __future__ import annotations

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from web import asking, forms, openapi, serialize
from web.errors import Problem
from web.serialize import to_json

blueprint = Blueprint("api", __name__)


@blueprint.get("/api/search")
def search() -> ResponseReturnValue:
    """Issues that answer the words and filters."""
    return jsonify(to_json(asking.engine().search(forms.search_request(request.args))))


@blueprint.post("/api/similar")
def similar() -> ResponseReturnValue:
    """Issues similar to a pasted request, an uploaded file or an issue of the index."""
    return jsonify(to_json(asking.engine().similar(asking.posted_case())))


@blueprint.get("/api/letters/<path:id_>")
def letter(id_: str) -> ResponseReturnValue:
    """One letter with all its issues."""
    return jsonify(to_json(serialize.letter_record(asking.engine().letter(id_))))


@blueprint.get("/api/issues/<path:id_>")
def issue(id_: str) -> ResponseReturnValue:
    """One issue of a letter."""
    id_ = forms.issue_id(id_)
    bare, _, number = id_.partition("#")
    if not number:
        raise Problem(
            404,
            "not_found",
            f"“{bare[:80]}” names a letter, not one of its issues.",
            "Write the issue as CM16-0213037%231 (%23 stands for #), or ask /api/letters/.",
        )
    page = asking.engine().letter(id_, neighbours=0)
    return jsonify(to_json(serialize.issue_record(page, int(number))))


@blueprint.get("/api/overview")
def overview() -> ResponseReturnValue:
    """What the index holds."""
    return jsonify(to_json(asking.engine().overview()))


@blueprint.get("/healthz")
def health() -> ResponseReturnValue:
    """Whether the server answers, and from which generation of the index."""
    overview = asking.engine().overview()
    record = serialize.HealthRecord(
        status="degraded" if overview.degraded else "ok",
        letters=overview.letters,
        issues=overview.issues,
        generation=overview.generation,
        build=overview.build,
        semantic_ready=overview.semantic_ready,
        degraded=overview.degraded,
    )
    return jsonify(to_json(record))


@blueprint.get("/openapi.json")
def document() -> ResponseReturnValue:
    """The description of this API."""
    return jsonify(openapi.document())
