"""The documentation of every rule is complete, and right when it is run.

The snippets of the documentation are small training steps over the values of ``values()``. A snippet that
names the rate ``lr`` applies its gradients itself; any other leaves the gradient of ``P`` in ``dP``. Both are
held against central differences of the snippet's own ``loss``.
"""

import ast
import re

import numpy as np
import pytest

from backproof.rules import GROUPS, RULES, rule_text

CONTRACT = {
    "factor": "sign-flipped derivative-at-wrong-point wrong-activation-derivative missing-factor "
    "extra-factor missing-term wrong-operand wrong-scale",
    "shape": "wrong-transpose missing-sum wrong-axis wrong-index",
    "update": "updated-weights not-reset not-accumulated overwritten never-updated",
    "consistency": "loss-mismatch forward-backward-mismatch upstream-ignored",
    "health": "learning-rate-too-large symmetric-initialisation saturated dead-units target-out-of-range "
    "unscaled-input",
}
SECTIONS = [
    "What it does",
    "Why is this wrong?",
    "Example",
    "Use instead",
    "How the derivation goes",
    "Fix safety",
]
HUNDREDS = {group: index for index, group in enumerate(GROUPS)}
RATE = 0.1
PARAMETERS = ("W", "b", "W1", "U", "W2", "E", "w")
GRADIENTS = [name for name, rule in RULES.items() if rule.group not in ("general", "health")]
HEALTH = [name for name, rule in RULES.items() if rule.group == "health"]


def sections(name):
    """Split a rule's text into its sections."""
    parts = re.split(r"^## (.+)$", rule_text(name), flags=re.MULTILINE)
    return dict(zip(parts[1::2], (part.strip() for part in parts[2::2]), strict=True))


def snippet(name, section):
    """Take the program out of a section."""
    match = re.fullmatch(r"```python\n(.*)\n```", sections(name)[section], flags=re.DOTALL)
    assert match, f"{name}: {section} is not one block of Python"
    return match[1]


def values():
    """Give the values that the snippets use: odd sizes, no zeros."""
    random = np.random.default_rng(7)
    shapes = {
        "x": (7, 3),
        "W": (3, 2),
        "b": (2,),
        "W1": (3, 5),
        "U": (5, 5),
        "W2": (5, 2),
        "E": (4, 3),
        "w": (2,),
    }
    space = {name: random.standard_normal(shape) for name, shape in shapes.items()}
    return space | {
        "np": np,
        "n": 7,
        "lr": RATE,
        "t": random.uniform(0.1, 0.9, (7, 2)),
        "s": random.standard_normal(9),
        "y": random.standard_normal(8),
        "labels": np.eye(2)[[0, 1, 1, 0, 1, 1, 0]],
        "ids": np.array([2, 0, 2, 3, 2, 1, 0]),
        "mask": (random.uniform(size=(7, 5)) < 0.8).astype(float),
        "dW": random.standard_normal((3, 2)),  # left over from the step before
        "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    }


def run(source, **changed):
    """Run a snippet and give its variables."""
    space = values() | changed
    exec(compile(source, "<snippet>", "exec"), space)
    return space


def applied_gradients(source):
    """Give the gradient that a snippet applies to each of its parameters."""
    before, after = values(), run(source)
    used = [name for name in PARAMETERS if re.search(rf"\b{name}\b", source)]
    if re.search(r"\blr\b", source):
        return {name: (before[name] - after[name]) / RATE for name in used}
    return {name: after[f"d{name}"] for name in used if f"d{name}" in after and f"d{name} " in source}


def true_gradient(source, name, h=1e-6):
    """Differentiate a snippet's loss by central differences."""
    start = values()[name]
    gradient = np.zeros_like(start)
    for index in np.ndindex(start.shape):
        plus, minus = start.copy(), start.copy()
        plus[index] += h
        minus[index] -= h
        gradient[index] = (run(source, **{name: plus})["loss"] - run(source, **{name: minus})["loss"]) / (
            2 * h
        )
    return gradient


def differences(source):
    """Give the relative error of each gradient that a snippet applies."""
    errors = {}
    for name, applied in applied_gradients(source).items():
        true = true_gradient(source, name)
        same_shape = applied.shape == true.shape
        errors[name] = np.linalg.norm(applied - true) / np.linalg.norm(true) if same_shape else np.inf
    return errors


def test_every_rule_of_the_contract_is_there():
    """The names that are promised exist, each in its group."""
    for group, names in CONTRACT.items():
        for name in names.split():
            assert RULES[name].group == group, name


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_complete(name):
    """Each rule has all sections in order, a code of its group, and a summary of one sentence."""
    rule = RULES[name]
    assert list(sections(name)) == SECTIONS
    assert all(sections(name).values())
    assert re.fullmatch(rf"BP{HUNDREDS[rule.group]}\d\d", rule.code)
    assert re.fullmatch(r"[A-Z][^.]*\.", rule.summary)
    assert rule_text(name).startswith(f"# {name} ({rule.code})\n\n")


def test_codes_are_unique():
    """No two rules share a code."""
    assert len({rule.code for rule in RULES.values()}) == len(RULES)
    assert RULES["sign-flipped"].code == "BP101"


@pytest.mark.parametrize("name", RULES)
def test_snippets_are_python_and_differ(name):
    """Example and Use instead parse, and are not the same program."""
    example, mended = snippet(name, "Example"), snippet(name, "Use instead")
    assert ast.dump(ast.parse(example)) != ast.dump(ast.parse(mended))


@pytest.mark.parametrize("name", GRADIENTS)
def test_the_example_is_wrong(name):
    """The faulty snippet applies at least one gradient that is off by more than a per cent."""
    errors = differences(snippet(name, "Example"))
    assert max(errors.values()) > 0.01, errors


@pytest.mark.parametrize("name", [*GRADIENTS, "unnamed-difference", "common-scale"])
def test_the_mended_snippet_is_right(name):
    """The snippet to use instead applies the gradients of its loss, all of them."""
    errors = differences(snippet(name, "Use instead"))
    assert errors
    assert max(errors.values()) < 1e-7, errors


def test_a_common_scale_is_just_that():
    """The example of common-scale applies exactly twice each gradient."""
    source = snippet("common-scale", "Example")
    for name, applied in applied_gradients(source).items():
        np.testing.assert_allclose(applied, 2 * true_gradient(source, name), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", HEALTH)
def test_the_cure_lowers_the_loss(name):
    """After the same number of steps the mended snippet's loss is less than half of the example's."""
    before = run(snippet(name, "Example"))["loss"]
    after = run(snippet(name, "Use instead"))["loss"]
    assert after < 0.5 * before


def test_supplied_runs_only_when_mended():
    """The example needs what NumPy has removed; the mended one brings its own import."""
    exec(snippet("supplied", "Use instead"), space := {})
    assert space["half"] == 0.5
    with pytest.raises((NameError, AttributeError)):
        exec(snippet("supplied", "Example"), {})


def test_an_unknown_rule_is_a_key_error():
    """Asking for the text of a rule that does not exist fails."""
    with pytest.raises(KeyError):
        rule_text("sign-fliped")
