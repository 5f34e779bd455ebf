"""What is no program at all: one clear sentence each, exit code 2, nothing written."""

import pytest

from backproof.cli import main

CASES = {
    "missing": (None, ("There is no file p.py", "check the path")),
    "not_python": (b"Dear colleague,\nplease find the network enclosed.\n", ("p.py:1:",)),
    "does_not_parse": (b"import numpy as np\nfor i in range(3)\n    print(i)\n", ("p.py:2:",)),
    "half_a_line": (b"W = (1,\n", ("p.py:1:",)),
    "python_2": (b"W = 1\nprint W\n", ("p.py:2:", "Python 2", "print(...)")),
    "binary": (b"\x7fELF\x02\x01\x01\0\0\0", ("binary",)),
    "utf_16": ("W = 1\n".encode("utf-16"), ("UTF-16", "UTF-8")),
    "not_utf_8": (b"W = 1\n\n# caf\xe9\n", ("p.py:3:", "UTF-8")),
    "too_long": (b"#" * 9_000_000, ("longer than",)),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_no_program_is_told_so(name, tmp_path, monkeypatch, capsys):
    """The sentence says what the file is, where it goes wrong, and what to do; the file stays as it is."""
    data, words = CASES[name]
    monkeypatch.chdir(tmp_path)
    if data is not None:
        (tmp_path / "p.py").write_bytes(data)
    assert main(["check", "p.py"]) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert "Traceback" not in errors
    for word in words:
        assert word in errors
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == (
        [("p.py", data)] if data is not None else []
    )


def test_a_folder_without_programs_is_told_so(tmp_path, capsys):
    """A folder in which no .py file lies is not taken for a success."""
    (tmp_path / "notes.txt").write_text("nothing")
    assert main(["check", str(tmp_path)]) == 2
    assert "There is no .py or .ipynb file below" in capsys.readouterr().err
