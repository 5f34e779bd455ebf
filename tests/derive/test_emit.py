"""Programs written for NumPy, PyTorch, JAX and TensorFlow: all follow one trajectory."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from backproof.cli import main
from backproof.derive.emit import emit, followed
from backproof.derive.training import Training, untrained
from backproof.deriving import Request, train_program
from backproof.errors import DerivationError
from backproof.graph import leaf
from backproof.runner import Runner
from backproof.source import Program

from .test_corpus import MEMBERS, derived
from .trainings import TRAININGS
from .trajectories import followed as ran
from .trajectories import trainings_of

FRAMEWORKS = ("torch", "jax", "tensorflow")
MEMBERS_WRITTEN = (
    "two_layers",
    "cross_entropy_by_labels",
    "layer_norm",
    "attention",
    "recurrent",
    "embedding",
    "multiclass_hinge",
    "gaussian_process",
    "quotient",
)
MINIBATCHES = """
import numpy as np

rng = np.random.default_rng(3)
X = rng.normal(size=(31, 5))
labels = rng.integers(0, 3, 31)
W1 = rng.normal(size=(5, 7)) * 0.5
b1 = np.zeros(7)
W2 = rng.normal(size=(7, 3)) * 0.5
b2 = np.zeros(3)
for step in range(120):
    batch = rng.integers(0, 31, 11)
    x, y = X[batch], labels[batch]
    h = np.tanh(x @ W1 + b1)
    e = np.exp(h @ W2 + b2)
    p = e / e.sum(axis=1, keepdims=True)
    loss = -np.mean(np.log(p[np.arange(11), y]))
    d = p.copy()
    d[np.arange(11), y] -= 1
    d /= 11
    dh = d @ W2.T * (1 - h**2)
    W2 -= 0.3 * h.T @ d
    b2 -= 0.3 * d.sum(axis=0)
    W1 -= 0.1 * x.T @ dh
    b1 -= 0.1 * dh.sum(axis=0)
    if step == 99:
        np.savez("end.npz", W1=W1, b1=b1, W2=W2, b2=b2)
"""


@pytest.fixture
def minibatches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that descends on other samples each step, right by itself."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "net.py"
    path.write_text(MINIBATCHES)
    return path


def written(framework: str, program: Path, folder: Path) -> Path:
    """What ``--emit`` writes for a program."""
    output = folder / f"{framework}_net.py"
    code = main(["derive", str(program), "--emit", framework, "--output", str(output), "--steps", "100"])
    assert code == 0
    return output


def test_numpy_ends_where_the_program_does(minibatches: Path, tmp_path: Path) -> None:
    """The derived backward pass takes the program's own way: the same weights after a hundred steps."""
    output = written("numpy", minibatches, tmp_path)
    space: dict[str, object] = {"__file__": str(output), "__name__": "net"}
    exec(compile(output.read_text(), str(output), "exec"), space)
    subprocess.run([sys.executable, str(minibatches)], check=True, cwd=tmp_path)
    end = np.load(tmp_path / "end.npz")
    for name in ("W1", "b1", "W2", "b2"):
        assert np.allclose(space[name], end[name], rtol=1e-9, atol=1e-12), name  # type: ignore[arg-type]


@pytest.mark.peer
@pytest.mark.slow
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_all_frameworks_follow_one_trajectory(tmp_path: Path, framework: str) -> None:
    """A hundred steps: the losses and the last weights are those of NumPy, for PyTorch of the whole corpus.

    ``python benchmarks/trajectories.py`` does it for all members in all frameworks.
    """
    if importlib.util.find_spec(framework) is None:
        pytest.skip(f"{framework} is not installed")
    members = [m for m in MEMBERS if framework == "torch" or m[1] in MEMBERS_WRITTEN]
    assert len(members) >= len(MEMBERS_WRITTEN)
    with Runner() as runner:
        every = {**trainings_of(members, runner), **recorded(100)}
    ours, theirs = (ran(tmp_path, name, every) for name in ("numpy", framework))
    for name, one in ours.items():
        assert len(one.losses) >= 90, name
        assert one.apart(theirs[name]) <= 1e-9, name
        assert np.mean(one.losses[-5:]) < np.mean(one.losses[:5]), name


def test_what_a_function_returns_without_a_name_is_computed_first(tmp_path: Path) -> None:
    """The derivative of a quotient reads the quotient: all that is emitted is named alike."""
    with Runner() as runner:
        member = next(m for m in MEMBERS if m[1] == "quotient")
        text = emit(trainings_of([member], runner, 3)["quotient"], "numpy", "x", None).text
    assert "    dv = -2 * quotient * v / t1\n" in text
    exec(text, {})


@pytest.fixture(scope="module")
def trainings() -> dict[str, Training]:
    """Some steps of every program that trains by a rule of its own."""
    return recorded(20)


@cache
def recorded(steps: int) -> dict[str, Training]:
    """Record that many steps of every program that trains by a rule of its own."""
    with Runner() as runner:
        return {
            name: train_program(Program(f"{name}.py", text), Request(), None, steps, runner)
            for name, text in TRAININGS.items()
        }


def test_rules_are_written_as_the_program_has_them(trainings: dict[str, Training]) -> None:
    """What is remembered, its correction by the number of the step, decay, and rates that fall."""
    texts = {name: emit(training, "numpy", name, None).text for name, training in trainings.items()}
    assert "    m_W1 = 0.9 * m_W1 + 0.1 * dW1\n" in texts["adam"]
    assert "    factor = 1 - 0.9 ** (step + 1)\n" in texts["adam"]
    assert "    W1 = W1 - 0.01 * m_W1 / factor / (np.sqrt(v_W1 / factor_) + 1e-08)\n" in texts["adam"]
    assert "    vW = 0.9 * vW - 0.05 * dW\n" in texts["momentum"].replace("first_", "").replace("W_1", "W")
    assert "cache_W1 = 0.9 * cache_W1 + 0.1 * (dW1 + 0.001 * W1)**2\n" in texts["rmsprop"]
    assert "    rate = 10.0 / (100.0 + step)\n" in texts["nesterov"]
    assert "    W = W + 1.9 * vW_new - 0.9 * vW\n    b = b" in texts["nesterov"]
    assert all(training.ends for training in trainings.values())


def test_a_program_that_ends_elsewhere_is_not_shown(trainings: dict[str, Training]) -> None:
    """What is written is run first, and held against the weights that the program had."""
    training = trainings["adam"]
    assert training.rule is not None
    (name, _), *rest = training.rule.lines
    wrong = replace(training.rule, lines=((name, leaf(1.0, name)), *rest))
    followed(training)
    with pytest.raises(DerivationError, match="than yours"):
        followed(replace(training, rule=wrong))


def test_what_is_no_descent_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Momentum of a gradient that is wrong is named, and what can be done instead."""
    path = tmp_path / "momentum.py"
    path.write_text(
        MINIBATCHES.replace(
            "W2 -= 0.3 * h.T @ d", "v = 0.9 * v + 0.3 * np.cos(h.T @ d)\n    W2 -= v"
        ).replace("b1 = np", "v = 0.0\nb1 = np")
    )
    assert main(["derive", str(path), "--emit", "numpy"]) == 2
    assert "--lr RATE" in capsys.readouterr().err


def test_large_data_needs_a_file() -> None:
    """What would not fit into a text is asked to go into a file."""
    with Runner() as runner:
        member = next(m for m in MEMBERS if m[1] == "two_layers")
        training = untrained(derived(*member, runner).forward, 0.1, 10)
    large = type(training)(
        training.derived, {**training.weights, "W9": np.ones((99, 99))}, training.rates, {}, {}, 10
    )
    with pytest.raises(DerivationError, match="--output"):
        emit(large, "numpy", "x", None)


def test_batches_of_different_sizes_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A last batch that is smaller is named, and what size can be written."""
    path = tmp_path / "rest.py"
    path.write_text(
        MINIBATCHES.replace("batch = rng.integers(0, 31, 11)", "batch = np.arange(step % 3 * 11, 31)[:11]")
        .replace("np.arange(11)", "np.arange(len(x))")
        .replace("d /= 11", "d /= len(x)")
    )
    assert main(["derive", str(path), "--emit", "numpy"]) == 2
    assert "not all steps take the same number of samples" in capsys.readouterr().err


def test_a_function_is_minimised(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a function returns goes down by plain descent on its arguments that are no data."""
    path = tmp_path / "fit.py"
    path.write_text("import numpy as np\ndef cost(W, x, y):\n    return np.mean((x @ W - y) ** 2)\n")
    given = ["--shapes", "W=3", "x=7,3", "y=7", "--emit", "numpy", "--steps", "9", "--lr", "0.1"]
    assert main(["derive", f"{path}:cost", *given]) == 0
    space: dict[str, list[float]] = {}
    exec(capsys.readouterr().out, space)
    assert space["losses"][-1] < space["losses"][0]
