"""Where a value comes from in the source, to the character."""

import ast

import numpy as np
import pytest

from backproof.source import Program, Span, text_of
from backproof.trace import trace_program

from .runs import traced

EXPRESSIONS = (
    "BinOp",
    "Call",
    "Name",
    "Attribute",
    "Subscript",
    "UnaryOp",
    "Constant",
    "ListComp",
    "Compare",
)
TEXT = '''"""Gradientenabstieg für σ."""
import numpy as np

größe,名前 = 3, "é"; werte = np.ones(größe) * 2.0
grad = (werte
        - 0.5 *
          werte.sum())  # ← Fehler
def aktivierung(z, *, ß=1.0):
    return (  "é" and
        np.tanh(z * ß) )
neu = aktivierung( grad,
    ß = 0.25 )[ 1: ]
text = f"é {größe * 2.0:>{größe}.1f} é"; wert = - werte [0]
rest = [w * ß for w, ß in zip(werte, [0.5] * größe) if w > 0.25]
werte[0] -= (1.5
             * grad[1])
'''


def test_every_site_spans_its_own_text():
    """A site's text is what stands at its span, behind letters of several bytes and over several lines."""
    recorded = traced(TEXT)
    assert recorded.error is None
    program = Program("<program>", TEXT)
    for site in recorded.recorder.sites:
        assert text_of(program, site.span) == site.text
        if site.kind in EXPRESSIONS:
            assert type(ast.parse(f"({site.text}\n)", mode="eval").body).__name__ == site.kind


@pytest.mark.parametrize(
    ("text", "kind", "span"),
    [
        ("werte.sum()", "Call", Span(7, 11, 7, 22)),
        ("np.ones(größe) * 2.0", "BinOp", Span(4, 28, 4, 48)),
        ("werte\n        - 0.5 *\n          werte.sum()", "BinOp", Span(5, 9, 7, 22)),
        ("z * ß", "BinOp", Span(10, 17, 10, 22)),
        ("aktivierung( grad,\n    ß = 0.25 )", "Call", Span(11, 7, 12, 15)),
        ("- werte [0]", "UnaryOp", Span(13, 49, 13, 60)),
        ("w * ß", "BinOp", Span(14, 9, 14, 14)),
        ("werte[0] -= (1.5\n             * grad[1])", "AugAssign", Span(15, 1, 16, 24)),
    ],
)
def test_an_expression_has_its_exact_span(text, kind, span):
    """Rows and columns count characters from 1, the end is exclusive."""
    sites = traced(TEXT).recorder.sites
    assert [s.span for s in sites if s.text == text and s.kind == kind] == [span]


def test_a_value_is_made_at_the_site_of_its_expression():
    """A node stands where its value is computed, its operands where they are written."""
    recorded = traced("import numpy as np\ny = np.dot(x * 2.0, w[0])\n", {"x": np.ones(3), "w": np.eye(3)})
    sites, node = recorded.recorder.sites, recorded.node("y")
    assert sites[node.origin.site].text == "np.dot(x * 2.0, w[0])"
    assert [sites[k].text for k in node.origin.operand_sites] == ["x * 2.0", "w[0]"]
    assert [sites[k].text for k in node.operands[0].origin.operand_sites] == ["x", "2.0"]
    assert node.name == "y"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_spans_hold_for_every_line_ending(end):
    """A program with another line ending has the same spans, and they lie on the same text of the file."""
    lines = ["w = 0.5  # é", "for k in range(9):", "    grad = (2.0", "        * w)", "    w -= 0.1 * grad"]
    program = Program("zeilen.py", end.join(lines) + end)
    trace = trace_program(program, steps=2)
    (site,) = [s for s in trace.sites if s.kind == "BinOp" and s.text.startswith("2.0")]
    assert site.span == Span(3, 13, 4, 12)
    assert text_of(program, site.span).split() == ["2.0", "*", "w"]
