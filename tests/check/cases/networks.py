"""Networks as classes, layers, dictionaries, closures, and as scalars that remember where they come from."""

from ..case import Case, Mistake
from ..differences import Step

CASES = (
    Case(
        "glass_mlp_class",
        Step(
            "for step in range(3000)",
            (
                "net.weights[0]",
                "net.weights[1]",
                "net.weights[2]",
                "net.biases[0]",
                "net.biases[1]",
                "net.biases[2]",
            ),
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
        "moons_param_dict",
        Step(
            "for i in range(4000)",
            ("params['W1']", "params['b1']", "params['W2']", "params['b2']"),
            "J",
            ("grads['W1']", "grads['b1']", "grads['W2']", "grads['b2']"),
        ),
        (
            Mistake(
                '(1 - cache["A1"] ** 2)',
                '(1 - cache["Z1"] ** 2)',
                ("derivative-at-wrong-point", "wrong-operand"),
            ),
            Mistake('cache["A2"] - Y\n', 'Y - cache["A2"]\n', ("sign-flipped",)),
        ),
    ),
    Case(
        "tides_closures",
        Step("for it in range(2000)", ("first.W", "first.b", "second.W", "second.b"), "loss"),
        (
            Mistake(
                (
                    "            back = g @ W\n"
                    "            W[...] = W - lr * g.T @ x\n"
                    "            b[...] = b - lr * g.sum(0)\n"
                ),
                (
                    "            W[...] = W - lr * g.T @ x\n"
                    "            b[...] = b - lr * g.sum(0)\n"
                    "            back = g @ W\n"
                ),
                ("updated-weights",),
            ),
            Mistake(
                "lambda z: 1 / (1 + np.exp(-z))",
                "lambda z: 1 / (1 + np.exp(z))",
                ("wrong-activation-derivative", "sign-flipped"),
            ),
        ),
    ),
    Case(
        "apples_dataclass_adam",
        Step(
            "for epoch in range(2000)",
            ("w1.value", "b1.value", "w2.value", "b2.value"),
            "loss",
            ("w1.grad", "b1.grad", "w2.grad", "b2.grad"),
        ),
        (
            Mistake(
                "np.where(z > 0, 1, 0.1)",
                "np.where(z > 0, 1, 0)",
                ("forward-backward-mismatch", "wrong-activation-derivative"),
                ("0", "np.where(z > 0, 1, 0)"),
            ),
            Mistake(
                "X.T @ dz, dz.sum(0)", "X.T @ dz, dz.sum()", ("wrong-axis", "missing-sum"), ("dz.sum()",)
            ),
        ),
    ),
    Case(
        "tiny_scalar_engine",
        Step(
            "for k in range(3000)",
            tuple(f"w[{k}].x" for k in range(6)) + tuple(f"c[{k}].x" for k in range(3)),
            "loss.x",
        ),
        (
            Mistake(
                "self.g += s * (1 - s) * r.g", "self.g += s * (1 - s)", ("upstream-ignored", "missing-factor")
            ),
            Mistake("o.g += self.x * r.g", "o.g = self.x * r.g", ("not-accumulated",)),
        ),
    ),
    Case(
        "cars_nesterov",
        Step("for it in range(6000)", ("W1", "b1", "W2", "b2"), "cost", ("gW1", "gb1", "gW2", "gb2")),
        (
            Mistake(
                "sigmoid_prime(a1)",
                "sigmoid_prime(features.dot(W1) + b1)",
                ("derivative-at-wrong-point",),
                ("features.dot(W1) + b1", "sigmoid_prime(features.dot(W1) + b1)", "a * (1.0 - a)"),
            ),
            Mistake(
                "np.sum(d1, axis=0, keepdims=True)",
                "np.sum(d1, axis=1, keepdims=True)[:1]",
                ("wrong-axis",),
                ("np.sum(d1, axis=1, keepdims=True)[:1]", "np.sum(d1, axis=1, keepdims=True)", "1"),
            ),
        ),
    ),
    Case(
        "faces_tied_autoencoder",
        Step("for epoch in range(2000)", ("ae.W", "ae.b", "ae.c"), "loss"),
        (
            Mistake("dW = x.T @ d_hid + d_out.T @ h", "dW = x.T @ d_hid", ("missing-term",)),
            Mistake(
                "(d_out @ self.W) * h * (1 - h)",
                "(d_out @ self.W) * (1 - h)",
                ("missing-factor", "wrong-activation-derivative"),
                ("(d_out @ self.W) * (1 - h)", "d_out @ self.W", "(d_out @ self.W)", "1 - h", "(1 - h)"),
            ),
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
            Mistake('dx = dx + da @ blk["U"].T', 'dx = da @ blk["U"].T', ("missing-term", "not-accumulated")),
            Mistake(
                "V=r.T @ dx)",
                "V=a.T @ dx)",
                ("wrong-operand", "derivative-at-wrong-point"),
                ("a", "a.T", "a.T @ dx"),
            ),
        ),
    ),
    Case(
        "orbits_inherited_layers",
        Step(
            "for step in range(6000)",
            (*(f"net[{k}].W" for k in range(3)), *(f"net[{k}].b" for k in range(3))),
            "log_cosh",
        ),
        (
            Mistake(
                "return s + z * s * (1 - s)",
                "return s + s * (1 - s)",
                ("wrong-activation-derivative", "missing-factor"),
                ("s + s * (1 - s)", "s * (1 - s)", "s"),
            ),
            Mistake("g = g * self.df(self.z)", "g = self.df(self.z)", ("upstream-ignored",)),
            Mistake(
                (
                    "        back = g @ self.W.T\n"
                    "        self.W -= lr * self.x.T @ g\n"
                    "        self.b -= lr * g.sum(axis=0)\n"
                    "        return back"
                ),
                (
                    "        self.W -= lr * self.x.T @ g\n"
                    "        self.b -= lr * g.sum(axis=0)\n"
                    "        return g @ self.W.T"
                ),
                ("updated-weights",),
                ("g @ self.W.T", "self.W -= lr * self.x.T @ g"),
            ),
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
            Mistake(
                "* squash_slope(zs[-l])",
                "* squash_slope(acts[-l])",
                ("derivative-at-wrong-point", "wrong-operand"),
                ("acts[-l]", "squash_slope(acts[-l])"),
            ),
            Mistake(
                "(self.weights[-l + 1].T @ delta) * squash_slope(zs[-l])",
                "(self.weights[-l + 1].T @ delta)",
                ("missing-factor",),
                ("(self.weights[-l + 1].T @ delta)", "self.weights[-l + 1].T @ delta"),
            ),
            Mistake("nabla_b = [nb + d for", "nabla_b = [d for", ("not-accumulated",)),
        ),
    ),
)
