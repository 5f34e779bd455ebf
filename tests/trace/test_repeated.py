"""One array that stands in a list under several names means each of them where it stands."""

from textwrap import dedent

import numpy as np
import pytest

from backproof.graph import ancestors

from .runs import traced

# Each makes ``held`` of one array under the names that the third and the fourth line gave it.
MADE = {
    "a list": "held = [b, c]",
    "lists that are joined": "held = [b, c] + [a * 2.0]",
    "a copy of a list": "held = list([b, c])",
    "what a function gives": """
        def given(a):
            b = a
            c = a
            return b, c
        held = given(a)
    """,
}
GONE_THROUGH = {
    "by a loop": "for v in held:\n    found.append(v + 1.0)",
    "beside another": "for v, k in zip(held, range(9)):\n    found.append(v + k)",
    "turned": "for v in zip(*[held, held]):\n    found.append(sum(v))",
    "by numbers": "for k in range(2):\n    found.append(held[k] + 1.0)",
}


@pytest.mark.parametrize("going", GONE_THROUGH)
@pytest.mark.parametrize("made", MADE)
def test_each_name_is_a_place_of_its_own(made: str, going: str) -> None:
    """What is computed from each item hangs on the statement that gave it the name that stands there."""
    begun = "found = []\na = x * 2.0\nb = a\nc = a"
    text = f"{begun}\n{dedent(MADE[made])}\n{GONE_THROUGH[going]}\np, q = found[:2]"
    run = traced(text, {"x": np.array([0.5, -1.25, 2.0])})
    assert run.error is None
    sites = run.recorder.sites
    first = 7 if "def" in text else 3
    for name, own, other in (("p", first, first + 1), ("q", first + 1, first)):
        rows = {sites[n.origin.site].span.row for n in ancestors([run.node(name)]) if n.origin is not None}
        assert own in rows
        assert other not in rows
        assert run.unknown(name) == []
