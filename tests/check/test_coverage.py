"""Each style, update, model and loss has a right program that is certified and a wrong one that is found."""

from __future__ import annotations

import ast

import pytest

from .case import FOLDER
from .cases import CASES
from .coverage import ELSEWHERE, PROGRAMS
from .gaps import CORRECT_GAPS, MISTAKE_GAPS

BY_NAME = {case.name: case for case in CASES}
TESTS = FOLDER.parent


def _missed(gap: tuple[str, str] | None) -> bool:
    return gap is not None and "verdict" in gap[0].split()


@pytest.mark.parametrize("item", PROGRAMS)
def test_a_program_shows_it(item: str) -> None:
    """The program has what it is there for, is to be certified, and has a mistake that is to be found.

    ``test_programs`` holds that both are so.
    """
    name, text = PROGRAMS[item]
    case = BY_NAME[name]
    assert text in case.text
    assert not _missed(CORRECT_GAPS.get(name))
    assert any(not _missed(MISTAKE_GAPS.get((name, k))) for k in range(len(case.mistakes)))


@pytest.mark.parametrize("item", ELSEWHERE)
def test_other_tests_show_it(item: str) -> None:
    """The tests of a right and of a wrong program are there."""
    path, *names = ELSEWHERE[item]
    tree = ast.parse((TESTS / path).read_text("utf-8"))
    assert set(names) <= {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_program_is_a_case() -> None:
    """No program lies about without its step and its mistakes."""
    assert {path.stem for path in FOLDER.glob("*.py")} - {"conftest"} == set(BY_NAME)
    assert all(case.mistakes for case in CASES)
