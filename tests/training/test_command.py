"""``backproof train`` from the command line: defaults, JSON, pictures, files, and what is refused."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from backproof.cli import main


def train(capsys, *options: str) -> tuple[int, str, str]:
    """Run the command in this process."""
    code = main(["train", *options])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def as_json(capsys, *options: str) -> dict:
    """Run with JSON output."""
    code, out, err = train(capsys, "--output-format", "json", *options)
    assert (code, err) == (0, "")
    return json.loads(out)


def test_defaults_learn(capsys):
    """Without options the sine is learnt, and no advice is given."""
    code, out, _ = train(capsys)
    assert code == 0
    assert float(re.search(r"^ +0 +\S+ +(\S+)$", out, re.MULTILINE).group(1)) < 1e-4
    assert "Not learnt" not in out
    assert re.search(r"[⠀-⣿]{3}", out)
    assert re.search(r"5,000,000 steps in \S+ s, \S+ ns a step", out)


def test_as_asked(capsys):
    """As asked, the network is the question's, it does not learn, and the reason is given."""
    code, out, _ = train(capsys, "--as-asked")
    assert code == 0
    assert "without biases, 20 parameters" in out
    assert "rate 0.01, one sample a step, 500,000 steps" in out
    assert "--bias --standardize" in out
    assert 0.17 < float(re.search(r"^ +0 +\S+ +(\S+)$", out, re.MULTILINE).group(1)) < 0.25


def test_json_contract(capsys):
    """The JSON has exactly the fields of the contract, and sensible numbers."""
    found = as_json(capsys, "--steps", "2000", "--networks", "3", "--seed", "5")
    assert list(found) == ["version", "networks", "steps", "parameters", "seconds", "ns_per_step"]
    assert found["version"] == 1
    assert found["steps"] == 2000
    assert found["parameters"] == 31
    assert [network["seed"] for network in found["networks"]] == [5, 6, 7]
    assert all(0 < network["final_loss"] < network["first_loss"] for network in found["networks"])
    assert not any(network["diverged"] for network in found["networks"])
    assert set(found["seconds"]) == {"import", "compile", "run", "total"}
    assert found["seconds"]["total"] > found["seconds"]["run"] > 0
    assert found["ns_per_step"] == pytest.approx(found["seconds"]["run"] / 6000 * 1e9)


def test_networks_are_as_trained_alone(capsys):
    """Each of several networks ends at exactly the loss of its seed alone."""
    together = as_json(capsys, "--steps", "3000", "--networks", "3", "--seed", "2")["networks"]
    alone = [as_json(capsys, "--steps", "3000", "--seed", str(seed))["networks"][0] for seed in (2, 3, 4)]
    assert together == alone
    assert len({network["final_loss"] for network in together}) == 3


def test_divergence(capsys):
    """Divergence ends with 2, the step, the parameter, and the advice; in JSON the losses are null."""
    code, out, _ = train(capsys, "--as-asked", "--lr", "50", "--steps", "20000")
    assert code == 2
    assert re.search(r"Diverged: after step \d+ (W1|W2|the loss) of the run is not finite any more", out)
    rate = re.search(r"Take --lr (\S+): tried for 1,000 steps, the loss goes from", out).group(1)
    assert as_json(capsys, "--as-asked", "--lr", rate, "--steps", "20000")["networks"][0]["final_loss"] < 1
    code, out, _ = train(capsys, "--as-asked", "--lr", "50", "--steps", "20000", "--output-format", "json")
    assert code == 2
    assert json.loads(out)["networks"][0]["diverged"] is True
    assert json.loads(out)["networks"][0]["final_loss"] is None


def test_what_is_not_finite_is_not_saved(capsys, tmp_path):
    """Where every network diverged, nothing is written over what was saved before, and that is said."""
    path = tmp_path / "net.npz"
    path.write_bytes(b"an older one")
    files = ["--save", str(path), "--checkpoint", str(tmp_path / "run.ck")]
    code, out, _ = train(capsys, "--as-asked", "--lr", "50", "--steps", "20000", *files)
    assert code == 2
    assert f"The last state that was finite is in {tmp_path / 'run.ck'}." in out
    assert f"Nothing was written to {path}: the parameters are not finite." in out
    assert path.read_bytes() == b"an older one"


def test_plot(capsys, tmp_path):
    """The picture is drawn, and where it is is said."""
    path = tmp_path / "fit.svg"
    code, out, _ = train(capsys, "--steps", "1000", "--plot", str(path))
    assert code == 0
    assert f"The plot is in {path}.\n" in out
    assert path.read_bytes().startswith(b"<?xml")


def test_save(capsys, tmp_path):
    """The saved parameters give the loss that was printed."""
    path = tmp_path / "net.npz"
    loss = as_json(capsys, "--steps", "1000", "--save", str(path), "--samples", "50")["networks"][0][
        "final_loss"
    ]
    saved = np.load(path)
    assert set(saved.files) == {"W1", "b1", "W2", "b2", "x_centre", "x_spread", "network"}
    x = np.random.default_rng([0, 0]).uniform(0.0, 15.0, (50, 1))
    hidden = 1 / (1 + np.exp(-((x - saved["x_centre"]) / saved["x_spread"] @ saved["W1"] + saved["b1"])))
    assert np.mean(0.5 * (hidden @ saved["W2"] + saved["b2"] - np.sin(x)) ** 2) == pytest.approx(loss)


def test_data_file(capsys, tmp_path):
    """A file decides how many inputs and outputs the network has, and is learnt."""
    random = np.random.default_rng(3)
    a, b = random.uniform(0, 9, 80), random.uniform(-1, 1, 80)
    rows = "".join(f"{p},{q},{p / 9 - q}\n" for p, q in zip(a, b, strict=True))
    path = tmp_path / "d.csv"
    path.write_text("a,b,y\n" + rows, encoding="utf-8")
    found = as_json(capsys, "--data", str(path), "--steps", "200000", "--lr", "0.05")
    assert found["parameters"] == 2 * 10 + 10 + 10 + 1
    assert found["networks"][0]["final_loss"] < 1e-3
    code, _, err = train(capsys, "--data", str(path), "--layers", "1,4,1")
    assert code == 2
    assert "2 inputs" in err


def flowers(path, labels=("rose", "lily", "iris")):
    """Three kinds that overlap a little, with two measures each."""
    random = np.random.default_rng(8)
    kinds = np.arange(120) % 3
    x = random.normal(size=(120, 2)) * 0.5 + np.array([[0.0, 2.0], [2.0, 0.0], [2.5, 2.5]])[kinds]
    rows = [f"{a:.4f},{b:.4f},{labels[kind]}" for (a, b), kind in zip(x, kinds, strict=True)]
    path.write_text("length,width,kind\n" + "\n".join(rows), encoding="utf-8")
    return str(path)


def test_classes_of_a_file(capsys, tmp_path):
    """A column of text is told apart by softmax outputs; how often is said, also of samples held back."""
    path = flowers(tmp_path / "d.csv")
    options = ["--data", path, "--steps", "30000", "--validation", "0.25"]
    code, out, _ = train(capsys, *options)
    assert code == 0
    assert "2-10-3 sigmoid network with softmax outputs" in out
    assert "90 samples of" in out
    assert "(30 more held back)" in out
    assert "loss: cross-entropy" in out
    assert re.search(r"seed +first loss +final loss +accuracy +validation +accuracy\n", out)
    (network,) = as_json(capsys, *options)["networks"]
    assert network["accuracy"] > 0.95
    assert network["validation_accuracy"] > 0.85
    assert 0 < network["validation_loss"] < 0.5
    assert f"{network['validation_loss']:.3e}" in out
    assert f"{network['validation_accuracy']:.2%}" in out


def test_whole_numbers_as_classes(capsys, tmp_path):
    """With the cross-entropy the same labels as whole numbers give the same network."""
    texts = flowers(tmp_path / "a.csv", ("0a", "1a", "2a"))
    numbers = flowers(tmp_path / "b.csv", ("-4", "7", "20"))
    one, other = (
        as_json(capsys, "--data", path, "--steps", "3000", "--loss", "cross-entropy")["networks"]
        for path in (texts, numbers)
    )
    assert one == other


def test_networks_validate_by_their_own_samples(capsys, tmp_path):
    """Each of several networks holds back what its seed draws, as alone."""
    path = flowers(tmp_path / "d.csv")
    options = ["--data", path, "--steps", "2000", "--validation", "0.25"]
    together = as_json(capsys, *options, "--networks", "3", "--seed", "2")["networks"]
    alone = [as_json(capsys, *options, "--seed", str(seed))["networks"][0] for seed in (2, 3, 4)]
    assert together == alone
    assert len({network["validation_loss"] for network in together}) == 3


def test_two_classes_by_one_output(capsys):
    """A formula that is 0 or 1 is learnt by one sigmoid output."""
    options = ["--target", "(sign(sin(x)) + 1) / 2", "--loss", "binary-cross-entropy", "--range", "0", "6"]
    (network,) = as_json(capsys, *options, "--steps", "50000")["networks"]
    assert network["accuracy"] > 0.97


def test_a_full_batch(capsys):
    """A full batch is the number of samples, without its being given."""
    full, counted = (
        as_json(capsys, "--batch", batch, "--samples", "40", "--steps", "2000")["networks"][0]
        for batch in ("full", "40")
    )
    assert full == counted
    code, _, err = train(capsys, "--batch", "ful")
    assert code == 2
    assert "--batch" in err


def test_schedule_and_decay(capsys):
    """The rate changes as the schedule says, the decay pulls weights down, and the report tells both."""
    plain = as_json(capsys, "--steps", "3000")["networks"][0]["final_loss"]
    still = as_json(capsys, "--steps", "3000", "--schedule", "step:1000,1e-12")["networks"][0]["final_loss"]
    short = as_json(capsys, "--steps", "1000")["networks"][0]["final_loss"]
    assert still == pytest.approx(short, rel=1e-6)
    assert still != pytest.approx(plain, rel=1e-3)
    options = ["--steps", "3000", "--schedule", "warmup:10+cosine:0.1", "--weight-decay", "0.5"]
    _, out, _ = train(capsys, *options, "--optimizer", "rmsprop", "--output-activation", "tanh")
    assert "rmsprop at rate 0.003 (warmup:10+cosine:0.1), weight decay 0.5, one sample a step" in out
    assert "network with tanh outputs with biases" in out
    pulled = as_json(capsys, "--steps", "3000", "--weight-decay", "0.5")["networks"][0]["final_loss"]
    assert pulled > 1.2 * plain


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--activation", "sigmod"], "did you mean 'sigmoid'?"),
        (["--output-activation", "softmax"], "of one output it is 1"),
        (["--loss", "cross-entropy"], "is no label of a class"),
        (["--loss", "binary-cross-entropy"], "is not within 0 and 1"),
        (["--loss", "binary-cross-entropy", "--output-activation", "tanh"], "goes with sigmoid outputs"),
        (["--validation", "1"], "from 0 to below 1"),
        (["--validation", "0.0001"], "none would be held back"),
        (["--batch", "501"], "only 500 samples"),
        (["--activation", "softmax"], "it is for the end: --output-activation softmax"),
        (["--activation", "logistic"], "did you mean 'sigmoid'?"),
        (["--loss", "categorical_crossentropy"], "did you mean 'cross-entropy'?"),
        (["--loss", "bce"], "did you mean 'binary-cross-entropy'?"),
        (["--output-activation", "softmx"], "did you mean 'softmax'?"),
        (["--loss", "nonsense"], "half-squared, mse, mae, huber"),
        (["--optimizer", "nestrov"], "did you mean 'nesterov'?"),
        (["--weight-decay", "-0.1"], "from 0 on"),
        (["--weight-decay", "nan"], "from 0 on"),
        (["--schedule", "cosin"], "did you mean 'cosine'?"),
        (["--schedule", "step:5"], "step:EVERY,FACTOR"),
        (["--target", "y"], "not known"),
        (["--data", "none.csv"], "no such file"),
        (["--seed", "-1"], "--seed"),
        (["--plot", "fit.txt"], ".png"),
        (["--plot", "no/such/folder/fit.png"], "no folder"),
        (["--save", "net.txt"], ".npz"),
    ],
)
def test_refused_in_a_sentence(capsys, options, words):
    """What cannot be done ends with 2 and one line on standard error, before anything is trained."""
    code, out, err = train(capsys, *options)
    assert code == 2
    assert out == ""
    assert words in err
    assert len(err.strip().splitlines()) == 1
    assert "Traceback" not in err


def test_without_a_compiler():
    """Where llvmlite cannot be loaded the run goes on with NumPy, and the report says so."""
    program = "import sys; sys.modules['llvmlite'] = None; from backproof.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "train", "--steps", "1500"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "1,500 steps" in done.stdout
    assert "not compiled: llvmlite cannot be loaded" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
def test_control_c(tmp_path, interruptible):
    """Ctrl-C in a long run prints what was reached, saves it, says how to go on, and ends with 130."""
    path, kept = tmp_path / "net.npz", tmp_path / "run.ck"
    command = [*interruptible, "train", "--steps", "1e12", "--save", str(path), "--checkpoint", str(kept)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    ends = time.monotonic() + 20
    while not kept.exists() and time.monotonic() < ends:  # it is written first when the training begins
        time.sleep(0.02)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130, err
    (steps,) = re.findall(r"stopped by Ctrl-C after ([\d,]+) steps", out)
    assert "Traceback" not in err
    assert f"to go on: backproof train --checkpoint {kept} --resume\n" in out
    with np.load(path) as saved, np.load(kept) as state:
        assert state["steps"].tolist() == [int(steps.replace(",", ""))]
        assert np.array_equal(saved["W2"], state["state W2"][0])
