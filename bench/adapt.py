"""Adapts the sentence encoder to letters: a request and the reasoning about it belong together.

    python -m bench.adapt LETTERS... --out DIR [--epochs N] [--held-out 0.2]

Pairs come from the letters themselves: what an issue asks for, and each passage of its
rationale without the sentences that state a verdict. The passages of the other issues in a
batch are what it is told apart from (in-batch negatives; van den Oord, Li and Vinyals 2018,
arXiv:1807.03748). Nobody's judgment is used. Printed is how often the right passage is found
among those of letters that were held out, before and after. DIR then holds a model for
PRECEDENT_MODEL; `python -m bench.relevance` with it set tells what it does to the ranking.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import torch

from index.encoder import MAX_TOKENS, find_model, load_transformer
from index.extract import Unreadable, discover, shown
from index.extract.child import read_letter
from index.passages import windows, without_verdict

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

SEED = 1
BATCH = 24
RATE = 2e-5  # of AdamW, as the authors of Sentence-BERT train
SCALE = 20.0  # of cosines, before the softmax


@dataclass(frozen=True, slots=True)
class Pair:
    """A request and a passage of the reasoning about it, from one letter."""

    letter: str
    request: str
    passage: str


def read_pairs(paths: Sequence[Path]) -> list[Pair]:
    """The pairs of all letters under `paths` that can be read."""
    found = []
    for source in discover(paths):
        try:
            letter = read_letter(shown(source.name), source.load())
        except Unreadable:
            continue
        for issue in letter.issues:
            reasoning, _ = without_verdict(issue.rationale)
            request = issue.disputed or issue.request
            found += [Pair(letter.id, request, window) for window in windows(reasoning)]
    return found


def embed(model: SentenceTransformer, texts: Sequence[str]) -> torch.Tensor:
    """Unit vectors of `texts`, with gradients where they are wanted."""
    from sentence_transformers.util import batch_to_device

    features = batch_to_device(model.preprocess(list(texts)), model.device)
    return torch.nn.functional.normalize(model(features)["sentence_embedding"], dim=1)


def loss_of(model: SentenceTransformer, batch: Sequence[Pair]) -> torch.Tensor:
    """The cross entropy of finding each passage by its request, and each request by its passage."""
    requests = embed(model, [pair.request for pair in batch])
    passages = embed(model, [pair.passage for pair in batch])
    scores = SCALE * requests @ passages.T
    same = torch.tensor([[a.request == b.request for b in batch] for a in batch])
    same &= ~torch.eye(len(batch), dtype=torch.bool)
    scores = scores.masked_fill(same.to(scores.device), float("-inf"))  # another right answer
    right = torch.arange(len(batch), device=scores.device)
    entropy = torch.nn.functional.cross_entropy
    return (entropy(scores, right) + entropy(scores.T, right)) / 2


def train(model: SentenceTransformer, pairs: Sequence[Pair], epochs: int) -> None:
    """Adapt `model` in place."""
    random = Random(SEED)
    torch.manual_seed(SEED)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)
    steps = epochs * (len(pairs) // BATCH)
    rate = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, max(steps, 1))
    model.train()
    for epoch in range(epochs):
        shuffled = random.sample(list(pairs), len(pairs))
        total = 0.0
        for start in range(0, len(shuffled) - BATCH + 1, BATCH):
            loss = loss_of(model, shuffled[start : start + BATCH])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            rate.step()
            total += loss.item()
        print(f"epoch {epoch + 1}: loss {total / max(len(shuffled) // BATCH, 1):.3f}", flush=True)
    model.eval()


@torch.no_grad()
def found_first(model: SentenceTransformer, pairs: Sequence[Pair]) -> float:
    """In what share of `pairs` the passage nearest to the request is one of its own."""
    model.eval()
    requests = torch.cat([embed(model, [pair.request]) for pair in pairs])
    passages = torch.cat([embed(model, [pair.passage]) for pair in pairs])
    nearest = (requests @ passages.T).argmax(dim=1).tolist()
    right = [pairs[at].request == pair.request for at, pair in zip(nearest, pairs, strict=True)]
    return float(sum(right) / len(pairs))


def main() -> None:
    """Read the arguments, train, and say what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("letters", nargs="+", type=Path, help="files or folders of letters")
    parser.add_argument("--out", type=Path, required=True, help="where the model is written")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--held-out", type=float, default=0.2, help="share of the letters")
    given = parser.parse_args()
    pairs = read_pairs(given.letters)
    letters = sorted({pair.letter for pair in pairs})
    held = set(Random(SEED).sample(letters, round(given.held_out * len(letters))))
    kept_out = [pair for pair in pairs if pair.letter in held]
    model = load_transformer(find_model(), "cuda" if torch.cuda.is_available() else "cpu")
    model.max_seq_length = MAX_TOKENS
    print(f"{len(pairs):,} pairs of {len(letters):,} letters, {len(kept_out):,} held out")
    before = found_first(model, kept_out) if kept_out else 0.0
    train(model, [pair for pair in pairs if pair.letter not in held], given.epochs)
    after = found_first(model, kept_out) if kept_out else 0.0
    print(f"the right passage first, of those held out: {before:.3f} before, {after:.3f} after")
    model.save(str(given.out))


if __name__ == "__main__":
    main()
