"""Reading programs: every encoding that Python reads, and one clear sentence for what cannot be read."""

import codecs
import io
import sys

import pytest

from backproof.errors import ProgramUnreadableError
from backproof.source import Program, print_statements, program_from_bytes, read_program


@pytest.mark.parametrize(
    ("data", "encoding", "text"),
    [
        (b"a = 1\n", "utf-8", "a = 1\n"),
        ("σ = 'é'\n".encode(), "utf-8", "σ = 'é'\n"),
        (codecs.BOM_UTF8 + "σ = 1\n".encode(), "utf-8-sig", "σ = 1\n"),
        (b"# -*- coding: latin-1 -*-\ns = '\xe9'\n", "iso-8859-1", "# -*- coding: latin-1 -*-\ns = 'é'\n"),
        (
            "#!/usr/bin/env python\n# vim: set fileencoding=cp1251 :\ns = 'ж'\n".encode("cp1251"),
            "cp1251",
            None,
        ),
        ("# coding: shift_jis\ns = '重み'\n".encode("shift_jis"), "shift_jis", None),
        (b"", "utf-8", ""),
        (b"a = 1\r\nb = 2\rc = 3\n\x0cd = 4", "utf-8", "a = 1\r\nb = 2\rc = 3\n\x0cd = 4"),
    ],
)
def test_bytes_are_kept_and_decoded_as_python_does(data, encoding, text):
    """The text is what Python reads, the line endings are the file's own, and the bytes are kept."""
    program = program_from_bytes(data, "net.py")
    assert program.encoding == encoding
    assert program.data == data
    assert program.text == (data.decode(encoding) if text is None else text)


def test_file_and_standard_input_read_alike(tmp_path, monkeypatch):
    """`-` reads standard input's bytes, whatever the terminal's encoding is."""
    data = "# coding: latin-1\nrésultat = 1\n".encode("latin-1")
    path = tmp_path / "net.py"
    path.write_bytes(data)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="ascii"))
    from_input, from_file = read_program("-"), read_program(path)
    assert from_input.filename == "-"
    assert (from_input.text, from_input.data) == (from_file.text, from_file.data)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x7fELF\x02\x01\x00\x00", "binary"),
        ("a = 1\n".encode("utf-16"), "UTF-16"),
        (b"a = 1\nb = '\xe9'\n", "net.py:2: byte 0xe9 is not utf-8 text"),
        (b"# \xe9\na = 1\n", "net.py:1: byte 0xe9 is not utf-8 text"),
        (b"a = 1  # coding: see \xe9\n", "net.py:1: byte 0xe9 is not utf-8 text"),
        (b"# coding: klingon\na = 1\n", "coding comment"),
        (codecs.BOM_UTF8 + b"# coding: latin-1\na = 1\n", "coding comment"),
        (b"# coding: rot13\na = 1\n", "no text encoding"),
        (b"a = 1\nb = (2\n", "net.py:2:5: this is not Python 3: '(' was never closed"),
        (b"for i in range(3):\na = 1\n", "net.py:2:1: "),
        (b"if a:\n\tb = 1\n        c = 2\n", "indent with spaces only"),
        (b">>> import numpy as np\n", "prompts"),
        (b"%matplotlib inline\na = 1\n", "notebook's command"),
        (b"a = 1\n!pip install numpy\n", "notebook's command"),
        ("print(“loss”)\n".encode(), "typographic quotation"),
        ("g = y − out\n".encode(), "typographic minus"),
        ("g =\u00a0y\n".encode(), "invisible character"),
        (b"<<<<<<< HEAD\na = 1\n", "merge conflict"),
        (b"try:\n    a = 1\nexcept ValueError, e:\n    pass\n", "except ... as name"),
        (b"if a <> b:\n    c = 1\n", "Python 2: write !="),
        (b"```python\na = 1\n```\n", "Markdown"),
        (b"a = 1 b = 2 " * 40, "lost its line breaks"),
        (b"x = " + b"(" * 5000 + b")" * 5000, ""),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(data, words):
    """Text that is not Python is refused with its place and a hint, never with another exception."""
    with pytest.raises(ProgramUnreadableError) as caught:
        program_from_bytes(data, "net.py")
    assert words in str(caught.value)
    assert str(caught.value).startswith("net.py")


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("a = 1\nprint a\n", [2]),
        ("for i in range(3):\n    print 'loss', i\nprint\nprint 'done'\n", [2, 4]),
        ("if a: print a\n", [1]),
        ('print "%d" % a,\n', [1]),
    ],
)
def test_python_2_prints_get_words_of_their_own(text, rows):
    """A print statement is called by its name, with the first place and the number of them."""
    with pytest.raises(ProgramUnreadableError, match="this is Python 2: print is a statement here") as caught:
        program_from_bytes(text.encode(), "old.py")
    message = str(caught.value)
    assert message.startswith(f"old.py:{rows[0]}:")
    assert (f"({len(rows)} such lines)" in message) == (len(rows) > 1)


def test_prints_that_are_python_3_are_not_mistaken():
    """Calls, comparisons and attributes of print are no print statements."""
    text = (
        "print(a)\nprint (b)\nprint = c\nprint [1]\nprint >> f\nprint if a else b\nx = print\nprint is None\n"
    )
    assert print_statements(Program("a.py", text)) == []


def test_missing_files_and_folders(tmp_path):
    """A path that is no readable file is named with what to do."""
    (tmp_path / "package.py").mkdir()
    for name, words in [
        ("absent.py", "There is no file"),
        ("package.py", "is a folder"),
        ("nul\0l.py", "cannot be read"),
        ("x" * 400 + ".py", "cannot be read"),
    ]:
        with pytest.raises(ProgramUnreadableError, match=words):
            read_program(tmp_path / name)


@pytest.mark.skipif(sys.platform == "win32", reason="has no such device")
def test_an_endless_file_is_refused():
    """Reading stops where no program goes on."""
    with pytest.raises(ProgramUnreadableError, match="longer than 8 MB"):
        read_program("/dev/zero")


def test_invalid_escapes_are_the_authors_business(recwarn):
    """A program with invalid escapes is read without a word."""
    assert program_from_bytes(b"s = '\\d'\n", "net.py").text == "s = '\\d'\n"
    assert len(recwarn) == 0
