"""Carets stand under exactly the span, as a terminal shows it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backproof.report.excerpt import excerpt
from backproof.source import Program, Span


def columns(text):
    """Count the columns that a terminal uses for a text."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.category(char) in ("Mn", "Me") for char in text)


def marked(lines):
    """Give the text above the carets of a one-line excerpt."""
    source, marks = (line.text for line in lines)
    first, last = len(marks) - len(marks.lstrip()), len(marks)
    return "".join(char for i, char in enumerate(source) if first <= columns(source[:i]) < last)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("    dW2 = (y - out) * h", "y - out"),
        ("\t\tdW2\t= (y - out)", "y - out"),
        ("重み = 'ラベル' + (y - out)", "y - out"),
        ("e\u0301te\u0301 = y - out", "y - out"),
        ("a = 1;\x0c b = y - out", "y - out"),
        ("y - out", "y - out"),
        ("x = 誤差 * 2", "誤差"),
        ("σ = α + β", "β"),
    ],
)
def test_carets_stand_under_the_span(line, word):
    """Tabs, wide and combining characters move the carets as they move the text."""
    start = line.index(word) + 1
    lines = excerpt(Program("n.py", line), Span(1, start, 1, start + len(word)))
    assert [each.row for each in lines] == [1, None]
    assert marked(lines) == word


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=1, max_size=80), st.data())
def test_an_excerpt_never_outgrows_its_width(line, data):
    """Whatever the line holds, the excerpt fits, has a caret and no control character."""
    start = data.draw(st.integers(1, len(line)))
    end = data.draw(st.integers(start, len(line) + 1))
    for each in excerpt(Program("n.py", line), Span(1, start, 1, end), 30):
        assert columns(each.text) <= 30
        assert not any(unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp") for char in each.text)
    assert "^" in each.text


@pytest.mark.parametrize("position", [0, 5, 60, 137, 180])
def test_a_long_line_is_clipped_around_the_span(position):
    """The marked word is shown whole, with an ellipsis where something was cut."""
    line = ("abcdefghi " * 20)[:position] + "WORD" + (" ihgfedcba" * 20)[: 196 - position]
    lines = excerpt(Program("n.py", line), Span(1, position + 1, 1, position + 5), 40)
    assert marked(lines) == "WORD"
    assert lines[0].text.startswith("…") == (position > 34)
    assert lines[0].text.endswith("…") == (position < 180)


def test_a_span_that_is_too_long_shows_its_start():
    """Of an expression wider than the terminal the first part is marked, to the edge."""
    lines = excerpt(Program("n.py", "g = " + "x * " * 50), Span(1, 5, 1, 205), 40)
    assert lines[0].text.startswith("g = x * x")
    assert lines[1].text == "    " + "^" * 34


def test_a_span_of_several_lines_marks_each():
    """Each line of the span has its own carets, without its indentation; many lines are cut short."""
    text = "g = f(a,\n      b *\n\n      c)\n" + "x = 1\n" * 9
    lines = [(line.row, line.text) for line in excerpt(Program("n.py", text), Span(1, 5, 4, 9))]
    assert lines == [
        (1, "g = f(a,"),
        (None, "    ^^^^"),
        (2, "      b *"),
        (None, "      ^^^"),
        (3, ""),
        (4, "      c)"),
        (None, "      ^^"),
    ]
    assert excerpt(Program("n.py", text), Span(1, 5, 12, 3))[-1].text == "…"
