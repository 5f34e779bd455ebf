"""Calls without a rule: differentiated by calling them, as long as that is quick, and said to be."""

from __future__ import annotations

import time

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

HEAD = """
import numpy as np
from scipy.signal import convolve2d, correlate2d
from scipy.special import i0, i1, spherical_jn
rng = np.random.default_rng(0)
X = rng.normal(size=(12, 3)); Y = np.tanh(X @ rng.normal(size=(3, 4)))
W = rng.normal(size=(3, 4)) * 0.5; b = np.zeros(4)
for turn in range(200):
    z = X @ W + b
"""
TAIL = """
    W -= 0.02 * X.T @ dz
    b -= 0.02 * dz.sum(axis=0)
"""
PROGRAMS = {
    "scipy.special": (
        "e = i0(z) - Y; loss = 0.5 * np.sum(e ** 2); dz = e * i1(z)",
        ("i1(z)", "i0(z)"),
    ),
    "scipy.signal": (
        "k = np.array([[1.0, 2.0, 0.5]])\n"
        "e = convolve2d(z, k, mode='full')[:, :4] - Y; loss = 0.5 * np.sum(e ** 2)\n"
        "E = np.zeros((12, 6)); E[:, :4] = e; dz = correlate2d(E, k, mode='valid')",
        ("correlate2d(E", "convolve2d(E"),
    ),
    "linalg": (
        "M = np.eye(4) + z.T @ z / 12; L = np.linalg.cholesky(M); loss = 2 * np.sum(np.log(np.diag(L)))\n"
        "dz = 2 * z @ np.linalg.inv(M) / 12",
        ("np.linalg.inv(M)", "np.linalg.inv(L)"),
    ),
    "whole numbers among the arguments": (
        "e = spherical_jn(2, z) - Y; loss = 0.5 * np.sum(e ** 2); dz = e * spherical_jn(2, z, True)",
        ("spherical_jn(2, z, True)", "spherical_jn(1, z, True)"),
    ),
}


def checked(body: str):
    """What is said of a program with this body."""
    text = HEAD + "".join(f"    {line}\n" for line in body.split("\n")) + TAIL
    return check_program(program_from_bytes(text.encode(), "p.py"))


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_call_without_a_rule_is_no_obstacle(name: str) -> None:
    """The correct program is certified, with a remark, and the faulty one is called so."""
    body, (old, new) = PROGRAMS[name]
    report = checked(body)
    assert report.verdict == "correct"
    assert "numeric-derivative" in {finding.name for finding in report.findings}
    assert body.count(old) == 1
    assert checked(body.replace(old, new)).verdict == "faulty"


def test_a_numeric_derivative_by_very_many_numbers_is_not_tried() -> None:
    """It would take a call for each of them: it is said why nothing is said, and soon."""
    text = """
import numpy as np
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(200, 30)), rng.normal(size=(200, 40))
W = rng.normal(size=(30, 40)) * 0.1
for turn in range(100):
    z = X @ W
    loss = np.linalg.norm(z - Y, "nuc")
    U, s, V = np.linalg.svd(z - Y, full_matrices=False)
    W -= 0.01 * X.T @ (U @ V)
"""
    began = time.process_time()
    report = check_program(program_from_bytes(text.encode(), "p.py"))
    assert report.verdict == "inconclusive"
    assert report.reason is not None
    assert "too long to find it numerically" in report.reason
    assert time.process_time() - began < 10


def test_an_array_that_only_has_the_shape_of_another() -> None:
    """What is filled afterwards hangs on what it is filled with, and on nothing that it had the shape of."""
    body = (
        "h = np.empty_like(z)\nh[:, 0] = z[:, 0]\nh[:, 1:] = np.tanh(z[:, 1:])\n"
        "e = h - Y; loss = 0.5 * np.sum(e ** 2)\n"
        "dz = np.empty_like(e)\ndz[:, 0] = e[:, 0]\ndz[:, 1:] = e[:, 1:] * (1 - h[:, 1:] ** 2)"
    )
    report = checked(body)
    assert report.verdict == "correct"
    wrong = checked(body.replace("dz[:, 0] = e[:, 0]", "dz[:, 0] = 2 * e[:, 0]"))
    assert [f.span and f.span.row for f in wrong.findings if f.severity == "error"] == [15]
