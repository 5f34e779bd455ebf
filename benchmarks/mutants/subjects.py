"""The correct programs of the benchmark, each with its style and the place of its training step."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.check.cases import CASES
from tests.check.differences import Step

FOLDER = Path(__file__).parent.parent / "programs"

STYLES = {
    "house_rent_line": "script",
    "rain_logistic": "functions",
    "sine_star_import": "script",
    "gates_np_matrix": "script",
    "weights_by_hand": "unrolled",
    "parity_neuron_lists": "pure-python",
    "votes_softmax_elementwise": "elementwise",
    "sine_comprehensions": "pure-python",
    "kiln_column_slices": "views",
    "tanks_views_columns": "views",
    "wine_none_at_zero": "lists",
    "buoys_globals_float32": "script",
    "traffic_generator_huber": "generators",
    "bikes_decorated": "functions",
    "spam_hinge_while": "functions",
    "spikes_hinge_no_flow": "elementwise",
    "genes_l1_decay": "functions",
    "scans_class_weights": "script",
    "wells_scipy_jac": "functions",
    "flowers_adagrad_l2": "script",
    "concrete_rmsprop_mae": "class",
    "glass_mlp_class": "class",
    "digits_layer_objects": "layers",
    "moons_param_dict": "dictionaries",
    "tides_closures": "closures",
    "apples_dataclass_adam": "class",
    "tiny_scalar_engine": "autodiff",
    "cars_nesterov": "script",
    "faces_tied_autoencoder": "class",
    "seismic_residual": "dictionaries",
    "orbits_inherited_layers": "layers",
    "rivers_nabla_lists": "lists",
    "quality_batchnorm": "normalisation",
    "noise_layernorm_minibatch": "normalisation",
    "sonar_dropout": "script",
    "strokes_conv_loops": "convolution",
    "sensor_im2col": "convolution",
    "bigram_embedding": "embeddings",
    "letters_rnn_clip_value": "recurrent",
    "stock_lstm_clip_norm": "recurrent",
    "counter_rnn_accumulate": "recurrent",
    "weather_gru": "recurrent",
    "recipes_word2vec": "embeddings",
    "copy_attention": "layers",
    "bandit_policy_gradient": "script",
}

# rows of forward passes whose loss is computed apart from them: mistakes there would not show in the loss
FORWARD = {
    "rivers_nabla_lists": ("zs.append", "acts.append", "acts, zs", "for b, w in zip", "return"),
}


@dataclass(frozen=True, slots=True)
class Subject:
    """A correct program. ``forward`` are texts of rows that are not to be changed."""

    name: str
    style: str
    text: str
    step: Step
    forward: tuple[str, ...] = ()


def subjects() -> tuple[Subject, ...]:
    """Give every program: those of the tests, and those of ``benchmarks/programs``."""
    theirs = [
        Subject(case.name, STYLES.get(case.name, "other"), case.text, case.step, FORWARD.get(case.name, ()))
        for case in CASES
    ]
    own = [
        Subject(name, style, (FOLDER / f"{name}.py").read_text("utf-8"), step)
        for name, (style, step) in OWN.items()
    ]
    return (*theirs, *own)


OWN: dict[str, tuple[str, Step]] = {
    "boiler_script": (
        "script",
        Step("for epoch in range(3000)", ("W1", "b1", "W2", "b2", "W3", "b3"), "loss"),
    ),
    "mushrooms_softmax_script": ("script", Step("for i in range(4000)", ("W", "b", "V", "c"), "loss")),
    "credit_functions": ("functions", Step("for i in range(5000)", ("W1", "b1", "W2", "b2"), "cost")),
    "pulleys_affine_functions": (
        "functions",
        Step("for it in range(2000)", ("w1", "b1", "w2", "b2", "w3", "b3"), "loss"),
    ),
    "pendulum_class": (
        "class",
        Step("for k in range(8000)", ("n.wih", "n.bih", "n.who", "n.bho"), "n.loss"),
    ),
    "ferry_momentum_class": (
        "class",
        Step(
            "for it in range(3000)",
            ("model.W1", "model.W2", "model.W3"),
            "current",
            ("model.g1", "model.g2", "model.g3"),
        ),
    ),
    "kites_layers": (
        "layers",
        Step(
            "for epoch in range(2000)",
            tuple(f"model.layers[{k}].{part}" for k in (0, 2, 4) for part in ("weight", "bias")),
            "loss",
        ),
    ),
    "gears_unrolled": (
        "unrolled",
        Step(
            "for x1, x2, t1, t2 in table",
            (*(f"w{k}" for k in range(1, 9)), *(f"b{k}" for k in range(1, 5))),
            "loss",
        ),
    ),
    "soil_pure_python": ("pure-python", Step("for x, t in samples", ("W", "b", "V", "c"), "loss")),
    "shuttle_lists": (
        "lists",
        Step(
            "for epoch in range(2500)",
            tuple(f"{part}[{k}]" for k in range(3) for part in ("weights", "biases")),
            "loss",
        ),
    ),
    "violins_adam_dictionary": (
        "dictionaries",
        Step(
            "for t in range(1, 3001)",
            tuple(f'params["{name}"]' for name in ("W1", "b1", "W2", "b2")),
            "loss",
            tuple(f'grads["{name}"]' for name in ("W1", "b1", "W2", "b2")),
        ),
    ),
    "echo_recurrent": ("recurrent", Step("for it in range(6000)", ("U", "W", "V", "bh", "by"), "loss")),
}
