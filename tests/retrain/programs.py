"""Training programs of several styles, which leave their final weights under names of the module."""

FULL_BATCH = """
import numpy as np
rng = np.random.RandomState(3)
X = rng.uniform(-1, 1, (17, 3))
Y = X[:, :1] - X[:, 1:2] * X[:, 2:3]
W1 = rng.randn(3, 5) * 0.5; b1 = rng.randn(5) * 0.1
W2 = rng.randn(5, 1) * 0.5; b2 = rng.randn(1) * 0.1
lr = 0.05
for epoch in range(300):
    h = np.tanh(X @ W1 + b1)
    e = h @ W2 + b2 - Y
    loss = np.mean(e ** 2)
    do = 2 * e / e.size
    dh = do @ W2.T * (1 - h ** 2)
    W1 -= lr * X.T @ dh
    b1 -= lr * dh.sum(0)
    W2 -= lr * h.T @ do
    b2 -= lr * do.sum(0)
"""

ONE_BY_ONE = """
import numpy as np
np.random.seed(0)
xs = np.random.uniform(-1, 1, (11, 2))
ys = (xs[:, 0] * xs[:, 1]).reshape(-1, 1) + 0.2
W1 = np.random.randn(5, 2); b1 = np.random.randn(5, 1) * 0.1
W2 = np.random.randn(1, 5); b2 = np.random.randn(1, 1) * 0.1
eta = 0.1
def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))
for epoch in range(40):
    total = 0.0
    for x, y in zip(xs, ys):
        a0 = x.reshape(2, 1)
        a1 = sigmoid(W1 @ a0 + b1)
        err = W2 @ a1 + b2 - y
        total += 0.5 * float(err[0, 0] ** 2)
        d1 = W2.T @ err * a1 * (1 - a1)
        W2 = W2 - eta * err @ a1.T
        b2 = b2 - eta * err
        W1 = W1 - eta * d1 @ a0.T
        b1 = b1 - eta * d1
"""

NUMBERS = """
import math, random
random.seed(4)
data = [([0.1, 0.2], 0.3), ([0.0, 1.0], 0.9), ([1.0, 0.3], 0.8), ([0.7, 1.0], 0.1), ([0.4, 0.6], 0.5)]
H = 3
w = [[random.uniform(-1, 1) for _ in range(2)] for _ in range(H)]
b = [random.uniform(-1, 1) for _ in range(H)]
v = [random.uniform(-1, 1) for _ in range(H)]
c = random.uniform(-1, 1)
rate = 0.5
for epoch in range(60):
    for x, t in data:
        h = [1 / (1 + math.exp(-(w[j][0] * x[0] + w[j][1] * x[1] + b[j]))) for j in range(H)]
        o = 1 / (1 + math.exp(-(sum(v[j] * h[j] for j in range(H)) + c)))
        loss = 0.5 * (o - t) ** 2
        do = (o - t) * o * (1 - o)
        for j in range(H):
            dh = do * v[j] * h[j] * (1 - h[j])
            v[j] -= rate * do * h[j]
            w[j][0] -= rate * dh * x[0]
            w[j][1] -= rate * dh * x[1]
            b[j] -= rate * dh
        c -= rate * do
"""

MOMENTUM_CLASS = """
import numpy as np
rng = np.random.default_rng(5)
X = rng.normal(size=(35, 4)); Y = np.eye(3)[rng.integers(0, 3, 35)]

class Net:
    def __init__(self, i, h, o):
        self.W1 = rng.normal(size=(i, h)) * 0.5
        self.b1 = rng.normal(size=h) * 0.1
        self.W2 = rng.normal(size=(h, o)) * 0.5
        self.b2 = rng.normal(size=o) * 0.1
        self.v = {k: np.zeros_like(getattr(self, k)) for k in ("W1", "b1", "W2", "b2")}

    def forward(self, x):
        self.x = x
        self.z = x @ self.W1 + self.b1
        self.h = np.maximum(0, self.z)
        s = self.h @ self.W2 + self.b2
        e = np.exp(s - s.max(axis=1, keepdims=True))
        self.p = e / e.sum(axis=1, keepdims=True)
        return self.p

    def backward(self, y):
        d = (self.p - y) / len(y)
        g = {"W2": self.h.T @ d, "b2": d.sum(axis=0)}
        dh = d @ self.W2.T
        dh[self.z <= 0] = 0
        g["W1"] = self.x.T @ dh
        g["b1"] = dh.sum(axis=0)
        return g

    def step(self, g, lr, mu):
        for k in g:
            self.v[k] = mu * self.v[k] - lr * g[k]
            setattr(self, k, getattr(self, k) + self.v[k])

net = Net(4, 6, 3)
for epoch in range(20):
    for i in range(0, 35, 7):
        p = net.forward(X[i:i + 7])
        loss = -np.mean(np.sum(Y[i:i + 7] * np.log(p), axis=1))
        net.step(net.backward(Y[i:i + 7]), 0.05, 0.9)
W1, b1, W2, b2 = net.W1, net.b1, net.W2, net.b2
"""

ADAM = """
import numpy as np
np.random.seed(2)
X = np.linspace(-2, 2, 13).reshape(-1, 1)
T = X ** 2 / 3 + 0.1
W1 = np.random.randn(1, 4); c1 = np.random.randn(4) * 0.2
W2 = np.random.randn(4, 1); c2 = np.random.randn(1) * 0.2
names = ["W1", "c1", "W2", "c2"]
params = {"W1": W1, "c1": c1, "W2": W2, "c2": c2}
m = {k: 0.0 for k in names}
v = {k: 0.0 for k in names}
b1, b2, eps, lr = 0.9, 0.999, 1e-8, 0.01
for t in range(1, 201):
    h = 1 / (1 + np.exp(-(X @ params["W1"] + params["c1"])))
    y = h @ params["W2"] + params["c2"]
    loss = ((y - T) ** 2).mean()
    dy = 2 * (y - T) / len(X)
    dh = dy @ params["W2"].T * h * (1 - h)
    grads = {"W1": X.T @ dh, "c1": dh.sum(0), "W2": h.T @ dy, "c2": dy.sum(0)}
    for k in names:
        m[k] = b1 * m[k] + (1 - b1) * grads[k]
        v[k] = b2 * v[k] + (1 - b2) * grads[k] ** 2
        params[k] = params[k] - lr * (m[k] / (1 - b1 ** t)) / (np.sqrt(v[k] / (1 - b2 ** t)) + eps)
"""

DRAWN_AT_RANDOM = """
import numpy as np, random
np.random.seed(1)
X = np.random.rand(13, 3); Y = X.sum(1) + 0.4
w = np.random.randn(3); b = 0.3
first = 0.1
for step in range(2500):
    i = random.randrange(len(X))
    x, y = X[i], Y[i]
    lr = first / (1 + 0.01 * step)
    e = x @ w + b - y
    loss = e ** 2 / 2
    w = w - lr * e * x
    b = b - lr * e
"""

TARGETS_IN_A_LIST = DRAWN_AT_RANDOM.replace("Y = X.sum(1) + 0.4", "Y = [float(row.sum()) + 0.4 for row in X]")

SHUFFLED = """
import numpy as np
rng = np.random.default_rng(8)
X = rng.normal(size=(24, 3)); Y = X @ np.array([[1.0], [-2.0], [0.5]]) + 0.3
W = rng.normal(size=(3, 1)); b = np.array([0.2])
lr = 0.1
for epoch in range(60):
    order = rng.permutation(24)
    for i in range(0, 24, 6):
        rows = order[i:i + 6]
        e = X[rows] @ W + b - Y[rows]
        loss = np.mean(e ** 2)
        W -= lr * 2 * X[rows].T @ e / 6
        b -= lr * 2 * e.mean(axis=0)
"""

FAULTY = FULL_BATCH.replace("(1 - h ** 2)", "(1 - h)")

DROPOUT = """
import numpy as np
rng = np.random.default_rng(1)
X = rng.normal(size=(20, 3)); Y = X.sum(1, keepdims=True) + 0.1
W1 = rng.normal(size=(3, 5)); W2 = rng.normal(size=(5, 1))
for i in range(500):
    h = np.tanh(X @ W1)
    mask = (rng.random(h.shape) < 0.8) / 0.8
    hd = h * mask
    e = hd @ W2 - Y
    loss = 0.5 * np.sum(e ** 2)
    g2 = hd.T @ e
    g1 = X.T @ (e @ W2.T * mask * (1 - h ** 2))
    W2 -= 0.01 * g2
    W1 -= 0.01 * g1
"""

STRANGE_LAW = DROPOUT.replace("rng.random(h.shape)", "rng.beta(2, 2, h.shape)")

UNEVEN = SHUFFLED.replace("24, 6", "24, 7").replace("i + 6", "i + 7").replace("/ 6", "/ len(rows)")

NO_END = FULL_BATCH.replace("for epoch in range(300):", "while True:")

NOTHING = "print(3)\n"

BY_EPOCH = """
import numpy as np
rng = np.random.default_rng(3)
X = rng.normal(size=(20, 3)); Y = X.sum(1, keepdims=True) + 0.1
w = rng.normal(size=(3, 1)); b = np.array([0.2])
lr = 0.1
best = 1e9
for epoch in range(50):
    for i in range(0, 20, 5):
        e = X[i:i + 5] @ w + b - Y[i:i + 5]
        loss = np.mean(e * e)
        w = w - lr * 2 * X[i:i + 5].T @ e / 5
        b = b - lr * 2 * e.mean(0)
    lr *= 0.95
    if loss < best:
        best = loss
        best_w = w.copy()
    if loss < 1e-30:
        break
"""

SELDOM = (
    FULL_BATCH
    + """
    if epoch % 200 == 199:
        lr *= 0.5
"""
)

BENT_BY_A_BRANCH = """
import numpy as np
rng = np.random.default_rng(3)
X = rng.uniform(0.5, 1.5, size=(9, 3)); Y = X.sum(1) + 5.0
w = rng.uniform(0.5, 1, size=3); b = 0.2
lr = 0.01
def act(z):
    if z > 0:
        return z
    return 0.1 * z
for it in range(500):
    for i in range(9):
        z = X[i] @ w + b
        s = 1.0 if z > 0 else 0.1
        e = act(z) - Y[i]
        loss = 0.5 * e * e
        w = w - lr * e * s * X[i]
        b = b - lr * e * s
"""

WITHOUT_BIASES = """
import numpy as np
rng = np.random.default_rng(12)
X = rng.uniform(-1, 1, (31, 2)); Y = X[:, :1] - 0.5 * X[:, 1:] + 3.0
W1 = rng.normal(size=(2, 4)) * 0.5
W2 = rng.normal(size=(4, 1)) * 0.5
lr = 0.05
for epoch in range(400):
    h = np.tanh(X @ W1)
    e = h @ W2 - Y
    loss = np.mean(e ** 2)
    do = 2 * e / len(X)
    W1, W2 = W1 - lr * X.T @ (do @ W2.T * (1 - h ** 2)), W2 - lr * h.T @ do
"""

PENALISED = """
import numpy as np
rng = np.random.default_rng(12)
X = rng.uniform(-1, 1, (31, 2)); Y = X[:, :1] - 0.5 * X[:, 1:] + 1.0
w = rng.normal(size=(2, 1)); b = np.array([0.3])
costs = []
for epoch in range(400):
    e = X @ w + b - Y
    w = w - 0.05 * (2 * X.T @ e / len(X) + 0.2 * w)
    b = b - 0.05 * (2 * e.mean(axis=0))
    costs.append(np.mean((X @ w + b - Y) ** 2) + 0.1 * np.sum(w ** 2))
"""

LABELS = """
import numpy as np
rng = np.random.default_rng(5)
X = rng.normal(size=(35, 4)); y = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0.3).astype(int)
W1 = rng.normal(size=(4, 6)) * 0.5; b1 = np.zeros(6) + 0.1
W2 = rng.normal(size=(6, 3)) * 0.5; b2 = np.zeros(3) + 0.05
lr = 0.2
for epoch in range(40):
    for i in range(0, 35, 7):
        xb, yb = X[i:i + 7], y[i:i + 7]
        h = np.maximum(0, xb @ W1 + b1)
        s = h @ W2 + b2
        p = np.exp(s - s.max(1, keepdims=True)); p /= p.sum(1, keepdims=True)
        loss = -np.log(p[np.arange(7), yb]).mean()
        d = p.copy()
        d[np.arange(7), yb] -= 1
        d /= 7
        dh = d @ W2.T
        dh[h <= 0] = 0
        W2 -= lr * h.T @ d; b2 -= lr * d.sum(0)
        W1 -= lr * xb.T @ dh; b1 -= lr * dh.sum(0)
"""

LABEL_OF_ONE = """
import numpy as np
rng = np.random.default_rng(5)
X = rng.normal(size=(13, 4)); labels = [int(v) for v in (X[:, 0] > 0).astype(int) + (X[:, 1] > 0.3)]
W = rng.normal(size=(3, 4)) * 0.5; b = np.zeros(3) + 0.1
lr = 0.1
for epoch in range(40):
    for i in range(13):
        x, k = X[i], labels[i]
        s = W @ x + b
        p = np.exp(s - s.max()); p = p / p.sum()
        loss = -np.log(p[k])
        d = p.copy()
        d[k] -= 1
        W -= lr * np.outer(d, x)
        b -= lr * d
"""

EMBEDDING = """
import numpy as np
rng = np.random.default_rng(5)
n, users, items, D = 21, 5, 4, 3
u, i = rng.integers(0, users, n), rng.integers(0, items, n)
rating = rng.normal(size=n) + 3.0
P = rng.normal(size=(users, D)) * 0.5
Q = rng.normal(size=(items, D)) * 0.5
bias = np.zeros(users) + 0.1
lr = 0.05
for epoch in range(20):
    for k in range(0, n, 7):
        a, b, r = u[k:k + 7], i[k:k + 7], rating[k:k + 7]
        e = (P[a] * Q[b]).sum(axis=1) + bias[a] - r
        loss = 0.5 * np.sum(e ** 2)
        gP, gQ, gb = np.zeros_like(P), np.zeros_like(Q), np.zeros_like(bias)
        np.add.at(gP, a, e[:, None] * Q[b])
        np.add.at(gQ, b, e[:, None] * P[a])
        np.add.at(gb, a, e)
        P -= lr * gP
        Q -= lr * gQ
        bias -= lr * gb
"""

# No weight of the first layer is seen to learn from the first sample, which is 0; the targets are numbers of
# Python that the loss reads by itself, and it is added to a total.
XOR_OF_NEURONS = """
import math, random
random.seed(4)
class Neuron:
    def __init__(self, n):
        self.w = [random.uniform(-1, 1) for _ in range(n)]
        self.b = random.uniform(-1, 1)
    def fire(self, inputs):
        s = self.b
        for wi, xi in zip(self.w, inputs):
            s += wi * xi
        self.out = 1 / (1 + math.exp(-s))
        return self.out
hidden = [Neuron(2) for _ in range(3)]
output = Neuron(3)
data = [([0, 0], 0), ([0, 1], 1), ([1, 0], 1), ([1, 1], 0)]
for epoch in range(150):
    total = 0
    for x, target in data:
        h = [n.fire(x) for n in hidden]
        o = output.fire(h)
        total += (target - o) ** 2
        output.delta = (target - o) * o * (1 - o)
        for i, n in enumerate(hidden):
            n.delta = output.delta * output.w[i] * n.out * (1 - n.out)
        for i in range(len(output.w)):
            output.w[i] += 0.5 * output.delta * h[i]
        output.b += 0.5 * output.delta
        for n in hidden:
            for j in range(len(n.w)):
                n.w[j] += 0.5 * n.delta * x[j]
            n.b += 0.5 * n.delta
"""

# The data are symmetric, so that the gradients of the biases are what rounding leaves of nothing.
SYMMETRIC = """
import numpy as np
np.random.seed(42)
class Layer:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out) * 0.5
        self.b = np.zeros((1, n_out))
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, grad, lr):
        dx = grad @ self.W.T
        self.W -= lr * self.x.T @ grad
        self.b -= lr * grad.sum(axis=0, keepdims=True)
        return dx
class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y
    def backward(self, grad, lr):
        return grad * (1 - self.y ** 2)
x = np.linspace(-3, 3, 31).reshape(-1, 1)
y = np.sin(x)
layers = [Layer(1, 7), Tanh(), Layer(7, 5), Tanh(), Layer(5, 1)]
for epoch in range(60):
    out = x
    for layer in layers:
        out = layer.forward(out)
    loss = np.mean((out - y) ** 2)
    grad = 2 * (out - y) / y.size
    for layer in reversed(layers):
        grad = layer.backward(grad, 0.05)
"""

# Two networks, each with a loss of its own, are trained in turn.
IN_TURN = """
import numpy as np
np.random.seed(0)
def sig(z):
    return 1 / (1 + np.exp(-z))
gw, gb = np.random.randn(1, 1), np.zeros((1, 1))
dw, db = np.random.randn(1, 1) * 0.1, np.zeros((1, 1))
for step in range(300):
    real = np.random.normal(3, 0.5, (16, 1))
    z = np.random.normal(0, 1, (16, 1))
    fake = z @ gw + gb
    pr, pf = sig(real @ dw + db), sig(fake @ dw + db)
    d_loss = -np.mean(np.log(pr) + np.log(1 - pf))
    dw -= 0.05 * (real.T @ (pr - 1) + fake.T @ pf) / 16
    db -= 0.05 * (np.sum(pr - 1) + np.sum(pf)) / 16
    z = np.random.normal(0, 1, (16, 1))
    pf = sig((z @ gw + gb) @ dw + db)
    g_loss = -np.mean(np.log(pf))
    dfake = (pf - 1) @ dw.T / 16
    gw -= 0.05 * z.T @ dfake
    gb -= 0.05 * dfake.sum()
    if step % 100 == 0:
        print(step, round(float(d_loss), 4))
"""

# The last batch of an epoch is smaller: picked by labels, divided by its size; a rate decays by the epoch.
UNEVEN_LABELS = LABELS.replace("0, 35, 7", "0, 35, 8").replace("i + 7", "i + 8")
UNEVEN_LABELS = UNEVEN_LABELS.replace("(7)", "(len(yb))").replace("/= 7", "/= len(yb)")
UNEVEN_BY_EPOCH = BY_EPOCH.replace("20, 5", "20, 6").replace("i + 5", "i + 6").replace("/ 5", "/ len(e)")

# A mask for each batch, of which the last is smaller, beside labels.
DROPOUT_OF_BATCHES = """
import numpy as np
rng = np.random.default_rng(5)
X = rng.normal(size=(33, 4)); y = (X[:, 0] > X[:, 1]).astype(int)
W1 = rng.normal(size=(4, 7)) * 0.5; b1 = np.zeros(7) + 0.1
W2 = rng.normal(size=(7, 2)) * 0.5; b2 = np.zeros(2) + 0.05
for epoch in range(40):
    order = rng.permutation(33)
    for i in range(0, 33, 10):
        rows = order[i:i + 10]
        m = len(rows)
        h = np.tanh(X[rows] @ W1 + b1)
        mask = rng.binomial(1, 0.7, size=h.shape) / 0.7
        s = (h * mask) @ W2 + b2
        p = np.exp(s) / np.exp(s).sum(1, keepdims=True)
        loss = -np.log(p[np.arange(m), y[rows]]).mean()
        d = p.copy()
        d[np.arange(m), y[rows]] -= 1
        d /= m
        dh = d @ W2.T * mask * (1 - h ** 2)
        W2 -= 0.3 * (h * mask).T @ d; b2 -= 0.3 * d.sum(0)
        W1 -= 0.3 * X[rows].T @ dh; b1 -= 0.3 * dh.sum(0)
"""

# Every step makes a sample of its own.
MADE_ON_THE_WAY = """
import math, random
import numpy as np
np.random.seed(2); random.seed(2)
w1 = np.random.uniform(-1, 1, 5); b1 = np.random.uniform(-1, 1, 5)
w2 = np.random.uniform(-1, 1, 5); b2 = 0.1
for step in range(3000):
    x = random.uniform(0, 3)
    h = np.tanh(w1 * x + b1)
    o = np.dot(w2, h) + b2
    d = o - math.sin(x)
    loss = 0.5 * d ** 2
    dh = d * w2 * (1 - h ** 2)
    w2 -= 0.05 * d * h; b2 -= 0.05 * d
    w1 -= 0.05 * dh * x; b1 -= 0.05 * dh
"""

# The samples are pairs in a list, which is shuffled for every epoch, or from which each step draws one.
PAIRS = """
import random
import numpy as np
random.seed(3); np.random.seed(3)
data = []
for i in range(17):
    x = np.random.randn(3)
    data.append((x, np.array([0.2 + x[0] - x[1] * x[2]])))
W1 = np.random.randn(6, 3) * 0.5; b1 = np.zeros(6) + 0.1; W2 = np.random.randn(1, 6) * 0.5; b2 = np.zeros(1)
for epoch in range(200):
    random.shuffle(data)
    for x, y in data:
        h = np.tanh(W1 @ x + b1)
        e = W2 @ h + b2 - y
        loss = 0.5 * float(e @ e)
        dh = (W2.T @ e) * (1 - h ** 2)
        W2 -= 0.05 * np.outer(e, h); b2 -= 0.05 * e
        W1 -= 0.05 * np.outer(dh, x); b1 -= 0.05 * dh
"""
PAIRS_AT_RANDOM = PAIRS.replace("range(17)", "range(3)").replace("range(200)", "range(3000)")
PAIRS_AT_RANDOM = PAIRS_AT_RANDOM.replace("    random.shuffle(data)\n", "").replace(
    "for x, y in data:", "for x, y in [random.choice(data)]:"
)

# A rate that changes where none of the recorded steps came by: by the counter, or in a function.
MILESTONES = (
    FULL_BATCH
    + """
    if epoch == 50:
        lr = 0.02
    elif epoch in (120, 200) and not epoch < 2:
        lr = lr / 4
"""
)
IN_A_FUNCTION = (
    "def slower():\n    global lr\n    lr *= 0.5\n"
    + FULL_BATCH
    + """
    if epoch == 200:
        slower()
"""
)

# The outputs come to 1 exactly, where the loss is 0 times the logarithm of 0; the weights stay finite.
SATURATED = """
import numpy as np
X = np.array([[-3.0], [-2.5], [2.0], [3.5]]); Y = (X > 0) * 1.0
w = np.array([[0.1]]); b = np.array([0.05])
lr = 20.0
for epoch in range(100):
    o = 1 / (1 + np.exp(-(X @ w + b)))
    loss = -np.mean(Y * np.log(o) + (1 - Y) * np.log(1 - o))
    w -= lr * X.T @ (o - Y) / 4
    b -= lr * (o - Y).mean(0)
"""
