"""Constants that are the lengths of lists: of rows that the forward pass takes the mean of."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

BASKETS = """
import numpy as np

rng = np.random.default_rng(31)
baskets = [([0, 3, 7], 1), ([2, 5], 4), ([6, 6, 1, 8], 0), ([4, 2, 0, 7, 3], 2), ([8, 1], 3)]
seen, hints = [1.0, 2.0, 3.0], rng.normal(0, 0.2, 5)
E, O = rng.normal(0, 0.5, (9, 4)), rng.normal(0, 0.5, (4, 5))
for turn in range(700):
    for items, label in baskets:
        mid = E[items].mean(axis=0)
        z = mid @ O + hints
        p = np.exp(z - z.max())
        p = p / p.sum()
        loss = -np.log(p[label])
        d = p.copy()
        d[label] -= 1
        back = O @ d
        O -= 0.2 * np.outer(mid, d)
        hints -= 0.2 * d
        for item in items:
            E[item] -= 0.2 * back / len(items)
    seen.append(loss)
"""


@pytest.mark.parametrize(
    "baskets", ["[([0, 3, 7], 1), ([2, 5], 4),", "[([2, 5], 4),", "[([6, 6, 1, 8], 0), ([2, 5], 4),"]
)
def test_the_length_of_a_list_of_rows_is_missing(baskets: str) -> None:
    """It is another for each sample, a row may be in it twice, and no other list of that length is meant."""
    right = BASKETS.replace("[([0, 3, 7], 1), ([2, 5], 4),", baskets)
    assert check_program(program_from_bytes(right.encode(), "p.py")).verdict == "correct"
    report = check_program(program_from_bytes(right.replace(" / len(items)", "").encode(), "p.py"))
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert (finding.name, finding.expected) == ("wrong-scale", "0.2 * back / len(items)")
    assert finding.mended
