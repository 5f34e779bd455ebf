"""``--what-if``: which changes are tried, in which order, and which is the smallest that makes it learn."""

from __future__ import annotations

import json
import math

import pytest

from backproof.cli import main
from backproof.training.what_if import Change, search, table_as_text


def letter(name: str, **more) -> Change[str]:
    """A change that adds a letter."""
    return Change(name, lambda text: None if name in text else text + name, f"--{name}", **more)


def loss_of(needed: set[str], bad: str = "z"):
    """The losses for three seeds: small where all that is needed is there, less with each."""

    def losses(text: str) -> list[float]:
        if bad in text:
            return [math.nan] * 3
        left = len(needed - set(text))
        return [left + 0.001, left + 0.002, left + 0.001 + 0.0001 * len(text)]

    return losses


def test_the_smallest_change_is_found_and_no_more():
    """Two are needed of five: both are found, and what was not needed is no part of it."""
    changes = [letter(name) for name in "abcdz"]
    found = search("", changes, loss_of({"b", "d"}), 1.0)
    assert {change.name for change in found.smallest.changes} == {"b", "d"}
    assert found.ordered[0].learns
    assert found.ordered[-1].name.endswith("z")
    text = table_as_text(found, range(3))
    assert text.rstrip().endswith(f"makes it learn: {found.smallest.name} (--b --d).")
    assert "diverged" in table_as_text(found, range(3), most=99)


def test_what_takes_no_more_time_is_preferred():
    """Of two changes that do, the one that costs nothing; an easier task is none."""
    changes = [letter("a", dear=True), letter("b"), letter("c", easier=True)]
    found = search("", changes, lambda text: [0.0 if text else 1.0] * 3, 1.0)
    assert [change.name for change in found.smallest.changes] == ["b"]


def test_of_one_kind_only_one_is_made():
    """A rate that was made greater is not made smaller on top."""
    changes = [letter("a", kind="rate"), letter("b", kind="rate"), letter("c")]
    found = search("", changes, lambda text: [1.0 - 0.1 * len(text)] * 3, 1.0)
    assert {row.name for row in found.rows} == {"nothing", "a", "b", "c", "a, c"}


def test_what_learns_needs_no_change():
    """The table is there all the same, and nothing is tried on top."""
    found = search("", [letter("a"), letter("b")], lambda _: [0.01], 1.0)
    assert found.smallest.changes == ()
    assert len(found.rows) == 3
    assert "It learns as it is." in table_as_text(found, [0])


def test_nothing_helps():
    """Then that is said, and no change is recommended."""
    found = search("", [letter("a")], lambda _: [0.9], 1.0)
    assert found.smallest is None
    assert "None of these" in table_as_text(found, [0])


def test_the_questions_network_lacks_biases_and_standardised_input(capsys):
    """Of all that could be changed, these two are what it takes, and each alone is not enough."""
    assert main(["train", "--as-asked", "--what-if", "--output-format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert sorted(found["smallest"]) == ["biases", "input standardised"]
    rows = {tuple(sorted(row["changed"])): row for row in found["what_if"]}
    assert rows["biases", "input standardised"]["learns"]
    for alone in ((), ("biases",), ("input standardised",), ("rate × 10",), ("10 × the steps",)):
        assert not rows[alone]["learns"]
    middles = [sorted(row["final_losses"])[1] for row in found["what_if"] if None not in row["final_losses"]]
    assert middles == sorted(middles)


@pytest.mark.parametrize("option", ["--save", "--plot", "--checkpoint"])
def test_a_table_leaves_no_files(capsys, tmp_path, option):
    """Files are those of one run."""
    assert main(["train", "--what-if", option, str(tmp_path / "a.npz")]) == 2
    assert "--what-if prints a table" in capsys.readouterr().err
