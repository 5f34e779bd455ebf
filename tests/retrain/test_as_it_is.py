"""A program that cannot be compiled is run as it is, and what it came to is reported."""

from __future__ import annotations

import ast
import contextlib
import io
import json

import numpy as np
import pytest

from backproof.cli import main
from backproof.runner import Runner
from backproof.source import Program
from backproof.trace.followed import Curve, Ear, Follower
from backproof.trace.timed import WATCH
from tests.retrain import programs


def test_it_ends_where_the_program_ends(capsys, program, tmp_path):
    """Both losses, why it was not compiled, the time, the last lines; the parameters are the program's."""
    save, plot = tmp_path / "w.npz", tmp_path / "loss.svg"
    code = main(["train", program(programs.IN_TURN), "--save", str(save), "--plot", str(plot)])
    out = capsys.readouterr().out
    assert code == 0
    space: dict = {}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(programs.IN_TURN, "net.py", "exec"), space)
    for said in (
        "not compiled: The program trains several networks in turn",
        "run as it is instead, to its end",
        f" at first, {space['d_loss']:.4g} at last",
        f"g_loss: 0.7255 at first, {space['g_loss']:.4g} at last",
        "300 steps in ",
        *printed.getvalue().splitlines(),
    ):
        assert said in out
    weights = np.load(save)
    assert sorted(weights) == ["db", "dw", "gb", "gw"]
    assert all(np.array_equal(weights[name], space[name]) for name in weights)
    assert plot.exists()


def test_one_without_an_end_is_stopped(capsys, program):
    """After --timeout seconds; in JSON that is said, and how far it came."""
    options = ["--timeout", "0.5", "--output-format", "json"]
    assert main(["train", program(programs.NO_END), *options]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["program"]["ended"] == "stopped"
    assert found["program"]["compiled"] is False
    assert "--steps N says it" in found["program"]["reason"]
    assert found["networks"][0]["final_loss"] < found["networks"][0]["first_loss"]
    assert found["steps"] > 100
    assert found["seconds"]["run"] == pytest.approx(0.5, abs=0.2)


def test_ctrl_c_ends_it_where_it_is(capsys, program, monkeypatch, tmp_path):
    """What there is by then is reported and saved; the exit code is that of an interrupt."""
    answer, interrupted = Runner._answer, []

    def interrupt(runner: Runner, process: object, seconds: float) -> object:
        if seconds < 77 or interrupted:
            return answer(runner, process, seconds)
        interrupted.append(answer(runner, process, 0.7))
        raise KeyboardInterrupt

    monkeypatch.setattr(Runner, "_answer", interrupt)
    save = tmp_path / "w.npz"
    code = main(["train", program(programs.NO_END), "--timeout", "77", "--save", str(save)])
    out = capsys.readouterr().out
    assert (code, interrupted) == (130, [None])
    assert "run as it is instead, until Ctrl-C" in out
    assert f"The parameters are in {save}." in out
    assert "Nothing was saved" not in out
    assert np.isfinite(np.load(save)["W1"]).all()


def test_what_only_a_compiled_training_can_do_is_refused(capsys, program):
    """With the reason why it is not compiled."""
    assert main(["train", program(programs.IN_TURN), "--lr", "0.1"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("backproof: --lr: needs a program that can be compiled.")
    assert "several networks in turn" in said


def test_expressions_tell_their_values():
    """An expression, and what is added to a total, behind letters of two bytes; no target of a store."""
    text = "é = 'σ'; loss = f(é) * 2\ntotal += g(3) ** 2\nloss = 1\n"
    places = [("net.py", 1, 17, 1, 25), ("net.py", 2, 1, 2, 19), ("net.py", 3, 1, 3, 5)]
    tree = Follower(Program("net.py", text), places).visit(ast.parse(text))
    assert ast.unparse(tree).splitlines() == [
        "é = 'σ'",
        f"loss = {WATCH}.told(f(é) * 2, 0)",
        f"total += {WATCH}.told(g(3) ** 2, 1)",
        "loss = 1",
    ]


def test_a_long_curve_keeps_some_points():
    """The first, and every so many; the first that is not finite is known."""
    curve = Curve()
    for k in range(5000):
        curve.note(float("nan") if k >= 4000 else np.array([[k]]))
    curve.note("no number")
    assert (curve.count, curve.broken) == (5000, 4001)
    assert 500 <= len(curve.points) <= 1000
    assert curve.points[:2] == [(1, 0.0), (9, 8.0)]


def test_the_last_lines_are_kept():
    """As a terminal shows them: what is written over a line counts."""
    ear = Ear()
    print("a\nb\n", file=ear)
    print("10 %\r20 %\nc", file=ear)
    print("\rnearly", end="", file=ear)
    assert ear.heard() == ["a", "b", "20 %", "c", "nearly"]
