"""The application over the sample letters, and what its tests ask about."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from search.engine import Engine
from search.request import Page, SearchRequest
from search.results import Hit
from web.app import create_app


@pytest.fixture(scope="session")
def app(sample_engine: Engine) -> Flask:
    return create_app(sample_engine)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def hit(sample_engine: Engine) -> Hit:
    """Some issue of a letter with a case number, whose reviewer cited a guideline."""
    hits = sample_engine.search(SearchRequest(page=Page(limit=100))).hits
    return next(
        hit
        for hit in hits
        if hit.letter.startswith("CM") and " > " in "".join(hit.reviewer_guidelines)
    )


@pytest.fixture(scope="session")
def word(hit: Hit) -> str:
    """A word that some issue contains."""
    return max(
        (part for part in hit.request.split() if part.isascii() and part.isalpha()), key=len
    ).lower()
