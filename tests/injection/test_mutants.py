"""The benchmark of injected faults: what it makes is wrong where it says so, and what it counts is right."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.mutants.injection import Field, fields, sampled
from benchmarks.mutants.measure import Result, changed_lines
from benchmarks.mutants.mutation import Change, Mutant, Mutation, mutant
from benchmarks.mutants.table import failures, rates, table
from benchmarks.mutants.truth import repaired

CHOSEN = (
    "boiler_script",
    "shuttle_lists",
    "echo_recurrent",
    "kites_layers",
    "pulleys_affine_functions",
    "mushrooms_softmax_script",
)
RULES = {
    "sign-flipped",
    "derivative-at-wrong-point",
    "wrong-activation-derivative",
    "missing-factor",
    "extra-factor",
    "missing-term",
    "wrong-operand",
    "wrong-scale",
    "wrong-transpose",
    "missing-sum",
    "wrong-axis",
    "wrong-index",
    "updated-weights",
    "not-reset",
    "not-accumulated",
    "overwritten",
    "never-updated",
    "loss-mismatch",
    "forward-backward-mismatch",
    "upstream-ignored",
}


def _changed(field: Field, old: str, new: str, rule: str = "sign-flipped", crashes: bool = False) -> Mutant:
    assert field.subject.text.count(old) == 1
    start = field.subject.text.index(old)
    change = Change((start, start + len(old)), new)
    made = mutant(field.subject.name, field.source, [Mutation("test", (rule,), (change,), (), crashes)])
    assert made is not None
    return made


def test_every_rule() -> None:
    """Each fault of the contract is injected somewhere in six programs, and no two mutants are the same."""
    found = [made for name in CHOSEN for made in fields()[name].candidates.values()]
    assert {made.mutations[0].rule for made in found} == RULES
    assert len({(made.program, made.text) for made in found}) == len(found) > 600


@pytest.mark.parametrize("name", ["shuttle_lists", "gears_unrolled"])
def test_programs_are_correct(name: str) -> None:
    """The programs that are changed make true steps, by finite differences."""
    assert fields()[name].right.first.loss > 0


def test_kinds() -> None:
    """A mutant is told apart by running it: of the backward pass, of the loss, of neither, a crash."""
    field = fields()["boiler_script"]
    delta = "d3 = (out - hours) / N"
    assert field.kind(_changed(field, delta, "d3 = (hours - out) / N")) == "backward"
    assert field.kind(_changed(field, delta, "d3 = 3 * (out - hours) / N")) == "equivalent"
    assert field.kind(_changed(field, "out = a2 @ W3 + b3", "out = a2 @ W3 - b3")) == "forward"
    stated = _changed(field, "(out - hours) ** 2", "(out - hours) ** 4", "loss-mismatch")
    assert field.kind(stated) == "loss"
    assert field.kind(_changed(field, "dW1 = X.T @ d1", "dW1 = X @ d1", crashes=True)) == "crash"
    assert field.kind(_changed(field, "z1 = X @ W1", "z1 = X.T @ W1", crashes=True)) == "unusable"
    assert field.kind(_changed(field, "a1 = np.tanh(z1)", "a1 = np.tanh(nothing)")) == "unusable"


def test_repaired() -> None:
    """A text counts as mended when its update is the correct program's, also with another learning rate."""
    field = fields()["boiler_script"]
    text, step, right = field.subject.text, field.subject.step, field.right
    assert repaired(text, step, right, "backward")
    assert repaired(text.replace("lr = 0.05", "lr = 0.01"), step, right, "backward")
    assert not repaired(text.replace("d1 = d2 @", "d1 = -d2 @"), step, right, "backward")
    assert not repaired(text.replace("d1 = d2 @", "d1 = missing @"), step, right, "backward")


def test_spans() -> None:
    """The places of mistakes are where they stand in the mutant, also when there are several in it."""
    field = fields()["boiler_script"]
    first = _changed(field, "d3 = (out - hours) / N", "d3 = (hours - out) / N")
    second = _changed(field, "dW1 = X.T @ d1", "dW1 = 2 * X.T @ d1", "wrong-scale")
    both = mutant("boiler_script", field.source, [*first.mutations, *second.mutations])
    assert both is not None
    lines = both.text.split("\n")
    rows = [{lines[row - 1].strip() for row, _, _ in both.spans(k)} for k in range(2)]
    assert rows == [{"d3 = (hours - out) / N"}, {"dW1 = 2 * X.T @ d1"}]
    texts = {lines[row - 1][start - 1 : end - 1] for row, start, end in both.spans(1)}
    assert "dW1 = 2 * X.T @ d1" in texts


def test_several_mistakes() -> None:
    """Mutants with two mistakes have them on rows of their own, and their keys give them back."""
    field = fields()["shuttle_lists"]
    made = next(field.several(2, 0))
    assert len(made.mutations) == 2
    assert not {row for row, _, _ in made.spans(0)} & {row for row, _, _ in made.spans(1)}
    again = field.found(made.key)
    assert again is not None
    assert again.text == made.text


def test_sample_is_spread() -> None:
    """Every beginning of a sample holds different rules, and the seed says which mutants."""
    chosen = [fields()[name] for name in CHOSEN]
    order = sampled(chosen, frozenset(), 0)
    first = [next(order) for _ in range(len(RULES))]
    assert {made.mutations[0].rule for made in first} == RULES
    again = sampled(chosen, frozenset(), 0)
    assert [next(again).key for _ in first] == [made.key for made in first]


RESULT = Result(
    "p:sign:0",
    "p",
    "script",
    "backward",
    ("sign-flipped", "missing-sum"),
    ("negated", "sum-dropped"),
    "faulty",
    None,
    (True, False),
    (True, False),
    (False, False),
    1,
    False,
)


def test_rates() -> None:
    """Rates of places and names count mistakes, the others programs."""
    certified = replace(RESULT, key="p:sign:1", verdict="correct", lines=(False, False), columns=(), stray=0)
    found = rates([RESULT, certified])
    assert found["detected"] == found["certified"] == 0.5
    assert found["line"] == found["column"] == found["stray"] == 0.25
    assert found["name"] == found["repaired"] == 0.0
    text = table([RESULT, certified])
    assert "missing-sum" in text
    assert "all lines of a program found 0%" in text


def test_changed_lines() -> None:
    """A line replaced, put in or taken out counts as one; mends are sparing that change no more of them."""
    assert changed_lines("a\nb\nc\nd\n", "a\nx\nc\nd\n") == 1
    assert changed_lines("a\nb\nc\nd\n", "a\nb\nx\nc\nd\n") == 1
    assert changed_lines("a\nb\nc\nd\n", "a\nc\nx\n") == 2
    mended = replace(RESULT, repaired=True, edited=2, reference=2)
    assert rates([mended, replace(mended, edited=3), RESULT])["sparing"] == 0.5
    assert "no more lines changed than were wrong in 100% of those mended" in table([mended])


def test_failures() -> None:
    """Failures are listed by kind, a wrongly certified program before a stray finding."""
    certified = replace(RESULT, key="p:sign:1", verdict="correct")
    alarm = replace(RESULT, key="p:correct", kind="correct")
    lines = [line for line in failures([RESULT, certified, alarm]).splitlines() if line.startswith("## ")]
    assert lines == ["## false alarm: 1", "## wrongly certified: 1", "## stray finding: 1"]
