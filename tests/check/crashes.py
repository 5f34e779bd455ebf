"""Mistakes that stop the programs of ``tests/programs`` in their backward pass, in many styles."""

from __future__ import annotations

from .case import Mistake

TRANSPOSE = ("wrong-transpose",)

CRASHES: tuple[tuple[str, Mistake], ...] = (
    ("sonar_dropout", Mistake("X.T @ d1", "X @ d1", TRANSPOSE)),
    ("digits_layer_objects", Mistake("grad @ self.W.T", "grad @ self.W", TRANSPOSE)),
    ("digits_layer_objects", Mistake("self.x.T @ grad", "grad @ self.x.T", TRANSPOSE)),
    ("digits_layer_objects", Mistake("grad.sum(axis=0)", "grad", ("missing-sum",), ("self.db", "grad"))),
    ("glass_mlp_class", Mistake("delta @ self.weights[i].T", "delta @ self.weights[i]", TRANSPOSE)),
    ("glass_mlp_class", Mistake("self.zs[i - 1])", "self.zs[i])", ("wrong-index",))),
    ("glass_mlp_class", Mistake("self.biases[i] -= lr", "self.biases[i + 1] -= lr", ("wrong-index",))),
    ("rain_logistic", Mistake("np.dot(x, dz.T)", "np.dot(x, dz)", TRANSPOSE)),
    ("sine_star_import", Mistake("-dot(e, V.T)", "-dot(e, V)", TRANSPOSE)),
    ("sine_star_import", Mistake("-dot(e, V.T) * (1", "-dot(e, V.T) @ (1", ("wrong-axis",))),
    ("moons_param_dict", Mistake('(p["W2"].T @ dZ2)', '(p["W2"] @ dZ2)', TRANSPOSE)),
    ("moons_param_dict", Mistake('dZ2 @ cache["A1"].T', 'dZ2 @ cache["A1"]', TRANSPOSE)),
    ("apples_dataclass_adam", Mistake("= h.T @ dout,", "= dout @ h.T,", TRANSPOSE)),
    ("tides_closures", Mistake("lr * g.sum(0)", "lr * g", ("missing-sum",))),
    ("seismic_residual", Mistake('dr = dx @ blk["V"].T', 'dr = dx @ blk["V"]', TRANSPOSE)),
    ("orbits_inherited_layers", Mistake("g @ self.W.T", "self.W.T @ g", TRANSPOSE)),
    ("orbits_inherited_layers", Mistake("lr * g.sum(axis=0)", "lr * g.sum(axis=1)", ("wrong-axis",))),
    ("noise_layernorm_minibatch", Mistake("g @ B.T", "g @ B", TRANSPOSE)),
    ("bigram_embedding", Mistake("ds @ U.T", "ds * U.T", ("missing-sum",))),
    ("letters_rnn_clip_value", Mistake("Whh.T @ draw", "draw @ Whh.T", TRANSPOSE)),
    ("copy_attention", Mistake("dS @ self.K, dS.T", "dS @ self.K.T, dS.T", TRANSPOSE)),
    ("wine_none_at_zero", Mistake("D[k] @ A[k - 1].T", "D[k] @ A[k].T", ("wrong-index",))),
    ("weights_by_hand", Mistake("eta * dh2 * x1", "eta * dh3 * x1", ("wrong-operand",))),
)
SLOW = frozenset(
    {"noise_layernorm_minibatch", "bigram_embedding", "letters_rnn_clip_value", "copy_attention"}
)
