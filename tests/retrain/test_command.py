"""``backproof train PROGRAM`` from the command line."""

from __future__ import annotations

import json

import numpy as np
import pytest

from backproof.cli import main
from tests.retrain import programs


def test_the_text_says_what_was_taken_over_and_mended(capsys, program, tmp_path):
    """Parameters, data, loss, mistake, verification, losses and both times; the files are written."""
    save, plot = tmp_path / "w.npz", tmp_path / "loss.svg"
    code = main(["train", program(programs.FAULTY), "--save", str(save), "--plot", str(plot)])
    out = capsys.readouterr().out
    assert code == 0
    for said in (
        "26 parameters, from the program's own first values: W1 (3, 5), b1 (5,), W2 (5, 1), b2 (1,)",
        "loss: np.mean(e ** 2)",
        "mended: line 14, wrong-activation-derivative",
        "verified: the first 39 steps",
        "300 steps in ",
        "the program itself: ",
    ):
        assert said in out
    assert sorted(np.load(save)) == ["W1", "W2", "b1", "b2"]
    assert plot.read_text().lstrip().startswith("<?xml")


def test_a_module_beside_the_program_is_taken_over_too(capsys, tmp_path):
    """The training stands in another file, whose place is told, and its loops are counted there."""
    lines = programs.FULL_BATCH.splitlines(keepends=True)
    start = next(k for k, line in enumerate(lines) if line.startswith("for"))
    body = "".join(f"    {line}" for line in lines[start:])
    names = "X, Y, W1, b1, W2, b2, lr"
    (tmp_path / "trainer.py").write_text(f"import numpy as np\n\n\ndef train({names}):\n{body}")
    main_lines = [*lines[:start], "from trainer import train\n", f"train({names})\n"]
    (tmp_path / "main.py").write_text("".join(main_lines))
    assert main(["train", str(tmp_path / "main.py")]) == 0
    out = capsys.readouterr().out
    assert "trainer.py line 8" in out
    assert "300 steps in " in out
    assert "the program itself: " in out


def test_json_has_the_contract_and_the_program(capsys, program):
    """One object; --steps and --lr stand in the place of the program's own."""
    options = ["--output-format", "json", "--steps", "50", "--lr", "0.01"]
    assert main(["train", program(programs.FULL_BATCH), *options]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["steps"] == 50
    assert found["parameters"] == 26
    assert found["program"]["compiled"] is True
    assert found["program"]["steps"] == 300
    slow = found["networks"][0]
    assert main(["train", program(programs.FULL_BATCH), *options[:4]]) == 0
    fast = json.loads(capsys.readouterr().out)["networks"][0]
    assert slow["first_loss"] == fast["first_loss"]
    assert fast["final_loss"] < slow["final_loss"] < slow["first_loss"]


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (programs.FULL_BATCH, ["--bias"], "--bias: is decided by PROGRAM"),
        (programs.FULL_BATCH, ["--networks", "3"], "--networks"),
        (programs.FULL_BATCH, ["--save", "weights.txt"], "ends in .npz"),
    ],
    ids=["bias", "networks", "save"],
)
def test_refusals_are_one_sentence(capsys, program, text, options, said):
    """Exit code 2, nothing on standard output."""
    assert main(["train", program(text), *options]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err
    assert captured.err.count("\n") == 1


def test_what_if_trains_variants_of_the_programs_network(capsys, program):
    """It is seen as a plain network, and what it lacks is found: the task needs biases."""
    options = ["--what-if", "--steps", "3000", "--output-format", "json"]
    assert main(["train", program(programs.WITHOUT_BIASES), *options]) == 0
    found = json.loads(capsys.readouterr().out)
    rows = {tuple(sorted(row["changed"])): row for row in found["what_if"]}
    assert found["smallest"] == ["biases"]
    assert not rows[()]["learns"]
    assert not rows["10 × the steps",]["learns"]


def test_a_loss_that_is_not_finite_is_no_divergence(capsys, program, tmp_path):
    """The program goes on where its loss is 0 times the logarithm of 0, and so does its training."""
    save = tmp_path / "w.npz"
    assert main(["train", program(programs.SATURATED), "--save", str(save)]) == 0
    out = capsys.readouterr().out
    assert "nan at last" in out
    assert "The loss is not finite, as of a logarithm of 0, though all parameters are." in out
    assert "100 steps in" in out
    assert np.isfinite(np.load(save)["w"]).all()


def test_nothing_is_saved_of_a_run_that_diverged(capsys, program, tmp_path):
    """The file is not written, and that is said; the exit code is 2."""
    save = tmp_path / "w.npz"
    assert main(["train", program(programs.FULL_BATCH), "--lr", "1e300", "--save", str(save)]) == 2
    assert f"Nothing was written to {save}" in capsys.readouterr().out
    assert not save.exists()


def test_what_if_varies_what_can_be_from_outside(capsys, program):
    """Of a loss with a penalty: the rate, the steps, the first values; the best is said with its options."""
    assert main(["train", program(programs.PENALISED), "--what-if", "--lr", "0.001"]) == 0
    out = capsys.readouterr().out
    assert "no network of plain layers under a known loss" in out
    for name in ("nothing", "rate × 10", "rate ÷ 10", "10 × the steps", "first values ÷ 10"):
        assert f"\n  {name} " in out
    assert "The best: " in out
    assert "--lr 0.01" in out.splitlines()[-1]
