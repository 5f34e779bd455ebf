"""Predict the heating demand of a building; momentum, and a rate that shrinks every epoch."""
import numpy as np


def load(count=46):
    rng = np.random.default_rng(5)
    building = rng.normal(size=(count, 5))
    demand = np.column_stack([
        building[:, 0] - building[:, 1] ** 2,
        0.5 * building[:, 2] * building[:, 3],
    ])
    return building, demand


def initialise(inputs, hidden, outputs):
    rng = np.random.default_rng(6)
    return {
        "W1": rng.normal(scale=0.5, size=(inputs, hidden)),
        "b1": rng.normal(scale=0.1, size=(1, hidden)),
        "W2": rng.normal(scale=0.5, size=(hidden, outputs)),
        "b2": rng.normal(scale=0.1, size=(1, outputs)),
    }


def softplus(z):
    return np.log1p(np.exp(z))


def logistic(z):
    return 1 / (1 + np.exp(-z))


def propagate(net, x):
    z1 = x @ net["W1"] + net["b1"]
    a1 = softplus(z1)
    return z1, a1, a1 @ net["W2"] + net["b2"]


def back_propagate(net, x, t, z1, a1, y):
    n = x.shape[0]
    e = (y - t) / n
    h = (e @ net["W2"].T) * logistic(z1)
    return {
        "W1": x.T @ h,
        "b1": h.sum(axis=0, keepdims=True),
        "W2": a1.T @ e,
        "b2": e.sum(axis=0, keepdims=True),
    }


def half_squared_error(y, t):
    return 0.5 * np.sum((y - t) ** 2) / len(t)


if __name__ == "__main__":
    x, t = load()
    net = initialise(5, 8, 2)
    velocity = {k: np.zeros_like(v) for k, v in net.items()}
    rate0, momentum = 0.05, 0.8
    for epoch in range(3000):
        rate = rate0 / (1 + 0.01 * epoch)
        z1, a1, y = propagate(net, x)
        loss = half_squared_error(y, t)
        gradients = back_propagate(net, x, t, z1, a1, y)
        for k in net:
            velocity[k] = momentum * velocity[k] + rate * gradients[k]
            net[k] = net[k] - velocity[k]
        if epoch % 300 == 0:
            print(f"{epoch:5d} {loss:.5f} {rate:.4f}")
