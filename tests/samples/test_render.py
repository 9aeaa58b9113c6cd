"""The sample letters: marked, varied, near the real rates, and rendered from their sources."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections import Counter

import docx
import pypdfium2
import pytest

from samples.records import MARK, Sample, read_samples
from samples.render import HERE, gold, render_all

LETTERS = HERE / "letters"
SAMPLES = read_samples()
PAGE_NUMBER = re.compile(r"\s(?:Page )?\d(?: of \d)?\s*$")


def pages_of(name: str, data: bytes) -> list[str]:
    """The words of each page of a file; text and DOCX are one page, a ZIP all of its members."""
    if name.endswith(".pdf"):
        document = pypdfium2.PdfDocument(data)
        return [page.get_textpage().get_text_bounded() for page in document]
    if name.endswith(".docx"):
        return ["\n".join(part.text for part in docx.Document(io.BytesIO(data)).paragraphs)]
    if name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return [
                page
                for member in archive.namelist()
                for page in pages_of(member, archive.read(member))
            ]
    return [data.decode(next(s.encoding for s in SAMPLES if s.file_name == name))]


def letter_pages(sample: Sample) -> list[str]:
    if sample.archive is None:
        return pages_of(sample.file_name, (LETTERS / sample.file_name).read_bytes())
    with zipfile.ZipFile(LETTERS / sample.archive) as archive:
        return pages_of(sample.file_name, archive.read(sample.file_name))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_every_page_says_that_the_letter_is_fictional(sample: Sample) -> None:
    assert all(page.startswith(MARK) for page in letter_pages(sample))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_the_letter_holds_the_words_of_its_source(sample: Sample) -> None:
    text = letters_only("".join(PAGE_NUMBER.sub("", p[len(MARK) :]) for p in letter_pages(sample)))
    for words in (sample.summary, *(issue.rationale for issue in sample.issues)):
        assert letters_only(words) in text


def letters_only(words: str) -> str:
    return re.sub(r"[^a-z0-9]", "", words.lower())


def test_the_rendered_files_are_up_to_date() -> None:
    rendered = render_all(SAMPLES)
    assert sorted(rendered) == sorted(path.name for path in LETTERS.iterdir())
    for name, data in rendered.items():
        assert pages_of(name, data) == pages_of(name, (LETTERS / name).read_bytes()), name


def test_rendering_twice_gives_the_same_bytes() -> None:
    some = [sample for sample in SAMPLES if sample.encrypted or sample.format != "pdf"]
    assert render_all(some) == render_all(some)


def test_the_gold_is_up_to_date() -> None:
    assert gold(SAMPLES) == (HERE / "gold.jsonl").read_text("utf-8")


def test_the_gold_has_the_keys_of_the_letters_judged_by_hand() -> None:
    for line in gold(SAMPLES).splitlines():
        letter = json.loads(line)
        assert set(letter) == {
            *("file", "form", "case_number", "date_assigned", "date_of_injury", "decision_date"),
            *("ur_denial_date", "priority", "states", "specialties", "age", "sex"),
            *("summary", "issues"),
        }


def test_every_form_and_format_is_there() -> None:
    forms = Counter(sample.form for sample in SAMPLES)
    assert len(SAMPLES) >= 64
    assert set(forms) == {"A", "B", "C", "D", "E", "fallback"}
    assert forms["B"] > len(SAMPLES) / 2
    assert {sample.format for sample in SAMPLES} == {"pdf", "txt", "docx"}
    assert {"utf-8", "utf-16", "cp1252"} == {sample.encoding for sample in SAMPLES}
    assert sum(sample.encrypted for sample in SAMPLES) >= 2
    assert Counter(sample.archive for sample in SAMPLES if sample.archive) == {"batch-2017.zip": 3}


def test_the_rates_are_near_the_real_ones() -> None:
    decided = [i.outcome for s in SAMPLES for i in s.issues if i.outcome != "unknown"]
    several = [sample for sample in SAMPLES if len(sample.issues) > 1]
    mixed = [sample for sample in several if len({i.outcome for i in sample.issues}) > 1]
    assert len(decided) >= 140
    assert 0.10 <= decided.count("overturned") / len(decided) <= 0.16
    assert 0.35 <= len(several) / len(SAMPLES) <= 0.50
    assert len(mixed) >= 5
    assert max(len(sample.issues) for sample in SAMPLES) == 8


def test_the_texts_are_as_long_as_those_of_letters() -> None:
    for sample in SAMPLES:
        assert sample.form == "fallback" or 80 <= len(sample.summary.split()) <= 200, sample.name
        for issue in sample.issues:
            assert 60 <= len(issue.rationale.split()) <= 220, (sample.name, issue.request)


def test_the_outcome_of_no_issue_contradicts_its_last_words() -> None:
    for sample in SAMPLES:
        for issue in sample.issues:
            last = issue.rationale.rpartition(". ")[2]
            if "medically necessary" in last:
                negated = re.search(r"\b(?:not|cannot)\b", last) is not None
                assert negated == (issue.outcome == "upheld"), (sample.name, issue.request)


def test_no_number_is_used_twice_and_all_are_of_the_fictional_range() -> None:
    numbers = [sample.case_number for sample in SAMPLES if sample.case_number]
    assert len(numbers) == len(set(numbers))
    assert all(re.fullmatch(r"CM1[3-9]-99\d{5}", number) for number in numbers)


def test_the_letters_are_small_enough_to_keep_beside_the_code() -> None:
    assert sum(path.stat().st_size for path in LETTERS.iterdir()) < 1_500_000
