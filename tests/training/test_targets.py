"""Targets: labels become outputs, and what a loss cannot take is refused with its place."""

from __future__ import annotations

import numpy as np
import pytest

from backproof.training.columns import Column, DataError, array_column
from backproof.training.network import LOSSES
from backproof.training.targets import accuracy, default_loss, targets_of


def column(values: object, name: str = "y") -> Column:
    """A column of an array, as of a file of arrays."""
    return array_column("d.npz", name, np.array(values))


def test_labels_become_one_output_a_class():
    """Texts in the order of the alphabet, whole numbers in theirs."""
    targets = targets_of([column(["rose", "lily", "rose", "aster"])], "cross-entropy")
    assert targets.classes == ("aster", "lily", "rose")
    assert targets.y.tolist() == [[0, 0, 1], [0, 1, 0], [0, 0, 1], [1, 0, 0]]
    targets = targets_of([column([10.0, -2.0, 9.0, 10.0])], "cross-entropy")
    assert targets.classes == ("-2", "9", "10")
    assert targets.y.tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_probabilities_stay():
    """Several outputs are probabilities of classes, in columns of a file or of one array."""
    rows = [[0.25, 0.75], [1.0, 0.0]]
    targets = targets_of([column(rows)], "cross-entropy")
    assert (targets.y.tolist(), targets.classes) == (rows, ("0", "1"))
    targets = targets_of([column([0.25, 1.0], "a"), column([0.75, 0.0], "b")], "cross-entropy")
    assert (targets.y.tolist(), targets.classes) == (rows, ("a", "b"))


def test_binary_targets():
    """Two texts become 0 and 1; numbers between them stay, in several outputs as well."""
    targets = targets_of([column(["no", "yes", "no"])], "binary-cross-entropy")
    assert (targets.y.tolist(), targets.classes) == ([[0.0], [1.0], [0.0]], ("no", "yes"))
    targets = targets_of([column([[0.0, 0.5], [1.0, 1.0]])], "binary-cross-entropy")
    assert (targets.y.tolist(), targets.classes) == ([[0.0, 0.5], [1.0, 1.0]], ("0", "1"))


def test_the_loss_where_none_is_named():
    """Text is told apart; numbers, whole ones too, are measured."""
    assert default_loss([column(["a", "b"])]) == "cross-entropy"
    assert default_loss([column([0.0, 1.0])]) == "half-squared"
    assert default_loss([column(["a", "b"]), column([0.0, 1.0])]) == "half-squared"
    mixed = Column("d.csv", "y", np.array(["1", "2", "x"]), [2, 3, 4])
    assert default_loss([mixed]) == "half-squared"


@pytest.mark.parametrize(
    ("values", "loss", "words"),
    [
        (["a", "b"], "mse", "sample 1: 'a' is text, which --loss mse cannot measure"),
        (["a", "a"], "cross-entropy", "holds one class only, 'a'"),
        ([3.0, 3.0], "cross-entropy", "holds one class only, '3'"),
        (["a", "a"], "binary-cross-entropy", "holds one class only, 'a'"),
        ([1.0, 1.0], "binary-cross-entropy", "holds one class only, '1'"),
        (["a", "b", "c"], "binary-cross-entropy", "3 classes"),
        ([1.0, 2.0, 0.5], "cross-entropy", "sample 3: 0.5 is no label"),
        ([0.0, 1.0, -1.0], "binary-cross-entropy", "sample 3: -1 is not within 0 and 1"),
        ([[0.5, 0.5], [0.5, 0.6]], "cross-entropy", "sample 2: the outputs add up to 1.1"),
        ([[0.5, 0.5], [1.5, -0.5]], "cross-entropy", "sample 2: 1.5 is not within 0 and 1"),
        ([1.0, np.nan], "cross-entropy", "sample 2: 'nan' is no finite number"),
        (["a", ""], "cross-entropy", "sample 2: is empty"),
        (["a", "1"], "cross-entropy", "sample 1: 'a' is no finite number"),
    ],
)
def test_refused(values, loss, words):
    """Each trouble is one sentence with the place where there is one."""
    with pytest.raises(DataError) as caught:
        targets_of([column(values)], loss)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_accuracy():
    """The largest output names the class; a probability is met on its side of ½; numbers have no accuracy."""
    outputs = np.array([[0.6, 0.3, 0.1], [0.2, 0.2, 0.6], [0.1, 0.8, 0.1]])
    assert accuracy("cross-entropy", outputs, np.eye(3)) == pytest.approx(1 / 3)
    assert accuracy("binary-cross-entropy", outputs, np.eye(3)) == pytest.approx(5 / 9)
    assert accuracy("binary-cross-entropy", outputs, np.full((3, 3), 0.5)) is None
    for name, loss in LOSSES.items():
        assert loss.of_classes or accuracy(name, outputs, np.eye(3)) is None
