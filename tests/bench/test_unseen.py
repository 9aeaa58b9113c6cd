"""What cannot be seen changes no term."""

from __future__ import annotations

import pytest

from bench.unseen import differing, main
from index import analysis


def test_texts_with_unseen_characters_have_the_terms_of_those_without() -> None:
    assert differing(500) == []


def test_a_difference_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(analysis, "plain", str)
    with pytest.raises(SystemExit) as stopped:
        main(["--cases", "50"])
    assert stopped.value.code == 1
    assert "of 50 texts differ" in capsys.readouterr().out
