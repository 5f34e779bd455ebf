"""Every usual loss: right gradients are certified, wrong ones faulty, and what cannot be told is neither."""

from __future__ import annotations

from pathlib import Path

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import apply_edits, program_from_bytes

from .differences import Step, mismatch
from .loss_programs import CLIMBED, CORRECT, FAULTY, JOINED, SHRUNK_IN_PART, TEMPORAL, UNSURE, LossProgram

PROGRAMS = Path(__file__).parent.parent / "programs"
PARAMETERS = ("W1", "b1", "W2", "b2")


def _cases(programs: tuple[LossProgram, ...]) -> list[object]:
    return [
        pytest.param(program, id=program.name, marks=[pytest.mark.slow] if program.slow else [])
        for program in programs
    ]


def _check(text: str) -> FileReport:
    return check_program(program_from_bytes(text.encode(), "program.py"), timeout=8.0)


def _step(program: LossProgram) -> Step:
    return Step("for epoch in range(2000)", PARAMETERS, program.true or "loss")


@pytest.mark.parametrize("program", _cases(CORRECT))
def test_right_gradients_are_certified(program: LossProgram) -> None:
    """What finite differences show to be the gradient of what is descended is certified, every parameter."""
    assert mismatch(program.text, _step(program)) < 1e-5
    report = _check(program.text)
    assert report.verdict == "correct", [f.message for f in report.findings]
    assert {p.name for p in report.parameters} == set(PARAMETERS)
    assert not [f for f in report.findings if f.severity == "error"]


@pytest.mark.parametrize("program", _cases(CORRECT))
def test_a_wrong_slope_is_found_under_every_loss(program: LossProgram) -> None:
    """A mistake in a layer behind is found whatever the loss, written or inferred, and mended as it was."""
    text = program.text.replace("(1 - h ** 2)", "(1 - h)")
    report = _check(text)
    assert report.verdict == "faulty", report.reason
    (finding,) = (f for f in report.findings if f.severity == "error")
    assert (finding.name, finding.found) == ("wrong-activation-derivative", "1 - h")
    assert finding.fix is not None
    mended = apply_edits(program_from_bytes(text.encode(), "program.py"), finding.fix.edits)
    assert mended.text == program.text


@pytest.mark.parametrize("program", _cases(FAULTY))
def test_wrong_gradients_are_faulty(program: LossProgram) -> None:
    """What finite differences show not to be the gradient of the stated loss is called faulty."""
    assert mismatch(program.text, _step(program)) > 1e-3
    assert _check(program.text).verdict == "faulty"


@pytest.mark.parametrize("program", _cases(UNSURE))
def test_what_cannot_be_told_is_neither(program: LossProgram) -> None:
    """A gradient that only suits a loss which the program does not mean is not certified, and not faulty."""
    report = _check(program.text)
    assert report.verdict == "inconclusive"
    assert report.reason


@pytest.mark.parametrize("program", _cases(JOINED))
def test_two_losses_that_are_computed_apart_are_joined(program: LossProgram) -> None:
    """Gradients of a weighted sum of two losses are right, and the certificate says that it is inferred."""
    assert mismatch(program.text, _step(program)) < 1e-5
    report = _check(program.text)
    assert report.verdict == "correct", [f.message for f in report.findings]
    assert report.loss is not None
    assert report.loss.formula == program.true
    assert any("that their sum is the loss is inferred" in sentence for sentence in report.certified)
    assert _check(program.text.replace("(1 - h ** 2)", "(1 - h)")).verdict != "correct"


def test_a_sum_that_the_program_writes_is_the_loss() -> None:
    """Where a total of two losses is shown now and then, gradients at another weight are not right."""
    text = JOINED[0].text.replace("print(epoch, fit, size)", "print(epoch, fit + 0.07 * size)")
    assert _check(text).verdict == "correct"
    assert _check(text.replace("0.07 * 2", "0.05 * 2")).verdict != "correct"


def test_a_mismatch_names_both_losses() -> None:
    """The finding says which loss the gradient is of, which is stated, and how to have either."""
    program = next(p for p in FAULTY if p.name == "logits")
    (finding,) = (f for f in _check(program.text).findings if f.severity == "error")
    assert finding.name == "loss-mismatch"
    assert "0.5*sum((p - Y)**2)" in finding.message
    assert "`loss`" in finding.message
    assert "or state as the loss" in finding.message
    assert finding.fix is not None
    assert finding.fix.applicability == "safe"


def test_a_distance_beside_the_loss_is_a_warning() -> None:
    """A mean absolute error that is shown beside a squared error's gradient is told of, and no fault."""
    program = next(p for p in CORRECT if p.name == "distance-shown")
    report = _check(program.text)
    assert "loss-mismatch" in [f.name for f in report.findings if f.severity == "warning"]
    assert not [f for f in report.findings if f.severity == "error"]


def test_the_certificate_says_that_the_loss_is_inferred() -> None:
    """Where the verdict depends on a loss that the program does not write, the certificate says so."""
    program = next(p for p in CORRECT if p.name == "mask-unwritten")
    report = _check(program.text)
    assert report.loss is not None
    assert report.loss.inferred
    assert any("inferred" in sentence and "`z - Y`" in sentence for sentence in report.certified)


def test_a_target_that_is_held_fixed_is_said_to_be() -> None:
    """Temporal-difference learning takes its target for a constant: certified, and that is said."""
    report = _check(TEMPORAL)
    assert report.verdict == "correct"
    assert any("`target` for a constant" in sentence for sentence in report.certified)
    wrong = TEMPORAL.replace("(q[a] - target) * s", "(q[a] - target) * s2")
    assert _check(wrong).verdict != "correct"


def test_a_decay_of_all_but_the_first_row_is_certified() -> None:
    """A penalty that leaves out the row of the intercept, and that no loss states, is a convention too."""
    assert mismatch(SHRUNK_IN_PART.text, _step(SHRUNK_IN_PART)) < 1e-5
    report = _check(SHRUNK_IN_PART.text)
    assert report.verdict == "correct", report.reason
    assert any("weight decay" in sentence for sentence in report.certified)
    assert _check(SHRUNK_IN_PART.text.replace("(1 - h ** 2)", "(1 - h)")).verdict != "correct"


COST = """\
                print("Epoch {}: {}".format(j, self.cost(data)))

    def cost(self, data):
        total = 0.0
        for x, y in data:
            for b, w in zip(self.biases, self.weights):
                x = squash(w @ x + b)
            total += 0.5 * np.sum((x - y) ** 2) / len(data)
        return total + 0.05 * sum(np.sum(w ** 2) for w in self.weights)
"""


def test_the_cost_of_all_samples_is_not_another_than_that_of_a_batch() -> None:
    """A cost that is evaluated on all of a list of samples is that of a batch of a few."""
    text = (PROGRAMS / "rivers_nabla_lists.py").read_text()
    text = text.replace('                print("Epoch {} complete".format(j))\n', COST)
    text = text.replace("[w - eta / len", "[(1 - 0.1 * eta) * w - eta / len")
    report = _check(text)
    assert report.verdict == "correct", report.reason


def test_a_likelihood_is_climbed() -> None:
    """What is to grow by its name is held against its negative; a scale that it does not share is a fault."""
    report = _check(CLIMBED)
    assert report.verdict == "correct"
    assert report.loss is not None
    assert report.loss.name == "-log_likelihood"
    assert _check(CLIMBED.replace("- 40)\n", "- 80)\n")).verdict != "correct"
