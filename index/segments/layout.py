"""What every part of a segment's postings agrees on: the fields, which of them rank, the blocks."""

FIELDS = ("request", "summary", "rationale", "guidelines")
RANKED = FIELDS[:3]
"""The fields whose words rank. The last one can be searched only: it holds the verdicts."""
BLOCK = 16
"""Postings between two entries of `blocks`: a position list is found by at most 15 additions."""
