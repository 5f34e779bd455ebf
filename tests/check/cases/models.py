"""Normalised, convolved, recurrent and attentive models, embeddings and policies."""

from ..case import Case, Mistake
from ..differences import Step

CASES = (
    Case(
        "quality_batchnorm",
        Step("for it in range(3000)", ("W1", "gamma", "beta", "W2", "b2"), "loss"),
        (
            Mistake(
                "(m * dzhat - dzhat.sum(0) - zhat",
                "(m * dzhat - zhat",
                ("missing-term",),
                (
                    "m * dzhat - zhat * (dzhat * zhat).sum(0)",
                    "m * dzhat",
                    "(m * dzhat - zhat * (dzhat * zhat).sum(0))",
                ),
            ),
            Mistake("dzhat = d * gamma", "dzhat = d", ("missing-factor",)),
            Mistake(
                "zhat * (dzhat * zhat).sum(0)",
                "zhat * (dzhat * zhat)",
                ("missing-sum",),
                ("dzhat * zhat", "zhat * (dzhat * zhat)", "(dzhat * zhat)"),
            ),
        ),
    ),
    Case(
        "noise_layernorm_minibatch",
        Step("for k in range(0, len(X), 16)", ("A", "a", "B", "norm.scale", "norm.shift"), "loss"),
        (
            Mistake(
                "(gx - mean_g - self.xhat * mean_gx)",
                "(gx - mean_g)",
                ("missing-term",),
                ("gx - mean_g", "(gx - mean_g)", "(gx - mean_g) / self.std"),
            ),
            Mistake(
                "mean_g = gx.mean(axis=-1, keepdims=True)",
                "mean_g = gx.mean(axis=0, keepdims=True)",
                ("wrong-axis",),
                ("gx.mean(axis=0, keepdims=True)", "0"),
            ),
            Mistake(
                "g @ B.T / (1 + np.abs(n)) ** 2",
                "g @ B.T / (1 + np.abs(z)) ** 2",
                ("derivative-at-wrong-point", "wrong-operand"),
                ("z", "np.abs(z)"),
            ),
        ),
    ),
    Case(
        "sonar_dropout",
        Step("for epoch in range(1500)", ("W1", "b1", "W2", "b2", "W3", "b3"), "loss"),
        (
            Mistake(
                "(d2 @ W2.T) * mask1 * relu_grad(z1)",
                "(d2 @ W2.T) * relu_grad(z1)",
                ("forward-backward-mismatch", "missing-factor"),
                ("(d2 @ W2.T) * relu_grad(z1)", "d2 @ W2.T", "(d2 @ W2.T)", "relu_grad(z1)"),
            ),
            Mistake(
                "W1 -= lr * (X.T @ d1)",
                "W1 -= lr * (X.T @ d1) / len(X)",
                ("wrong-scale", "extra-factor"),
                ("lr * (X.T @ d1) / len(X)", "lr * (X.T @ d1)", "X.T @ d1"),
            ),
        ),
    ),
    Case(
        "strokes_conv_loops",
        Step("for n in range(2000)", ("filters", "offset", "dense", "dense_b"), "loss"),
        (
            Mistake(
                "d_filters[f] += d_conv[f, i, j] * img[i:i + 3, j:j + 2]",
                "d_filters[f] += d_conv[f, j, i] * img[i:i + 3, j:j + 2]",
                ("wrong-index", "wrong-operand"),
                ("d_conv[f, j, i]",),
            ),
            Mistake(
                "d_conv = d_act * (conv > 0)",
                "d_conv = d_act * (conv > 0) * conv",
                ("extra-factor",),
                ("d_act * (conv > 0) * conv",),
            ),
            Mistake("d_offset[f] += d_conv[f, i, j]", "d_offset[f] = d_conv[f, i, j]", ("not-accumulated",)),
        ),
    ),
    Case(
        "sensor_im2col",
        Step("for it in range(1500)", ("conv1.W", "conv1.b", "conv2.W", "conv2.b", "v"), "loss"),
        (
            Mistake(
                "dx[:, :, i:i + k] += dcols",
                "dx[:, :, i:i + k] = dcols",
                ("not-accumulated",),
                ("dx[:, :, i:i + k] = dcols[:, i].reshape(n, c, k)",),
            ),
            Mistake(
                "np.repeat(dfeat[:, :, None], h2.shape[2], axis=2) / h2.shape[2]",
                "np.repeat(dfeat[:, :, None], h2.shape[2], axis=2)",
                ("wrong-scale", "missing-factor"),
            ),
        ),
    ),
    Case(
        "bigram_embedding",
        Step("for it in range(3000)", ("E", "W", "b", "U", "c"), "loss"),
        (
            Mistake("np.add.at(dE, ctx, de)", "dE[ctx] += de", ("not-accumulated",)),
            Mistake(
                "dz = ds @ U.T * (1 - h ** 2)",
                "dz = ds @ U.T * (1 - np.tanh(h) ** 2)",
                ("derivative-at-wrong-point",),
                ("np.tanh(h)", "np.tanh(h) ** 2", "1 - np.tanh(h) ** 2"),
            ),
        ),
    ),
    Case(
        "letters_rnn_clip_value",
        Step(
            "for n in range(5000)",
            ("Wxh", "Whh", "Why", "bh", "by"),
            "loss",
            ("dWxh", "dWhh", "dWhy", "dbh", "dby"),
        ),
        (
            Mistake("dh = Why.T @ dy + dhnext", "dh = Why.T @ dy", ("missing-term",)),
            Mistake(
                "draw @ hs[t - 1].T",
                "draw @ hs[t].T",
                ("wrong-index", "wrong-operand"),
                ("hs[t]", "hs[t].T", "t"),
            ),
            Mistake(
                "dhnext = Whh.T @ draw", "dhnext = Whh @ draw", ("wrong-transpose",), ("Whh", "Whh @ draw")
            ),
        ),
    ),
    Case(
        "stock_lstm_clip_norm",
        Step("for it in range(2000)", ("W", "b", "V", "c0"), "loss"),
        (
            Mistake(
                "dc = dc + dh * o * (1 - tc ** 2)",
                "dc = dh * o * (1 - tc ** 2)",
                ("missing-term", "not-accumulated"),
            ),
            Mistake("dc * c_old * f * (1 - f)", "dc * c * f * (1 - f)", ("wrong-operand",), ("c", "dc * c")),
            Mistake("dc = dc * f", "dc = dc * i", ("wrong-operand",), ("i", "dc * i")),
        ),
    ),
    Case(
        "counter_rnn_accumulate",
        Step("for epoch in range(2000)", ("net.U", "net.W", "net.b", "net.v"), "total"),
        (
            Mistake(
                'g["W"] += np.outer(da, self.h[t])',
                'g["W"] += np.outer(da, self.h[t + 1])',
                ("wrong-index", "wrong-operand"),
                ("self.h[t + 1]", "t + 1"),
            ),
            Mistake(
                "delta = self.W.T @ da",
                "delta = self.W @ da",
                ("wrong-transpose",),
                ("self.W", "self.W @ da"),
            ),
            Mistake("sums[k] = sums[k] + g", "sums[k] = g", ("not-accumulated",), ("sums[k] = g", "g")),
        ),
    ),
    Case(
        "weather_gru",
        Step(
            "for i in range(2000)",
            (*(f"p['{kind}{gate}']" for gate in "zrh" for kind in "WUb"), "p['V']"),
            "loss",
        ),
        (
            Mistake("dz = dh * (c - h)", "dz = dh * (h - c)", ("sign-flipped",), ("h - c", "(h - c)")),
            Mistake(' + dr @ p["Ur"].T', "", ("missing-term",), ('dh * (1 - z) + drh * r + dz @ p["Uz"].T',)),
            Mistake("dr = drh * h * r * (1 - r)", "dr = drh * r * (1 - r)", ("missing-factor",)),
        ),
    ),
    Case(
        "recipes_word2vec",
        Step("for step in range(20000)", ("centre", "context"), "loss"),
        (
            Mistake(
                "d_bad = np.outer(bad, v)",
                "d_bad = np.outer(bad - 1, v)",
                (
                    "wrong-operand",
                    "extra-factor",
                    "missing-term",
                    "wrong-activation-derivative",
                    "unnamed-difference",
                ),
                ("bad - 1",),
            ),
            Mistake(
                "dv = (good - 1) * context[b] + bad",
                "dv = (1 - good) * context[b] + bad",
                ("sign-flipped",),
                ("1 - good", "(1 - good)", "(1 - good) * context[b]"),
            ),
            Mistake(
                "    centre[a] -= alpha * dv\n",
                "    centre[b] -= alpha * dv\n",
                ("wrong-index", "wrong-operand"),
                ("centre[b]", "centre[b] -= alpha * dv", "b"),
            ),
        ),
    ),
    Case(
        "copy_attention",
        Step("for it in range(3000)", ("att.Wq", "att.Wk", "att.Wv", "att.Wo"), "loss"),
        (
            Mistake(
                "(dA - np.sum(dA * self.A, axis=1, keepdims=True))",
                "dA",
                ("missing-term",),
                ("dA", "self.A * dA"),
            ),
            Mistake("dS.T @ self.Q", "dS @ self.Q", ("wrong-transpose",), ("dS", "dS @ self.Q")),
            Mistake(
                "        dS /= np.sqrt(self.Q.shape[1])\n",
                "",
                ("wrong-scale", "missing-factor"),
                ("dS = self.A * (dA - np.sum(dA * self.A, axis=1, keepdims=True))",),
            ),
        ),
    ),
    Case(
        "bandit_policy_gradient",
        Step(
            "for episode in range(5000)",
            ("W1", "b1", "W2", "b2"),
            "-np.mean(np.log(P[np.arange(10), arms]) * advantage)",
        ),
        (
            Mistake("d[np.arange(10), arms] -= 1", "d[np.arange(10), arms] += 1", ("sign-flipped",)),
            Mistake(
                "d @ W2.T * (1 - H ** 2)",
                "d @ W2.T * (1 - H)",
                ("wrong-activation-derivative",),
                ("1 - H", "(1 - H)", "H"),
            ),
        ),
    ),
)
