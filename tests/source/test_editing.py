"""Edits change what they say, and no other byte."""

import ast
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backproof.errors import EditRejectedError
from backproof.source import Edit, Program, Span, apply_edits, encoded, program_from_bytes, span_of, text_of

ODD = (
    "# coding: utf-8\r\n"
    "\x0c\r\n"
    "σ = '重み'  # trailing blank  \n"
    "def f(x):\r\tdelta = (y - σ) * x\r"
    "\treturn '\u2028', 'e\u0301', '😀', delta\n"
    "last = (y - σ)"
)


def names_in(text):
    """Every name of the program with its place."""
    program = Program("odd.py", text, data=text.encode())
    return program, [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)]


def test_spans_of_the_tree_are_in_characters():
    """A span made of a syntax tree's byte offsets holds exactly the text of its node."""
    program, names = names_in(ODD)
    assert len(names) == 9
    for node in names:
        assert text_of(program, span_of(program, node)) == node.id
    strings = [node for node in ast.walk(ast.parse(ODD)) if isinstance(node, ast.Constant)]
    for node in strings:
        assert ast.literal_eval(text_of(program, span_of(program, node))) == node.value


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(["utf-8", "utf-8-sig"]))
def test_bytes_outside_the_edits_stay(seed, encoding):
    """Putting the old texts back into the edited bytes gives the bytes that were read."""
    generator = random.Random(seed)
    text = ODD
    program = Program("odd.py", text, encoding, text.encode(encoding))
    _, names = names_in(text)
    chosen = generator.sample(names, generator.randint(1, len(names)))
    edits = [Edit(span_of(program, node), f"«{index}»") for index, node in enumerate(chosen)]
    generator.shuffle(edits)
    after = encoded(apply_edits(program, edits)).decode(encoding)
    for index, node in enumerate(chosen):
        assert after.count(f"«{index}»") == 1
        after = after.replace(f"«{index}»", node.id)
    assert after.encode(encoding) == program.data


def test_overlapping_edits_are_rejected():
    """Edits may touch; they may not overlap, nor insert two texts at one place."""
    program = Program("net.py", "g = abcdef\n")
    at = lambda a, b, content: Edit(Span(1, a, 1, b), content)  # noqa: E731
    assert apply_edits(program, [at(7, 9, "Y"), at(5, 7, "X")]).text == "g = XYef\n"
    assert apply_edits(program, [at(5, 7, "X"), at(5, 5, "(")]).text == "g = (Xcdef\n"
    assert apply_edits(program, [at(5, 7, "X"), at(5, 7, "X")]).text == "g = Xcdef\n"
    for pair in (
        [at(5, 8, "X"), at(7, 9, "Y")],
        [at(5, 7, "X"), at(5, 7, "Y")],
        [at(5, 5, "a"), at(5, 5, "b")],
    ):
        with pytest.raises(EditRejectedError, match=r"net.py:1:\d: two edits overlap here"):
            apply_edits(program, pair)


@pytest.mark.parametrize("span", [Span(3, 1, 3, 1), Span(1, 13, 1, 14), Span(0, 1, 1, 1), Span(1, 0, 1, 2)])
def test_edits_outside_the_text_are_rejected(span):
    """An edit of a place that does not exist is refused, not clipped."""
    with pytest.raises(EditRejectedError, match="outside"):
        apply_edits(Program("net.py", "g = abcdef\n"), [Edit(span, "x")])


def test_an_edit_that_ends_before_it_begins_is_rejected():
    """The end of a span comes after its start."""
    with pytest.raises(EditRejectedError, match="ends before"):
        apply_edits(Program("net.py", "g = abcdef\n"), [Edit(Span(1, 5, 1, 3), "x")])


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_new_lines_end_as_their_neighbours_do(ending):
    """A line break in an edit's content becomes the file's own."""
    text = f"a = 1{ending}b = 2"
    assert (
        apply_edits(Program("n.py", text), [Edit(Span(2, 1, 2, 1), "c = 3\n")]).text
        == f"a = 1{ending}c = 3{ending}b = 2"
    )


def test_the_encoding_of_the_file_is_kept_or_the_edit_refused():
    """A latin-1 program is written as latin-1; a σ is refused there with a way out."""
    program = program_from_bytes(b"# coding: latin-1\ng = y - \xe9\n", "net.py")
    assert (
        encoded(apply_edits(program, [Edit(Span(2, 5, 2, 6), "ü")]))
        == b"# coding: latin-1\ng = \xfc - \xe9\n"
    )
    with pytest.raises(
        EditRejectedError, match="'σ' cannot be written in iso-8859-1: save the file as UTF-8"
    ):
        apply_edits(program, [Edit(Span(2, 5, 2, 6), "σ")])


def test_bytes_that_do_not_survive_reencoding_are_never_written():
    """A redundant escape sequence would be lost in writing, a byte outside the edit: refused."""
    data = b"# coding: iso2022_jp\ns = '\x1b(Ba'\ng = 1\n"
    program = program_from_bytes(data, "net.py")
    assert program.text.encode(program.encoding) != data
    with pytest.raises(EditRejectedError, match="byte for byte"):
        apply_edits(program, [Edit(Span(3, 5, 3, 6), "2")])


def test_lines_inserted_at_one_place_stand_below_each_other() -> None:
    """Whole lines only: of other texts nobody knows which comes first."""
    program = Program("net.py", "a = 1\nb = 2\n")
    at = Span(2, 1, 2, 1)
    assert apply_edits(program, [Edit(at, "c = 3\n"), Edit(at, "d = 4\n")]).text == (
        "a = 1\nc = 3\nd = 4\nb = 2\n"
    )
    with pytest.raises(EditRejectedError, match="overlap"):
        apply_edits(program, [Edit(at, "c = "), Edit(at, "d = 4\n")])
