"""Which words are written joined, with a hyphen or apart; and that the table of them is sound."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from index import spellings
from index.known_words import is_known
from index.spellings import in_full, is_one, parts

TABLE = tomllib.loads((Path(spellings.__file__).parent / "data" / "spellings.toml").read_text())


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("postoperative", "post operative"),
        ("preauthorization", "pre authorization"),
        ("nonsteroidal", "non steroidal"),
        ("antiinflammatory", "anti inflammatory"),
        ("antidepressants", "anti depressants"),
        ("intraarticular", "intra articular"),
        ("multidisciplinary", "multi disciplinary"),
        ("transforaminal", "trans foraminal"),
        ("postop", "post op"),
        ("xray", "x ray"),
        ("xrays", "x rays"),
        ("followup", "follow up"),
        ("hwave", "h wave"),
    ],
)
def test_a_word_of_two_is_parted(word: str, expected: str) -> None:
    assert " ".join(parts(word)) == expected


LOOK_ALIKE = """
prescription prescribed presented preserved prevents posture posterior multiple antibiotics
precautions preferred nonsense antigen intractable poster prefaced positive nonce
"""


@pytest.mark.parametrize("word", LOOK_ALIKE.split())
def test_a_word_that_only_looks_like_two_is_not(word: str) -> None:
    assert parts(word) == (word,)


def test_a_hyphen_may_mean_nothing() -> None:
    assert is_one("bi", "lateral")
    assert is_one("electro", "diagnostic")
    assert is_one("out", "patient")
    assert not is_one("pain", "related")
    assert not is_one("long", "term")


def test_a_short_form_is_written_out() -> None:
    assert in_full("b/l") == "bilateral"
    assert in_full("emg/ncs") == ""


def test_no_compound_is_listed_twice_or_told_by_the_rule_of_prefixes() -> None:
    compounds = TABLE["compounds"]
    assert len(compounds) == len(set(compounds))
    for compound in compounds:
        first, *rest = compound.split()
        told = first in TABLE["prefixes_apart"] and len(rest) == 1
        assert not (told and len(rest[0]) >= 4 and is_known(rest[0]))


def test_every_whole_word_would_be_parted_without_the_list() -> None:
    for word in TABLE["whole"]:
        assert word.startswith(tuple(TABLE["prefixes_apart"]))
