"""The end of ``check``: what does not learn though its gradients are right is told of, and only that."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest

from backproof.cli import main
from backproof.pipeline import check_program
from backproof.retrain.outlook import Outlook, outlook
from backproof.runner import Runner
from backproof.source import Program
from backproof.training import what_if
from backproof.training.session import train_networks
from tests.retrain import programs

STUCK = programs.WITHOUT_BIASES
# The same with an error that goes the wrong way round, once in each gradient.
STUCK_AND_WRONG = STUCK.replace("e = h @ W2 - Y", "e = h @ W2 - Y; wrong = Y - h @ W2").replace(
    "do = 2 * e", "do = 2 * wrong"
)
# Two thirds of the labels are drawn by lot: what is left of the loss cannot be learnt by anything.
NOISE = """
import numpy as np
rng = np.random.default_rng(5)
X = rng.normal(size=(301, 2)); Y = 0.3 * X[:, :1] + rng.normal(size=(301, 1))
W = rng.normal(size=(2, 1)) * 0.1; b = np.array([0.2])
for epoch in range(300):
    e = X @ W + b - Y
    loss = 0.5 * np.mean(e ** 2)
    W = W - 0.1 * X.T @ e / len(X)
    b = b - 0.1 * e.mean(axis=0)
"""


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    """What runs the programs."""
    with Runner() as runner:
        yield runner


def seen(text: str, runner: Runner, seconds: float = 20.0) -> Outlook | None:
    """What is seen of a program behind its check."""
    program = Program("net.py", text)
    return outlook(program, check_program(program, runner=runner), runner, seconds)


def test_a_program_that_learns_is_left_alone(runner):
    """Its loss ends far below that of the mean."""
    assert seen(programs.FULL_BATCH, runner) is None


def test_what_cannot_be_learnt_is_not_complained_of(runner):
    """No variant does better than the program, so nothing is said of its loss, which is as good as can be."""
    assert seen(NOISE, runner) is None


def test_the_variants_are_in_time_or_left(runner, monkeypatch):
    """The time that is given ends the table amid it; and without any that helps nothing is said."""
    trained = []

    def counted(*arguments, **options):
        trained.append(arguments[0])
        return train_networks(*arguments, **options)

    monkeypatch.setattr(what_if, "train_networks", counted)
    monkeypatch.setattr(what_if, "time", SimpleNamespace(perf_counter=lambda: float(len(trained))))
    found = seen(STUCK, runner, 6.5)
    assert found is not None
    assert found.found is not None
    assert len(trained) == len(found.found.rows) == 7  # of about thirty
    trained.clear()
    assert seen(STUCK, runner, 0.0) is None


def test_mended_programs_are_trained_and_their_variants_are_not(runner):
    """The sentence is there, with the loss of the mended program, and the command that trains variants."""
    found = seen(STUCK_AND_WRONG, runner)
    assert found is not None
    assert found.found is None
    right = {}
    with np.errstate(all="raise"):
        exec(STUCK, right)
    loss = np.mean((np.tanh(right["X"] @ right["W1"]) @ right["W2"] - right["Y"]) ** 2)
    assert found.outcome.final_loss == pytest.approx(loss, rel=1e-9)
    assert found.flat == pytest.approx(np.var(right["Y"]), rel=1e-12)


def test_a_loss_in_other_units_is_held_against_a_mean_in_the_same(runner):
    """Times seven, with a rate of a seventh, it is the same program, and both losses are seven times."""
    scaled = STUCK_AND_WRONG.replace("np.mean(e ** 2)", "7 * np.mean(e ** 2)").replace(
        "2 * wrong", "14 * wrong"
    )
    other, own = seen(scaled.replace("lr = 0.05", "lr = 0.05 / 7"), runner), seen(STUCK_AND_WRONG, runner)
    assert other.flat == pytest.approx(7 * own.flat, rel=1e-9)
    assert other.outcome.final_loss == pytest.approx(7 * own.outcome.final_loss, rel=1e-9)


def test_it_is_told_below_the_verdict_and_changes_nothing_of_it(capsys, tmp_path):
    """The table and the smallest change for people; formats for machines have the verdict alone."""
    path = tmp_path / "net.py"
    path.write_text(STUCK)
    assert main(["check", "--timeout", "200", str(path)]) == 0
    above, _, below = capsys.readouterr().out.partition("net.py: correct: ")
    assert "✓" in above
    assert "with every gradient right, it hardly learns: after its 400 steps the loss is " in below
    assert "The smallest change that makes it learn: biases" in below
    assert main(["check", "--output-format", "json", str(path)]) == 0
    assert json.loads(capsys.readouterr().out)["results"][0]["verdict"] == "correct"


def test_what_goes_wrong_there_is_silent(capsys, monkeypatch, tmp_path):
    """The verdict stands, with its exit code."""

    def broken(*_: object) -> None:
        raise ValueError

    monkeypatch.setattr("backproof.retrain.outlook.outlook", broken)
    path = tmp_path / "net.py"
    path.write_text(STUCK)
    assert main(["check", str(path)]) == 0
    captured = capsys.readouterr()
    assert captured.out.rstrip().endswith("every gradient is the gradient of the loss.")
    assert captured.err == ""
