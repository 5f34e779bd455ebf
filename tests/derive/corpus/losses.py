"""The usual losses, each behind one layer."""

import numpy as np

rng = np.random.default_rng(8)
labels = rng.integers(0, 3, 7)
Y = np.eye(3)[labels]
y01 = (rng.random(7) > 0.5).astype(float)
signs = 2 * y01 - 1
counts = rng.poisson(2.0, 7).astype(float)
triples = rng.normal(size=(3, 7, 5))
anchor, positive, negative = triples


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - np.max(z, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


def squared(w, X, y):
    """w=5 X=7,5 y=7."""
    return 0.5 * np.sum((X @ w - y) ** 2)


def absolute(w, X, y):
    """w=5 X=7,5 y=7."""
    return np.mean(np.abs(X @ w - y))


def huber(w, X, y):
    """w=5 X=7,5 y=7."""
    r = X @ w - y
    return np.mean(np.where(np.abs(r) < 1, 0.5 * r**2, np.abs(r) - 0.5))


def log_cosh(w, X, y):
    """w=5 X=7,5 y=7."""
    return np.mean(np.log(np.cosh(X @ w - y)))


def binary_cross_entropy(w, b, X, y01):
    """w=5 b= X=7,5."""
    p = sigmoid(X @ w + b)
    return -np.mean(y01 * np.log(p) + (1 - y01) * np.log(1 - p))


def binary_with_epsilon(w, X, y01):
    """w=5 X=7,5."""
    p = sigmoid(X @ w)
    return -np.mean(y01 * np.log(p + 1e-9) + (1 - y01) * np.log(1 - p + 1e-9))


def logistic(w, X, signs):
    """w=5 X=7,5."""
    return np.mean(np.log1p(np.exp(-signs * (X @ w))))


def from_logits(w, X, y01):
    """w=5 X=7,5."""
    z = X @ w
    return np.mean(np.maximum(z, 0) - z * y01 + np.log1p(np.exp(-np.abs(z))))


def cross_entropy(W, b, X, Y):
    """W=5,3 b=3 X=7,5."""
    p = softmax(X @ W + b)
    return -np.mean(np.sum(Y * np.log(p), axis=1))


def cross_entropy_by_labels(W, b, X, labels):
    """W=5,3 b=3 X=7,5."""
    p = softmax(X @ W + b)
    return -np.mean(np.log(p[np.arange(7), labels]))


def log_softmax(W, b, X, Y):
    """W=5,3 b=3 X=7,5."""
    scores = X @ W + b
    shifted = scores - scores.max(axis=1, keepdims=True)
    logp = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    return -np.sum(Y * logp) / len(Y)


def one_sample_softmax(W, x):
    """W=5,3 x=5."""
    z = x @ W
    e = np.exp(z)
    p = e / e.sum()
    return -np.log(p[1])


def hinge(w, X, signs):
    """w=5 X=7,5."""
    return np.mean(np.maximum(0, 1 - signs * (X @ w)))


def squared_hinge(w, X, signs):
    """w=5 X=7,5."""
    return np.mean(np.maximum(0, 1 - signs * (X @ w)) ** 2)


def multiclass_hinge(W, X, labels):
    """W=5,3 X=7,5."""
    scores = X @ W
    right = scores[np.arange(7), labels][:, None]
    margins = np.maximum(0, scores - right + 1)
    margins[np.arange(7), labels] = 0
    return np.sum(margins) / 7


def poisson(w, X, counts):
    """w=5 X=7,5."""
    rate = X @ w
    return np.mean(np.exp(rate) - counts * rate)


def gaussian(w, v, X, y):
    """w=5 v=5 X=7,5 y=7."""
    mean, log_variance = X @ w, X @ v
    return 0.5 * np.mean(log_variance + (y - mean) ** 2 / np.exp(log_variance))


def kullback_leibler(W, X, Y):
    """W=5,3 X=7,5."""
    q = softmax(X @ W)
    p = 0.9 * Y + 0.1 / 3
    return np.sum(p * np.log(p / q))


def cosine(W, X, Z):
    """W=5,3 X=7,5 Z=7,3."""
    u = X @ W
    norms = np.sqrt(np.sum(u**2, axis=1)) * np.sqrt(np.sum(Z**2, axis=1))
    return 1 - np.mean(np.sum(u * Z, axis=1) / norms)


def triplet(W, anchor, positive, negative):
    """W=5,3."""
    a, p, n = anchor @ W, positive @ W, negative @ W
    near, far = np.sum((a - p) ** 2, axis=1), np.sum((a - n) ** 2, axis=1)
    return np.mean(np.maximum(near - far + 1, 0))


def label_smoothing(W, X, Y):
    """W=5,3 X=7,5."""
    p = softmax(X @ W)
    target = 0.9 * Y + 0.1 / 3
    return -np.sum(target * np.log(p)) / len(X)


def focal(w, X, y01):
    """w=5 X=7,5."""
    p = sigmoid(X @ w)
    pt = y01 * p + (1 - y01) * (1 - p)
    return -np.mean((1 - pt) ** 2 * np.log(pt))
