"""What people come to do, done in a browser, with and without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from search.results import Hit

CASE = "Request: MRI of the lumbar spine. Low back pain for six weeks, straight leg raise positive."


@pytest.fixture(params=[True, False], ids=["script", "no-script"])
def reader(request: pytest.FixtureRequest, browser: Browser, live_server: str) -> Iterator[Page]:
    context = browser.new_context(base_url=live_server, java_script_enabled=request.param)
    yield context.new_page()
    context.close()


def tick(page: Page, name: str, value: str) -> None:
    """Choose a filter, and press the button where no script does it."""
    page.locator(f".filters input[name='{name}'][value='{value}']").check()
    apply = page.get_by_role("button", name="Apply filters")
    if apply.is_visible():
        apply.click()


def test_search_filter_read_and_compare(reader: Page, word: str) -> None:
    reader.goto("/")
    reader.get_by_role("searchbox", name="Words").fill(word)
    reader.get_by_role("button", name="Search", exact=True).click()
    expect(reader.locator("article.hit").first).to_be_visible()

    tick(reader, "outcome", "upheld")
    expect(reader.locator(".chips .chip")).to_have_count(1)
    expect(reader).to_have_url(re.compile("outcome=upheld"))
    expect(reader.locator(".outcome.overturned")).to_have_count(0)

    reader.locator("article.hit h2 a").first.click()
    expect(reader).to_have_url(re.compile(r"/letters/.+issue=\d+.*#issue-\d+"))
    expect(reader.locator("details.issue[open]")).to_have_count(1)
    expect(reader.locator("mark").first).to_be_visible()

    reader.locator("details.issue[open]").get_by_role("link", name="Similar cases").click()
    expect(reader.get_by_role("heading", name="Nearest denied")).to_be_visible()
    expect(reader.get_by_role("heading", level=1)).to_contain_text("Similar cases to")


def test_a_chip_takes_its_filter_away(reader: Page) -> None:
    reader.goto("/search?outcome=upheld&outcome=overturned")
    reader.locator(".chip", has_text="Upheld").click()
    expect(reader.locator(".chips .chip")).to_have_count(1)
    assert "upheld" not in reader.url


def test_paste_a_request_and_narrow_it(reader: Page) -> None:
    reader.goto("/")
    reader.get_by_label("The request or the denial").fill(CASE)
    reader.get_by_role("button", name="Find similar cases").click()
    expect(reader.get_by_role("heading", name="How similar requests fared")).to_be_visible()
    tick(reader, "outcome", "upheld")
    expect(reader.locator(".chips .chip")).to_have_count(1)
    assert reader.url.endswith("/similar")
    assert reader.locator("#text").input_value() == CASE
    reader.locator(".chips .chip").click()
    expect(reader.locator(".chips .chip")).to_have_count(0)
    assert reader.locator("#text").input_value() == CASE


def test_upload_a_request_and_take_the_results_away(reader: Page, tmp_path: Path) -> None:
    file = tmp_path / "request.txt"
    file.write_text(CASE)
    reader.goto("/similar")
    reader.get_by_label("or choose a PDF").set_input_files(file)
    reader.get_by_role("button", name="Find similar cases").click()
    assert reader.locator("#text").input_value() == CASE
    with reader.expect_download() as download:
        reader.get_by_role("button", name="CSV").click()
    assert download.value.path().read_text("utf-8-sig").startswith("issue,letter,request")


def test_others_relying_on_the_same_guideline(reader: Page, hit: Hit) -> None:
    reader.goto(f"/letters/{hit.letter}?issue={hit.number}")
    reader.get_by_role("link", name="others relying on this").first.click()
    expect(reader.locator("article.hit").first).to_be_visible()
    assert "guideline=" in reader.url


def test_a_mistake_is_marked_and_mended(reader: Page, word: str) -> None:
    reader.goto("/")
    reader.get_by_role("searchbox").fill(f'{word} "')
    reader.get_by_role("button", name="Search", exact=True).click()
    expect(reader.locator(".place mark")).to_be_visible()
    reader.get_by_role("searchbox").fill(word)
    reader.get_by_role("button", name="Search", exact=True).click()
    expect(reader.locator("article.hit").first).to_be_visible()


def test_a_ticked_filter_is_applied_in_place(page: Page, word: str) -> None:
    page.goto(f"/search?q={word}")
    page.evaluate("window.stayed = true")
    box = page.locator(".filters input[value='upheld']")
    box.focus()
    page.keyboard.press("Space")
    expect(page.locator(".chips .chip")).to_have_count(1)
    assert page.evaluate("window.stayed") is True
    assert page.evaluate("document.activeElement.value") == "upheld"
    page.reload()
    expect(page.locator(".chips .chip")).to_have_count(1)


def test_a_file_dropped_on_the_text_is_taken(page: Page) -> None:
    page.goto("/similar")
    page.evaluate(
        """(text) => {
            const data = new DataTransfer();
            data.items.add(new File([text], "request.txt", {type: "text/plain"}));
            const how = {dataTransfer: data, bubbles: true, cancelable: true};
            document.querySelector("#text").dispatchEvent(new DragEvent("drop", how));
        }""",
        CASE,
    )
    page.get_by_role("button", name="Find similar cases").click()
    assert page.locator("#text").input_value() == CASE


def test_an_abbreviation_is_taken_only_as_written(reader: Page) -> None:
    reader.goto("/search?q=ESI&mode=lexical")
    expect(reader.locator(".readings li")).to_contain_text("epidural steroid injection")
    reader.locator(".readings").get_by_role("link", name="only as written").click()
    expect(reader.locator(".readings li")).to_contain_text("searched only as written")
    tick(reader, "differ", "yes")
    expect(reader.locator(".chips .chip")).to_have_count(1)
    assert "off=esi" in reader.url
    reader.locator(".readings a").click()
    expect(reader.locator(".readings li")).to_contain_text("also finds")
    assert "off=esi" not in reader.url


def test_an_ambiguous_term_is_decided_by_the_reader(reader: Page) -> None:
    reader.goto("/search?q=MS")
    expect(reader.locator(".readings li")).to_contain_text("can mean several things")
    reader.locator(".readings").get_by_role("link", name="morphine sulfate").click()
    expect(reader.locator(".readings li")).to_contain_text("is read as morphine sulfate")


def test_the_original_file_is_kept(reader: Page, hit: Hit) -> None:
    reader.goto(f"/letters/{hit.letter}?issue={hit.number}")
    link = reader.get_by_role("link", name="Original file")
    if not link.is_visible():
        reader.locator(".outline > summary").click()
    with reader.expect_download() as download:
        link.click()
    assert download.value.suggested_filename.startswith(hit.letter)


def test_a_citation_is_copied(page: Page, hit: Hit) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"/letters/{hit.letter}?issue={hit.number}")
    cite = page.locator("details[open] .cite")
    cite.get_by_role("button", name="Copy").click()
    expect(cite.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == cite.locator("code").text_content()
    assert copied.startswith(f"IMR Case Number {hit.letter}, decided ")
