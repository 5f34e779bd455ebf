"""The programs of ``tests/programs``: where their training step is, and the mistakes to make in them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .differences import Step

FOLDER = Path(__file__).parent.parent / "programs"


@dataclass(frozen=True, slots=True)
class Mistake:
    """A typical mistake: ``old`` becomes ``new``, and ``wrong``, inside it, is what has to be pointed at.

    ``names`` are the rules that it may be called by. ``wrong`` holds several texts where the place is a
    matter of taste.
    """

    old: str
    new: str
    names: tuple[str, ...]
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """A correct program, and mistakes that make it wrong."""

    name: str
    step: Step
    mistakes: tuple[Mistake, ...]

    @property
    def text(self) -> str:
        """The program."""
        return (FOLDER / f"{self.name}.py").read_text("utf-8")


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
        "glass_mlp_class",
        Step(
            "for step in range(3000)",
            ("net.weights[0]", "net.weights[1]", "net.weights[2]", "net.biases[0]", "net.biases[1]", "net.biases[2]"),
            "loss",
        ),
        (
            Mistake(
                "self.act_prime(self.zs[i - 1])",
                "self.act_prime(self.acts[i])",
                ("derivative-at-wrong-point", "wrong-operand"),
                ("self.act_prime(self.acts[i])", "self.acts[i]", "np.tanh(z) ** 2"),
            ),
            Mistake(
                "            self.weights[i] -= lr * gw\n            self.biases[i] -= lr * gb",
                "            self.biases[i] -= lr * gb",
                ("never-updated",),
            ),
        ),
    ),
    Case(
        "digits_layer_objects",
        Step(
            "for epoch in range(1500)",
            ("layers[0].W", "layers[0].b", "layers[2].W", "layers[2].b", "layers[4].W", "layers[4].b"),
            "loss",
        ),
        (
            Mistake("return grad * self.mask", "return self.mask * 1.0", ("upstream-ignored",)),
            Mistake("self.db = grad.sum(axis=0)", "self.db = grad.mean(axis=0)", ("wrong-scale",)),
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
        "moons_param_dict",
        Step(
            "for i in range(4000)",
            ("params['W1']", "params['b1']", "params['W2']", "params['b2']"),
            "J",
            ("grads['W1']", "grads['b1']", "grads['W2']", "grads['b2']"),
        ),
        (
            Mistake('(1 - cache["A1"] ** 2)', '(1 - cache["Z1"] ** 2)', ("derivative-at-wrong-point", "wrong-operand")),
            Mistake('cache["A2"] - Y\n', 'Y - cache["A2"]\n', ("sign-flipped",)),
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
            Mistake("s += out_delta[j] * output_layer[j][i]", "s = out_delta[j] * output_layer[j][i]", ("not-accumulated",)),
            Mistake("hid_delta.append(s * h[i] * (1 - h[i]))", "hid_delta.append(s * h[i])", ("missing-factor",)),
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
            Mistake("dh2 = dy * v2 * h2", "dh2 = dy * v1 * h2", ("wrong-operand",), ("v1", "dy * v1 * h2 * (1 - h2)")),
            Mistake("w12 = w12 + eta * dh1 * x2", "w12 = w12 + eta * dh1 * x1", ("wrong-operand",)),
        ),
    ),
    Case(
        "gates_np_matrix",
        Step("for j in range(60000)", ("syn0", "syn1"), "0.5 * np.sum(np.square(T - l2))"),
        (
            Mistake("return np.multiply(x, 1 - x)", "return np.multiply(x, 1 + x)", ("wrong-activation-derivative", "sign-flipped")),
            Mistake("nonlin(l1, deriv=True)", "nonlin(X * syn0, deriv=True)", ("derivative-at-wrong-point",)),
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
        "tides_closures",
        Step("for it in range(2000)", ("first.W", "first.b", "second.W", "second.b"), "loss"),
        (
            Mistake(
                "            back = g @ W\n            W[...] = W - lr * g.T @ x\n            b[...] = b - lr * g.sum(0)\n",
                "            W[...] = W - lr * g.T @ x\n            b[...] = b - lr * g.sum(0)\n            back = g @ W\n",
                ("updated-weights",),
            ),
            Mistake("lambda z: 1 / (1 + np.exp(-z))", "lambda z: 1 / (1 + np.exp(z))", ("wrong-activation-derivative", "sign-flipped")),
        ),
    ),
    Case(
        "traffic_generator_huber",
        Step("for step in range(3000)", ("w", "b"), "loss"),
        (
            Mistake("dr = np.where(small, r, delta * np.sign(r))", "dr = np.where(small, r, delta)", ("missing-factor", "forward-backward-mismatch")),
            Mistake("dr.sum()", "dr.mean()", ("wrong-scale",)),
        ),
    ),
    Case(
        "bikes_decorated",
        Step("for it in range(2500)", ("theta",), "nll"),
        (
            Mistake("X.T @ (rate - counts)", "X.T @ (np.log(rate) - counts)", ("extra-factor", "wrong-operand", "derivative-at-wrong-point", "wrong-activation-derivative"), ("np.log(rate)", "np.log(rate) - counts")),
            Mistake("X.T @ (rate - counts)", "X.T @ (rate - 1 / counts.clip(1))", ("wrong-operand", "wrong-activation-derivative", "extra-factor", "unnamed-difference"), ("rate - 1 / counts.clip(1)", "1 / counts.clip(1)")),
        ),
    ),
    Case(
        "apples_dataclass_adam",
        Step("for epoch in range(2000)", ("w1.value", "b1.value", "w2.value", "b2.value"), "loss", ("w1.grad", "b1.grad", "w2.grad", "b2.grad")),
        (
            Mistake("np.where(z > 0, 1, 0.1)", "np.where(z > 0, 1, 0)", ("forward-backward-mismatch", "wrong-activation-derivative"), ("0", "np.where(z > 0, 1, 0)")),
            Mistake("X.T @ dz, dz.sum(0)", "X.T @ dz, dz.sum()", ("wrong-axis", "missing-sum"), ("dz.sum()",)),
        ),
    ),
    Case(
        "spam_hinge_while",
        Step("while tries < 5000", ("w", "b"), "objective"),
        (
            Mistake("grad_b -= label[i] / len(X)", "grad_b -= label[i]", ("wrong-scale", "missing-factor"), ("label[i]", "grad_b -= label[i]")),
            Mistake("grad_w - label[i]", "grad_w + label[i]", ("sign-flipped",), ("grad_w + label[i] * X[i] / len(X)", "label[i] * X[i] / len(X)", "label[i]", "label[i] * X[i]")),
        ),
    ),
    Case(
        "tiny_scalar_engine",
        Step("for k in range(3000)", tuple(f"w[{k}].x" for k in range(6)) + tuple(f"c[{k}].x" for k in range(3)), "loss.x"),
        (
            Mistake("self.g += s * (1 - s) * r.g", "self.g += s * (1 - s)", ("upstream-ignored", "missing-factor")),
            Mistake("o.g += self.x * r.g", "o.g = self.x * r.g", ("not-accumulated",)),
        ),
    ),
    Case(
        "cars_nesterov",
        Step("for it in range(6000)", ("W1", "b1", "W2", "b2"), "cost", ("gW1", "gb1", "gW2", "gb2")),
        (
            Mistake("sigmoid_prime(a1)", "sigmoid_prime(features.dot(W1) + b1)", ("derivative-at-wrong-point",), ("features.dot(W1) + b1", "sigmoid_prime(features.dot(W1) + b1)", "a * (1.0 - a)")),
            Mistake("np.sum(d1, axis=0, keepdims=True)", "np.sum(d1, axis=1, keepdims=True)[:1]", ("wrong-axis",), ("np.sum(d1, axis=1, keepdims=True)[:1]", "np.sum(d1, axis=1, keepdims=True)", "1")),
        ),
    ),
    Case(
        "flowers_adagrad_l2",
        Step("for i in range(3000)", ("W", "b"), "loss", ("dW", "db")),
        (
            Mistake("dW += reg * W", "dW += 2 * reg * W", ("wrong-scale", "extra-factor"), ("2 * reg * W", "2 * reg", "2", "reg * W", "W")),
            Mistake("    dscores /= 50\n    dW = np.dot(X.T, dscores)", "    dW = np.dot(X.T, dscores) / 50", ("wrong-scale", "missing-factor"), ("np.dot(X.T, dscores) / 50",)),
        ),
    ),
    Case(
        "concrete_rmsprop_mae",
        Step("for epoch in range(2000)", ("model.p[0]", "model.p[1]", "model.p[2]", "model.p[3]"), "mae", ("grads[0]", "grads[1]", "grads[2]", "grads[3]")),
        (
            Mistake("dz = dh / (1 + z * z)", "dz = dh / (1 + self.h * self.h)", ("derivative-at-wrong-point", "wrong-operand"), ("1 + self.h * self.h", "self.h * self.h", "self.h")),
            Mistake("np.sign(out - strength)", "(out - strength)", ("loss-mismatch", "missing-factor", "wrong-activation-derivative", "extra-factor")),
        ),
    ),
    Case(
        "letters_rnn_clip_value",
        Step("for n in range(5000)", ("Wxh", "Whh", "Why", "bh", "by"), "loss", ("dWxh", "dWhh", "dWhy", "dbh", "dby")),
        (
            Mistake("dh = Why.T @ dy + dhnext", "dh = Why.T @ dy", ("missing-term",)),
            Mistake("draw @ hs[t - 1].T", "draw @ hs[t].T", ("wrong-index", "wrong-operand"), ("hs[t]", "hs[t].T", "t")),
            Mistake("dhnext = Whh.T @ draw", "dhnext = Whh @ draw", ("wrong-transpose",), ("Whh", "Whh @ draw")),
        ),
    ),
    Case(
        "stock_lstm_clip_norm",
        Step("for it in range(2000)", ("W", "b", "V", "c0"), "loss"),
        (
            Mistake("dc = dc + dh * o * (1 - tc ** 2)", "dc = dh * o * (1 - tc ** 2)", ("missing-term", "not-accumulated")),
            Mistake("dc * c_old * f * (1 - f)", "dc * c * f * (1 - f)", ("wrong-operand",), ("c", "dc * c")),
            Mistake("dc = dc * f", "dc = dc * i", ("wrong-operand",), ("i", "dc * i")),
        ),
    ),
    Case(
        "genes_l1_decay",
        Step("for k in range(4000)", ("beta", "beta0"), "loss_fn(beta, beta0)", ("g", "g0"), early=True),
        (
            Mistake("expr.T @ err / n + lam", "expr.T @ err / n - lam", ("sign-flipped",), ("expr.T @ err / n - lam * np.sign(beta)", "lam * np.sign(beta)", "lam", "np.sign(beta)")),
            Mistake("np.array([err.mean()])", "np.array([err.sum()])", ("wrong-scale", "missing-factor"), ("err.sum()", "np.array([err.sum()])", "err", "[err.sum()]")),
        ),
    ),
    Case(
        "votes_softmax_elementwise",
        Step("for n in range(people)", ("W", "bias"), "loss"),
        (
            Mistake("W[j, k] - lr * diff * x[j]", "W[j, k] - lr * diff * x[k]", ("wrong-index", "wrong-operand"), ("x[k]", "k")),
            Mistake("bias[k] = bias[k] - lr * diff", "bias[k] = bias[k] + lr * diff", ("sign-flipped",), ("bias[k] + lr * diff", "lr * diff", "diff", "lr")),
        ),
    ),
    Case(
        "faces_tied_autoencoder",
        Step("for epoch in range(2000)", ("ae.W", "ae.b", "ae.c"), "loss"),
        (
            Mistake("dW = x.T @ d_hid + d_out.T @ h", "dW = x.T @ d_hid", ("missing-term",)),
            Mistake("(d_out @ self.W) * h * (1 - h)", "(d_out @ self.W) * (1 - h)", ("missing-factor", "wrong-activation-derivative"), ("(d_out @ self.W) * (1 - h)", "d_out @ self.W", "(d_out @ self.W)", "1 - h", "(1 - h)")),
        ),
    ),
    Case(
        "seismic_residual",
        Step(
            "for step in range(1500)",
            (*(f"blocks[{k}]['{key}']" for k in range(3) for key in "UpV"), "head['w']", "head['b']"),
            "loss",
        ),
        (
            Mistake('dx = dx + da @ blk["U"].T', 'dx = da @ blk["U"].T', ("missing-term",)),
            Mistake("V=r.T @ dx)", "V=a.T @ dx)", ("wrong-operand", "derivative-at-wrong-point"), ("a", "a.T", "a.T @ dx")),
        ),
    ),
    Case(
        "quality_batchnorm",
        Step("for it in range(3000)", ("W1", "gamma", "beta", "W2", "b2"), "loss"),
        (
            Mistake("(m * dzhat - dzhat.sum(0) - zhat", "(m * dzhat - zhat", ("missing-term",), ("m * dzhat - zhat * (dzhat * zhat).sum(0)", "m * dzhat", "(m * dzhat - zhat * (dzhat * zhat).sum(0))")),
            Mistake("dzhat = d * gamma", "dzhat = d", ("missing-factor",)),
            Mistake("zhat * (dzhat * zhat).sum(0)", "zhat * (dzhat * zhat)", ("missing-sum",), ("dzhat * zhat", "zhat * (dzhat * zhat)", "(dzhat * zhat)")),
        ),
    ),
    Case(
        "noise_layernorm_minibatch",
        Step("for k in range(0, len(X), 16)", ("A", "a", "B", "norm.scale", "norm.shift"), "loss"),
        (
            Mistake("(gx - mean_g - self.xhat * mean_gx)", "(gx - mean_g)", ("missing-term",), ("gx - mean_g", "(gx - mean_g)", "(gx - mean_g) / self.std")),
            Mistake("mean_g = gx.mean(axis=-1, keepdims=True)", "mean_g = gx.mean(axis=0, keepdims=True)", ("wrong-axis",), ("gx.mean(axis=0, keepdims=True)", "0")),
            Mistake("g @ B.T / (1 + np.abs(n)) ** 2", "g @ B.T / (1 + np.abs(z)) ** 2", ("derivative-at-wrong-point", "wrong-operand"), ("z", "np.abs(z)")),
        ),
    ),
    Case(
        "sonar_dropout",
        Step("for epoch in range(1500)", ("W1", "b1", "W2", "b2", "W3", "b3"), "loss"),
        (
            Mistake("(d2 @ W2.T) * mask1 * relu_grad(z1)", "(d2 @ W2.T) * relu_grad(z1)", ("forward-backward-mismatch", "missing-factor"), ("(d2 @ W2.T) * relu_grad(z1)", "d2 @ W2.T", "(d2 @ W2.T)", "relu_grad(z1)")),
            Mistake("W1 -= lr * (X.T @ d1)", "W1 -= lr * (X.T @ d1) / len(X)", ("wrong-scale", "extra-factor"), ("lr * (X.T @ d1) / len(X)", "lr * (X.T @ d1)", "X.T @ d1")),
        ),
    ),
    Case(
        "strokes_conv_loops",
        Step("for n in range(2000)", ("filters", "offset", "dense", "dense_b"), "loss"),
        (
            Mistake("d_filters[f] += d_conv[f, i, j] * img[i:i + 3, j:j + 2]", "d_filters[f] += d_conv[f, j, i] * img[i:i + 3, j:j + 2]", ("wrong-index", "wrong-operand"), ("d_conv[f, j, i]",)),
            Mistake("d_conv = d_act * (conv > 0)", "d_conv = d_act * (conv > 0) * conv", ("extra-factor",), ("d_act * (conv > 0) * conv",)),
            Mistake("d_offset[f] += d_conv[f, i, j]", "d_offset[f] = d_conv[f, i, j]", ("not-accumulated",)),
        ),
    ),
    Case(
        "sensor_im2col",
        Step("for it in range(1500)", ("conv1.W", "conv1.b", "conv2.W", "conv2.b", "v"), "loss"),
        (
            Mistake("dx[:, :, i:i + k] += dcols", "dx[:, :, i:i + k] = dcols", ("not-accumulated",), ("dx[:, :, i:i + k] = dcols[:, i].reshape(n, c, k)",)),
            Mistake("np.repeat(dfeat[:, :, None], h2.shape[2], axis=2) / h2.shape[2]", "np.repeat(dfeat[:, :, None], h2.shape[2], axis=2)", ("wrong-scale", "missing-factor")),
        ),
    ),
    Case(
        "bigram_embedding",
        Step("for it in range(3000)", ("E", "W", "b", "U", "c"), "loss"),
        (
            Mistake("np.add.at(dE, ctx, de)", "dE[ctx] += de", ("not-accumulated",)),
            Mistake("dz = ds @ U.T * (1 - h ** 2)", "dz = ds @ U.T * (1 - np.tanh(h) ** 2)", ("derivative-at-wrong-point",), ("np.tanh(h)", "np.tanh(h) ** 2", "1 - np.tanh(h) ** 2")),
        ),
    ),
    Case(
        "counter_rnn_accumulate",
        Step("for epoch in range(2000)", ("net.U", "net.W", "net.b", "net.v"), "total"),
        (
            Mistake('g["W"] += np.outer(da, self.h[t])', 'g["W"] += np.outer(da, self.h[t + 1])', ("wrong-index", "wrong-operand"), ("self.h[t + 1]", "t + 1")),
            Mistake("delta = self.W.T @ da", "delta = self.W @ da", ("wrong-transpose",), ("self.W", "self.W @ da")),
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
            Mistake("d_bad = np.outer(bad, v)", "d_bad = np.outer(bad - 1, v)", ("wrong-operand", "extra-factor", "missing-term", "wrong-activation-derivative", "unnamed-difference"), ("bad - 1",)),
            Mistake("dv = (good - 1) * context[b] + bad", "dv = (1 - good) * context[b] + bad", ("sign-flipped",), ("1 - good", "(1 - good)", "(1 - good) * context[b]")),
            Mistake("    centre[a] -= alpha * dv\n", "    centre[b] -= alpha * dv\n", ("wrong-index", "wrong-operand"), ("centre[b]", "centre[b] -= alpha * dv", "b")),
        ),
    ),
    Case(
        "copy_attention",
        Step("for it in range(3000)", ("att.Wq", "att.Wk", "att.Wv", "att.Wo"), "loss"),
        (
            Mistake("(dA - np.sum(dA * self.A, axis=1, keepdims=True))", "dA", ("missing-term",), ("dA", "self.A * dA")),
            Mistake("dS.T @ self.Q", "dS @ self.Q", ("wrong-transpose",), ("dS", "dS @ self.Q")),
            Mistake("        dS /= np.sqrt(self.Q.shape[1])\n", "", ("wrong-scale", "missing-factor"), ("dS = self.A * (dA - np.sum(dA * self.A, axis=1, keepdims=True))",)),
        ),
    ),
    Case(
        "bandit_policy_gradient",
        Step("for episode in range(5000)", ("W1", "b1", "W2", "b2"), "-np.mean(np.log(P[np.arange(10), arms]) * advantage)"),
        (
            Mistake("d[np.arange(10), arms] -= 1", "d[np.arange(10), arms] += 1", ("sign-flipped",)),
            Mistake("d @ W2.T * (1 - H ** 2)", "d @ W2.T * (1 - H)", ("wrong-activation-derivative",), ("1 - H", "(1 - H)", "H")),
        ),
    ),
    Case(
        "tanks_views_columns",
        Step("for i in np.random.permutation(26)", ("theta",), "cost"),
        (
            Mistake("hidden[:, 0] -= alpha * g_hid", "hidden[:, 0] += alpha * g_hid", ("sign-flipped",), ("hidden[:, 0] += alpha * g_hid",)),
            Mistake("g_hid = 2 * miss * readout * (1 - a ** 2)", "g_hid = 2 * miss * a * (1 - a ** 2)", ("wrong-operand",), ("a", "miss * a", "2 * miss * a")),
        ),
    ),
    Case(
        "sine_comprehensions",
        Step("for step in range(20000)", ("net['w']", "net['b']", "net['v']", "net['c']"), "loss"),
        (
            Mistake("error * v * (1 - h * h)", "error * v * (1 - h)", ("wrong-activation-derivative",), ("1 - h", "(1 - h)", "h")),
            Mistake('"v": [error * h for h in hidden]', '"v": [error * v for v in net["v"]]', ("wrong-operand",), ("v", 'net["v"]', "error * v")),
        ),
    ),
    Case(
        "rivers_nabla_lists",
        Step(
            "for batch in [data",
            (*(f"self.weights[{k}]" for k in range(3)), *(f"self.biases[{k}]" for k in range(3))),
            "0.5 * sum(np.sum((run(self, x) - y) ** 2) for x, y in batch)",
            early=True,
            helper="""
def run(net, x):
    for b, w in zip(net.biases, net.weights):
        x = squash(w @ x + b)
    return x
""",
        ),
        (
            Mistake("* squash_slope(zs[-l])", "* squash_slope(acts[-l])", ("derivative-at-wrong-point", "wrong-operand"), ("acts[-l]", "squash_slope(acts[-l])")),
            Mistake("(self.weights[-l + 1].T @ delta) * squash_slope(zs[-l])", "(self.weights[-l + 1].T @ delta)", ("missing-factor",), ("(self.weights[-l + 1].T @ delta)", "self.weights[-l + 1].T @ delta")),
            Mistake("nabla_b = [nb + d for", "nabla_b = [d for", ("not-accumulated",)),
        ),
    ),
    Case(
        "spikes_hinge_no_flow",
        Step("for x, k in zip(X, kind)", ("W", "bias"), "loss"),
        (
            Mistake("dW[:, k] -= x", "dW[:, k] += x", ("sign-flipped",)),
            Mistake("                dbias[k] -= 1\n", "", ("missing-term",), ("dbias[c] += 1",)),
        ),
    ),
    Case(
        "wells_scipy_jac",
        Step("for restart in range(1000)", ("THETA",), "loss(THETA)", ("gradient(THETA)",), early=True, number=1, helper="THETA = np.linspace(-1.2, 0.9, 21)"),
        (
            Mistake("+ 0.01 * theta", "+ 0.005 * theta", ("wrong-scale",), ("0.005 * theta", "0.005")),
            Mistake("np.outer(d, v) * (1 - h ** 2)", "np.outer(d, v) * (1 - h)", ("wrong-activation-derivative",), ("(1 - h)", "1 - h", "h")),
        ),
    ),
    Case(
        "buoys_globals_float32",
        Step("for i in range(5000)", ("W1", "b1", "W2", "b2"), "error", precise=("x", "y", "W1", "b1", "W2", "b2")),
        (
            Mistake("ghid[hidden <= 0] = 0", "ghid[hidden < 0] = 0", ("wrong-activation-derivative", "forward-backward-mismatch", "missing-factor"), ("hidden < 0", "ghid[hidden < 0] = 0")),
            Mistake("gb1 = ghid.sum(axis=0)", "gb1 = ghid[0]", ("missing-sum", "wrong-index"), ("ghid[0]", "ghid")),
        ),
    ),
    Case(
        "scans_class_weights",
        Step("for epoch in range(4000)", ("M", "m", "k", "k0"), "-np.sum(weight * (sick * np.log(guess) + (1 - sick) * np.log(1 - guess)))"),
        (
            Mistake(
                "    back = np.outer(signal, k) * layer * (1 - layer)\n    k = k - 0.5 * (layer.T @ signal)\n",
                "    k = k - 0.5 * (layer.T @ signal)\n    back = np.outer(signal, k) * layer * (1 - layer)\n",
                ("updated-weights",),
                ("np.outer(signal, k)", "k = k - 0.5 * (layer.T @ signal)"),
            ),
            Mistake("M = M - 0.5", "M = M + 0.5", ("sign-flipped",), ("M + 0.5 * (scans.T @ back)",)),
        ),
    ),
    Case(
        "orbits_inherited_layers",
        Step("for step in range(6000)", (*(f"net[{k}].W" for k in range(3)), *(f"net[{k}].b" for k in range(3))), "log_cosh"),
        (
            Mistake("return s + z * s * (1 - s)", "return s + s * (1 - s)", ("wrong-activation-derivative", "missing-factor"), ("s + s * (1 - s)", "s * (1 - s)", "s")),
            Mistake("g = g * self.df(self.z)", "g = self.df(self.z)", ("upstream-ignored",)),
            Mistake("        back = g @ self.W.T\n        self.W -= lr * self.x.T @ g\n        self.b -= lr * g.sum(axis=0)\n        return back", "        self.W -= lr * self.x.T @ g\n        self.b -= lr * g.sum(axis=0)\n        return g @ self.W.T", ("updated-weights",), ("g @ self.W.T", "self.W -= lr * self.x.T @ g")),
        ),
    ),
    Case(
        "kiln_column_slices",
        Step("while True", ("w1", "w2"), "e"),
        (
            Mistake("dy * w2[0, 1:] * h", "dy * w2[0, :-1] * h", ("wrong-index",), ("w2[0, :-1]", ":-1")),
            Mistake("w1[:, 0] -= eta * dh", "w1[:, 0] -= eta * dy * dh", ("extra-factor",), ("eta * dy * dh", "eta * dy", "dy")),
        ),
    ),
)

QUICK = frozenset(
    {
        "house_rent_line",
        "rain_logistic",
        "glass_mlp_class",
        "digits_layer_objects",
        "moons_param_dict",
        "weights_by_hand",
        "gates_np_matrix",
        "sine_star_import",
        "traffic_generator_huber",
        "spam_hinge_while",
        "tiny_scalar_engine",
        "faces_tied_autoencoder",
    }
)
