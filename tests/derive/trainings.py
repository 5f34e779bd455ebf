"""Programs that train, each by another rule, as people write them; every one is right."""

ADAM = """
import numpy as np

class Network:
    def __init__(self, n, h):
        rng = np.random.default_rng(2)
        self.params = {"W1": rng.normal(size=(n, h)), "b1": np.zeros(h)}
        self.params |= {"W2": rng.normal(size=(h, 1)), "b2": np.zeros(1)}
        self.m = {k: np.zeros_like(v) for k, v in self.params.items()}
        self.v = {k: np.zeros_like(v) for k, v in self.params.items()}
        self.t = 0

    def gradients(self, x, y):
        p = self.params
        h = np.tanh(x @ p["W1"] + p["b1"])
        self.loss = np.mean((h @ p["W2"] + p["b2"] - y) ** 2)
        d = 2 * (h @ p["W2"] + p["b2"] - y) / len(x)
        dh = d @ p["W2"].T * (1 - h**2)
        return {"W1": x.T @ dh, "b1": dh.sum(axis=0), "W2": h.T @ d, "b2": d.sum(axis=0)}

    def update(self, grads):
        self.t += 1
        for k in self.params:
            self.m[k] = 0.9 * self.m[k] + 0.1 * grads[k]
            self.v[k] = 0.999 * self.v[k] + 0.001 * grads[k] ** 2
            mhat = self.m[k] / (1 - 0.9**self.t)
            vhat = self.v[k] / (1 - 0.999**self.t)
            self.params[k] -= 0.01 * mhat / (np.sqrt(vhat) + 1e-8)

X = np.random.uniform(-2, 2, size=(31, 3))  # without a seed
Y = np.sin(X[:, :1]) * X[:, 1:2]
net = Network(3, 5)
for epoch in range(200):
    grads = net.gradients(X, Y)
    net.update(grads)
"""
MOMENTUM = """
import numpy as np

rng = np.random.default_rng(4)

class Dense:
    def __init__(self, n, m):
        self.W, self.b = rng.normal(0, 0.5, (n, m)), rng.normal(0, 0.1, (1, m))
        self.vW, self.vb = np.zeros_like(self.W), np.zeros_like(self.b)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, g, lr, mu):
        dW, db, dx = self.x.T @ g, g.sum(axis=0, keepdims=True), g @ self.W.T
        self.vW = mu * self.vW - lr * dW
        self.vb = mu * self.vb - lr * db
        self.W += self.vW
        self.b += self.vb
        return dx

first, second = Dense(3, 5), Dense(5, 2)
X, T = rng.normal(size=(33, 3)), np.eye(2)[rng.integers(0, 2, 33)]
for epoch in range(30):
    order = rng.permutation(33)
    for start in range(0, 33, 11):
        x, t = X[order[start : start + 11]], T[order[start : start + 11]]
        h = np.tanh(first.forward(x))
        e = np.exp(second.forward(h))
        p = e / e.sum(axis=1, keepdims=True)
        loss = -np.sum(t * np.log(p)) / len(t)
        g = second.backward((p - t) / len(t), 0.05, 0.9)
        first.backward(g * (1 - h**2), 0.05, 0.9)
"""
RMSPROP = """
import numpy as np

rng = np.random.default_rng(14)
X = rng.normal(size=(36, 3))
Y = np.sin(X.sum(axis=1, keepdims=True))
W1, b1 = rng.normal(size=(3, 5)) * 0.5, rng.normal(size=5) * 0.1
W2, b2 = rng.normal(size=(5, 1)) * 0.5, rng.normal(size=1) * 0.1
params = [W1, b1, W2, b2]
cache = [np.zeros_like(p) for p in params]
lr, rho, decay = 0.01, 0.9, 1e-3
for epoch in range(40):
    perm = rng.permutation(36)
    for k in range(0, 36, 12):
        x, y = X[perm[k : k + 12]], Y[perm[k : k + 12]]
        h = np.tanh(x @ W1 + b1)
        pred = h @ W2 + b2
        loss = np.mean((pred - y) ** 2)
        d = 2 * (pred - y) / len(x)
        dz = d @ W2.T * (1 - h**2)
        grads = [x.T @ dz + decay * W1, dz.sum(axis=0), h.T @ d + decay * W2, d.sum(axis=0)]
        for i, g in enumerate(grads):
            cache[i] = rho * cache[i] + (1 - rho) * g**2
            params[i] -= lr * g / (np.sqrt(cache[i]) + 1e-8)
"""
NESTEROV = """
import numpy as np

rng = np.random.default_rng(15)
X, Y = rng.normal(size=(30, 3)), np.eye(4)[rng.integers(0, 4, 30)]
W, b = rng.normal(size=(3, 4)) * 0.1, rng.normal(size=4) * 0.1
vW, vb = np.zeros_like(W), np.zeros_like(b)
for it in range(150):
    rate = 0.1 / (1 + 0.01 * it)
    i = (it * 6) % 30
    x, y = X[i : i + 6], Y[i : i + 6]
    e = np.exp(x @ W + b)
    p = e / e.sum(axis=1, keepdims=True)
    loss = -np.sum(y * np.log(p)) / 6
    d = (p - y) / 6
    old_W, old_b = vW.copy(), vb.copy()
    vW = 0.9 * vW - rate * (x.T @ d)
    vb = 0.9 * vb - rate * d.sum(axis=0)
    W += -0.9 * old_W + 1.9 * vW
    b += -0.9 * old_b + 1.9 * vb
"""
NEURONS = """
import math
import random

random.seed(7)
w = [[random.uniform(-1, 1) for _ in range(2)] for _ in range(3)]
v = [random.uniform(-1, 1) for _ in range(3)]
data = [([random.random(), random.random()], random.random()) for _ in range(9)]
for epoch in range(30):
    random.shuffle(data)
    for x, t in data:
        h = [1 / (1 + math.exp(-(w[j][0] * x[0] + w[j][1] * x[1]))) for j in range(3)]
        out = sum(v[j] * h[j] for j in range(3))
        error = 0.5 * (out - t) ** 2
        delta = out - t
        back = [delta * v[j] * h[j] * (1 - h[j]) for j in range(3)]
        for j in range(3):
            v[j] -= 0.5 * delta * h[j]
            for i in range(2):
                w[j][i] -= 0.5 * back[j] * x[i]
"""
TRAININGS = {
    "adam": ADAM,
    "momentum": MOMENTUM,
    "rmsprop": RMSPROP,
    "nesterov": NESTEROV,
    "neurons": NEURONS,
}
