"""Will it rain tomorrow? Logistic regression with plain functions."""
import numpy as np


def make_data(m=53):
    rng = np.random.RandomState(8)
    x = rng.randn(5, m)
    y = (x[0] - 0.5 * x[3] + 0.3 * rng.randn(m) > 0.2).astype(float).reshape(1, m)
    return x, y


def init(n):
    rng = np.random.RandomState(1)
    return 0.2 * rng.randn(n, 1), 0.1


def forward(w, b, x):
    z = np.dot(w.T, x) + b
    a = 1 / (1 + np.exp(-z))
    return z, a


def bce(a, y):
    m = y.shape[1]
    return -np.sum(y * np.log(a) + (1 - y) * np.log(1 - a)) / m


def backward(a, x, y):
    m = y.shape[1]
    dz = a - y
    dw = np.dot(x, dz.T) / m
    db = np.sum(dz) / m
    return dw, db


def fit(x, y, rounds=2000, lr=0.3):
    w, b = init(x.shape[0])
    for i in range(rounds):
        z, a = forward(w, b, x)
        cost = bce(a, y)
        dw, db = backward(a, x, y)
        w = w - lr * dw
        b = b - lr * db
        if i % 200 == 0:
            print("Cost after iteration %i: %f" % (i, cost))
    return w, b


x, y = make_data()
w, b = fit(x, y)
print("accuracy", np.mean((forward(w, b, x)[1] > 0.5) == y))
