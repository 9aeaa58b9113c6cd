"""Letters of every form, fictional throughout, for the tests of parsing to render and read."""

from __future__ import annotations

from dataclasses import dataclass

from index.extract import extract
from index.letter import Letter
from index.parse import parse


@dataclass(frozen=True)
class Told:
    request: str
    upheld: bool
    rationale: str
    claims: str = "Decision based on MTUS Low Back Complaints 2004."
    reviewer: str = "Decision based on MTUS Low Back Complaints 2004, Section(s): Summary."

    @property
    def outcome(self) -> str:
        return "Upheld" if self.upheld else "Overturned"

    @property
    def necessity(self) -> str:
        return f"is {'not ' if self.upheld else ''}medically necessary and appropriate"


SUMMARY = "The baker is a 52-year-old female whose oven door fell on her foot. She limps."
HEAD = """\
Case Number: CM16-0999001
Date Assigned: 03/01/2016 Date of Injury: 02/03/2015
Decision Date: 04/05/2016 UR Denial Date: 02/20/2016
Priority: Standard Application Received: 02/25/2016
"""
REVIEWER = """\
The Expert Reviewer has the following credentials:
State(s) of Licensure: Nevada, Oregon
Certification(s)/Specialty: Family Practice, Sports Medicine"""
MADE = "HOW THE IMR FINAL DETERMINATION WAS MADE"
DEVELOPED = (
    "The expert reviewer developed the following clinical case summary based on a review of the\n"
    "case file, including all medical records:"
)
SET_FORTH = (
    "The Final Determination was based on decisions for the disputed "
    "items/services set forth below:"
)
SPLINT = Told("Night splint for the left heel", True, "Nobody tried a wedge first. It can wait.")
PHYSIO = Told("Physical therapy, 6 visits", False, "She walks better after each visit.")


def labelled(told: Told) -> str:
    return (
        f"{told.request}: {told.outcome}\n\nClaims Administrator guideline: {told.claims}\n\n"
        f"MAXIMUS guideline: {told.reviewer}\n\nDecision rationale: {told.rationale}"
    )


def form_b(*issues: Told, head: str = HEAD, reviewer: str = REVIEWER) -> str:
    parts = [head, MADE, reviewer, "CLINICAL CASE SUMMARY", DEVELOPED, SUMMARY]
    parts += ["IMR ISSUES, DECISIONS AND RATIONALES", SET_FORTH, *map(labelled, issues)]
    return "\n\n".join(parts) + "\n"


def form_c(*issues: Told) -> str:
    decided = "\n".join(
        f"{n}) MAXIMUS Federal Services, Inc. has determined the request for {i.request} "
        f"{i.necessity.replace('not ', 'not')}."
        for n, i in enumerate(issues, 1)
    )
    regarding = "\n\n".join(
        f"{n}) Regarding the request for {i.request}:\n\n"
        "Medical Treatment Guideline(s) Relied Upon by the Expert Reviewer to Make His/Her "
        f"Decision:\nThe Claims Administrator based its decision on the MTUS, page 4. The Expert "
        f"Reviewer relied on the ODG, Pain.\n\nRationale for the Decision:\n{i.rationale}"
        for n, i in enumerate(issues, 1)
    )
    return (
        "Notice of Independent Medical Review Determination\nDated: 9/14/2013\n"
        "MAXIMUS Case Number: CM13-0999002\n\n"
        f"{decided}\n\nINDEPENDENT MEDICAL REVIEW DECISION AND RATIONALE\n\n{decided}\n\n"
        "Medical Qualifications of the Expert Reviewer:\nThe reviewer is Board Certified in "
        "Neurology and is licensed to practice in Utah. He/she is busy.\n\n"
        f"Expert Reviewer Case Summary:\n{SUMMARY}\n\n"
        f"Documents Reviewed for Determination:\nA file.\n\n{regarding}\n\n"
        "Sincerely,\n\nA. Person\n"
    )


def form_d(*issues: Told) -> str:
    told = "\n\n".join(
        f"{n}. {i.request} {i.necessity}.\n\nThe Claims Administrator based its decision on the "
        "MTUS.\n\nThe Physician Reviewer based his/her decision on the ODG, Pain.\n\n"
        f"The Physician Reviewer's decision rationale:\n{i.rationale}"
        for n, i in enumerate(issues, 1)
    )
    return (
        f"MAXIMUS FEDERAL SERVICES, INC.\nIndependent Medical Review\n\n{HEAD}\n{MADE}\n\n"
        f"{REVIEWER}\n\nDOCUMENTS REVIEWED\nA file.\n\nCLINICAL CASE SUMMARY\n{DEVELOPED}\n\n"
        f"{SUMMARY}\n\nIMR DECISION(S) AND RATIONALE(S)\n{SET_FORTH}\n\n{told}\n"
    )


def form_e(*issues: Told) -> str:
    told = "\n\n".join(
        f"ISSUE AT DISPUTE:\n{i.request}\n\nCASE SUMMARY:\n{SUMMARY}\n\n"
        "MEDICAL TREATMENT GUIDELINE(S) RELIED UPON BY PROFESSIONAL REVIEWER AND WHY:\n"
        f"{i.reviewer}\n\nRATIONALE FOR WHY THE REQUESTED TREATMENT/SERVICE IS/WAS "
        f"{'NOT ' if i.upheld else ''}MEDICALLY NECESSARY:\n{i.rationale}"
        for i in issues
    )
    return f"MEDICAL PROFESSIONAL REVIEW\n\nCase Number: CM14-0999003\n\n{told}\n"


def read(text: str) -> Letter:
    return parse(extract("letter.txt", text.encode()))


def told(letter: Letter) -> list[tuple[str, str, str]]:
    return [(issue.request, issue.outcome.value, issue.rationale) for issue in letter.issues]


def expected(*issues: Told) -> list[tuple[str, str, str]]:
    return [(i.request, i.outcome.lower(), i.rationale) for i in issues]
