"""Can everyone use it: structure, names, contrast, keyboard, phone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from search.results import Hit

CHECKS = """() => {
  const wrong = [];
  const shown = (e) => e.checkVisibility({contentVisibilityAuto: true, visibilityProperty: true});
  const name = (e) => (e.getAttribute("aria-label") || e.labels?.[0]?.textContent || e.title ||
                       e.textContent || "").trim();
  if (document.querySelectorAll("h1").length !== 1) wrong.push("h1");
  for (const part of ["header", "nav", "main", "footer"])
    if (!document.querySelector(part)) wrong.push("no " + part);
  let last = 0;
  for (const heading of document.querySelectorAll("h1,h2,h3,h4")) {
    const level = Number(heading.tagName[1]);
    if (level > last + 1) wrong.push(`${heading.tagName} after h${last}: ${name(heading)}`);
    if (!name(heading)) wrong.push("empty heading");
    last = level;
  }
  for (const e of document.querySelectorAll("input:not([type=hidden]),textarea,select"))
    if (!name(e)) wrong.push("no label: " + e.outerHTML);
  for (const e of document.querySelectorAll("a[href],button,summary"))
    if (!name(e)) wrong.push("no name: " + e.outerHTML);
  for (const e of document.querySelectorAll("img:not([alt]),svg[role=img]:not([aria-label])"))
    wrong.push("no alternative: " + e.outerHTML);
  for (const e of document.querySelectorAll("th:not([scope]),fieldset:not(:has(legend))"))
    wrong.push("no scope or legend: " + e.outerHTML);
  for (const pointer of ["aria-labelledby", "aria-describedby"])
    for (const e of document.querySelectorAll(`[${pointer}]`))
      if (!document.getElementById(e.getAttribute(pointer))) wrong.push("no id: " + e.outerHTML);
  const seen = new Set();
  for (const {id} of document.querySelectorAll("[id]")) {
    if (seen.has(id)) wrong.push("twice: " + id);
    seen.add(id);
  }
  const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = numbers(color).map((c) => c / 255)
      .map((c) => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const color = getComputedStyle(e).backgroundColor;
      if (numbers(color)[3] !== 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const e = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !shown(e)) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(ground(e))];
    const contrast = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (contrast < 4.5) wrong.push(`contrast ${contrast.toFixed(2)}: ${e.textContent.trim()}`);
  }
  return wrong;
}"""

SMALL = """() => [...document.querySelectorAll(
    "button,.masthead nav a,.actions a,.paging a,a.chip,.filters label,summary,input[type=search]")]
  .filter((e) => !e.classList.contains("unseen"))
  .filter((e) => e.checkVisibility({contentVisibilityAuto: true}))
  .map((e) => [e.textContent.trim().slice(0, 30), Math.round(e.getBoundingClientRect().height)])
  .filter(([, height]) => height < 44)"""


@pytest.fixture(scope="session")
def paths(hit: Hit, word: str) -> list[str]:
    return [
        "/",
        f"/search?q={word}",
        "/search?outcome=upheld&outcome=overturned&limit=5",
        "/search?q=PT+ESI+MS&off=esi",
        "/search?q=zzzzqqqq&mode=lexical",
        '/search?q="open',
        "/search/print",
        "/similar",
        f"/similar/{hit.letter}/{hit.number}",
        f"/letters/{hit.letter}",
        f"/letters/{hit.letter}?issue={hit.number}&q={word}",
        "/help",
        "/about",
        "/nowhere",
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_structure_names_and_contrast(page: Page, paths: list[str], scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    wrong = {}
    for path in paths:
        page.goto(path)
        if found := page.evaluate(CHECKS):
            wrong[path] = found
    assert wrong == {}


@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_needs_no_sideways_scrolling(
    browser: Browser, live_server: str, paths: list[str], width: int
) -> None:
    context = browser.new_context(
        base_url=live_server, viewport={"width": width, "height": 844}, has_touch=True
    )
    page = context.new_page()
    wide, small = {}, {}
    for path in paths:
        page.goto(path)
        for summary in page.locator("details.side > summary").all():
            summary.click()
        if (found := page.evaluate("document.documentElement.scrollWidth")) > width:
            wide[path] = found
        if targets := page.evaluate(SMALL):
            small[path] = targets
    context.close()
    assert wide == {}
    assert small == {}


def test_filters_are_a_disclosure_on_a_phone(page: Page, word: str) -> None:
    page.goto(f"/search?q={word}")
    box = page.locator(".filters input").first
    assert box.is_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    assert not box.is_visible()
    page.locator(".filters > summary").click()
    assert box.is_visible()


def test_the_keyboard_reaches_everything_and_shows_where_it_is(page: Page, word: str) -> None:
    page.goto(f"/search?q={word}")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        outline, kind = page.evaluate(
            "[getComputedStyle(document.activeElement).outlineStyle,"
            " document.activeElement.tagName]"
        )
        assert outline != "none", kind
        reached.add(kind)
    assert reached >= {"INPUT", "BUTTON", "A"}


def test_outcomes_differ_by_word_and_mark(page: Page) -> None:
    page.goto("/about")
    marks = page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll(".outcome")].map((e) => {
            const dot = e.querySelector(".dot").getBoundingClientRect();
            const border = parseFloat(getComputedStyle(e.querySelector(".dot")).borderTopWidth);
            return [e.textContent.trim(), 2 * border >= dot.width - 1];
        }))"""
    )
    assert marks == {"Overturned: treatment approved": True, "Upheld: denial stands": False}


def test_print_leaves_out_what_paper_cannot_use(page: Page, word: str) -> None:
    page.goto(f"/search?q={word}")
    page.emulate_media(media="print")
    for part in (".masthead nav", ".filters", ".tools", "form.line", ".actions"):
        assert not page.locator(part).first.is_visible(), part
    assert page.locator("article.hit").first.is_visible()
