"""Ways to write an expression that crashes otherwise: none compares a value with itself."""

from __future__ import annotations

import ast

import pytest

from backproof.source import Program, alternatives, apply_edits


@pytest.mark.parametrize(
    ("text", "offered", "refused"),
    [
        ("error(y, out)", {"error(h, out)", "error(y, h)"}, {"error(out, out)", "error(y, y)"}),
        ("net.error(y, out)", {"net.error(h, out)"}, {"net.error(out, out)", "net.error(y, y)"}),
        ("y - out", {"h - out", "y - h"}, {"y - y", "out - out"}),
        ("np.dot(y, out)", {"np.dot(out, out)", "np.dot(y, h)"}, set()),
        ("y * out", {"y * y", "h * out"}, set()),
    ],
)
def test_no_value_is_compared_with_itself(text: str, offered: set[str], refused: set[str]) -> None:
    """A difference, or a loss, of a value and of itself is no mend; a product may be one."""
    program = Program("p.py", text)
    expression = ast.parse(text, mode="eval").body
    every = alternatives(program, expression, ["y", "out", "h"])
    found = {apply_edits(program, alternative.edits).text for alternative in every}
    assert offered <= found
    assert refused.isdisjoint(found)
