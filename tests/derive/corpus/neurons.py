"""One neuron, and formulas of a few numbers."""

import math

import numpy as np


def one_neuron(w, b, x, t):
    """w= b= x= t=."""
    out = 1 / (1 + math.exp(-(w * x + b)))
    return 0.5 * (out - t) ** 2


def line(w, b, x, t):
    """w= b= x= t=."""
    return (w * x + b - t) ** 2


def quotient(w, v, x):
    """w= v= x=."""
    return w * x / (1 + v**2)


def hypotenuse(w, v):
    """w= v=."""
    return math.sqrt(w * w + v * v)


def sines(w, v, x):
    """w= v= x=."""
    return math.sin(w * x) * math.cos(v * x) + math.atan(w)


def logarithm(w, v):
    """w= v=."""
    return math.log(1 + w**2 + math.exp(v))


def powers(w, x):
    """w= x=."""
    return w**3 * x + 2 * w**2 - w / (1 + x**2)


def nested_tanh(w, v, x, t):
    """w= v= x= t=."""
    h = math.tanh(w * x)
    out = math.tanh(v * h)
    return (out - t) ** 2


def two_paths(w, x):
    """w= x=."""
    h = math.tanh(w * x)
    return h * w + h**2


def scalar_loop(w, x):
    """w= x=."""
    total = 0.0
    h = x
    for _ in range(4):
        h = math.tanh(w * h)
        total = total + h**2
    return total


def weighted_sum(w, x, t):
    """w=5 x=5 t=."""
    out = np.dot(w, x)
    return 0.5 * (out - t) ** 2


def perceptron_rule(w, x, t):
    """w=5 x=5 t=."""
    return max(0.0, 1 - t * float(np.dot(w, x)))


def question(w1, w2, x, y):
    """w1=7 w2=7 x= y=."""

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    hidden = w1 * x
    out = sum(sigmoid(hidden) * w2)
    return 0.5 * (out - y) ** 2


def lists_of_weights(w, x, t):
    """w=3 x=3 t=."""
    out = 0.0
    for weight, value in zip(w, x, strict=True):
        out = out + weight * value
    return (math.tanh(out) - t) ** 2
