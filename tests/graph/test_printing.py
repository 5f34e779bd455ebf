from __future__ import annotations

import numpy as np

from backproof.graph import apply, leaf, print_graph


def test_a_listing() -> None:
    """Each node is one line: number, name, operation with operands and attributes, type and shape."""
    w = leaf(np.ones((2, 3), np.float32), "W")
    z = apply("sum", apply("multiply", w, 2.0), axis=0, keepdims=True, name="total")
    assert print_graph([z]).splitlines() == [
        "%0 W     = leaf                            float32 (2, 3)",
        "%1       = constant(2.)                    float64 ()",
        "%2       = multiply(%0, %1)                float32 (2, 3)",
        "%3 total = sum(%2, axis=0, keepdims=True)  float32 (1, 3)",
    ]


def test_long_constants_are_cut() -> None:
    """A constant of many elements takes one line all the same; no nodes give no lines."""
    text = print_graph([apply("add", leaf(1.0), np.arange(400.0).reshape(20, 20))])
    assert len(text.splitlines()) == 3
    assert max(map(len, text.splitlines())) < 200
    assert print_graph([]) == ""
