"""What of an issue is compared by meaning, and what is kept out of it.

A verdict in the text ("is not medically necessary", "the denial is upheld") would cluster
issues by outcome and make every outcome statistic circular. So sentences that state a verdict
are separated from those that reason, before anything is embedded or weighed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

PASSAGE_WORDS = 90
MAX_PASSAGES = 40  # bounds what a hostile or broken letter can cost
_LONGEST_SENTENCE = 4_000  # characters in which a verdict is looked for

_ABBREVIATION = re.compile(
    r"(?:\b(?:Dr|Mr|Mrs|Ms|vs|No|Nos|e\.g|i\.e|etc|p|pp|ch|approx|wk|wks|mo|yr|yrs|[A-Z]))\.$"
)
_BOUNDARY = re.compile(r"(?<=[.!?;])[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9])")

_ADVERBS = r"""(?:(?:therefore|thus|also|both|hence|clearly|currently|deemed|considered|found|felt
    |to\s+be|determined|not)\s+)*"""
# "Was authorized" is history, which reasons may turn on; "is authorized" is a verdict.
_DECIDED = rf"""\b(?:(?:is|are)\s+{_ADVERBS}(?:approved|denied|granted|certified|authorized|allowed)
    |(?:is|are|was|were|be|been|being|seems?|appears?|remains?)\s+{_ADVERBS}
    (?:supported|appropriate|inappropriate|justified|unjustified|warranted|unwarranted
      |substantiated|unsubstantiated|reasonable|unreasonable|indicated|recommended|established
      |necessary|unnecessary|approvable))"""
_CONCLUDING = r"""(?:therefore|thus|hence|as\s+such|accordingly|consequently|given\s+the\s+above
    |in\s+summary|based\s+on|for\s+these\s+reasons|in\s+conclusion)\b"""
_VERDICT = re.compile(
    rf"""
    \bmedical(?:ly)?[\s-]+(?:(?:un)?necess|need\b|(?:in)?appropriate|indicated|justified|warranted)
  | \bnecessity\b | \bupheld\b | \bupholds?\b | \boverturn
  | \b(?:un|in)?certif(?:y|ied|ication)\b | \bnon-?\s?certif
  | \brequest(?:s|ed)?\b[^.;]{{0,240}}?{_DECIDED} | ^requests?\s+(?:denied|approved|granted)\b
  | ^{_CONCLUDING}.*?(?:{_DECIDED}|\bnot\s+(?:supported|appropriate|warranted|indicated))
  | \bdenial\b[^.;]{{0,40}}\b(?:stands?|affirmed|reversed)\b
  | \bshould\s+(?:not\s+)?be\s+(?:approved|denied|authorized|certified|granted|allowed)\b
  | \brecommend(?:s|ed|ing)?\s+(?:for\s+)?(?:approval|denial|authorization)\b
  | \b(?:is|are)\s+{_ADVERBS}(?:denied\b|approved\s*\.?$)
  | \b(?:necessary|appropriate)\s+(?:and|or)\s+(?:appropriate|necessary|reasonable)
  | \bno\s+exceptional\s+factors\b
    """,
    re.IGNORECASE | re.VERBOSE,
)

_VERDICT_WORDS = re.compile(
    r"""(?:approv|authori[sz]|(?:non-?|un|de)?certif|den(?:y|ie|ial)|decision|determin|uph[eo]ld
       |overturn|(?:un)?necess|substantiat|warrant|appropriate|medically)""",
    re.IGNORECASE | re.VERBOSE,
)


def sentences(text: str) -> list[str]:
    """The sentences of `text`, in order, white space folded; abbreviations do not end one."""
    return [" ".join(_folded(text, parts).split()) for parts in _cut(text)]


def sentence_starts(text: str) -> list[int]:
    """The character offset at which each sentence of `text` begins."""
    return [parts[0][0] for parts in _cut(text)]


@lru_cache(maxsize=64)  # words, reasons and passages ask of the same text, issues of one summary
def _cut(text: str) -> list[list[tuple[int, int]]]:
    """The sentences of `text`, each as the spans of what stands between possible ends of one."""
    found: list[list[tuple[int, int]]] = []
    pending: list[tuple[int, int]] = []
    start = len(text) - len(text.lstrip())
    for boundary in _BOUNDARY.finditer(text):
        end = boundary.start()
        pending.append((start, end))
        if text[end - 1] != "." or not _ABBREVIATION.search(text, max(start, end - 12), end):
            found.append(pending)
            pending = []
        start = boundary.end()
    if start < len(text):
        pending.append((start, len(text)))
    return [*found, pending] if pending else found


def _folded(text: str, parts: list[tuple[int, int]]) -> str:
    """The words of these spans of `text`, by lines."""
    lines = " ".join(text[start:end] for start, end in parts).split("\n")
    return "\n".join(folded for line in lines if (folded := " ".join(line.split())))


@lru_cache(maxsize=10_000)  # the same sentence is asked about by words, reasons and passages
def is_verdict(sentence: str) -> bool:
    """Whether a sentence says how the request was decided rather than why."""
    return _VERDICT.search(sentence[:_LONGEST_SENTENCE]) is not None


def without_verdict(text: str) -> tuple[str, str]:
    """`text` as (the sentences that reason, the sentences that state a verdict).

    White space is folded; a line of `text` still begins a line.
    """
    kept, ended = {False: "", True: ""}, {False: 0, True: 0}  # the line the last sentence ended in
    line = end = 0
    for parts in _cut(text):
        sentence = _folded(text, parts)
        line += text.count("\n", end, parts[0][0])
        end = parts[-1][1]
        states_verdict = is_verdict(sentence.replace("\n", " "))
        apart = " " if line == ended[states_verdict] else "\n"
        kept[states_verdict] += apart + sentence
        line += text.count("\n", parts[0][0], end)
        ended[states_verdict] = line
    return kept[False].strip(), kept[True].strip()


def is_verdict_word(word: str) -> bool:
    """Whether a single word belongs to verdict language."""
    return _VERDICT_WORDS.match(word) is not None


def windows(text: str, words: int = PASSAGE_WORDS) -> Iterator[str]:
    """Runs of whole sentences of about `words` words; a longer sentence is cut at words."""
    run: list[str] = []
    for sentence in sentences(text):
        tokens = sentence.split()
        if run and len(run) + len(tokens) > words:
            yield " ".join(run)
            run = []
        while len(tokens) > 2 * words:
            yield " ".join(tokens[:words])
            tokens = tokens[words:]
        run.extend(tokens)
    if run:
        yield " ".join(run)


def passages(request: str, rationale: str) -> list[str]:
    """What is embedded of an issue: the request alone, then passages of its reasoning.

    Each passage carries the request in front, so that it says by itself what it is about.
    The list is never empty; at most `MAX_PASSAGES` long.
    """
    head = " ".join(request.split()) or "(no request)"
    reasoning, _ = without_verdict(rationale)
    return [head, *(f"{head}. {window}" for window in windows(reasoning))][:MAX_PASSAGES]
