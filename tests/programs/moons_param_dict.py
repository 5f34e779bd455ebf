import numpy as np


def init_params(n_x, n_h, n_y):
    np.random.seed(2)
    return {
        "W1": np.random.randn(n_h, n_x) * 0.4,
        "b1": np.random.randn(n_h, 1) * 0.1,
        "W2": np.random.randn(n_y, n_h) * 0.4,
        "b2": np.random.randn(n_y, 1) * 0.1,
    }


def forward(X, p):
    cache = {}
    cache["Z1"] = p["W1"] @ X + p["b1"]
    cache["A1"] = np.tanh(cache["Z1"])
    cache["Z2"] = p["W2"] @ cache["A1"] + p["b2"]
    cache["A2"] = 1 / (1 + np.exp(-cache["Z2"]))
    return cache["A2"], cache


def cost(A2, Y):
    m = Y.shape[1]
    return float(-(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)).sum() / m)


def backward(X, Y, p, cache):
    m = X.shape[1]
    grads = {}
    dZ2 = cache["A2"] - Y
    grads["W2"] = dZ2 @ cache["A1"].T / m
    grads["b2"] = dZ2.sum(axis=1, keepdims=True) / m
    dZ1 = (p["W2"].T @ dZ2) * (1 - cache["A1"] ** 2)
    grads["W1"] = dZ1 @ X.T / m
    grads["b1"] = dZ1.sum(axis=1, keepdims=True) / m
    return grads


np.random.seed(31)
m = 45
angle = np.random.rand(m) * np.pi
Y = (np.random.rand(1, m) > 0.5) * 1.0
X = np.vstack([np.cos(angle) * (1 - 2 * Y) + Y, np.sin(angle) * (1 - 2 * Y) + 0.5 * Y])
X += 0.1 * np.random.randn(*X.shape)

params = init_params(2, 6, 1)
velocity = {k: np.zeros_like(v) for k, v in params.items()}
for i in range(4000):
    A2, cache = forward(X, params)
    J = cost(A2, Y)
    grads = backward(X, Y, params, cache)
    for key in params:
        velocity[key] = 0.9 * velocity[key] - 0.2 * grads[key]
        params[key] += velocity[key]
    if i % 400 == 0:
        print(i, J)
