"""The command: its exit codes, its text and its JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backproof.cli import main
from tests.compare.conftest import SCRIPT


@pytest.fixture
def net(tmp_path: Path) -> Path:
    """A program that trains."""
    path = tmp_path / "net.py"
    path.write_text(SCRIPT)
    return path


def test_differences_come_first_and_exit_with_1(net: Path, tmp_path: Path, capsys) -> None:
    """A table with what differs at its top, and one sentence."""
    other = tmp_path / "other.py"
    other.write_text(SCRIPT.replace("rate = 0.1", "rate = 0.3"))
    assert main(["compare", str(net), str(other)]) == 1
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines[0].split() == ["what", "net.py", "other.py"]
    assert lines[2].startswith("≠")
    assert "rate 0.1" in lines[2]
    assert "rate 0.3" in lines[2]
    assert lines[-1].startswith(
        "These are not the same experiment: update (gradient descent, rate 0.1 in net.py"
    )


def test_the_same_exits_with_0_in_json_too(net: Path, capsys) -> None:
    """One object, with every row and whether it is the same."""
    assert main(["compare", str(net), str(net), "--output-format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["verdict"] == "same"
    assert {row["same"] for row in document["rows"]} == {True}


def test_what_never_trains_exits_with_2(net: Path, tmp_path: Path, capsys) -> None:
    """And the reason is said."""
    other = tmp_path / "other.py"
    other.write_text("print(3)\n")
    assert main(["compare", str(net), str(other)]) == 2
    assert "other.py" in capsys.readouterr().err
    assert main(["compare", str(other), str(net), "--output-format", "json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert document["verdict"] == "inconclusive"
    assert "other.py" in document["reason"]


def test_a_file_that_is_not_there_is_one_sentence(net: Path, capsys) -> None:
    """No traceback."""
    assert main(["compare", str(net), "absent.py"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_failure_of_its_own_is_said_in_a_sentence(net: Path, monkeypatch, capsys) -> None:
    """No traceback, and exit code 2."""

    def failing(*_: object, **__: object) -> None:
        raise RuntimeError("no memory of it")

    monkeypatch.setattr("backproof.compare.compare_programs", failing)
    assert main(["compare", str(net), str(net)]) == 2
    assert "backproof itself failed (RuntimeError: no memory of it)" in capsys.readouterr().err
