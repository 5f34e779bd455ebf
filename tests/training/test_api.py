"""``backproof.train`` and ``backproof.load``: what the command does, from Python."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import backproof
from backproof.cli import main
from backproof.cli.parser import make_parser
from backproof.errors import BackproofError
from backproof.training.checkpoint import read_checkpoint
from backproof.training.keywords import KINDS, TrainOptions

ROOT = Path(__file__).parents[2]
X = np.linspace(-2.0, 3.0, 41)
Y = np.cos(X) * X


def test_the_example_of_the_readme(tmp_path, monkeypatch):
    """The example runs as it stands, and its comments are true."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(import numpy as np\nimport backproof\n.*?)```", text, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(example, names)
    trained, x, y = names["trained"], names["x"], names["y"]
    assert trained.final_loss < 1e-5
    assert trained.stopped
    assert trained.steps < 2_000_000
    assert trained.parameters["W1"].shape == (1, 12)
    assert [step for step, _ in trained.history[:2]] == [0, 40_000]
    assert trained.predict([1.5, 2.5]).shape == (2,)
    assert np.mean(0.5 * (trained.predict(x) - y) ** 2) == pytest.approx(trained.final_loss)
    assert np.array_equal(backproof.load("net.npz").predict(x), trained.predict(x))


def test_as_the_command(tmp_path, capsys):
    """The same options give the same bits and the same report."""
    assert main(["train", "--steps", "3000", "--layers", "1,5,1", "--save", str(tmp_path / "c.npz")]) == 0
    printed = capsys.readouterr().out
    trained = backproof.train(steps=3000, layers=[1, 5, 1], save=tmp_path / "p.npz")
    assert capsys.readouterr() == ("", "")
    with np.load(tmp_path / "c.npz") as command, np.load(tmp_path / "p.npz") as python:
        assert command.files == python.files
        for name in command.files:
            assert command[name].tobytes() == python[name].tobytes()
            if name in trained.parameters:
                assert np.array_equal(trained.parameters[name], command[name])
    assert trained.report().splitlines()[:5] == printed.splitlines()[:5]
    assert trained.history[0] == (0, trained.first_loss)
    assert trained.history[-1] == (3000, trained.final_loss)


def test_labels_are_texts_of_any_kind():
    """Texts in an array of objects, as data frames have them, are labels as others are."""
    labels = np.where(X > 0, "up", "down")
    one, other = (backproof.train(X, y, steps=50) for y in (labels, labels.astype(object)))
    assert one.classes == other.classes == ("down", "up")
    assert one.final_loss == other.final_loss


def test_every_kind_is_known():
    """Each option can be checked for what it has to be, and takes NumPy's numbers as well as Python's."""
    kinds = TrainOptions.__annotations__.values()
    assert {kind.__forward_arg__ for kind in kinds} == set(KINDS)
    trained = backproof.train(X, Y, layers=np.array([1, 3, 1]), steps=np.int64(20), lr=np.float32(0.1))
    assert trained.steps == 20


def test_every_option_is_there():
    """The function has every option of the command that says what is trained; new ones go into both."""
    (verbs,) = [action for action in make_parser()._actions if action.dest == "==SUPPRESS=="]
    command = {action.dest for action in verbs.choices["train"]._actions}
    assert set(TrainOptions.__annotations__) == command - {
        "help",
        "program",
        "what_if",
        "output_format",
        "timeout",
    }


def test_a_callback_is_told_and_may_end_it():
    """It is told of the run as the history has it, and ends it by True or by an error that goes through."""
    seen = []
    trained = backproof.train(X, Y, steps=5000, callback=lambda step, loss: seen.append((step, loss)))
    assert trained.history[1:] == tuple(seen)
    assert not trained.stopped
    short = backproof.train(X, Y, steps=5000, callback=lambda step, _: step >= 2000)
    assert (short.stopped, short.steps) == (True, 2000)
    assert "stopped after 2,000 steps" in short.report()
    assert short.final_loss == dict(trained.history)[2000]
    with pytest.raises(ZeroDivisionError):
        backproof.train(X, Y, steps=5000, callback=lambda *_: 1 / 0)


def test_ctrl_c_goes_through_when_all_is_saved(tmp_path):
    """Ctrl-C ends the script as well, after the checkpoint and the parameters are written."""

    def interrupt(step: int, loss: float) -> None:
        if step == 3000:
            raise KeyboardInterrupt

    files = {"checkpoint": tmp_path / "run.ck", "save": tmp_path / "net.npz"}
    with pytest.raises(KeyboardInterrupt):
        backproof.train(X, Y, steps=5000, callback=interrupt, **files)
    assert read_checkpoint(tmp_path / "run.ck").networks[0].steps == 3000
    assert "W1" in backproof.load(tmp_path / "net.npz").parameters
    resumed = backproof.train(X, Y, checkpoint=tmp_path / "run.ck", resume=True)
    whole = backproof.train(X, Y, steps=5000)
    assert resumed.history == whole.history
    assert np.array_equal(resumed.parameters["W1"], whole.parameters["W1"])
    with pytest.raises(BackproofError, match="other data"):
        backproof.train(X, Y + 1, checkpoint=tmp_path / "run.ck", resume=True)


def test_shapes():
    """Outputs are given in the shape of the wanted ones, for one input or several."""
    two = np.stack([X, X**2], axis=1)
    assert backproof.train(X, Y, steps=10).predict(X[:3]).shape == (3,)
    assert backproof.train(X, Y, steps=10).predict(0.5).shape == (1,)
    assert backproof.train(X, Y[:, None], steps=10).predict(X[:3]).shape == (3, 1)
    assert backproof.train(two, Y, steps=10).predict(two[:4]).shape == (4,)
    trained = backproof.train(X[:, None], two, steps=10)
    assert trained.predict(X).shape == (41, 2)
    with pytest.raises(BackproofError, match=r"predict: x has shape \(41, 2\), not \(samples, 1\)"):
        trained.predict(two)
    with pytest.raises(BackproofError, match="no array of numbers"):
        trained.predict(["a"])


def test_several_networks():
    """All of them are given, each with the data of its seed, and the best is the one that is given."""
    trained = backproof.train(networks=3, steps=2000, seed=4, samples=30)
    assert [network.seed for network in trained.networks] == [4, 5, 6]
    assert trained.final_loss == min(network.final_loss for network in trained.networks)
    for network in trained.networks:
        x = np.random.default_rng([network.seed, 0]).uniform(0.0, 15.0, 30)
        error = network.predict(x) - np.sin(x)
        assert np.mean(0.5 * error**2) == pytest.approx(network.final_loss)


def test_a_picture(tmp_path):
    """A trained network draws itself, also another one than the best."""
    trained = backproof.train(networks=2, steps=500)
    for number, network in enumerate(trained.networks):
        network.plot(tmp_path / f"{number}.png")
    assert (tmp_path / "0.png").read_bytes() != (tmp_path / "1.png").read_bytes()


def test_divergence_is_a_warning():
    """Where a run diverges, the step and the parameter are said, and the loss is not finite."""
    with pytest.warns(RuntimeWarning, match=r"Diverged: after step \d+") as caught:
        trained = backproof.train(as_asked=True, lr=50.0, steps=20_000)
    assert caught[0].filename == __file__
    assert trained.divergence is not None
    assert not np.isfinite(trained.final_loss)


@pytest.mark.parametrize(
    ("arrays", "options", "words"),
    [
        ((X,), {}, "give both"),
        ((X, Y[1:]), {}, "x has 41 samples, and y 40"),
        ((X, [{}] * 41), {}, "y: is no array of numbers"),
        ((["a"] * 41, Y), {}, "x: is no array of numbers"),
        ((X, ["a"] * 41), {}, "holds one class only, 'a'"),
        ((X, ["a"] * 40 + ["b"]), {"loss": "mse"}, "take --loss cross-entropy"),
        ((X, Y), {"validation": 1.0}, "--validation 1"),
        ((X, Y), {"validation": 0.001}, "none would be held back"),
        ((X, Y * np.nan), {}, "y: holds a number that is not finite"),
        (([], []), {}, "x: holds no samples"),
        ((X.reshape(1, 1, -1), Y), {}, "x: has shape"),
        ((X, Y), {"target": "x"}, "two kinds of data"),
        ((X, Y), {"inputs": "a"}, "name columns"),
        ((X, Y), {"layers": (2, 3, 1)}, "1 input"),
        ((X, Y), {"step": 3}, "step: is no option; did you mean 'steps'?"),
        ((X, Y), {"colour": 3}, "colour: is no option; there are layers, "),
        ((X, Y), {"steps": 2.5}, "steps=2.5: has to be a whole number."),
        ((X, Y), {"layers": 5}, "layers=5: has to be whole numbers, as in (1, 10, 1)."),
        ((X, Y), {"layers": [1, 2.5, 1]}, "layers=[1, 2.5, 1]: has to be"),
        ((X, Y), {"lr": "fast"}, "lr='fast': has to be a number."),
        ((X, Y), {"loss": 7}, "loss=7: has to be a text."),
        ((X, Y), {"bias": "yes"}, "bias='yes': has to be True or False."),
        ((X, Y), {"save": 5}, "save=5: has to be the name of a file."),
        ((X, Y), {"batch": "all"}, "batch='all': has to be a whole number or \"full\"."),
        ((X, Y), {"callback": 5}, "callback=5: is nothing that can be called."),
        ((X + 1j, Y), {}, "x: is no array of numbers"),
        ((), {"range": (1,)}, "range=(1,): has to be two numbers."),
        ((X, Y), {"resume": True}, "needs --checkpoint"),
        ((X, Y), {"save": "net.txt"}, ".npz"),
        ((), {"range": (3, 1)}, "below TO"),
    ],
)
def test_refused_in_a_sentence(arrays, options, words):
    """What does not fit is one sentence, before anything is trained."""
    with pytest.raises(BackproofError) as caught:
        backproof.train(*arrays, **options)
    assert words in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_what_is_no_network_is_not_loaded(tmp_path):
    """A file that is missing, damaged, or of something else is refused in a sentence."""
    with pytest.raises(BackproofError, match="No such file"):
        backproof.load(tmp_path / "none.npz")
    (tmp_path / "a.npz").write_bytes(b"PK half")
    with pytest.raises(BackproofError, match="damaged"):
        backproof.load(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", W1=np.zeros(2))
    with pytest.raises(BackproofError, match="holds no network"):
        backproof.load(tmp_path / "b.npz")


def test_both_ways_to_import_it():
    """The function is there by its package and from it, also when its parts have been imported before."""
    code = (
        "import backproof, backproof.training.formula; from backproof import train;"
        "print(train is backproof.train, train(steps=5).steps, backproof.train(steps=6).steps)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "5", "6"]


@pytest.mark.parametrize("loss", [None, "binary-cross-entropy"])
def test_classes(tmp_path, loss):
    """Labels are learnt and given back by their names, also by the network that was saved."""
    labels = np.where(X > 0.3, "high", "low")
    trained = backproof.train(X, labels, loss=loss, steps=20_000, validation=0.2, activation="tanh")
    assert trained.classes == ("high", "low")
    assert trained.accuracy == 1.0
    assert trained.validation_accuracy >= 0.75
    assert [step for step, _ in trained.validation] == [step for step, _ in trained.history]
    trained.save(tmp_path / "net.npz")
    for model in (trained, backproof.load(tmp_path / "net.npz")):
        assert np.mean(model.classify(X) == labels) >= 0.9
        assert model.predict(X).shape == ((41, 2) if loss is None else (41,))


def test_numbers_are_not_classified():
    """What measures numbers says so."""
    with pytest.raises(BackproofError, match="not those of classes"):
        backproof.train(X, Y, steps=1000).classify(X)
