"""What requests in the words of workers' compensation are read as, and how close they are."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.concepts.quantities import read_levels, read_visits
from index.concepts.reading import (
    GROUP_WEIGHTS,
    features,
    issue_concepts,
    query_features,
    read_concepts,
    score,
    similarity,
)
from index.letter import Concepts


def treatments(text: str) -> set[str]:
    """The subcategories read in `text`, without their categories."""
    return {name.partition(" > ")[2] for name in read_concepts(text).treatments}


@pytest.mark.parametrize(
    ("request_text", "expected"),
    [
        ("MRI of the mid back", {"MRI"}),
        ("MRI arthrogram, right hip", {"MR arthrogram"}),
        ("EMG/NCV of both arms", {"EMG", "NCV"}),
        ("electrodiagnostic studies", {"EMG", "NCV"}),
        ("post-op physical therapy, 8 visits", {"Physical therapy", "Postoperative therapy"}),
        ("assistant surgeon", {"Assistant surgeon"}),
        ("PA assist for the operation", {"Assistant surgeon"}),
        ("PT/PTT", {"Coagulation studies"}),
        ("PT 2x6", {"Physical therapy"}),
        ("PT reports less pain", set()),
        ("RFA dated last Tuesday was received", set()),
        ("repeat lumbar RFA", {"Radiofrequency ablation"}),
        ("RFA at L4-5", {"Radiofrequency ablation"}),
        ("six adjustments with our DC", {"Chiropractic"}),
        ("pre-op 12-lead", {"Electrocardiogram", "Preoperative testing"}),
        ("twelve visits of needle treatment", {"Acupuncture"}),
        ("TENS unit", {"TENS"}),
        ("ten visits of hand therapy", {"Occupational therapy"}),
        ("Ultrasling after shoulder surgery", {"Shoulder sling or brace"}),
        ("arthroscopy of the knee", {"Knee arthroscopy"}),
        ("arthroscopy of the wrist", {"Arthroscopy"}),
        ("L5-S1 discectomy", {"Lumbar decompression"}),
        ("C5-6 discectomy", {"Cervical decompression"}),
        ("Fexmid 7.5 mg #60", {"Muscle relaxant"}),
        ("hydrocodone/APAP 10/325", {"Opioid"}),
        ("lidocaine 5% patch", {"Topical anesthetic"}),
        ("Voltaren 75 mg", {"NSAID"}),
        ("Voltaren 1% gel", {"Topical NSAID"}),
        ("ketoprofen 15%, baclofen 2% in cream base", {"Compounded topical"}),
        ("lidocaine 5% patch and Voltaren 1% gel", {"Topical anesthetic", "Topical NSAID"}),
        ("compounded cream: flurbiprofen, tramadol", {"Compounded topical"}),
        ("injection of lidocaine and Kenalog, left knee", {"Joint injection"}),
        ("back surgery", {"Other surgery"}),
        ("two crutches", {"Walking aid"}),
        ("Effexor XR", {"Antidepressant"}),
        ("baclofen pump refill", {"Intrathecal pump"}),
        ("SI joint injection under fluoroscopy", {"Sacroiliac joint injection"}),
        ("", set()),
        ("the weather in Fresno", set()),
    ],
)
def test_treatments(request_text: str, expected: set[str]) -> None:
    assert treatments(request_text) == expected


@pytest.mark.parametrize(
    ("text", "regions"),
    [
        ("MRI of the low back", ("lumbar spine",)),
        ("neck, left trapezius and low back", ("cervical spine", "lumbar spine")),
        ("lumbar spine and spine surgeon", ("lumbar spine",)),
        ("EMG of bilateral lower extremities", ("lower extremity",)),
        ("L4-5 epidural", ("lumbar spine",)),
        ("C7-T1 facet block", ("cervical spine",)),
        ("therapy for tennis elbow", ("elbow",)),
        ("surgery for carpal tunnel syndrome", ("wrist",)),
        ("MRI of the femoral head, right hip", ("hip",)),
        ("a right hand dominant painter", ()),
        ("return back to work", ()),
    ],
)
def test_regions(text: str, regions: tuple[str, ...]) -> None:
    assert read_concepts(text).regions == regions


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("R shoulder MRI", ("right",)),
        ("MRI BLE", ("bilateral",)),
        ("both knees", ("bilateral",)),
        ("she knows her rights", ()),
        ("right hand dominant, left wrist splint", ("left",)),
    ],
)
def test_sides(text: str, sides: tuple[str, ...]) -> None:
    assert read_concepts(text).sides == sides


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("L4-5", ("L4-L5",)),
        ("C5/6", ("C5-C6",)),
        ("L3 through S1", ("L3-L4", "L4-L5", "L5-S1")),
        ("L5-1", ("L5-S1",)),
        ("C2, 3, 4", ("C2", "C3", "C4")),
        ("L4-5 and L5-S1", ("L4-L5", "L5-S1")),
        ("L4 and L5, 6 visits", ("L4", "L5")),
        ("T2-weighted images", ()),
        ("L9", ()),
    ],
)
def test_levels(text: str, levels: tuple[str, ...]) -> None:
    assert read_levels(text) == levels


@pytest.mark.parametrize(
    ("text", "visits"),
    [
        ("two times a week for six weeks", 12),
        ("three times weekly, for 4 weeks", 12),
        ("2-3 times per week for 4-6 weeks", 18),
        ("once a month for 6 months", 6),
        ("eight (8) further sessions", 8),
        ("x12 sessions", 12),
        ("2x6", 12),
        ("sessions, #6", 6),
        ("with no number", None),
        ("9999 sessions", None),
    ],
)
def test_visits(text: str, visits: int | None) -> None:
    assert read_visits(text) == visits


def test_visits_belong_to_treatments_asked_for_in_visits() -> None:
    assert read_concepts("acupuncture, #12").visits == 12
    assert read_concepts("Soma 350 mg #12").visits is None


def test_drugs_and_their_classes() -> None:
    found = read_concepts("Norco and Amrix")
    assert found.drugs == ("hydrocodone", "acetaminophen", "cyclobenzaprine")
    assert found.drug_classes == ("opioid", "muscle relaxant")


def test_the_disputed_part_is_what_is_asked_for() -> None:
    whole = "Fusion L4-5 with a back brace. The fusion was approved, leaving the back brace"
    found = issue_concepts(whole, disputed="the back brace")
    assert found.treatments == ("Durable medical equipment > Lumbar brace",)


def test_the_letter_tells_the_region_that_the_request_leaves_out() -> None:
    asked = "MRI without contrast"
    told = "Guidelines ask for red flags in the knee. The patient has a sprained left ankle."
    summary = "He was treated for strain of the right elbow. Pain radiates to the hand."
    assert issue_concepts(asked, rationale=told).regions == ("ankle",)
    assert issue_concepts(asked, rationale=told).sides == ("left",)
    assert issue_concepts(asked, summary=summary).regions == ("elbow",)
    assert issue_concepts("MRI of the hip", rationale=told).regions == ("hip",)
    assert issue_concepts(asked).regions == ()


def test_a_limb_is_made_precise_except_for_nerve_studies() -> None:
    told = "The claimant reports locking of the left knee."
    mri = issue_concepts("MRI of the left lower extremity", rationale=told)
    assert mri.regions == ("lower extremity", "knee")
    emg = issue_concepts("EMG of the left lower extremity", rationale=told)
    assert emg.regions == ("lower extremity",)


def test_a_region_from_the_letter_decides_between_operations() -> None:
    found = issue_concepts("arthroscopy", rationale="The patient has a torn meniscus of the knee.")
    assert found.treatments == ("Surgery > Knee arthroscopy",)


def test_ancillary_items() -> None:
    assert read_concepts("assistant surgeon").ancillary
    assert read_concepts("associated surgical service: cold therapy unit").ancillary
    assert read_concepts("post-op Norco").ancillary
    assert not read_concepts("cold therapy unit").ancillary
    assert not read_concepts("rotator cuff repair").ancillary
    assert not read_concepts("lumbar fusion with an assistant surgeon and post-op brace").ancillary
    assert not read_concepts("facet injection under sedation").ancillary
    assert read_concepts("assistant surgeon for the lumbar fusion").ancillary


# --- closeness: of each pair, the first is nearer to the question -------------------------------


@pytest.mark.parametrize(
    ("question", "nearer", "farther"),
    [
        ("MRI lumbar spine", "MRI of the low back", "CT of the lumbar spine"),
        ("MRI lumbar spine", "CT of the lumbar spine", "acupuncture, lumbar spine"),
        ("MRI cervical spine", "MRI thoracic spine", "MRI of the left knee"),
        ("MRI left knee", "MRI lower extremity", "MRI left shoulder"),
        ("Flexeril", "cyclobenzaprine", "Soma"),
        ("Flexeril", "Soma", "Xanax"),
        ("Norco", "hydrocodone", "Tylenol"),
        ("Valium", "Ambien", "Keflex"),
        ("L4-5 ESI", "epidural injection L4-L5", "epidural injection L5-S1"),
        ("L4-5 ESI", "epidural injection L5-S1", "epidural injection L1-2"),
        ("left shoulder MRI", "MRI left shoulder", "MRI bilateral shoulders"),
        ("left shoulder MRI", "MRI bilateral shoulders", "MRI right shoulder"),
        ("facet injection", "medial branch block", "trigger point injection"),
        ("physical therapy, neck", "chiropractic, neck", "Norco for neck pain"),
        ("assistant surgeon", "rotator cuff repair", "acupuncture"),
    ],
)
def test_nearer(question: str, nearer: str, farther: str) -> None:
    asked = read_concepts(question)
    near, far = (similarity(asked, read_concepts(text)) for text in (nearer, farther))
    assert near > far


def test_a_document_like_the_question_scores_one_and_nothing_scores_nothing() -> None:
    asked = read_concepts("L4-5 epidural steroid injection, left")
    assert similarity(asked, asked) == pytest.approx(1.0)
    assert similarity(asked, Concepts()) == 0.0
    assert similarity(Concepts(), asked) == 0.0


def test_features_and_question_speak_of_the_same_things() -> None:
    asked = read_concepts("post-op Percocet for the right knee at L4")
    groups = query_features(asked)
    assert set(groups) <= set(GROUP_WEIGHTS)
    assert all(0 < weight <= 1 for group in groups.values() for weight in group.values())
    wanted = {feature for group in groups.values() for feature in group}
    assert set(features(asked)) <= wanted
    assert score(groups, features(asked)) == pytest.approx(1.0)


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    found = read_concepts(text)
    assert 0 <= similarity(found, found) <= 1
    assert not found.treatments or similarity(found, found) == pytest.approx(1.0)


@pytest.mark.parametrize("text", ["MRI of ", "L4-", "one x ", "(((", "injection lidocaine ", "a"])
def test_hostile_length_is_bounded(text: str) -> None:
    started = time.thread_time()
    issue_concepts(text * 200_000, rationale=text * 200_000, summary=text * 200_000)
    assert time.thread_time() - started < 2.0
