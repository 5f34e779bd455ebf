"""Layers and networks."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def relu(z):
    return np.maximum(z, 0)


def leaky_relu(z):
    return np.where(z > 0, z, 0.01 * z)


def gelu(z):
    return 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))


def swish(z):
    return z * sigmoid(z)


def elu(z):
    return np.where(z > 0, z, np.exp(np.minimum(z, 0)) - 1)


def linear(W, b, X, Y):
    """W=5,3 b=3 X=7,5 Y=7,3."""
    return np.mean((X @ W + b - Y) ** 2)


def two_layers(W1, b1, W2, b2, X, Y):
    """W1=5,3 b1=3 W2=3,2 b2=2 X=7,5 Y=7,2."""
    h = sigmoid(X @ W1 + b1)
    out = sigmoid(h @ W2 + b2)
    return 0.5 * np.sum((out - Y) ** 2)


def three_layers(W1, b1, W2, b2, W3, b3, X, Y):
    """W1=5,3 b1=3 W2=3,7 b2=7 W3=7,2 b3=2 X=11,5 Y=11,2."""
    a1 = np.tanh(np.dot(X, W1) + b1)
    a2 = np.tanh(np.dot(a1, W2) + b2)
    out = np.dot(a2, W3) + b3
    return np.mean((out - Y) ** 2)


def columns(W1, b1, W2, b2, X, Y):
    """W1=3,5 b1=3,1 W2=2,3 b2=2,1 X=5,7 Y=2,7."""
    A1 = relu(W1 @ X + b1)
    A2 = sigmoid(W2 @ A1 + b2)
    return np.sum((A2 - Y) ** 2) / (2 * X.shape[1])


def one_sample(W1, b1, W2, x, y):
    """W1=3,5 b1=3 W2=2,3 x=5 y=2."""
    h = np.tanh(W1 @ x + b1)
    return 0.5 * np.sum((W2 @ h - y) ** 2)


def leaky(W1, W2, X, Y):
    """W1=5,3 W2=3,2 X=7,5 Y=7,2."""
    return np.mean((leaky_relu(X @ W1) @ W2 - Y) ** 2)


def with_gelu(W1, W2, X, Y):
    """W1=5,3 W2=3,2 X=7,5 Y=7,2."""
    return np.mean((gelu(X @ W1) @ W2 - Y) ** 2)


def with_swish(W1, W2, X, Y):
    """W1=5,3 W2=3,2 X=7,5 Y=7,2."""
    return np.mean((swish(X @ W1) @ W2 - Y) ** 2)


def with_elu(W1, W2, X, Y):
    """W1=5,3 W2=3,2 X=7,5 Y=7,2."""
    return np.mean((elu(X @ W1) @ W2 - Y) ** 2)


def with_softplus(W1, W2, X, Y):
    """W1=5,3 W2=3,2 X=7,5 Y=7,2."""
    return np.mean((np.log1p(np.exp(X @ W1)) @ W2 - Y) ** 2)


def residual(W1, W2, X, Y):
    """W1=5,3 W2=3,5 X=7,5 Y=7,5."""
    out = X + relu(X @ W1) @ W2
    return np.mean((out - Y) ** 2)


def deep_residual(W, V, X, Y):
    """W=5,5 V=5,2 X=7,5 Y=7,2."""
    h = X
    for _ in range(3):
        h = h + np.tanh(h @ W)
    return np.mean((h @ V - Y) ** 2)


def highway(W, T, c, X, Y):
    """W=5,5 T=5,5 c=5 X=7,5 Y=7,5."""
    gate = sigmoid(X @ T + c)
    out = gate * np.tanh(X @ W) + (1 - gate) * X
    return np.mean((out - Y) ** 2)


def gated(W, V, X, Y):
    """W=5,3 V=5,3 X=7,5 Y=7,3."""
    out = (X @ W) * sigmoid(X @ V)
    return np.mean((out - Y) ** 2)


def bilinear(A, x, y):
    """A=5,3 x=5 y=3."""
    return (x @ A @ y) ** 2


def tied(W, b, c, X):
    """W=5,3 b=3 c=5 X=7,5."""
    code = sigmoid(X @ W + b)
    back = code @ W.T + c
    return np.mean((back - X) ** 2)


def weight_decay(W, b, X, Y):
    """W=5,3 b=3 X=7,5 Y=7,3."""
    lam = 0.1
    return np.mean((X @ W + b - Y) ** 2) + lam * np.sum(W**2)


def lasso(w, X, y):
    """w=5 X=7,5 y=7."""
    return 0.5 * np.mean((X @ w - y) ** 2) + 0.3 * np.sum(np.abs(w))


def dropout(W1, W2, X, Y):
    """W1=5,3 W2=3,2 X=7,5 Y=7,2."""
    mask = (np.arange(21).reshape(7, 3) % 3 > 0) / 0.75
    h = relu(X @ W1) * mask
    return np.mean((h @ W2 - Y) ** 2)


def joined(W, V, U, X, Y):
    """W=5,3 V=5,2 U=5,2 X=7,5 Y=7,2."""
    h = np.concatenate([np.tanh(X @ W), relu(X @ V)], axis=1)
    return np.mean((h @ U - Y) ** 2)


def bias_in_the_input(W, V, X, Y):
    """W=6,3 V=4,2 X=7,5 Y=7,2."""
    ones = np.ones((7, 1))
    h = sigmoid(np.hstack([X, ones]) @ W)
    out = np.hstack([h, ones]) @ V
    return np.mean((out - Y) ** 2)


def per_neuron(W, v, x, t):
    """W=3,5 v=3 x=5 t=."""
    out = 0.0
    for j in range(3):
        out = out + v[j] * np.tanh(np.dot(W[j], x))
    return 0.5 * (out - t) ** 2


def layers_in_a_list(W1, b1, W2, b2, X, Y):
    """W1=5,3 b1=3 W2=3,2 b2=2 X=7,5 Y=7,2."""
    out = X
    for W, b in [(W1, b1), (W2, b2)]:
        out = np.tanh(out @ W + b)
    return np.mean((out - Y) ** 2)
