"""Field lengths in a byte."""

from __future__ import annotations

import numpy as np
import pytest

from index.segments.lengths import LENGTHS, decoded, encoded


def test_lengths_are_exact_to_39_and_then_eight_to_a_doubling() -> None:
    assert LENGTHS[:40].tolist() == list(range(40))
    assert LENGTHS[40:58:8].tolist() == [40, 56, 88]
    assert np.diff(LENGTHS[40:56]).tolist() == [2] * 8 + [4] * 7
    assert (np.diff(LENGTHS) > 0).all()


def test_a_length_is_rounded_down_to_one_that_a_byte_stands_for() -> None:
    lengths = np.concatenate([np.arange(5_000), 2 ** np.arange(13, 31), [2**31 - 1]])
    rounded = LENGTHS[encoded(lengths)]
    assert (rounded <= lengths).all()
    assert (rounded > lengths * 0.88 - 1).all()
    assert encoded(LENGTHS).tolist() == list(range(256))


@pytest.mark.parametrize(("byte", "length"), [(0, 0), (39, 39), (56, 88), (255, 2_013_265_944)])
def test_bytes_stand_for_what_lucene_says(byte: int, length: int) -> None:
    assert decoded(byte) == length
