"""What a pasted text asks for is found apart from history, findings and the denial of it."""

from __future__ import annotations

import time

import pytest

from search.request import READ_TEXT
from search.understand.paste import read_pasted

# Fictional texts: (text, what is asked for, words of history or denial that are not).
PASTED = {
    "report with a plan": (
        "PR-2. 41 y/o F florist, neck pain 5/10. Tried ibuprofen and ice. Exam: spasm, Spurling "
        "negative. Plan: request 6 visits of chiropractic care for the neck. UR denied, citing no "
        "functional goals.",
        "6 visits of chiropractic care",
        ("ibuprofen", "functional goals", "Spurling"),
    ),
    "form with labels": (
        "REQUEST FOR AUTHORIZATION\nEmployee: fictional\nDiagnosis: M54.5 low back pain\n"
        "Treatment requested: MRI lumbar spine without contrast\nPrior care: six visits of "
        "acupuncture\n",
        "MRI lumbar spine without contrast",
        ("acupuncture",),
    ),
    "denial letter": (
        "Utilization review decision. The claims administrator non-certified the request because "
        "there was no trial of a home exercise program.\nThe disputed item: TENS unit, purchase, "
        "for chronic knee pain.",
        "TENS unit",
        ("home exercise",),
    ),
    "request before history": (
        "Requesting authorization for right carpal tunnel release. He has had night splints, two "
        "cortisone injections and occupational therapy. Nerve studies of May show slowing.",
        "right carpal tunnel release",
        ("cortisone", "splints"),
    ),
    "history before request": (
        "62 y/o M welder s/p left knee arthroscopy 2014, completed 12 PT visits. Current "
        "medications: Norco, naproxen. The provider is seeking Synvisc injections x3, left knee.",
        "Synvisc injections",
        ("Norco", "naproxen", "arthroscopy"),
    ),
    "refill": (
        "Chronic low back pain. Meds: gabapentin 300 tid. Takes omeprazole. Refill requested: "
        "Norco 10/325 mg #90. Last urine screen negative for opioids.",
        "Norco 10/325 mg #90",
        ("gabapentin", "omeprazole"),
    ),
    "prescription": (
        "Dx plantar fasciitis, failed stretching. I prescribe custom orthotics, both feet.",
        "custom orthotics",
        ("stretching",),
    ),
    "surgery with an assistant": (
        "MRI shows a full-thickness tear. Failed therapy. We request right shoulder arthroscopy "
        "with rotator cuff repair. Adjuster refused for lack of an injection.",
        "right shoulder arthroscopy with rotator cuff repair",
        ("injection", "Failed therapy"),
    ),
    "quantity": (
        "8 weeks of back pain after lifting a keg. Has had 6 PT. RFA asks for 12 sessions of "
        "acupuncture, lumbar. UR: modified to 6.",
        "12 sessions of acupuncture",
        ("modified", "keg"),
    ),
    "equipment that was fitted": (
        "Slip on stairs, right hip strain. Uses naproxen. She was fitted with an interferential "
        "unit for home use, billed as purchase. Claims administrator denied it as passive.",
        "interferential unit",
        ("naproxen", "passive"),
    ),
    "consultation": (
        "Persistent headaches, on amitriptyline. CT of the head normal. Treating physician "
        "requests a neurology consultation. Denied: no red flags.",
        "neurology consultation",
        ("amitriptyline", "red flags"),
    ),
    "retrospective": (
        "DOS 3/3/16: dispensed topical cream, flurbiprofen 20% and lidocaine 5%, 180 g. Patient "
        "takes oral meds well. Retro review: denied as compounded.",
        "topical cream, flurbiprofen 20%",
        ("compounded",),
    ),
    "recommendation": (
        "Insomnia since the fall, Epworth 12. Tried melatonin. Recommend overnight sleep study.",
        "sleep study",
        ("melatonin",),
    ),
    "testing": (
        "Numb fingers, cashier. Prior x-ray of the wrist normal. Requests EMG/NCV bilateral upper "
        "extremities to rule out carpal tunnel. Insurer declined; no splint trial.",
        "EMG/NCV bilateral upper extremities",
        ("splint", "x-ray"),
    ),
    "programme": (
        "Three years of pain, failed surgery and injections, depressed. Authorization for a "
        "functional restoration program, 80 hours, was sought. UR denied: no evaluation.",
        "functional restoration program",
        ("no evaluation",),
    ),
    "second paragraph": (
        "Interval history: Doing worse. Had an epidural in 2015 without relief.\n\nObjective: SLR "
        "positive left.\n\nTreatment plan: start duloxetine 30 mg daily.\n",
        "duloxetine 30 mg",
        ("epidural",),
    ),
}
ALL = pytest.mark.parametrize(("text", "asked", "apart"), PASTED.values(), ids=list(PASTED))


@ALL
def test_the_requested_item_is_found(text: str, asked: str, apart: tuple[str, ...]) -> None:  # noqa: ARG001
    assert asked in read_pasted(text).requested


@ALL
def test_history_and_denial_are_no_part_of_it(
    text: str, asked: str, apart: tuple[str, ...]
) -> None:
    requested = read_pasted(text).requested
    assert not [words for words in apart if words in requested], (asked, requested)


def test_what_the_administrator_said_is_set_aside() -> None:
    found = read_pasted(
        "Knee pain after a fall. Request: knee brace. UR denied because no instability was seen."
    )
    assert "instability" not in found.whole
    assert "Knee pain after a fall" in found.whole


def test_a_region_that_the_item_leaves_open_comes_from_the_text_around() -> None:
    found = read_pasted("Left shoulder strain at work. Request: MRI without contrast.")
    assert found.concepts.regions == ("shoulder",)
    assert "left" in found.concepts.sides
    assert "MRI" in found.concepts.treatments[0]


def test_a_region_that_the_item_names_is_its_own() -> None:
    found = read_pasted("History of right knee surgery. Request: MRI of the left shoulder.")
    assert found.concepts.regions == ("shoulder",)
    assert found.concepts.sides == ("left",)


def test_treatments_of_the_past_are_no_concepts_of_the_request() -> None:
    found = read_pasted("Has had acupuncture and physical therapy. Request: lumbar MRI.")
    assert not any("cupuncture" in name or "therapy" in name for name in found.concepts.treatments)


def test_visits_are_counted() -> None:
    assert read_pasted("Requesting physical therapy 2 x 6 for the neck.").concepts.visits == 12


@pytest.mark.parametrize(
    ("text", "focus"),
    [("Patient has low back pain and limps.", "Patient has low back pain and limps."), ("", "")],
)
def test_a_text_that_asks_for_nothing_stands_for_itself(text: str, focus: str) -> None:
    found = read_pasted(text)
    assert (found.requested, found.focus) == ("", focus)


def test_a_text_of_denial_alone_is_still_compared() -> None:
    found = read_pasted("Denied: the MRI was not needed.")
    assert "MRI" in found.focus


HOSTILE = {
    "one word": "a" * 300_000,
    "one sentence": "request " * 40_000,
    "no spaces": "request:" * 30_000,
    "semicolons": "; request: MRI" * 8_000,
    "lines": "request: knee brace\n" * 8_000,
    "denials": "UR denied " * 12_000,
    "dots": "." * 200_000,
    "newlines": "\n" * 200_000,
    "digits": "1 x " * 40_000,
    "control": "\x00\x1b[31m\u202e" * 20_000,
    "capitals": "AND OR NOT " * 15_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
def test_hostile_text_is_read_in_bounded_time(text: str) -> None:
    started = time.process_time()
    found = read_pasted(text)
    assert time.process_time() - started < 3
    assert len(found.whole) <= READ_TEXT
    assert len(found.requested) <= READ_TEXT


def test_text_beyond_the_bound_is_not_read() -> None:
    found = read_pasted("x. " * (READ_TEXT // 3) + " Request: knee brace.")
    assert found.requested == ""
