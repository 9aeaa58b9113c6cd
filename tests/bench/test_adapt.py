"""What an encoder is adapted to: requests and the reasoning about them, never a verdict."""

from __future__ import annotations

from pathlib import Path

import torch

from bench.adapt import BATCH, Pair, loss_of, read_pairs
from index.encoder import find_model, load_transformer
from index.passages import is_verdict, sentences

LETTERS = Path(__file__).parents[2] / "samples" / "letters"


def test_pairs_are_requests_and_passages_without_a_verdict() -> None:
    pairs = read_pairs([LETTERS])
    assert len(pairs) > BATCH
    assert all(pair.request and pair.passage for pair in pairs)
    assert not [s for pair in pairs for s in sentences(pair.passage) if is_verdict(s)]


def test_the_loss_is_small_where_each_request_is_nearest_to_its_own_passage() -> None:
    model = load_transformer(find_model(), "cpu").eval()
    right = [
        Pair("A", "MRI of the knee", "An MRI shows the meniscus of the knee."),
        Pair("B", "Twelve visits of acupuncture", "Acupuncture needs proof of gain in function."),
    ]
    wrong = [
        Pair("A", "MRI of the knee", right[1].passage),
        Pair("B", right[1].request, right[0].passage),
    ]
    with torch.no_grad():
        assert loss_of(model, right) < 0.1 < loss_of(model, wrong)


def test_another_passage_of_the_same_request_is_no_wrong_answer() -> None:
    model = load_transformer(find_model(), "cpu").eval()
    passages = ("The tear is old.", "The knee locks.")
    with torch.no_grad():
        loss = loss_of(model, [Pair("A", "MRI of the knee", passage) for passage in passages])
    assert float(loss) == 0.0
