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


OWN: dict[str, tuple[str, Step]] = {}
