"""A program's training is kept in a checkpoint, and goes on from it to the same bits."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from backproof.cli import main
from backproof.retrain.keeping import keeper_of
from backproof.retrain.taken_over import TakenOver, take_over
from backproof.retrain.training import train
from backproof.runner import Runner
from backproof.source import Program
from backproof.training.checkpoint import CheckpointError, Keeper
from backproof.training.run import Reached

SHUFFLED = """
import numpy as np
rng = np.random.default_rng(6)
X = rng.uniform(-1, 1, (13, 2))
Y = X[:, 0] * X[:, 1] + 0.3
W = rng.normal(size=(2, 4)); b = rng.normal(size=4) * 0.2
v = rng.normal(size=4); c = 0.1
mW = np.zeros_like(W)
for epoch in range(60):
    for k in rng.permutation(13):
        h = np.tanh(X[k] @ W + b)
        e = h @ v + c - Y[k]
        loss = 0.5 * e ** 2
        d = e * v * (1 - h * h)
        mW = 0.8 * mW + np.outer(X[k], d)
        W -= 0.05 * mW
        b -= 0.05 * d
        v -= 0.05 * e * h
        c -= 0.05 * e
"""
STEPS = 6001


@pytest.fixture(scope="module")
def taken() -> TakenOver:
    """A program that draws its samples, with a memory besides its weights."""
    with Runner() as runner:
        return take_over(Program("net.py", SHUFFLED), runner)


def test_it_goes_on_to_the_same_bits(taken, tmp_path):
    """From every place that the file has had, the run ends with the weights and the curve of one alone."""
    path = tmp_path / "run.ck"
    places: list[Reached] = []
    whole = train(taken, STEPS, 3, 0.04, lambda at: places.append(at))
    keeper = keeper_of(taken, path, STEPS, 3, 0.04, resume=False)
    for at in (places[0], places[7], places[-1]):
        keeper.networks[3] = at
        keeper.write()
        known = keeper_of(taken, path, STEPS, 3, 0.04, resume=True).networks[3]
        again = train(taken, STEPS, 3, 0.04, known=known)
        assert again.history == whole.history
        assert all(np.array_equal(a, b) for a, b in zip(again.parameters, whole.parameters, strict=True))


def test_what_is_otherwise_is_refused(taken, tmp_path):
    """Another rate, seed, number of steps or program is a sentence, and so are other data."""
    path = tmp_path / "run.ck"
    keeper_of(taken, path, STEPS, 3, None, resume=False)
    for steps, seed, rate, words in [
        (STEPS, 3, 0.1, "begun with no --lr, and now it is --lr 0.1."),
        (STEPS, 4, None, "begun with --seed 3, and now it is --seed 4."),
        (STEPS + 1, 3, None, f"begun with --steps {STEPS}, and now it is --steps {STEPS + 1}."),
    ]:
        with pytest.raises(CheckpointError, match=re.escape(words)):
            keeper_of(taken, path, steps, seed, rate, resume=True)
    other = replace(taken, program=Program("net.py", SHUFFLED + "\n"))
    with pytest.raises(CheckpointError, match=r"begun with PROGRAM net.py \(\w+\), and now it is PROGRAM"):
        keeper_of(other, path, STEPS, 3, None, resume=True)
    other = replace(taken, machine=replace(taken.machine, x=taken.machine.x + 1e-9))
    with pytest.raises(CheckpointError, match="the program has to seed its random numbers"):
        keeper_of(other, path, STEPS, 3, None, resume=True)


def test_from_the_command_line(capsys, tmp_path, monkeypatch):
    """Ctrl-C says how to go on; the file knows the program; the plain network does not go on with it."""
    program, path = tmp_path / "net.py", tmp_path / "run.ck"
    program.write_text(SHUFFLED, encoding="utf-8")
    watch = Keeper.watch

    def interrupt(self, reached: Reached) -> None:
        watch(self, reached)
        if reached.steps >= 300:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Keeper, "watch", interrupt)
        assert main(["train", str(program), "--checkpoint", str(path)]) == 130
    assert f"to go on: backproof train --checkpoint {path} --resume\n" in capsys.readouterr().out
    assert main(["train", "--checkpoint", str(path), "--resume"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"Gone on from .* at step 3\d\d\.", out)
    assert f"The state is in {path}." in out
    assert main(["train", "--checkpoint", str(tmp_path / "plain.ck"), "--steps", "100"]) == 0
    capsys.readouterr()
    assert main(["train", str(program), "--checkpoint", str(tmp_path / "plain.ck"), "--resume"]) == 2
    assert "begun with no PROGRAM, and now it is PROGRAM net.py" in capsys.readouterr().err
