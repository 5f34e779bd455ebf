"""Scripts and functions: data, a loop, the update written out."""

from ..case import Case, Mistake
from ..differences import Step

CASES = (
    Case(
        "house_rent_line",
        Step("for epoch in range(5000)", ("w", "b"), "mse"),
        (
            Mistake("diff = guess - rent", "diff = rent - guess", ("sign-flipped",)),
            Mistake("db = 2 / N * np.sum(diff)", "db = np.sum(diff) / N", ("wrong-scale", "missing-factor")),
        ),
    ),
    Case(
        "rain_logistic",
        Step("for i in range(rounds)", ("w", "b"), "cost"),
        (
            Mistake("dz = a - y", "dz = (a - y) * a * (1 - a)", ("loss-mismatch", "extra-factor")),
            Mistake("db = np.sum(dz) / m", "db = np.sum(dz) / m / m", ("wrong-scale", "extra-factor")),
        ),
    ),
    Case(
        "sine_star_import",
        Step("while err > 1e-4", ("U", "c", "V", "d"), "0.5 * sum((y - t) ** 2)"),
        (
            Mistake("back = -dot(e, V.T)", "back = dot(e, V.T)", ("sign-flipped",)),
            Mistake("(1 - h * h)", "(1 - h)", ("wrong-activation-derivative",)),
        ),
    ),
    Case(
        "gates_np_matrix",
        Step("for j in range(60000)", ("syn0", "syn1"), "0.5 * np.sum(np.square(T - l2))"),
        (
            Mistake(
                "return np.multiply(x, 1 - x)",
                "return np.multiply(x, 1 + x)",
                ("wrong-activation-derivative", "sign-flipped"),
            ),
            Mistake("nonlin(l1, deriv=True)", "nonlin(X * syn0, deriv=True)", ("derivative-at-wrong-point",)),
        ),
    ),
    Case(
        "weights_by_hand",
        Step(
            "for x1, x2, t in samples",
            ("w11", "w12", "w21", "w22", "v1", "v2", "bh1", "bh2", "bo"),
            "E",
            number=2,
        ),
        (
            Mistake(
                "dh2 = dy * v2 * h2",
                "dh2 = dy * v1 * h2",
                ("wrong-operand",),
                ("v1", "dy * v1 * h2 * (1 - h2)"),
            ),
            Mistake("w12 = w12 + eta * dh1 * x2", "w12 = w12 + eta * dh1 * x1", ("wrong-operand",)),
        ),
    ),
    Case(
        "parity_neuron_lists",
        Step(
            "for inputs, wanted in cases",
            ("hidden_layer", "output_layer"),
            "error",
        ),
        (
            Mistake(
                "s += out_delta[j] * output_layer[j][i]",
                "s = out_delta[j] * output_layer[j][i]",
                ("not-accumulated",),
            ),
            Mistake(
                "hid_delta.append(s * h[i] * (1 - h[i]))", "hid_delta.append(s * h[i])", ("missing-factor",)
            ),
        ),
    ),
    Case(
        "votes_softmax_elementwise",
        Step("for n in range(people)", ("W", "bias"), "loss"),
        (
            Mistake(
                "W[j, k] - lr * diff * x[j]",
                "W[j, k] - lr * diff * x[k]",
                ("wrong-index", "wrong-operand"),
                ("x[k]", "k"),
            ),
            Mistake(
                "bias[k] = bias[k] - lr * diff",
                "bias[k] = bias[k] + lr * diff",
                ("sign-flipped",),
                ("bias[k] + lr * diff", "lr * diff", "diff", "lr"),
            ),
        ),
    ),
    Case(
        "sine_comprehensions",
        Step("for step in range(20000)", ("net['w']", "net['b']", "net['v']", "net['c']"), "loss"),
        (
            Mistake(
                "error * v * (1 - h * h)",
                "error * v * (1 - h)",
                ("wrong-activation-derivative",),
                ("1 - h", "(1 - h)", "h"),
            ),
            Mistake(
                '"v": [error * h for h in hidden]',
                '"v": [error * v for v in net["v"]]',
                ("wrong-operand",),
                ("v", 'net["v"]', "error * v"),
            ),
        ),
    ),
    Case(
        "kiln_column_slices",
        Step("while True", ("w1", "w2"), "e"),
        (
            Mistake("dy * w2[0, 1:] * h", "dy * w2[0, :-1] * h", ("wrong-index",), ("w2[0, :-1]", ":-1")),
            Mistake(
                "w1[:, 0] -= eta * dh",
                "w1[:, 0] -= eta * dy * dh",
                ("extra-factor",),
                ("eta * dy * dh", "eta * dy", "dy"),
            ),
        ),
    ),
    Case(
        "tanks_views_columns",
        Step("for i in np.random.permutation(26)", ("theta",), "cost"),
        (
            Mistake(
                "hidden[:, 0] -= alpha * g_hid",
                "hidden[:, 0] += alpha * g_hid",
                ("sign-flipped",),
                ("hidden[:, 0] += alpha * g_hid",),
            ),
            Mistake(
                "g_hid = 2 * miss * readout * (1 - a ** 2)",
                "g_hid = 2 * miss * a * (1 - a ** 2)",
                ("wrong-operand",),
                ("a", "miss * a", "2 * miss * a"),
            ),
        ),
    ),
    Case(
        "wine_none_at_zero",
        Step(
            "for start in range(0, 60, batch)",
            ("W[1]", "W[2]", "W[3]", "B[1]", "B[2]", "B[3]"),
            "0.5 * np.sum((A[-1] - t) ** 2)",
        ),
        (
            Mistake(
                "D[k] = (W[k + 1].T @ D[k + 1]) * A[k] * (1 - A[k])",
                "D[k] = (W[k + 1].T @ D[k + 1]) * A[k] * (1 + A[k])",
                ("wrong-activation-derivative", "sign-flipped"),
                ("(1 + A[k])", "1 + A[k]", "(W[k + 1].T @ D[k + 1]) * A[k] * (1 + A[k])"),
            ),
            Mistake(
                "B[k] -= eta / batch * D[k].sum(axis=1, keepdims=True)",
                "B[k] -= eta / batch * D[k][:, :1]",
                ("missing-sum", "wrong-index"),
            ),
        ),
    ),
    Case(
        "buoys_globals_float32",
        Step(
            "for i in range(5000)",
            ("W1", "b1", "W2", "b2"),
            "error",
            precise=("x", "y", "W1", "b1", "W2", "b2"),
        ),
        (
            Mistake(
                "ghid[hidden <= 0] = 0",
                "ghid[hidden < 0] = 0",
                ("wrong-activation-derivative", "forward-backward-mismatch", "missing-factor"),
                ("hidden < 0", "ghid[hidden < 0] = 0"),
            ),
            Mistake(
                "gb1 = ghid.sum(axis=0)", "gb1 = ghid[0]", ("missing-sum", "wrong-index"), ("ghid[0]", "ghid")
            ),
        ),
    ),
)
