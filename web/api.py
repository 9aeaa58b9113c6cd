"""The JSON API: read the arguments, ask the engine, answer in the contract's shape."""

from __future__ import annotations

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from web import asking, forms, openapi, serialize
from web.errors import Problem, not_found

blueprint = Blueprint("api", __name__)


@blueprint.get("/api/search")
def search() -> ResponseReturnValue:
    """Issues that answer the words and filters."""
    return jsonify(serialize.results_json(asking.search(forms.question(request.args))))


@blueprint.post("/api/similar")
def similar() -> ResponseReturnValue:
    """Issues similar to a pasted request, an uploaded file or an issue of the index."""
    return jsonify(serialize.similar_json(asking.similar(asking.posted_case())))


@blueprint.get("/api/letters/<path:id_>")
def letter(id_: str) -> ResponseReturnValue:
    """One letter with all its issues."""
    return jsonify(serialize.letter_json(asking.letter(id_)))


@blueprint.get("/api/issues/<path:id_>")
def issue(id_: str) -> ResponseReturnValue:
    """One issue of a letter."""
    if "#" not in id_:
        raise Problem(
            404,
            "not_found",
            f"“{id_[:80]}” names a letter, not one of its issues.",
            "Write the issue as CM16-0213037%231 (%23 stands for #), or ask /api/letters/.",
        )
    found = asking.letter(id_, neighbours=0).letter
    for one in found.issues:
        if f"{found.id}#{one.number}" == id_:
            return jsonify(serialize.issue_json(found, one))
    raise not_found("issue", id_)


@blueprint.get("/api/overview")
def overview() -> ResponseReturnValue:
    """What the index holds."""
    return jsonify(serialize.overview_json(asking.engine().overview()))


@blueprint.get("/healthz")
def health() -> ResponseReturnValue:
    """Whether the server answers, and from which generation of the index."""
    overview = asking.engine().overview()
    return jsonify(
        status="ok",
        letters=overview.letters,
        issues=overview.issues,
        generation=overview.generation,
        semantic_ready=overview.semantic_ready,
    )


@blueprint.get("/openapi.json")
def document() -> ResponseReturnValue:
    """The description of this API."""
    return jsonify(openapi.document())
