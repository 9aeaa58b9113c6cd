"""Benchmarks: a generator of letters, and our engine timed beside others on the same ones."""
