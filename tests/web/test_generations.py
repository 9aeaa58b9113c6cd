"""A server whose index is updated: what it answers from, and what it says of it."""

from __future__ import annotations

import re
import shutil
from html import unescape
from pathlib import Path
from typing import NamedTuple

import pytest
from flask.testing import FlaskClient

from index.manifest import FILE, read_manifest
from search.engine import Engine
from tests.told import ToldIssue, index_of, letter, written
from web.app import create_app

KNEE = ToldIssue("MRI of the left knee")
MOVED = "The index has changed since the page before"
PASTED = {"text": "Request: MRI of the knee", "limit": "1"}


class Served(NamedTuple):
    directory: Path
    client: FlaskClient

    def update(self) -> None:
        """Add a letter, which makes a new generation."""
        folder = written(self.directory.parent / "more", letter("CM16-9900204", KNEE))
        index_of([folder], self.directory)

    def health(self) -> dict[str, object]:
        told: dict[str, object] = self.client.get("/healthz").get_json()
        return told


@pytest.fixture
def served(tmp_path: Path) -> Served:
    letters = [letter(f"CM16-990020{n}", KNEE, summary=f"Baker {n} fell.") for n in range(1, 4)]
    index = index_of([written(tmp_path / "letters", *letters)], tmp_path / "index")
    return Served(index, create_app(Engine(index)).test_client())


# -- from one page to the next -------------------------------------------------------------------


def next_page(html: str) -> str:
    """The address of the page behind one."""
    return unescape(re.findall(r'href="([^"]*)" rel="next"', html)[0])


def test_a_page_says_when_the_index_changed_since_the_one_before(served: Served) -> None:
    html = served.client.get("/search?q=knee&limit=1").text
    assert MOVED not in html
    second = next_page(html)
    assert MOVED not in served.client.get(second).text
    served.update()
    html = served.client.get(second).text
    assert MOVED in html
    assert MOVED not in served.client.get(next_page(html)).text  # it is said once


def test_so_does_a_page_of_a_pasted_request(served: Served) -> None:
    html = served.client.post("/similar", data=PASTED).text
    button = r'formaction="([^"]*)" name="offset" value="(\d+)">Next'
    ((address, offset),) = re.findall(button, html)
    assert "knee" not in address
    assert MOVED not in served.client.post(address, data={**PASTED, "offset": offset}).text
    served.update()
    assert MOVED in served.client.post(address, data={**PASTED, "offset": offset}).text


def test_so_does_the_api_to_who_hands_on_what_was_seen(served: Served) -> None:
    first = served.client.get("/api/search?q=knee&limit=1").get_json()
    seen = f"{first['build']}.{first['generation']}"
    served.update()
    second = served.client.get(f"/api/search?q=knee&limit=1&offset=1&seen={seen}").get_json()
    assert second["generation"] == first["generation"] + 1
    assert any(MOVED in note for note in second["notes"])


@pytest.mark.parametrize("change", ["/search?q=knee&sort=newest", "/search?q=knee&mode=lexical"])
def test_another_order_begins_anew(served: Served, change: str) -> None:
    html = served.client.get(next_page(served.client.get("/search?q=knee&limit=1").text)).text
    wanted = change.replace("q=knee&", "q=knee&amp;")
    addresses = re.findall(r'href="(/search\?q=knee[^"]*)"', html)
    assert any(address.startswith(wanted) for address in addresses)
    assert not any("seen=" in a for a in addresses if "sort=" in a or "mode=" in a)


# -- a generation that cannot be opened ----------------------------------------------------------


@pytest.fixture
def damaged(served: Served) -> Path:
    """A file of a new generation, of which half is missing; the whole is beside it."""
    before = set(read_manifest(served.directory).files)
    served.update()
    new = set(read_manifest(served.directory).files) - before
    (name,) = (name for name in new if name.endswith("vectors.faiss"))
    file = served.directory / name
    shutil.copy(file, file.with_suffix(".whole"))
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    return file


def test_a_damaged_generation_leaves_the_one_before_in_its_place(
    served: Served, damaged: Path
) -> None:
    health = served.health()
    assert damaged.is_file()
    assert (health["status"], health["generation"], health["letters"]) == ("degraded", 1, 3)
    assert "a newer index cannot be read" in str(health["degraded"])
    answer = served.client.get("/api/search?q=knee").get_json()
    assert (answer["total"], answer["generation"]) == (3, 1)
    for path in ("/", "/search?q=knee", "/letters/CM16-9900201", "/api/overview"):
        assert served.client.get(path).status_code == 200, path
    assert served.client.post("/similar", data=PASTED).status_code == 200


def test_it_is_logged_once(served: Served, damaged: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert damaged.is_file()
    for _ in range(3):
        served.health()
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_it_is_tried_again_when_the_manifest_changes(served: Served, damaged: Path) -> None:
    assert served.health()["status"] == "degraded"
    damaged.with_suffix(".whole").replace(damaged)
    (served.directory / FILE).touch()
    health = served.health()
    assert (health["status"], health["degraded"]) == ("ok", "")
    assert (health["generation"], health["letters"]) == (2, 4)
    assert served.client.get("/api/search?q=knee").get_json()["total"] == 4


def test_an_index_that_is_gone_is_said_while_the_old_one_answers(served: Served) -> None:
    assert served.health()["status"] == "ok"
    manifest = served.directory / FILE
    manifest.rename(served.directory / "elsewhere")
    assert served.health()["status"] == "degraded"
    assert served.client.get("/search?q=knee").status_code == 200
    (served.directory / "elsewhere").rename(manifest)
    assert served.health()["status"] == "ok"
