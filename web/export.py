"""What one takes away: CSV, JSON, an Atom feed and a page for printing, from the same results."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import quote
from xml.etree import ElementTree as Xml

from flask import Blueprint, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from search.facets import OUTCOMES
from search.request import CaseRequest, SearchRequest, Sort
from search.results import Hit, Results
from search.signals import SIGNALS
from web import asking, forms, words
from web.address import Address
from web.serialize import to_json

blueprint = Blueprint("export", __name__)

MAX_ROWS = 1_000  # of a CSV or JSON download
MAX_PRINTED = 100
MAX_ENTRIES = 50  # of a feed
ATOM = "http://www.w3.org/2005/Atom"
COLUMNS = (
    "issue",
    "letter",
    "request",
    "disputed",
    "outcome",
    "outcome_means",
    "decision_date",
    "reviewer_guidelines",
    "claims_administrator_guidelines",
    "guidelines_differ",
    "specialties",
    "treatments",
    "regions",
    *(f"{signal.name}_rank" for signal in SIGNALS),
    "score",
    "near_identical",
    "near_identical_requests",
    "address",
)
# A spreadsheet runs a cell that begins with one of these, also after white space.
FORMULA = re.compile(r"\s*[=+\-@\t\r]")


def letter_address(hit: Hit) -> str:
    """The full address of an issue in its letter."""
    return request.host_url.rstrip("/") + words.letter_path(hit.letter, hit.number)


def safe_cell(value: object) -> str:
    """A cell no spreadsheet takes for a formula; what is at risk gains a leading apostrophe."""
    text = "" if value is None else str(value)
    return f"'{text}" if FORMULA.match(text) else text


def _row(hit: Hit) -> list[str]:
    cells: tuple[object, ...] = (
        hit.issue,
        hit.letter,
        hit.request,
        hit.disputed,
        hit.outcome.value,
        OUTCOMES[hit.outcome.value],
        hit.decision_date,
        "; ".join(hit.reviewer_guidelines),
        "; ".join(hit.claims_administrator_guidelines),
        "yes" if hit.guidelines_differ else "no",
        "; ".join(hit.specialties),
        "; ".join(hit.treatments),
        "; ".join(hit.regions),
        *(hit.ranks.get(signal.name) for signal in SIGNALS),
        f"{hit.score:.6f}",
        "; ".join(hit.near_identical),
        "; ".join(hit.near_identical_requests),
        letter_address(hit),
    )
    return [safe_cell(cell) for cell in cells]


def csv_text(hits: Iterable[Hit]) -> str:
    """The hits as CSV, one issue a row."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows(_row(hit) for hit in hits)
    return out.getvalue()


def _csv(results: Results) -> Response:
    # The byte-order mark makes Excel read UTF-8 as UTF-8.
    return _download(
        Response("\ufeff" + csv_text(results.hits), mimetype="text/csv"), "precedent.csv"
    )


def _download(response: Response, name: str) -> Response:
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _xml(parent: Xml.Element, tag: str, text: str = "", **attributes: str) -> Xml.Element:
    element = Xml.SubElement(parent, f"{{{ATOM}}}{tag}", attributes)
    element.text = forms.clean(text)
    return element


def atom_text(results: Results, title: str, address: str) -> bytes:
    """The newest determinations of a search as an Atom feed."""
    Xml.register_namespace("", ATOM)
    feed = Xml.Element(f"{{{ATOM}}}feed")
    dates = [hit.decision_date.isoformat() for hit in results.hits if hit.decision_date]
    _xml(feed, "id", address)
    _xml(feed, "title", title)
    _xml(feed, "updated", f"{max(dates, default='1970-01-01')}T00:00:00Z")
    _xml(_xml(feed, "author"), "name", "precedent")
    _xml(feed, "link", rel="self", href=address)
    for hit in results.hits:
        entry = _xml(feed, "entry")
        decided = hit.decision_date.isoformat() if hit.decision_date else "1970-01-01"
        _xml(entry, "id", f"urn:imr:{quote(hit.issue)}")
        _xml(entry, "title", f"{OUTCOMES[hit.outcome.value]}: {hit.disputed}")
        _xml(entry, "updated", f"{decided}T00:00:00Z")
        _xml(entry, "link", rel="alternate", href=letter_address(hit))
        relied = "; ".join(hit.reviewer_guidelines) or "none cited"
        _xml(entry, "summary", f"Decided {words.day(hit.decision_date)}. Reviewer: {relied}.")
    text: bytes = Xml.tostring(feed, encoding="utf-8", xml_declaration=True)
    return text


@blueprint.get("/search.csv")
def search_csv() -> ResponseReturnValue:
    """A search as CSV."""
    return _csv(asking.engine().search(_whole_search(MAX_ROWS)))


@blueprint.get("/search.json")
def search_json() -> ResponseReturnValue:
    """A search as a JSON file."""
    results = asking.engine().search(_whole_search(MAX_ROWS))
    return _download(jsonify(to_json(results)), "precedent.json")


@blueprint.get("/search.atom")
def search_atom() -> ResponseReturnValue:
    """A search as a feed of its newest determinations."""
    asked = _whole_search(MAX_ENTRIES)
    newest = replace(asked, page=replace(asked.page, sort=Sort.NEWEST))
    results = asking.engine().search(newest)
    said = " and ".join(one.words for one in results.filters)
    title = "; ".join(part for part in (asked.words, said) if part) or "all determinations"
    address = Address(newest).url(f"{request.host_url}search.atom")
    feed = atom_text(results, f"precedent: {title}", address)
    return Response(feed, mimetype="application/atom+xml")


@blueprint.get("/search/print")
def search_print() -> ResponseReturnValue:
    """A search as a page for printing."""
    asked = _whole_search(MAX_PRINTED)
    results = asking.engine().search(asked)
    return render_template("print.html", asked=Address(asked), results=results)


@blueprint.post("/similar.csv")
def similar_csv() -> ResponseReturnValue:
    """Similar cases as CSV; posted, for the pasted text must not stand in an address."""
    return _csv(asking.engine().similar(_whole_case(MAX_ROWS)))


@blueprint.post("/similar.json")
def similar_json() -> ResponseReturnValue:
    """Similar cases as a JSON file."""
    similar = asking.engine().similar(_whole_case(MAX_ROWS))
    return _download(jsonify(to_json(similar)), "precedent-similar.json")


@blueprint.post("/similar/print")
def similar_print() -> ResponseReturnValue:
    """Similar cases as a page for printing."""
    case = _whole_case(MAX_PRINTED)
    similar = asking.engine().similar(case)
    return render_template("print.html", asked=Address(case), results=similar, case=case)


def _whole_search(most: int) -> SearchRequest:
    """The search asked for from its beginning, whichever page it is taken from."""
    asked = forms.search_request(request.args)
    return replace(asked, page=replace(asked.page, offset=0, limit=most))


def _whole_case(most: int) -> CaseRequest:
    case = asking.posted_case()
    return replace(case, page=replace(case.page, offset=0, limit=most))
