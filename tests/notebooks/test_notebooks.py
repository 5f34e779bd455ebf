"""Notebooks: checked cell by cell, reported by cell, and mended without touching another byte."""

import json
import subprocess

import pytest

from backproof.cli import main
from backproof.errors import EditRejectedError, ProgramUnreadableError
from backproof.pipeline import check_program
from backproof.source import Edit, Span, apply_edits, encoded, program_from_bytes

from .files import (
    LAYERS,
    WRONG_SIGN,
    WRONG_SLOPE,
    as_colab,
    as_jupyter,
    code,
    compact,
    document,
    network,
)

WRITERS = pytest.mark.parametrize("write", [as_jupyter, as_colab, compact])
LISTED = pytest.mark.parametrize("listed", [True, False], ids=["lines", "one string"])


def cell_sources(data):
    """The sources of all cells, each as one text."""
    return ["".join(cell["source"]) for cell in json.loads(data)["cells"]]


def test_a_correct_notebook_is_certified():
    """Cells run in order in one namespace; magics, commands and questions change nothing."""
    report = check_program(program_from_bytes(as_jupyter(network()), "net.ipynb"))
    assert report.verdict == "correct", report.reason
    assert [p.name for p in report.parameters] == ["net.W1", "net.b1", "net.W2"]
    assert (report.loss.cell, report.loss.row) == (4, 6)


def test_findings_stand_in_their_cells(tmp_path, monkeypatch, capsys):
    """Rows count in the cell, cells are counted as a reader counts them, text cells among them."""
    (tmp_path / "net.ipynb").write_bytes(as_jupyter(network(WRONG_SLOPE, WRONG_SIGN)))
    monkeypatch.chdir(tmp_path)
    assert main(["check", "net.ipynb", "--output-format", "json"]) == 1
    first, second = json.loads(capsys.readouterr().out)["results"][0]["diagnostics"]
    assert (first["name"], first["cell"]) == ("derivative-at-wrong-point", 2)
    assert first["location"] == {"row": 17, "column": 35}
    assert (second["name"], second["cell"], second["location"]["row"]) == ("sign-flipped", 4, 7)
    assert [edit["cell"] for edit in second["fix"]["edits"]] == [4]

    assert main(["check", "net.ipynb"]) == 1
    output = capsys.readouterr().out
    assert "net.ipynb:cell 2:17:35: BP102 derivative-at-wrong-point" in output
    assert "\n   17 |         dz = d @ self.W2.T * (1 - np.tanh(self.h)**2)  # tanh'\n" in output
    assert "(net.ipynb:cell 4:6)" in output


@LISTED
@WRITERS
def test_fix_writes_nothing_but_the_cells_source(tmp_path, write, listed):
    """A mended file is what its writer would have written of the right source."""
    path = tmp_path / "net.ipynb"
    path.write_bytes(write(network(WRONG_SIGN, listed=listed)))
    assert main(["check", "--fix", str(path)]) == 0
    assert path.read_bytes() == write(network(listed=listed))


def test_the_diff_is_one_of_the_file(tmp_path, monkeypatch, capfdbinary):
    """`git apply` takes it and makes the same file as --fix."""
    path = tmp_path / "net.ipynb"
    path.write_bytes(as_jupyter(network(WRONG_SLOPE)))
    monkeypatch.chdir(tmp_path)
    assert main(["check", "--diff", "net.ipynb"]) == 1
    patch = capfdbinary.readouterr().out
    subprocess.run(["git", "apply", "-p0", "-"], input=patch, check=True)
    assert path.read_bytes() == as_jupyter(network())


def test_a_comment_in_a_cell_suppresses(tmp_path, monkeypatch, capsys):
    """It speaks for its line of its cell, and for no line of another with the same number."""
    silent = network(WRONG_SIGN)
    for number, source in ((0, 7), (3, 6)):
        lines = silent["cells"][number]["source"]
        lines[source if source < len(lines) else -1] += "  # backproof: ignore[sign-flipped]"
    (tmp_path / "net.ipynb").write_bytes(as_jupyter(silent))
    monkeypatch.chdir(tmp_path)
    assert main(["check", "net.ipynb"]) == 0
    assert "faults are not shown" in capsys.readouterr().out


@LISTED
@WRITERS
@pytest.mark.parametrize(
    ("edits", "cells"),
    [
        ([Edit(Span(2, 1, 3, 1, cell=1), "")], ["a = 1\nσ = 'é'", "d = 4"]),
        ([Edit(Span(4, 1, 4, 1, cell=1), "more = 5\n")], ["a = 1\nb = 2\nσ = 'é'\nmore = 5", "d = 4"]),
        ([Edit(Span(1, 1, 1, 1, cell=1), "more = 5\n")], ["more = 5\na = 1\nb = 2\nσ = 'é'", "d = 4"]),
        ([Edit(Span(2, 5, 3, 2, cell=1), "3\nc")], ["a = 1\nb = 3\nc = 'é'", "d = 4"]),
        ([Edit(Span(1, 1, 1, 2, cell=3), '"σ\\n"')], ["a = 1\nb = 2\nσ = 'é'", '"σ\\n" = 4']),
        (
            [
                Edit(Span(3, 5, 3, 8, cell=1), "7"),
                Edit(Span(1, 5, 1, 6, cell=3), "8"),
                Edit(Span(2, 1, 3, 1, cell=1), ""),
            ],
            ["a = 1\nσ = 7", "d = 8"],
        ),
    ],
)  # fmt: skip
def test_any_edit_gives_the_sources_it_should(write, listed, edits, cells):
    """Lines replaced, inserted and removed, in one cell or in two, leave a notebook with these sources."""
    text = code("#", listed) | {"cell_type": "markdown"}
    notebook = document(code("a = 1\nb = 2\nσ = 'é'", listed), code("d = 4", listed))
    notebook["cells"][1] = text
    data = write(notebook)
    after = encoded(apply_edits(program_from_bytes(data, "net.ipynb"), edits))
    first, _, last = cell_sources(after)
    assert [first, last] == cells
    assert json.loads(after)["cells"][0]["outputs"] == notebook["cells"][0]["outputs"]


def test_an_edit_may_not_reach_into_another_cell():
    """What would move text from cell to cell is refused."""
    program = program_from_bytes(as_jupyter(document(code("a = 1\n"), code("b = 2"))), "net.ipynb")
    with pytest.raises(EditRejectedError, match=r"cell 1:1:1: an edit reaches from one cell into the next"):
        apply_edits(program, [Edit(Span(1, 1, 4, 1), "")])


def test_escapes_beside_an_edit_stay(tmp_path):
    """What the writer escaped stays escaped, and what it did not stays too."""
    data = as_colab(document(code("d = σ('/')  # \U0001d70e"))).replace(b"'/'", b"'\\/'")
    program = program_from_bytes(data, "net.ipynb")
    assert program.text.startswith("d = σ('/')  # \U0001d70e\n")
    after = encoded(apply_edits(program, [Edit(Span(1, 1, 1, 2), "δ")]))
    assert after == data.replace(b'"d = ', b'"\\u03b4 = ')


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "net.ipynb is empty"),
        (b"  \n", "net.ipynb is empty"),
        (b"import numpy as np\n", "net.ipynb:1:1: this is not a notebook's JSON"),
        (b'{"cells": [', "net.ipynb:1:"),
        (b"[1, 2]", "not a notebook: it has no cells"),
        (b'{"cells": 3, "nbformat": 4}', "its cells are no list"),
        (b'{"worksheets": [], "nbformat": 3}', "format 3, and only format 4 is read"),
        (as_jupyter(document()), "has no code cells"),
        (as_jupyter(document(code("a = 1"), code("") | {"source": 3})), "cell 3 is damaged"),
        (as_jupyter(document(code("x <- 3"), metadata={"kernelspec": {"language": "R"}})), "in r, not in"),
        (as_jupyter(document(code("a = 1"), code("b = (2"))), r"net.ipynb:cell 3:1:5: this is not Python 3"),
        (as_jupyter(document(code("a = (1"), code("2)"))), r"net.ipynb:cell 1:1:5: this is not Python 3"),
        (as_jupyter(document(code("a = 1\nprint a"))), r"net.ipynb:cell 2:2:1: this is Python 2"),
        (b"\xff{}", "is not utf-8 text"),
    ],
)  # fmt: skip
def test_what_is_no_notebook_is_said_in_a_sentence(tmp_path, capsys, monkeypatch, data, words):
    """One clear message, and exit code 2."""
    with pytest.raises(ProgramUnreadableError, match=words):
        program_from_bytes(data, "net.ipynb")
    (tmp_path / "net.ipynb").write_bytes(data)
    monkeypatch.chdir(tmp_path)
    assert main(["check", "net.ipynb"]) == 2
    assert len(capsys.readouterr().err.rstrip().split("backproof: ")) == 2


@pytest.mark.parametrize("sources", [[""], ["# only a comment"], ["%matplotlib inline", "!ls"]])
def test_empty_cells_train_nothing(sources):
    """A notebook whose cells do nothing is said to train nothing."""
    program = program_from_bytes(as_jupyter(document(*map(code, sources))), "net.ipynb")
    report = check_program(program)
    assert report.verdict == "inconclusive"
    assert report.reason.startswith("net.ipynb")


def test_a_crash_is_told_by_its_cell():
    """The reason names the cell and the line in it."""
    notebook = document(code("import numpy as np\n\nx = np.ones(3)"), code("\n\ny = x @ np.ones(4)"))
    report = check_program(program_from_bytes(as_jupyter(notebook), "net.ipynb"))
    assert report.reason.startswith("net.ipynb:cell 3:3:5: the program stopped with ValueError")


def test_a_notebook_runs_where_it_lies(tmp_path):
    """Jupyter runs a notebook in its own folder, and finds data there."""
    (tmp_path / "data.csv").write_text("1,2\n3,4\n")
    source = LAYERS.replace("class", "data = open('data.csv').read()\nclass", 1)
    notebook = network()
    notebook["cells"][1] = code(source)
    path = tmp_path / "net.ipynb"
    path.write_bytes(as_jupyter(notebook))
    assert main(["check", str(path)]) == 0
