"""The file behind a letter: handed out as it lies on this machine, and never by a path one asks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from search.engine import Engine
from search.request import Page, SearchRequest
from search.results import LetterPage
from web import original
from web.app import create_app
from web.serialize import file_name


@pytest.fixture(scope="module")
def sources(sample_engine: Engine) -> dict[str, tuple[str, Path]]:
    """A letter and its file, by the ending of the file; one in an archive under "zip"."""
    found: dict[str, tuple[str, Path]] = {}
    for hit in sample_engine.search(SearchRequest(page=Page(limit=200))).hits:
        path = Path(sample_engine.letter(hit.letter, neighbours=0).source)
        kind = "zip" if ".zip" in path.parent.name else path.suffix.removeprefix(".")
        found.setdefault(kind, (hit.letter, path))
    return found


@pytest.mark.parametrize(
    ("kind", "mimetype"),
    [
        ("pdf", "application/pdf"),
        ("txt", "text/plain"),
        ("docx", original.TYPES[".docx"]),
    ],
)
def test_the_file_itself(
    client: FlaskClient, sources: dict[str, tuple[str, Path]], kind: str, mimetype: str
) -> None:
    letter, path = sources[kind]
    with client.get(f"/letters/{letter}/original") as answer:
        assert answer.status_code == 200
        assert answer.data == path.read_bytes()
        assert answer.headers["Content-Type"] == mimetype
        assert answer.headers["Content-Disposition"] == f"attachment; filename={letter}.{kind}"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].endswith("; sandbox")
    page = client.get(f"/letters/{letter}").text
    assert f'href="/letters/{letter}/original"' in page
    assert path.name in page
    assert client.get(f"/api/letters/{letter}").get_json()["file"] == path.name
    assert str(path.parent) not in page


def test_in_an_archive(client: FlaskClient, sources: dict[str, tuple[str, Path]]) -> None:
    letter, path = sources["zip"]
    answer = client.get(f"/letters/{letter}/original")
    assert answer.status_code == 404
    assert "lies in an archive" in answer.text
    page = client.get(f"/letters/{letter}").text
    assert f"{path.name} in {path.parent.name}" in page
    assert "Original file" not in page


@pytest.mark.parametrize(
    "id_", ["nope", "..%2F..%2Fetc%2Fpasswd", "%2Fetc%2Fpasswd", "CM99-9999999", "x%00"]
)
def test_a_path_is_not_asked_for(client: FlaskClient, id_: str) -> None:
    answer = client.get(f"/letters/{id_}/original", follow_redirects=True)
    assert answer.status_code == 404


class Elsewhere:
    """An engine whose letters came from another place."""

    def __init__(self, engine: Engine, source: Path | str) -> None:
        self.engine, self.source = engine, str(source)

    def letter(self, *args: Any, **more: Any) -> LetterPage:
        return replace(self.engine.letter(*args, **more), source=self.source)


def test_a_file_whose_name_is_no_text_has_one_to_be_shown() -> None:
    assert file_name("/letters/\udcff.txt") == r"\xff.txt"


def test_gone_linked_or_no_file(
    sample_engine: Engine, sources: dict[str, tuple[str, Path]], tmp_path: Path
) -> None:
    letter, path = sources["pdf"]
    link = tmp_path / "link.pdf"
    link.symlink_to(path)
    for source in (tmp_path / "gone.pdf", link, tmp_path, "CM17.pdf", "", "/dev/zero"):
        engine: Any = Elsewhere(sample_engine, source)
        client = create_app(engine).test_client()
        answer = client.get(f"/letters/{letter}/original")
        assert answer.status_code == 404, source
        assert "cannot be handed out" in answer.text


def test_a_file_of_no_known_kind_is_only_bytes(
    sample_engine: Engine, sources: dict[str, tuple[str, Path]], tmp_path: Path
) -> None:
    letter, _ = sources["pdf"]
    page = tmp_path / 'a "b";\u202e.html'
    page.write_text("<script>alert(1)</script>")
    engine: Any = Elsewhere(sample_engine, page)
    with create_app(engine).test_client().get(f"/letters/{letter}/original") as answer:
        assert answer.headers["Content-Type"] == original.UNKNOWN
        assert answer.headers["Content-Disposition"] == f"attachment; filename={letter}.html"
