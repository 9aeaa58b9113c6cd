"""What is meant does not depend on how it is spelled, nor on what cannot be seen."""

from __future__ import annotations

import pytest

from index.concepts.reading import read_concepts
from search.understand.paste import read_pasted


@pytest.mark.parametrize(
    ("typed", "usual"),
    [
        ("epi\u00addural steroid injection at L4\u2011L5", "epidural steroid injection at L4-L5"),
        ("acu\u200bpuncture, six visits", "acupuncture, six visits"),
        ("bi-lateral knee injection", "bilateral knee injection"),
        ("B/L knee injection", "bilateral knee injection"),
        ("hwave unit", "H-wave unit"),
        ("followup visit", "follow-up visit"),
        ("non-steroidal anti-inflammatory", "nonsteroidal antiinflammatory"),
        ("pre operative clearance", "preoperative clearance"),
        ("\ufb02uoroscopy", "fluoroscopy"),
    ],
)
def test_a_request_is_read_the_same_in_each_spelling(typed: str, usual: str) -> None:
    assert read_concepts(typed) == read_concepts(usual)


@pytest.mark.parametrize(
    "broken", ["epi-\ndural", "epi\u00addural", "epi\u200bdural", "\u202eepidural"]
)
def test_a_pasted_request_is_read_through_broken_words(broken: str) -> None:
    pasted = read_pasted(f"Requested: lumbar {broken} steroid injection at L4-L5.")
    assert pasted.concepts.treatments == ("Injections > Epidural steroid injection",)
    assert "epidural" in pasted.requested
