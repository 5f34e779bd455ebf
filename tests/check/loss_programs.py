"""One small network under every usual loss: written, shown, watched, weighed, penalised, or not written."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import indent

REGRESSION = "Y = np.sin(X[:, :3]) + 0.1 * rng.normal(size=(37, 3))"
CLASSES = "label = np.argmax(X[:, :3] + 0.3 * rng.normal(size=(37, 3)), axis=1)\nY = np.eye(3)[label]"
TWO = "Y = (X[:, :1] * X[:, 1:2] > 0).astype(float)"
COUNTS = "Y = rng.poisson(np.exp(0.6 * X[:, :3])).astype(float)"
SHARES = "Y = rng.uniform(0.1, 0.9, (37, 1))"
SIGNS = "S = np.sign(X[:, :1] + 0.3 * rng.normal(size=(37, 1)))"
SMOOTHED = f"{CLASSES}\nT = 0.9 * Y + 0.1 / 3"
MASKED = f"{REGRESSION}\nM = (rng.uniform(size=(37, 3)) < 0.7).astype(float)"
HOLES = f"{REGRESSION}\nhole = rng.uniform(size=(37, 3)) < 0.3"
SOFTMAX = "p = np.exp(z)\np /= p.sum(axis=1, keepdims=True)\n"
SIGMOID = "p = 1 / (1 + np.exp(-z))\n"
HUBER = "r = z - Y\na = np.abs(r)\nloss = np.mean(np.where(a < 0.5, 0.5 * r ** 2, 0.5 * (a - 0.25)))"
HUBER_SUM = "np.sum(np.where(np.abs(z - Y) < 0.5, 0.5 * (z - Y) ** 2, 0.5 * (np.abs(z - Y) - 0.25)))"
LOGITS = "loss = np.mean(np.maximum(z, 0) - z * Y + np.log1p(np.exp(-np.abs(z))))"
FOCAL = f"{SIGMOID}pt = np.where(Y == 1, p, 1 - p)\nloss = -np.mean((1 - pt) ** 2 * np.log(pt))"
PINBALL = "e = Y - z\nloss = np.mean(np.maximum(0.8 * e, -0.2 * e))"
HINGE = "m = 1 - S * z\nloss = np.mean(np.maximum(0, m))"
MEAN = "loss = np.mean((z - Y) ** 2)"
OF_MEAN = "d = 2 * (z - Y) / Y.size"
RIDGE = f"{MEAN} + 0.01 * (np.sum(W1 ** 2) + np.sum(W2 ** 2))"
LASSO = f"{MEAN} + 0.02 * (np.abs(W1).sum() + np.abs(W2).sum())"

PROGRAM = """\
import numpy as np

rng = np.random.default_rng(12)
X = rng.normal(size=(37, 4))
{data}
W1 = rng.normal(size=(4, 6)) * 0.5
b1 = rng.normal(size=6) * 0.1
W2 = rng.normal(size=(6, {outputs})) * 0.5
b2 = rng.normal(size={outputs}) * 0.1
lr = 0.05

for epoch in range(2000):
    h = np.tanh(X @ W1 + b1)
    z = h @ W2 + b2
{loss}
{gradient}
    dW2 = h.T @ d{penalty2}
    db2 = d.sum(axis=0)
    dh = (d @ W2.T) * (1 - h ** 2)
    dW1 = X.T @ dh{penalty1}
    db1 = dh.sum(axis=0)
    W1 -= lr * dW1
    b1 -= lr * db1
    W2 -= lr * dW2
    b2 -= lr * db2
    if epoch % 100 == 0:
        print(epoch{shown})
"""


@dataclass(frozen=True, slots=True)
class LossProgram:
    """The network under one loss.

    ``loss`` are the lines that compute it, ``gradient`` those that leave the derivative by z in ``d``, and
    ``true`` is what the program descends, for finite differences; the last assigned name where it is empty.
    """

    name: str
    data: str
    loss: str
    gradient: str
    outputs: int = 3
    penalty: str = ""
    shown: str = "loss"
    true: str = ""
    slow: bool = True

    @property
    def text(self) -> str:
        """The program."""
        one, two = (self.penalty.format(w=w) for w in ("W1", "W2"))
        return PROGRAM.format(
            data=self.data,
            outputs=self.outputs,
            loss=indent(self.loss or "pass", "    "),
            gradient=indent(self.gradient, "    "),
            penalty1=one,
            penalty2=two,
            shown=f", {self.shown}" if self.loss else "",
        )


P = LossProgram
CORRECT = (
    P("mean-of-squares", REGRESSION, MEAN, OF_MEAN, slow=False),
    P("sum-over-outputs", REGRESSION, "loss = np.mean(np.sum((z - Y) ** 2, axis=1))", "d = (z - Y) / len(X)"),
    P(
        "root-mean-square",
        REGRESSION,
        "loss = np.sqrt(np.mean((z - Y) ** 2))",
        "d = (z - Y) / (Y.size * loss)",
    ),
    P(
        "root-by-a-norm",
        REGRESSION,
        "loss = np.linalg.norm(z - Y) / np.sqrt(Y.size)",
        "d = (z - Y) / (Y.size * loss)",
    ),
    P("root-shown-only", REGRESSION, "loss = np.sqrt(np.mean((z - Y) ** 2))", "d = (z - Y) / len(X)"),
    P("huber", REGRESSION, HUBER, "d = np.clip(r, -0.5, 0.5) / Y.size", slow=False),
    P("log-cosh", REGRESSION, "loss = np.mean(np.log(np.cosh(z - Y)))", "d = np.tanh(z - Y) / Y.size"),
    P(
        "log-cosh-unwritten",
        REGRESSION,
        "",
        "d = np.tanh(z - Y)",
        true="np.sum(np.log(np.cosh(z - Y)))",
        slow=False,
    ),
    P(
        "huber-unwritten",
        REGRESSION,
        "",
        "r = z - Y\nd = np.sign(r) * np.minimum(np.abs(r), 0.5)",
        true=HUBER_SUM,
        slow=False,
    ),
    P("huber-clipped", REGRESSION, "", "d = np.clip(z - Y, -0.5, 0.5)", true=HUBER_SUM),
    P(
        "classes-towards-the-right-one",
        CLASSES,
        "",
        f"{SOFTMAX}g = -p\ng[np.arange(len(X)), Y.argmax(axis=1)] += 1\nd = -g",
        true="np.sum(np.log(np.sum(np.exp(z), axis=1))) - np.sum(Y * z)",
        slow=False,
    ),
    P("absolute", REGRESSION, "loss = np.mean(np.abs(z - Y))", "d = np.sign(z - Y) / Y.size"),
    P("absolute-unwritten", REGRESSION, "", "d = np.sign(z - Y)", true="np.sum(np.abs(z - Y))"),
    P("pinball", REGRESSION, PINBALL, "d = np.where(Y > z, -0.8, 0.2) / Y.size"),
    P("poisson", COUNTS, "rate = np.exp(z)\nloss = np.mean(rate - Y * z)", "d = (rate - Y) / Y.size"),
    P(
        "poisson-unwritten",
        COUNTS,
        "",
        "rate = np.exp(z)\nd = (rate - Y) / len(X)",
        true="np.sum(rate - Y * z)",
    ),
    P("squared-unwritten", REGRESSION, "", "d = (z - Y) / len(X)", true="np.sum((z - Y) ** 2)"),
    P(
        "binary-unwritten",
        TWO,
        "",
        f"{SIGMOID}d = p - Y",
        outputs=1,
        true="-np.sum(Y * np.log(p) + (1 - Y) * np.log(1 - p))",
    ),
    P(
        "categorical-unwritten",
        CLASSES,
        "",
        f"{SOFTMAX}d = (p - Y) / len(X)",
        true="-np.sum(Y * np.log(p))",
    ),
    P("logits", TWO, LOGITS, "d = (1 / (1 + np.exp(-z)) - Y) / len(X)", outputs=1),
    P(
        "smoothed-labels",
        SMOOTHED,
        f"{SOFTMAX}loss = -np.mean(np.sum(T * np.log(p), axis=1))",
        "d = (p - T) / len(X)",
    ),
    P(
        "focal",
        TWO,
        FOCAL,
        "d = (2 * Y - 1) * (1 - pt) ** 2 * (2 * pt * np.log(pt) + pt - 1) / len(X)",
        outputs=1,
    ),
    P(
        "divergence",
        SMOOTHED,
        f"{SOFTMAX}kl = np.sum(T * (np.log(T) - np.log(p)))",
        "d = p - T",
        shown="kl",
        true="kl",
    ),
    P("ridge", REGRESSION, RIDGE, OF_MEAN, penalty=" + 0.02 * {w}", slow=False),
    P(
        "sum-of-a-loss-and-a-penalty",
        f"{REGRESSION}\ndef misfit_loss(z, Y):\n    return np.mean((z - Y) ** 2)\n",
        "penalty = 0.01 * np.sum(W1 ** 4)\npenalty += 0.01 * np.sum(W2 ** 4)\n"
        "objective = misfit_loss(z, Y) + penalty\nseen = misfit_loss(z, Y)",
        OF_MEAN,
        penalty=" + 0.04 * {w} ** 3",
        shown="seen",
        true="objective",
        slow=False,
    ),
    P("lasso", REGRESSION, LASSO, OF_MEAN, penalty=" + 0.02 * np.sign({w})"),
    P(
        "decay-not-in-the-loss",
        REGRESSION,
        f"{MEAN}\nsize = 0.01 * (np.sum(W1 ** 2) + np.sum(W2 ** 2))",
        OF_MEAN,
        penalty=" + 0.02 * {w}",
        shown="loss, size",
        true="loss + size",
    ),
    P(
        "elastic-net-not-written",
        REGRESSION,
        "size = 0.01 * (np.sum(W1 ** 2 + np.abs(W1)) + np.sum(W2 ** 2 + np.abs(W2)))",
        OF_MEAN,
        penalty=" + 0.02 * {w} + 0.01 * np.sign({w})",
        shown="size",
        true=f"{MEAN[7:]} + size",
        slow=False,
    ),
    P(
        "accuracy-shown",
        CLASSES,
        f"{SOFTMAX}hits = np.mean(p.argmax(1) == label)",
        "d = (p - Y) / len(X)",
        shown="hits",
        true="-np.mean(np.sum(Y * np.log(p), axis=1))",
        slow=False,
    ),
    P(
        "distance-shown",
        REGRESSION,
        "error = np.mean(np.abs(z - Y))",
        "d = z - Y",
        shown="error",
        true=f"{MEAN[7:]}",
    ),
    P("plain-sum-shown", REGRESSION, "loss = np.sum(z - Y)", "d = z - Y", true=f"{MEAN[7:]}"),
    P("mask-in-the-loss", MASKED, "e = (z - Y) * M\nloss = np.sum(e ** 2) / M.sum()", "d = e"),
    P(
        "mask-unwritten",
        HOLES,
        "",
        "d = z - Y\nd[hole] = 0",
        true="np.sum(((z - Y) * ~hole) ** 2)",
        slow=False,
    ),
    P(
        "guarded-logarithm",
        CLASSES,
        f"{SOFTMAX}loss = -np.mean(np.sum(Y * np.log(p + 1e-8), axis=1))",
        "d = (p - Y) / len(X)",
        true="-np.mean(np.sum(Y * np.log(p), axis=1))",
    ),
    P(
        "clipped-logarithm",
        CLASSES,
        f"{SOFTMAX}loss = -np.mean(np.sum(Y * np.log(np.clip(p, 1e-7, 1 - 1e-7)), axis=1))",
        "d = (p - Y) / len(X)",
    ),
    P("hinge", SIGNS, HINGE, "d = np.where(m > 0, -S, 0) / len(X)", outputs=1),
    P(
        "squared-hinge",
        SIGNS,
        "m = np.maximum(0, 1 - S * z)\nloss = np.mean(m ** 2)",
        "d = -2 * m * S / len(X)",
        1,
    ),
)

SHRUNK_IN_PART = P(
    "first-row-not-shrunk",
    REGRESSION,
    "kept = W1[1:].copy(), W2[1:].copy()",
    OF_MEAN,
    penalty=" + 0.02 * np.r_[np.zeros((1, {w}.shape[1])), {w}[1:]]",
    shown="",
    true=f"{MEAN[7:]} + 0.01 * (np.sum(kept[0] ** 2) + np.sum(kept[1] ** 2))",
    slow=False,
)

JOINED = (
    P(
        "two-at-the-output",
        REGRESSION,
        "fit = np.mean((z - Y) ** 2)\nsize = np.sum(z ** 2)",
        "d = 2 * (z - Y) / Y.size + 0.07 * 2 * z",
        shown="fit, size",
        true="fit + 0.07 * size",
        slow=False,
    ),
    P(
        "two-kinds-of-outputs",
        f"{REGRESSION}\nY[:, 2] = Y[:, 2] > 0",
        "p = 1 / (1 + np.exp(-z[:, 2]))\nerror = np.mean((z[:, :2] - Y[:, :2]) ** 2)\n"
        "entropy = -np.mean(Y[:, 2] * np.log(p) + (1 - Y[:, 2]) * np.log(1 - p))",
        "d = np.empty_like(z)\nd[:, :2] = (z[:, :2] - Y[:, :2]) / len(X)\n"
        "d[:, 2] = 0.4 * (p - Y[:, 2]) / len(X)",
        shown="error, entropy",
        true="error + 0.4 * entropy",
        slow=False,
    ),
)

FAULTY = (
    P("huber", REGRESSION, HUBER, "d = r / Y.size", slow=False),
    P(
        "log-cosh",
        REGRESSION,
        "loss = np.mean(np.log(np.cosh(z - Y)))",
        "d = (1 - np.tanh(z - Y) ** 2) / Y.size",
    ),
    P("pinball", REGRESSION, PINBALL, "d = np.where(Y > z, -0.8, 0.8) / Y.size"),
    P("logits", TWO, LOGITS, f"{SIGMOID}d = (p - Y) * p * (1 - p) / len(X)", outputs=1, slow=False),
    P(
        "smoothed-labels",
        SMOOTHED,
        f"{SOFTMAX}loss = -np.mean(np.sum(T * np.log(p), axis=1))",
        "d = (p - Y) / len(X)",
    ),
    P("focal", TWO, FOCAL, "d = (1 - pt) ** 2 * (p - Y) / len(X)", outputs=1),
    P("divergence", SMOOTHED, f"{SOFTMAX}loss = np.sum(p * (np.log(p) - np.log(T)))", "d = p - T"),
    P("ridge-by-half", REGRESSION, RIDGE, OF_MEAN, penalty=" + 0.01 * {w}"),
    P("ridge-twice", REGRESSION, RIDGE, OF_MEAN, penalty=" + 0.04 * {w}", slow=False),
    P("ridge-forgotten", REGRESSION, RIDGE, OF_MEAN),
    P("lasso-forgotten", REGRESSION, LASSO, OF_MEAN, slow=False),
    P("growth", REGRESSION, MEAN, OF_MEAN, penalty=" - 0.02 * {w}"),
    P(
        "squares-called-the-loss",
        TWO,
        f"{SIGMOID}loss = np.mean((p - Y) ** 2)",
        "d = (p - Y) / len(X)",
        outputs=1,
    ),
    P("mask-forgotten", MASKED, "e = (z - Y) * M\nloss = np.sum(e ** 2) / M.sum()", "d = z - Y"),
    P("hinge", SIGNS, HINGE, "d = np.where(m > 0, S, 0) / len(X)", outputs=1),
)

UNSURE = (
    P(
        "squares-shown-beside-probabilities",
        TWO,
        f"{SIGMOID}mse = np.mean((p - Y) ** 2)",
        "d = p - Y",
        outputs=1,
        shown="mse",
        true="-np.sum(Y * np.log(p) + (1 - Y) * np.log(1 - p))",
    ),
    P("absolute-called-the-loss", REGRESSION, "loss = np.mean(np.abs(z - Y))", "d = (z - Y) / len(X)"),
    P("derivative-at-the-target", SHARES, "", f"{SIGMOID}d = (p - Y) * Y * (1 - Y)", 1, slow=False),
    P("derivative-at-the-input", SHARES, "", f"{SIGMOID}d = (p - Y) * X[:, :1] * (1 - X[:, :1])", 1),
)

TEMPORAL = """\
import numpy as np

rng = np.random.default_rng(80)
W = rng.normal(size=(4, 3)) * 0.3
s = rng.normal(size=4)
for it in range(5000):
    q = s @ W
    a = int(np.argmax(q)) if rng.uniform() > 0.1 else int(rng.integers(3))
    s2 = 0.9 * s + 0.3 * rng.normal(size=4)
    r = s2[a] - 0.1 * a
    target = r + 0.9 * np.max(s2 @ W)
    loss = 0.5 * (q[a] - target) ** 2
    W[:, a] -= 0.01 * (q[a] - target) * s
    s = s2
    if it % 500 == 0:
        print(it, loss)
"""

CLIMBED = """\
import numpy as np

rng = np.random.default_rng(3)
X = rng.normal(size=(40, 3))
y = rng.normal(size=40) + X[:, 0]
w = rng.normal(size=3)
s = 0.3
for step in range(2000):
    r = y - X @ w
    log_likelihood = -0.5 * np.sum(r ** 2) * np.exp(-2 * s) - 40 * s
    w += 0.001 * (X.T @ r) * np.exp(-2 * s)
    s += 0.001 * (np.sum(r ** 2) * np.exp(-2 * s) - 40)
    if step % 100 == 0:
        print(step, log_likelihood)
"""
