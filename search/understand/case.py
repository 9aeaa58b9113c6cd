"""From a pasted text, or an issue of the index, to a query."""

from __future__ import annotations

from index.passages import PASSAGE_WORDS, is_verdict_word, passages, without_verdict
from search.backend import Determination, KeyTerms, Query
from search.query import QueryError
from search.request import READ_TEXT, CaseRequest, Switches
from search.understand.expansions import expand_terms, meanings_text
from search.understand.features import look_for
from search.understand.paste import Pasted, read_pasted
from search.understand.understanding import Understanding, describe, meaning_terms

KEY_TERMS = 40
AROUND = 0.5
"""What a key term of the whole text counts beside one of the requested item."""


def understand_text(request: CaseRequest) -> Understanding:
    """What a pasted request, report or denial asks for. Raises QueryError where it says nothing."""
    if not request.text.strip():
        raise QueryError("There is no text.", None, "Paste a request, or give a file of one.")
    return _understand(read_pasted(request.text), request, request.switches)


def understand_issue(one: Determination, request: CaseRequest) -> Understanding:
    """The question that an issue itself asks: what else is like it. It is left out itself."""
    requested = one.issue.disputed or one.issue.request
    reasoning, _ = without_verdict(one.issue.rationale)
    pasted = Pasted(
        requested=requested,
        focus=requested,
        whole=f"{requested}. {reasoning}",
        concepts=one.concepts,
        reasons=one.reasons,
    )
    embedded = passages(requested, one.issue.rationale)
    return _understand(
        pasted,
        request,
        Switches(expand=False),  # what it is about is known
        texts=(embedded[0], embedded[min(1, len(embedded) - 1)]),
        leave_out=(one.id,),
    )


def _understand(
    pasted: Pasted,
    request: CaseRequest,
    switches: Switches,
    *,
    texts: tuple[str, ...] = (),
    leave_out: tuple[str, ...] = (),
) -> Understanding:
    expansions = expand_terms(pasted.focus, switches) if not leave_out else ()
    active = tuple(expansion for expansion in expansions if expansion.active)
    query = Query(
        match=None,
        mode=request.mode,
        key_terms=(
            KeyTerms(text=_blind(pasted.focus), most=KEY_TERMS, weight=1.0),
            KeyTerms(text=_blind(pasted.whole), most=KEY_TERMS, weight=AROUND),
        ),
        texts=texts or _texts(pasted, meanings_text(pasted.focus, active)),
        features=look_for(pasted.concepts, pasted.reasons),
        leave_out=leave_out,
    )
    notes: tuple[str, ...] = ()
    if len(request.text) > READ_TEXT:
        notes = (f"Only the first {READ_TEXT:,} characters of the text were read.",)
    return Understanding(
        query=query,
        understood=describe(pasted.requested, pasted.concepts),
        terms=meaning_terms(active),
        notes=notes,
        expansions=expansions,
    )


def _texts(pasted: Pasted, focus: str) -> tuple[str, ...]:
    """What is embedded: the focus, and the whole where it is more."""
    if pasted.whole == pasted.focus:
        return (focus,)
    # More of it than a passage has costs an encoding and changes no ranking.
    return focus, " ".join(pasted.whole.split()[:PASSAGE_WORDS])


def _blind(text: str) -> str:
    """`text` without the words of a verdict."""
    return " ".join(word for word in text.split() if not is_verdict_word(word.strip("(\"'")))
