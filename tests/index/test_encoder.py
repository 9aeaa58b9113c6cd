"""Text to vectors, by the encoder of documents and by the export of it that answers questions."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from index.encoder import (
    DocumentEncoder,
    Model,
    ModelUnavailable,
    QueryEncoder,
    Vectors,
    export_query_encoder,
    find_model,
    normalise,
)

TEXTS = [
    "Night splint for the left heel",
    "Physical therapy, 6 visits",
    "Lumbar brace. The baker sits all day and bends over a trough; a belt would hold him up.",
    "",
    "Norco 10/325 mg #60",
    "\u00bfD\u00f3nde duele? caf\u00e9 \u2013 na\u00efve",
    "word " * 600,
]


@pytest.fixture(scope="module")
def model() -> Model:
    return find_model()


@pytest.fixture(scope="module")
def documents(model: Model) -> DocumentEncoder:
    return DocumentEncoder(model)


@pytest.fixture(scope="module")
def vectors(documents: DocumentEncoder) -> Vectors:
    return documents.encode(TEXTS)


@pytest.fixture(scope="module")
def exported(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("encoder") / "encoder"
    export_query_encoder(model, directory)
    return directory


@pytest.fixture(scope="module")
def queries(exported: Path) -> QueryEncoder:
    return QueryEncoder(exported)


def cosines(some: Vectors, others: Vectors) -> list[float]:
    found: list[float] = np.einsum("nd,nd->n", some, others).tolist()
    return found


# -- vectors ---------------------------------------------------------------------------------------


def test_every_text_gets_a_unit_vector(documents: DocumentEncoder, vectors: Vectors) -> None:
    assert vectors.shape == (len(TEXTS), documents.dimensions)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_near_in_meaning_is_near_in_space(documents: DocumentEncoder) -> None:
    splint, brace, cream = documents.encode(
        ["night splint for the heel", "orthosis worn on the foot while asleep", "capsaicin cream"]
    )
    assert splint @ brace > splint @ cream


def test_a_vector_depends_on_its_text_alone(documents: DocumentEncoder, vectors: Vectors) -> None:
    """Neither on its neighbours in the batch, nor on their order or number."""
    alone = np.concatenate([documents.encode([text]) for text in TEXTS])
    assert min(cosines(alone, vectors)) > 0.999
    backwards = documents.encode(TEXTS[::-1])[::-1]
    assert min(cosines(backwards, vectors)) > 0.999


def test_no_texts_give_no_vectors(documents: DocumentEncoder) -> None:
    assert documents.encode([]).shape == (0, documents.dimensions)


def test_the_precision_is_told(documents: DocumentEncoder) -> None:
    assert documents.precision in {"fp16", "bf16", "fp32"}


@given(arrays(np.float32, (3, 4), elements=st.floats(-1e6, 1e6, width=32)))
def test_rows_are_scaled_to_length_one_and_zero_stays_zero(rows: Vectors) -> None:
    lengths = np.linalg.norm(normalise(rows), axis=1)
    sizeable = np.linalg.norm(rows, axis=1) > 1e-12
    assert np.allclose(lengths[sizeable], 1, atol=1e-5)
    assert not normalise(np.zeros((2, 4))).any()


# -- questions -------------------------------------------------------------------------------------


def test_questions_are_encoded_as_documents_are(queries: QueryEncoder, vectors: Vectors) -> None:
    found = queries.encode(TEXTS)
    assert found.dtype == np.float32
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
    assert min(cosines(found, vectors)) > 0.998  # which 8 bits of a weight leave


def test_a_question_gets_the_same_vector_whatever_is_asked_with_it(queries: QueryEncoder) -> None:
    together = queries.encode(TEXTS)
    alone = np.concatenate([queries.encode([text]) for text in TEXTS])
    assert np.array_equal(together, alone)


@pytest.mark.parametrize("encoder", ["documents", "queries"])
def test_text_is_read_to_the_256th_word_piece_and_no_further(
    encoder: str, request: pytest.FixtureRequest
) -> None:
    """Two of them are marks the model sets itself."""
    found = request.getfixturevalue(encoder)
    last_read, unread, cut = found.encode(
        [f"{'word ' * 253} sling", f"{'word ' * 254} sling", "word " * 254]
    )
    assert last_read @ cut < 0.9999
    assert unread @ cut > 0.99999


def test_a_missing_export_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"tokenizer\.json"):
        QueryEncoder(tmp_path)


def test_the_export_appears_whole_or_not_at_all(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "copyfile", stopped)
    with pytest.raises(KeyboardInterrupt):
        export_query_encoder(model, tmp_path / "encoder")
    assert not (tmp_path / "encoder").exists()


# -- the model -------------------------------------------------------------------------------------


def test_the_model_that_came_with_us_is_found(
    monkeypatch: pytest.MonkeyPatch, model: Model
) -> None:
    monkeypatch.delenv("PRECEDENT_MODEL", raising=False)
    assert find_model() == model
    assert model.name == "all-MiniLM-L6-v2"
    assert len(model.digest) == 32


def test_another_model_is_named_by_the_environment(
    monkeypatch: pytest.MonkeyPatch, model: Model, tmp_path: Path
) -> None:
    (tmp_path / "modules.json").write_text("[]")
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    monkeypatch.setenv("PRECEDENT_MODEL", str(tmp_path))
    first = find_model()
    assert (first.name, first.path) == (str(tmp_path), tmp_path)
    assert first.digest != model.digest
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    assert find_model().digest != first.digest
    assert find_model("all-MiniLM-L6-v2") == model


@pytest.mark.parametrize("name", ["", "all-mpnet-base-v2"])
def test_a_missing_model_says_what_to_do(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PRECEDENT_MODEL", str(tmp_path / name))
    with pytest.raises(ModelUnavailable, match=r"no sentence-transformers model in .*PRECEDENT_M"):
        find_model()
