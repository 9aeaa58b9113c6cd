"""A real server on a free loopback port and a real Chromium in front of it."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, sync_playwright
from waitress import create_server

from search.engine import Engine
from search.request import SearchRequest
from search.results import Hit
from tests.told import not_run
from web.app import create_app

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def live_server(sample_engine: Engine) -> Iterator[str]:
    """The address of a running server."""
    server = create_server(create_app(sample_engine), host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    # Closing the map's sockets ends the loop of the thread.
    server.close()
    thread.join(timeout=5)
    server.task_dispatcher.shutdown()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    os.environ.setdefault("PLAYWRIGHT_BROWSERS_PATH", str(Path(sys.prefix) / "browsers"))
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        except Error as error:
            not_run(f"{_why(path, str(error))} Install one, {_REMEDY}, and run `make test` again")
        yield browser
        browser.close()


_REMEDY = "with `sudo apt-get install chromium` or what your system calls it"


def _why(path: str | None, said: str) -> str:
    """Why there is no browser, in words."""
    if path is not None:
        return f"{path} does not start."
    if "Executable doesn't exist" in said:
        return "no Chromium is on the PATH, and none could be fetched into the environment."
    return "the Chromium in the environment does not start: libraries of the system are missing."


@pytest.fixture
def page(browser: Browser, live_server: str) -> Iterator[Page]:
    """A page of a desk's width; a script error, or a request elsewhere, fails the test."""
    context = browser.new_context(base_url=live_server, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "request",
        lambda request: None if request.url.startswith(live_server) else wrong.append(request.url),
    )
    yield page
    context.close()
    assert wrong == []


@pytest.fixture(scope="session")
def hit(sample_engine: Engine) -> Hit:
    """An issue in a letter with several, with a guideline."""
    hits = sample_engine.search(SearchRequest()).hits
    cited = [hit for hit in hits if " > " in "".join(hit.reviewer_guidelines)]
    return max(cited, key=lambda hit: hit.issues_in_letter)


@pytest.fixture(scope="session")
def word(hit: Hit) -> str:
    """A word that some issue contains."""
    words = (part for part in hit.request.split() if part.isascii() and part.isalpha())
    return max(words, key=len).lower()
