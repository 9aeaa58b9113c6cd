"""How a set of prior issues fared: k of n with an interval, beside the base rate."""

from __future__ import annotations

from math import sqrt

from search.backend import Tally
from search.results import Outcomes

Z_95 = 1.959963984540054
ENOUGH = 5  # decided issues; from fewer no rate is shown


def wilson(successes: int, n: int, z: float = Z_95) -> tuple[float, float]:
    """The Wilson score interval for `successes` of `n` trials, as fractions.

    Wilson, E. B. (1927), Journal of the American Statistical Association 22, 209-212. Raises
    ValueError unless 0 <= successes <= n and n > 0.
    """
    if not 0 <= successes <= n or n == 0:
        raise ValueError(f"{successes} of {n} is no proportion")
    rate, square = successes / n, z * z
    middle = (rate + square / (2 * n)) / (1 + square / n)
    half = z / (1 + square / n) * sqrt(rate * (1 - rate) / n + square / (4 * n * n))
    low = max(0.0, middle - half) if successes else 0.0  # exactly, whatever rounding leaves
    return low, min(1.0, middle + half) if successes < n else 1.0


def make_outcomes(of: Tally, base: Tally) -> Outcomes:
    """The statistics of a set beside those of the whole index; too few give no rate."""
    low, high = wilson(of.overturned, of.n) if of.n else (0.0, 1.0)
    enough = of.n >= ENOUGH
    return Outcomes(
        n=of.n,
        overturned=of.overturned,
        letters=of.letters,
        rate=of.overturned / of.n if enough else None,
        low=low if enough else None,
        high=high if enough else None,
        base_rate=base.overturned / base.n if base.n else None,
        base_n=base.n,
    )
