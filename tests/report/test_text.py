"""The report for people says everything, and can be read on any terminal."""

import dataclasses
import re

import pytest

from backproof.findings import ParameterReport
from backproof.report import render_text

from .samples import FAULTY, PROGRAM, RIGHT, UNKNOWN

PROGRAMS = {"net.py": PROGRAM}
ESCAPE = re.compile(r"\x1b\[[\d;]*m")


def test_a_finding_is_shown_with_its_place_and_its_mend():
    """Header, message, carets, found, expected, parameters and the verified fix, in this order."""
    assert render_text([FAULTY], PROGRAMS).startswith(
        """\
net.py:6:12: BP101 sign-flipped
  The error has the opposite sign: the update climbs the loss.
   6 |     dW2 = (y - out) * h
     |            ^^^^^^^
     = found:    y - out
     = expected: out - y
     = gradient of W2
     = fix: Swap the operands of the difference. (verified at 8 points, greatest relative error 3e-16)

net.py:7:28: BP102 derivative-at-wrong-point
  The slope is taken at sigmoid(z): it activates by itself.
   7 |     dW1 = (out - y) * W2 * slope(sigmoid(z)) * x
     |                            ^^^^^^^^^^^^^^^^^
"""
    )


def test_severities_and_unverified_fixes_are_told_apart():
    """A warning and an info say that they are none of the faults; an unverified fix says what it is."""
    text = render_text([FAULTY], PROGRAMS)
    assert "net.py:8:5: BP204 wrong-index (warning)\n" in text
    assert "(not verified: never applied by --fix)" in text
    assert "net.py: BP001 supplied (info)\n" in text
    assert text.endswith(
        "net.py: faulty: 2 faults, 2 with a verified fix (apply: --fix; show: --diff); 1 warning."
    )
    assert "--fix;" not in render_text([FAULTY], PROGRAMS, hints=False)


def test_each_parameter_has_a_row():
    """Name, shape, verdict and relative error; with --verbose cosine and scale too."""
    text = render_text([FAULTY], PROGRAMS)
    assert re.search(r"^ W2 +10 +faulty +2$", text, re.MULTILINE)
    assert re.search(r"^ W1 +3 × 10 +faulty +inf$", text, re.MULTILINE)
    assert re.search(r"^ lr +scalar +correct +1.2e-16$", text, re.MULTILINE)
    assert "cosine" not in text
    assert re.search(r"^ W2 +10 +faulty +2 +-1 +-1$", render_text([FAULTY], {}, verbose=True), re.MULTILINE)


def test_of_many_parameters_the_wrong_ones_are_shown():
    """The correct ones of a large network are counted; --verbose shows them all."""
    parameters = [ParameterReport(f"p{i}", (i + 1,), "correct", 0.0) for i in range(40)]
    parameters[7] = ParameterReport("p7", (8,), "faulty", 0.5)
    report = dataclasses.replace(FAULTY, parameters=tuple(parameters))
    text = render_text([report], {})
    assert re.search(r"^ p7 ", text, re.MULTILINE)
    assert not re.search(r"^ p8 ", text, re.MULTILINE)
    assert "… and 39 parameters more (--verbose shows all)" in text
    assert re.search(r"^ p39 ", render_text([report], {}, verbose=True), re.MULTILINE)


def test_the_loss_and_what_was_proved_are_said():
    """A stated loss comes with its place, an inferred one says that it is; certified sentences are listed."""
    assert "Loss: loss = 0.5 * (out - y) ** 2 (net.py:5)\n" in render_text([FAULTY], PROGRAMS)
    text = render_text([RIGHT], {})
    assert "Loss: ½·Σ(out − t)², inferred from the gradients" in text
    assert "✓ Both gradients equal the derivative of the loss at 8 points, to 3e-17.\n" in text
    assert text.endswith("right.py: correct: every gradient is the gradient of the loss.")


def test_an_inconclusive_file_says_why():
    """The reason is the last word on the file."""
    assert render_text([UNKNOWN], {}) == "odd name.py: could not be analysed: It never updates anything."


def test_hidden_faults_do_not_make_a_file_correct():
    """When every fault is suppressed the verdict stays, and the report says where the faults went."""
    text = render_text([dataclasses.replace(FAULTY, findings=())], PROGRAMS)
    assert text.endswith(
        "net.py: faulty, but its faults are not shown (--ignore, --select or a suppression)."
    )


def test_several_files_are_summed_up():
    """The closing line counts verdicts and faults."""
    assert render_text([FAULTY, RIGHT, UNKNOWN], PROGRAMS).endswith(
        "3 programs: 1 faulty, 1 correct, 1 not analysed; "
        "2 faults, 2 with a verified fix (apply: --fix; show: --diff)."
    )


def test_colours_only_colour():
    """Coloured and plain text differ in nothing but escape sequences, and plain text has none."""
    plain = render_text([FAULTY, RIGHT], PROGRAMS, width=90)
    coloured = render_text([FAULTY, RIGHT], PROGRAMS, width=90, colour=True)
    assert "\x1b" not in plain
    assert coloured.count("\x1b[") > 20
    stripped = [line.rstrip() for line in ESCAPE.sub("", coloured).splitlines()]
    assert stripped == plain.splitlines()


@pytest.mark.parametrize("width", [40, 60, 200, None])
def test_a_place_is_never_broken(width):
    """However narrow the terminal, path:row:column stays on one line and the message wraps between words."""
    name = "a/very/long/path/to/some/program/that/somebody/wrote/one/day.py"
    text = render_text([dataclasses.replace(FAULTY, filename=name)], {name: PROGRAM}, width=width)
    assert f"\n{name}:7:28: BP102 derivative-at-wrong-point\n" in text
    message = text[text.index("  The error has") :].split("\n   6 |")[0]
    assert message.split() == [
        "The",
        "error",
        "has",
        "the",
        "opposite",
        "sign:",
        "the",
        "update",
        "climbs",
        "the",
        "loss.",
    ]
    assert all(len(line) <= (width or 1000) for line in message.splitlines())
    assert (len(message.splitlines()) > 1) == (width in (40, 60))


def test_markup_in_a_message_is_text():
    """Square brackets and emoji codes of a program are shown as they are."""
    finding = dataclasses.replace(FAULTY.findings[0], message="a[/red] = w[i] :smile:", found="g[bold]")
    text = render_text([dataclasses.replace(FAULTY, findings=(finding,))], PROGRAMS, colour=True, width=100)
    assert "a[/red] = w[i] :smile:" in text
    assert "found:    g[bold]" in text
