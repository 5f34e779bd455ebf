"""`backproof check`: what it reads, prints, writes and answers."""

import io
import json
import os
import shutil
import subprocess
import sys

import pytest

from .programs import CORRECT, FAULTY, MENDED


def put(folder, **files):
    """Write programs: ``net=b"..."`` makes ``net.py``."""
    for name, data in files.items():
        (folder / f"{name}.py").write_bytes(data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (CORRECT, 0),
        (FAULTY, 1),
        (b"g = y - out  # NOFIX\n", 1),
        (b"g = y - out  # NOTE\n", 0),
        (b"CRASH\n", 2),
        (b"NOTHING\n", 2),
        (b"INTERNAL\n", 2),
        (b"g = (\n", 2),
        (b"\0", 2),
    ],
)
@pytest.mark.parametrize("output_format", ["text", "concise", "json", "sarif", "github"])
def test_the_exit_code_is_the_verdict(call, folder, data, code, output_format):
    """0 without a fault, 1 with one, 2 when it could not be analysed, in every format."""
    put(folder, net=data)
    assert call("check", "--output-format", output_format, "net.py")[0] == code


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"CRASH\n", "net.py:1: the program stopped with ValueError."),
        (b"NOTHING\n", "net.py: no gradient step was seen."),
        (b"INTERNAL\n", "backproof itself failed (ZeroDivisionError: oh no)"),
        (b"g = (\n", "net.py:1:5: this is not Python 3"),
    ],
)
def test_what_cannot_be_analysed_is_said_once_without_a_traceback(call, folder, data, words):
    """The reason is on standard error; JSON holds it instead, and nothing else is on standard output."""
    put(folder, net=data)
    _, output, errors = call("check", "net.py")
    assert output == ""
    assert errors.count(words) == 1
    assert "Traceback" not in errors
    _, output, errors = call("check", "--output-format=json", "net.py")
    assert errors == ""
    (result,) = json.loads(output)["results"]
    assert result["verdict"] == "inconclusive"
    assert words in result["reason"]


def test_a_fault_of_ours_has_a_traceback_when_asked_for(call, folder):
    """--verbose shows where backproof itself failed."""
    put(folder, net=b"INTERNAL\n")
    assert "Traceback" in call("check", "-v", "net.py")[2]


def test_a_missing_file_is_a_message(call):
    """No such file: exit code 2 and one line."""
    assert call("check", "absent.py") == (2, "", "backproof: There is no file absent.py: check the path.\n")


def test_standard_input_is_a_program(call, folder, monkeypatch):
    """`-` is checked like a file, and called `-` in the report."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(FAULTY)))
    code, output, _ = call("check", "-", "--output-format", "concise")
    assert (code, output) == (1, "-:2:5: BP101 sign-flipped The sign.\n")


def test_the_options_reach_the_checker(call, folder):
    """--loss, --steps and --timeout are handed on, and are None where they were not given."""
    put(folder, net=CORRECT)
    assert "mse 7 2.5" in call("check", "--loss", "mse", "--steps", "7", "--timeout", "2.5", "net.py")[1]
    assert "None None None" in call("check", "net.py")[1]


@pytest.mark.parametrize(
    "bad", [["--steps", "0"], ["--steps", "x"], ["--timeout", "-1"], ["--timeout", "nan"]]
)
def test_impossible_numbers_are_refused(call, folder, bad):
    """A number of steps or seconds that makes no sense is a usage error."""
    put(folder, net=CORRECT)
    code, _, errors = call("check", *bad, "net.py")
    assert code == 2
    assert "error: argument" in errors


def test_a_folder_is_every_program_below_it(call, folder):
    """Hidden, virtual and built folders are not entered; files come by name, and once."""
    put(folder, b=FAULTY, a=CORRECT)
    for name in (".git", "venv", "__pycache__", "my-env", "deep/er"):
        (folder / name).mkdir(parents=True)
        (folder / name / "c.py").write_bytes(FAULTY)
    (folder / "my-env" / "pyvenv.cfg").write_text("")
    (folder / ".hidden.py").write_bytes(FAULTY)
    (folder / "notes.txt").write_text("FAULT")
    code, output, _ = call("check", "--output-format", "json", ".", "a.py", "deep")
    assert code == 1
    assert [result["filename"] for result in json.loads(output)["results"]] == [
        "a.py",
        "b.py",
        "deep/er/c.py",
    ]


def test_in_a_folder_programs_need_not_train(call, folder):
    """A file without a training step is passed over in a folder, and is an error when named or alone."""
    put(folder, a=CORRECT, setup=b"NOTHING\n")
    code, output, errors = call("check", ".")
    assert code == 0
    assert output.endswith("a.py: correct: every gradient is the gradient of the loss.\n")
    assert errors == "backproof: files that are no training programs: 1 (--verbose lists them)\n"
    assert "setup.py: no gradient step" in call("check", "-v", ".")[2]
    assert call("check", ".", "setup.py")[0] == 2
    (folder / "a.py").unlink()
    assert call("check", ".")[0] == 2


def test_an_empty_folder_is_said_to_be_one(call, folder):
    """Nothing to check is not the same as nothing wrong."""
    (folder / "empty").mkdir()
    code, _, errors = call("check", "empty")
    assert (code, errors) == (2, "backproof: There is no .py or .ipynb file below empty.\n")


def test_analysable_or_not_outweighs_the_faults(call, folder):
    """When one named program could not be analysed the answer is 2, whatever the others are."""
    put(folder, a=FAULTY, b=b"CRASH\n")
    assert call("check", "a.py", "b.py")[0] == 2


def test_fix_writes_the_verified_edits(call, folder):
    """The file gets the edits of the faults, and no other byte changes; exit 0 when nothing remains."""
    put(folder, net=FAULTY)
    code, output, errors = call("check", "--fix", "net.py")
    assert (code, errors) == (0, "")
    assert output.endswith("net.py: fixed 1 of 1.\n")
    assert (folder / "net.py").read_bytes() == MENDED


def test_fix_leaves_what_was_not_verified(call, folder):
    """An unsafe fix is never applied, and its fault remains: exit 1."""
    put(folder, net=FAULTY + b"k = abcdefg  # NOFIX\n")
    code, output, _ = call("check", "--fix", "net.py")
    assert code == 1
    assert output.endswith("net.py: fixed 1 of 2.\n")
    assert (folder / "net.py").read_bytes() == MENDED + b"k = abcdefg  # NOFIX\n"


def test_fix_touches_no_correct_file(call, folder):
    """A file without a fault is not even written."""
    put(folder, net=CORRECT)
    os.utime(folder / "net.py", (1, 1))
    assert call("check", "--fix", "net.py")[0] == 0
    assert (folder / "net.py").stat().st_mtime == 1


def test_fix_refuses_a_file_that_changed(call, folder, monkeypatch):
    """What was saved while the program was checked is kept, and the other files are fixed."""
    from . import programs

    def slow(program, **options):
        if program.filename == "a.py":
            (folder / "a.py").write_bytes(b"saved meanwhile\n")
        return programs.check_program(program, **options)

    put(folder, a=FAULTY, b=FAULTY)
    monkeypatch.setattr("backproof.pipeline.check_program", slow)
    code, _, errors = call("check", "--fix", "a.py", "b.py")
    assert code == 2
    assert "a.py was changed since it was read" in errors
    assert (folder / "a.py").read_bytes() == b"saved meanwhile\n"
    assert (folder / "b.py").read_bytes() == MENDED


def test_fix_of_standard_input_prints_the_mended_program(call, folder, monkeypatch):
    """The program comes out byte for byte, the report goes to standard error."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(FAULTY)))
    code, output, errors = call("check", "--fix", "-")
    assert (code, output) == (0, MENDED.decode())
    assert "BP101 sign-flipped" in errors


def test_fix_in_json_is_json(call, folder):
    """Standard output holds one JSON object and nothing else."""
    put(folder, net=FAULTY)
    code, output, _ = call("check", "--fix", "--output-format", "json", "net.py")
    assert code == 0
    assert json.loads(output)["results"][0]["diagnostics"][0]["fix"]["applicability"] == "safe"


def test_diff_prints_a_patch_and_writes_nothing(call, folder):
    """The patch, applied by another tool, gives the file that --fix gives."""
    put(folder, net=FAULTY)
    code, output, _ = call("check", "--diff", "net.py")
    assert code == 1
    assert (folder / "net.py").read_bytes() == FAULTY
    if shutil.which("git"):
        subprocess.run(["git", "apply", "-p0"], input=output.encode(), check=True, cwd=folder)
        assert (folder / "net.py").read_bytes() == MENDED


def test_diff_of_a_latin_1_program_is_in_latin_1(folder, capfdbinary):
    """A patch has to hold the bytes of the file that it is for."""
    from backproof.cli import main

    put(folder, net=b"# coding: latin-1\ng = y - out  # FAULT \xe9\n")
    assert main(["check", "--diff", "net.py"]) == 1
    assert b"+g = out - y  # FAULT \xe9\n" in capfdbinary.readouterr().out


def test_diff_without_a_fault_prints_nothing(call, folder):
    """Exit 0 and silence for a correct program; a fault without a verified fix is named on standard error."""
    put(folder, net=CORRECT, bad=b"g = abcdefg  # NOFIX\n")
    assert call("check", "--diff", "net.py") == (0, "", "")
    code, output, errors = call("check", "--diff", "bad.py")
    assert (code, output) == (1, "")
    assert errors == "backproof: bad.py:1:5: BP203 wrong-axis has no verified fix to show.\n"


def test_diff_and_fix_exclude_each_other(call, folder):
    """Only one of them can be asked for."""
    put(folder, net=FAULTY)
    assert call("check", "--diff", "--fix", "net.py")[0] == 2
    assert (folder / "net.py").read_bytes() == FAULTY


def test_plain_text_when_piped(call, folder):
    """Without a terminal there are no escape sequences."""
    put(folder, net=FAULTY)
    assert "\x1b" not in call("check", "net.py")[1]
