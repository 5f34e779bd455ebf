import numpy as np


def affine_forward(x, w, b):
    out = x.dot(w) + b
    return out, (x, w)


def affine_backward(dout, cache):
    x, w = cache
    dx = dout.dot(w.T)
    dw = x.T.dot(dout)
    db = dout.sum(axis=0)
    return dx, dw, db


def leaky_forward(x):
    return np.where(x > 0, x, 0.1 * x), x


def leaky_backward(dout, cache):
    x = cache
    return dout * np.where(x > 0, 1.0, 0.1)


def sigmoid_forward(x):
    out = 1 / (1 + np.exp(-x))
    return out, out


def sigmoid_backward(dout, cache):
    return dout * cache * (1 - cache)


def squared_error(pred, y):
    n = len(y)
    diff = pred - y
    return np.sum(diff ** 2) / n, 2 * diff / n


rng = np.random.RandomState(19)
X = rng.uniform(-1, 1, (26, 3))
Y = np.c_[0.5 + 0.4 * np.sin(2 * X[:, 0]), 0.5 + 0.3 * X[:, 1] * X[:, 2]]
w1, b1 = rng.randn(3, 6) * 0.6, rng.randn(6) * 0.1
w2, b2 = rng.randn(6, 5) * 0.6, rng.randn(5) * 0.1
w3, b3 = rng.randn(5, 2) * 0.6, rng.randn(2) * 0.1

for it in range(2000):
    h1, c1 = affine_forward(X, w1, b1)
    a1, r1 = leaky_forward(h1)
    h2, c2 = affine_forward(a1, w2, b2)
    a2, r2 = sigmoid_forward(h2)
    pred, c3 = affine_forward(a2, w3, b3)
    loss, dpred = squared_error(pred, Y)

    da2, dw3, db3 = affine_backward(dpred, c3)
    dh2 = sigmoid_backward(da2, r2)
    da1, dw2, db2 = affine_backward(dh2, c2)
    dh1 = leaky_backward(da1, r1)
    _, dw1, db1 = affine_backward(dh1, c1)

    for p, d in ((w1, dw1), (b1, db1), (w2, dw2), (b2, db2), (w3, dw3), (b3, db3)):
        p -= 0.1 * d
    if it % 200 == 0:
        print(it, loss)
