"""The pages: read the form, ask the engine, render."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from search.facets import FACETS
from search.request import CaseRequest, SearchRequest
from search.results import Results
from web import asking, forms, openapi, original, words
from web.address import Address
from web.serialize import file_name

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def front() -> ResponseReturnValue:
    """The two ways in, and what the index holds."""
    return render_template("front.html", overview=asking.engine().overview())


@blueprint.get("/search")
def search() -> ResponseReturnValue:
    """Results of a search; a case number goes to its letter."""
    asked = forms.search_request(request.args)
    results = asking.engine().search(asked)
    if results.letter_id:
        letter, _, number = results.letter_id.partition("#")
        return redirect(words.letter_path(letter, number))
    address = _address(asked, results)
    return render_template(
        "results.html",
        asked=address,
        results=results,
        hidden=unlisted(address, results),
        empty=_is_empty(results),
        action="/search",
        pasted=False,
    )


@blueprint.get("/similar")
def similar_form() -> ResponseReturnValue:
    """Where a new request is pasted or uploaded."""
    return render_template("ask.html", overview=asking.engine().overview())


@blueprint.post("/similar")
def similar_pasted() -> ResponseReturnValue:
    """Prior determinations similar to a pasted or uploaded request."""
    return _similar(asking.posted_case(), "/similar")


@blueprint.get("/similar/<letter>/<int:number>")
def similar_issue(letter: str, number: int) -> ResponseReturnValue:
    """Prior determinations similar to one issue of this index."""
    case = forms.case_request(request.args, issue=f"{letter}#{number}")
    return _similar(case, words.similar_path(letter, number))


def _similar(case: CaseRequest, action: str) -> str:
    similar = asking.engine().similar(case)
    start = None
    if case.issue:
        page = asking.engine().letter(case.issue, neighbours=0)
        start = next(i for i in page.letter.issues if f"{page.letter.id}#{i.number}" == case.issue)
    address = _address(case, similar)
    return render_template(
        "similar.html",
        asked=address,
        case=case,
        start=start,
        results=similar,
        hidden=unlisted(address, similar),
        empty=_is_empty(similar),
        action=action,
        pasted=not case.issue,
    )


def _address(asked: SearchRequest | CaseRequest, results: Results) -> Address:
    """The address of a request, its filters as they were read, less switches of terms it lacks."""
    filters: dict[str, tuple[str, ...]] = {}
    for said in results.filters:
        filters[said.name] = (*filters.get(said.name, ()), said.value)
    address = Address(replace(asked, filters=filters))
    return address.about({expansion.term.lower() for expansion in results.expansions})


def _is_empty(results: Results) -> bool:
    return results.total == 0 and asking.engine().overview().letters == 0


@blueprint.get("/letters/<path:id_>")
def letter(id_: str) -> ResponseReturnValue:
    """A letter for reading, one of its issues in view."""
    id_ = forms.issue_id(id_)
    if "#" not in id_ and (number := request.args.get("issue")):
        id_ = forms.issue_id(f"{id_}#{number}")
    words_ = forms.search_request(request.args).words
    page = asking.engine().letter(id_, words=words_)
    in_view = id_.partition("#")[2]
    relied = [
        words.guideline(citation)
        for issue in page.letter.issues
        for citation in issue.reviewer_citations
    ]
    return render_template(
        "letter.html",
        page=page,
        letter=page.letter,
        in_view=int(in_view) if in_view else None,
        words=words_,
        file_name=file_name(page.source),
        at_hand=original.is_at_hand(page.source),
        old_text=words.superseded(page.letter.decision_date, relied),
    )


@blueprint.get("/help")
def help_() -> ResponseReturnValue:
    """The query language, by examples that run."""
    return render_template(
        "help.html",
        filters=[(kind.label, kind.described, kind.name) for kind in FACETS],
        parameters=[*openapi.SEARCH_ONLY, *openapi.READING, *openapi.paging()],
    )


@blueprint.get("/about")
def about() -> ResponseReturnValue:
    """What the index holds and what it does not do."""
    return render_template("about.html", overview=asking.engine().overview())


def unlisted(asked: Address, results: Results) -> list[tuple[str, str]]:
    """Selected filters that no facet lists: the form carries them hidden, or they would be lost."""
    listed = {(name, value.value) for name, values in results.facets.items() for value in values}
    return [
        (name, value)
        for name, values in asked.filters.items()
        for value in values
        if (name, value) not in listed
    ]
