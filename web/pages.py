"""The pages: read the form, ask the engine, render."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from search.facets import GROUPS
from search.results import Results
from web import asking, forms, openapi, original, words
from web.errors import not_found
from web.forms import Question

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def front() -> ResponseReturnValue:
    """The two ways in, and what the index holds."""
    return render_template("front.html", overview=asking.engine().overview())


@blueprint.get("/search")
def search() -> ResponseReturnValue:
    """Results of a search; a case number goes to its letter."""
    asked = forms.question(request.args)
    results = asking.search(asked)
    if results.letter_id:
        letter, _, number = results.letter_id.partition("#")
        return redirect(words.letter_path(letter, number))
    asked = asked.about({expansion.term.lower() for expansion in results.expansions})
    return render_template(
        "results.html",
        asked=asked,
        results=results,
        hidden=unlisted(asked, results),
        empty=results.total == 0 and asking.engine().overview().letters == 0,
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
    case = asking.Case(question=forms.question(request.args), issue=f"{letter}#{number}")
    return _similar(case, words.similar_path(letter, number))


def _similar(case: asking.Case, action: str) -> str:
    found = asking.similar(case)
    start = None
    if case.issue:
        page = asking.letter(case.issue, neighbours=0)
        start = next(i for i in page.letter.issues if f"{page.letter.id}#{i.number}" == case.issue)
    asked = case.question.about({expansion.term.lower() for expansion in found.results.expansions})
    return render_template(
        "similar.html",
        asked=asked,
        case=case,
        start=start,
        similar=found,
        results=found.results,
        hidden=unlisted(asked, found.results),
        empty=found.results.total == 0 and asking.engine().overview().letters == 0,
        action=action,
        pasted=not case.issue,
    )


@blueprint.get("/letters/<path:id_>")
def letter(id_: str) -> ResponseReturnValue:
    """A letter for reading, one of its issues in view."""
    bare, _, number = id_.partition("#")
    wanted = number or request.args.get("issue", "")
    words_ = forms.question(request.args).words
    page = asking.letter(f"{bare}#{wanted}" if wanted else bare, words=words_)
    found = page.letter
    if wanted and wanted not in {str(issue.number) for issue in found.issues}:
        raise not_found("issue", f"{bare}#{wanted}")
    relied = [
        words.guideline(citation) for issue in found.issues for citation in issue.reviewer_citations
    ]
    return render_template(
        "letter.html",
        page=page,
        letter=found,
        in_view=int(wanted) if wanted else None,
        words=words_,
        file_name=original.file_name(page.source),
        at_hand=original.is_at_hand(page.source),
        old_text=words.superseded(found.decision_date, relied),
    )


@blueprint.get("/help")
def help_() -> ResponseReturnValue:
    """The query language, by examples that run."""
    return render_template(
        "help.html",
        filters=[(group.label, openapi.FILTER_WORDS[group.name], group.name) for group in GROUPS],
        parameters=[*openapi.SEARCH_ONLY, *openapi.READING, *openapi.paging()],
    )


@blueprint.get("/about")
def about() -> ResponseReturnValue:
    """What the index holds and what it does not do."""
    return render_template("about.html", overview=asking.engine().overview())


def unlisted(asked: Question, results: Results) -> list[tuple[str, str]]:
    """Selected filters that no facet lists: the form carries them hidden, or they would be lost."""
    listed = {(facet.name, value.value) for facet in results.facets for value in facet.values}
    return [
        (group, value)
        for group, values in asked.filters.items()
        for value in values
        if (group, value) not in listed
    ]
