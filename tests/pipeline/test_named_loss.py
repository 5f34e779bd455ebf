"""With ``--loss NAME`` the gradients are held against that value of the program and no other."""

from __future__ import annotations

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

from .small_networks import two_layers

PROGRAM = two_layers(early="cubes = np.sum(np.abs(O - Y) ** 3)")


def test_the_named_loss_is_the_one_that_is_descended() -> None:
    """Named, it is certified, and the report says which it was."""
    report = check_program(program_from_bytes(PROGRAM.encode(), "p.py"), loss="loss")
    assert report.verdict == "correct"
    assert report.loss is not None
    assert (report.loss.name, report.loss.inferred) == ("loss", False)


def test_another_loss_by_name_is_not_descended() -> None:
    """The gradients of squares are not those of the cubes, though they are right for another value."""
    report = check_program(program_from_bytes(PROGRAM.encode(), "p.py"), loss="cubes")
    assert report.verdict != "correct"
    assert report.loss is None or report.loss.name == "cubes"


def test_gradients_that_are_all_wrong_are_held_against_the_named_loss() -> None:
    """No gradient is right, and nothing but the one who asks calls the value a loss."""
    text = two_layers(error="np.cos(3 * O + Y)").replace("loss", "figure")
    program = program_from_bytes(text.encode(), "p.py")
    assert check_program(program).verdict == "inconclusive"
    report = check_program(program, loss="figure")
    assert report.verdict == "faulty"
    assert [p.verdict for p in report.parameters] == ["faulty"] * 4
