"""Losses and regressions: Poisson, Huber, hinge, absolute, weighted, penalised, and one for SciPy."""

from ..case import Case, Mistake
from ..differences import Step

CASES = (
    Case(
        "traffic_generator_huber",
        Step("for step in range(3000)", ("w", "b"), "loss"),
        (
            Mistake(
                "dr = np.where(small, r, delta * np.sign(r))",
                "dr = np.where(small, r, delta)",
                ("missing-factor", "forward-backward-mismatch"),
            ),
            Mistake("dr.sum()", "dr.mean()", ("wrong-scale",)),
        ),
    ),
    Case(
        "bikes_decorated",
        Step("for it in range(2500)", ("theta",), "nll"),
        (
            Mistake(
                "X.T @ (rate - counts)",
                "X.T @ (np.log(rate) - counts)",
                ("loss-mismatch",),
                ("np.log(rate)", "np.log(rate) - counts"),
            ),
            Mistake(
                "X.T @ (rate - counts)",
                "X.T @ (rate - 1 / counts.clip(1))",
                ("wrong-operand", "wrong-activation-derivative", "extra-factor", "unnamed-difference"),
                ("rate - 1 / counts.clip(1)", "1 / counts.clip(1)"),
            ),
        ),
    ),
    Case(
        "spam_hinge_while",
        Step("while tries < 5000", ("w", "b"), "objective"),
        (
            Mistake(
                "grad_b -= label[i] / len(X)",
                "grad_b -= label[i]",
                ("wrong-scale", "missing-factor"),
                ("label[i]", "grad_b -= label[i]", "step_size * grad_b"),
            ),
            Mistake(
                "grad_w - label[i]",
                "grad_w + label[i]",
                ("sign-flipped",),
                (
                    "grad_w + label[i] * X[i] / len(X)",
                    "label[i] * X[i] / len(X)",
                    "label[i]",
                    "label[i] * X[i]",
                ),
            ),
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
        "genes_l1_decay",
        Step("for k in range(4000)", ("beta", "beta0"), "loss_fn(beta, beta0)", ("g", "g0"), early=True),
        (
            Mistake(
                "expr.T @ err / n + lam",
                "expr.T @ err / n - lam",
                ("sign-flipped",),
                ("expr.T @ err / n - lam * np.sign(beta)", "lam * np.sign(beta)", "lam", "np.sign(beta)"),
            ),
            Mistake(
                "np.array([err.mean()])",
                "np.array([err.sum()])",
                ("wrong-scale", "missing-factor"),
                ("err.sum()", "np.array([err.sum()])", "err", "[err.sum()]"),
            ),
        ),
    ),
    Case(
        "scans_class_weights",
        Step(
            "for epoch in range(4000)",
            ("M", "m", "k", "k0"),
            "-np.sum(weight * (sick * np.log(guess) + (1 - sick) * np.log(1 - guess)))",
        ),
        (
            Mistake(
                (
                    "    back = np.outer(signal, k) * layer * (1 - layer)\n"
                    "    k = k - 0.5 * (layer.T @ signal)\n"
                ),
                (
                    "    k = k - 0.5 * (layer.T @ signal)\n"
                    "    back = np.outer(signal, k) * layer * (1 - layer)\n"
                ),
                ("updated-weights",),
                ("np.outer(signal, k)", "k = k - 0.5 * (layer.T @ signal)"),
            ),
            Mistake("M = M - 0.5", "M = M + 0.5", ("sign-flipped",), ("M + 0.5 * (scans.T @ back)",)),
        ),
    ),
    Case(
        "wells_scipy_jac",
        Step(
            "for restart in range(1000)",
            ("THETA",),
            "loss(THETA)",
            ("gradient(THETA)",),
            early=True,
            number=1,
            helper="THETA = np.linspace(-1.2, 0.9, 21)",
        ),
        (
            Mistake("+ 0.01 * theta", "+ 0.005 * theta", ("wrong-scale",), ("0.005 * theta", "0.005")),
            Mistake(
                "np.outer(d, v) * (1 - h ** 2)",
                "np.outer(d, v) * (1 - h)",
                ("wrong-activation-derivative",),
                ("(1 - h)", "1 - h", "h"),
            ),
        ),
    ),
    Case(
        "flowers_adagrad_l2",
        Step("for i in range(3000)", ("W", "b"), "loss", ("dW", "db")),
        (
            Mistake(
                "dW += reg * W",
                "dW += 2 * reg * W",
                ("wrong-scale", "extra-factor"),
                ("2 * reg * W", "2 * reg", "2", "reg * W", "W"),
            ),
            Mistake(
                "    dscores /= 50\n    dW = np.dot(X.T, dscores)",
                "    dW = np.dot(X.T, dscores) / 50",
                ("wrong-scale", "missing-factor"),
                ("np.dot(X.T, dscores) / 50", "np.sum(dscores, axis=0, keepdims=True)"),
            ),
        ),
    ),
    Case(
        "concrete_rmsprop_mae",
        Step(
            "for epoch in range(2000)",
            ("model.p[0]", "model.p[1]", "model.p[2]", "model.p[3]"),
            "mae",
            ("grads[0]", "grads[1]", "grads[2]", "grads[3]"),
        ),
        (
            Mistake(
                "dz = dh / (1 + z * z)",
                "dz = dh / (1 + self.h * self.h)",
                ("derivative-at-wrong-point", "wrong-operand"),
                ("1 + self.h * self.h", "self.h * self.h", "self.h"),
            ),
            Mistake(
                "np.sign(out - strength)",
                "(out - strength)",
                ("loss-mismatch", "missing-factor", "wrong-activation-derivative", "extra-factor"),
            ),
        ),
    ),
)
