"""Numbers that follow from the number of the step."""

import numpy as np
import pytest

from backproof.graph import evaluate, leaf
from backproof.retrain.laws import law_of


@pytest.mark.parametrize(
    "of",
    [
        lambda _: 3.0,
        lambda n: 0.1 + 0.25 * n,
        lambda n: 0.9**n,
        lambda n: 1 - 0.999 ** (n + 1),
        lambda n: 0.05 / (1 + 0.01 * n),
        lambda n: 0.5 ** ((n + 1) // 3),
    ],
    ids=["constant", "line", "power", "bias correction", "decay by time", "decay by epoch"],
)
def test_the_law_of_a_schedule_is_found(of):
    """What was not seen follows, and the graph says the same."""
    law = law_of([of(n) for n in range(14)])
    assert law is not None
    number = leaf(np.float64(0.0))
    for n in (0, 10, 100):
        assert law.at(n) == pytest.approx(of(n), rel=1e-8)
        node = law.node(number)
        assert float(evaluate([node], {number: float(n)})[node]) == pytest.approx(law.at(n), rel=1e-14)


@pytest.mark.parametrize("values", [[1.0, 3.0, 2.0, 7.0, 5.0], [0.0, 1.0, 0.0, 1.0, 0.0], [1.0, 2.0]])
def test_no_law_is_claimed_where_there_is_none(values):
    """Numbers without one, numbers that alternate, and too few."""
    assert law_of(values) is None
