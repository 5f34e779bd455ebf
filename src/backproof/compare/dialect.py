"""TensorFlow's functions and rules of update as text of NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backproof.errors import NoTrainingStepError

PRELUDE = """\
import numpy as np

def softmax(z):
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)

def truncated_normal(shape, mean=0.0, stddev=1.0):
    z = np.random.normal(size=shape)
    while np.any(np.abs(z) > 2):
        far = np.abs(z) > 2
        z[far] = np.random.normal(size=np.sum(far))
    return mean + stddev * z

"""
MATHS = frozenset(
    {"sin", "cos", "tan", "exp", "log", "sqrt", "tanh", "pi", "array", "zeros", "ones", "linspace"}
)
OTHER_NAMES = {
    "input_tensor": "x",
    "features": "x",
    "tensor": "x",
    "value": "x",
    "reduction_indices": "axis",
    "keep_dims": "keepdims",
    "dim": "axis",
    "predictions": "y",
}
IGNORED = frozenset({"name", "dtype", "seed"})
ONE = ("x",)
TWO = ("x", "y")
REDUCED = ("x", "axis", "keepdims")
USUAL = {
    "axis": "None",
    "keepdims": "False",
    "minval": "0.0",
    "maxval": "1.0",
    "mean": "0.0",
    "stddev": "1.0",
}
UNIFORM = (("shape", "minval", "maxval"), "np.random.uniform({minval}, {maxval}, {shape})")
NORMAL = (("shape", "mean", "stddev"), "np.random.normal({mean}, {stddev}, {shape})")
NUMPY: Mapping[str, tuple[Sequence[str], str]] = {
    **{name: (ONE, f"np.{name}({{x}})") for name in ("exp", "log", "sqrt", "square", "abs", "sin", "cos")},
    **{name: (TWO, f"({{x}} {sign} {{y}})") for name, sign in (("add", "+"), ("subtract", "-"))},
    **dict.fromkeys(("multiply", "mul"), (TWO, "({x} * {y})")),
    **dict.fromkeys(("divide", "div", "truediv"), (TWO, "({x} / {y})")),
    **dict.fromkeys(("tanh", "nn.tanh"), (ONE, "np.tanh({x})")),
    **dict.fromkeys(("sigmoid", "nn.sigmoid"), (ONE, "(1 / (1 + np.exp(-({x}))))")),
    **dict.fromkeys(("nn.softmax",), (("x", "axis"), "softmax({x})")),
    **{
        f"reduce_{name}": (REDUCED, f"np.{name}({{x}}, axis={{axis}}, keepdims={{keepdims}})")
        for name in ("sum", "mean")
    },
    **dict.fromkeys(("random_uniform", "random.uniform"), UNIFORM),
    **dict.fromkeys(("random_normal", "random.normal"), NORMAL),
    **dict.fromkeys(
        ("truncated_normal", "random.truncated_normal"),
        (("shape", "mean", "stddev"), "truncated_normal({shape}, {mean}, {stddev})"),
    ),
    **dict.fromkeys(("constant", "convert_to_tensor", "identity"), (ONE, "np.asarray({x}, dtype=float)")),
    "cast": (("x", "dtype"), "np.asarray({x}, dtype=float)"),
    "matmul": (TWO, "({x} @ {y})"),
    "pow": (TWO, "({x} ** {y})"),
    "squared_difference": (TWO, "np.square({x} - {y})"),
    "negative": (ONE, "(-({x}))"),
    "maximum": (TWO, "np.maximum({x}, {y})"),
    "zeros": (("shape",), "np.zeros({shape})"),
    "ones": (("shape",), "np.ones({shape})"),
    "reshape": (("x", "shape"), "np.reshape({x}, {shape})"),
    "transpose": (ONE, "np.transpose({x})"),
    "nn.relu": (ONE, "np.maximum({x}, 0)"),
    "nn.softplus": (ONE, "np.log(1 + np.exp({x}))"),
    "nn.bias_add": (TWO, "({x} + {y})"),
    "nn.l2_loss": (ONE, "(np.sum(np.square({x})) / 2)"),
    "losses.mean_squared_error": (TWO, "np.mean(np.square({y} - {x}))"),
    "nn.softmax_cross_entropy_with_logits": (
        ("labels", "logits"),
        "(-np.sum({labels} * np.log(softmax({logits})), axis=-1))",
    ),
    "nn.sigmoid_cross_entropy_with_logits": (
        ("labels", "logits"),
        "(np.log(1 + np.exp({logits})) - {labels} * {logits})",
    ),
}
RULES = {
    "GradientDescentOptimizer": (("learning_rate",), {}),
    "MomentumOptimizer": (("learning_rate", "momentum"), {}),
    "AdamOptimizer": (
        ("learning_rate", "beta1", "beta2", "epsilon"),
        {"learning_rate": "0.001", "beta1": "0.9", "beta2": "0.999", "epsilon": "1e-08"},
    ),
}


def call_text(name: str, arguments: Sequence[str], keywords: Mapping[str, str]) -> str | None:
    """Write a call of the framework as NumPy; None where an argument of it has no counterpart."""
    names, template = NUMPY[name]
    given = dict(zip(names, arguments, strict=False))
    if len(arguments) > len(names) and set(names) & {"shape", "x"} and len(arguments) > len(names) + 1:
        return None
    for key, value in keywords.items():
        if key in names:
            given[key] = value
        elif OTHER_NAMES.get(key, key) in names:
            given[OTHER_NAMES.get(key, key)] = value
        elif key == "labels" and names == TWO:
            given["x"] = value
        elif key in ("a", "b") and names == TWO:
            given["x" if key == "a" else "y"] = value
        elif key not in IGNORED:
            return None
    if "axis" in given:
        if name == "nn.softmax" and given["axis"] != "-1":
            return None
        given["axis"] = given["axis"].replace("[", "(").replace("]", ",)")
    if any(n not in given and n not in USUAL and n != "dtype" for n in names):
        return None
    return template.format(**{**USUAL, **given})


def updates(rule: str, arguments: Mapping[str, str], gradients: Mapping[str, str]) -> tuple[str, str]:
    """Write what an optimizer remembers at the start, and the updates, for gradients by parameter.

    Raises
    ------
    NoTrainingStepError
        When the rule is not known.
    """
    if rule not in RULES:
        known = ", ".join(RULES)
        raise NoTrainingStepError(
            f"`{rule}` is not read yet: of the optimizers of TensorFlow 1, {known} are."
        )
    names, usual = RULES[rule]
    given = {**usual}
    for key, value in arguments.items():
        name = names[int(key)] if key.isdigit() and int(key) < len(names) else key
        if name not in names and name not in ("name", "use_locking"):
            raise NoTrainingStepError(f"`{rule}({name}=...)` is not read yet.")
        given[name] = value
    rate = given.get("learning_rate", "")
    memory, lines = [], []
    if rule == "AdamOptimizer":
        memory.append("backproof_count = 0")
        lines.append("backproof_count = backproof_count + 1")
    for name, gradient in gradients.items():
        m, v = f"backproof_m_{name}", f"backproof_v_{name}"
        if rule == "GradientDescentOptimizer":
            lines.append(f"{name} = {name} - {rate} * {gradient}")
        elif rule == "MomentumOptimizer":
            memory.append(f"{m} = np.zeros(np.shape({name}))")
            lines.append(f"{m} = {given['momentum']} * {m} + {gradient}")
            lines.append(f"{name} = {name} - {rate} * {m}")
        else:
            memory += [f"{m} = np.zeros(np.shape({name}))", f"{v} = np.zeros(np.shape({name}))"]
            b1, b2 = given["beta1"], given["beta2"]
            lines += [
                f"{m} = {b1} * {m} + (1 - {b1}) * {gradient}",
                f"{v} = {b2} * {v} + (1 - {b2}) * {gradient} ** 2",
                f"{name} = {name} - {rate} * np.sqrt(1 - {b2} ** backproof_count) / (1 - {b1} ** "
                f"backproof_count) * {m} / (np.sqrt({v}) + {given['epsilon']})",
            ]
    return "\n".join(memory or ["pass"]) + "\n", "\n".join(lines) + "\n"
