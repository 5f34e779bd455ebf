import math
import random


def dot(u, v):
    return sum(a * b for a, b in zip(u, v))


def forward(net, x):
    hidden = [math.tanh(dot(ws, x) + b) for ws, b in zip(net["w"], net["b"])]
    return hidden, dot(net["v"], hidden) + net["c"]


def gradient(net, x, hidden, error):
    back = [error * v * (1 - h * h) for v, h in zip(net["v"], hidden)]
    return {
        "w": [[d * xi for xi in x] for d in back],
        "b": back,
        "v": [error * h for h in hidden],
        "c": error,
    }


def learn(net, g, rate):
    return {
        "w": [[w - rate * d for w, d in zip(ws, ds)] for ws, ds in zip(net["w"], g["w"])],
        "b": [b - rate * d for b, d in zip(net["b"], g["b"])],
        "v": [v - rate * d for v, d in zip(net["v"], g["v"])],
        "c": net["c"] - rate * g["c"],
    }


random.seed(70)
net = {
    "w": [[random.gauss(0, 1), random.gauss(0, 1)] for _ in range(5)],
    "b": [random.gauss(0, 0.3) for _ in range(5)],
    "v": [random.gauss(0, 0.5) for _ in range(5)],
    "c": random.gauss(0, 0.3),
}
for step in range(20000):
    x = [random.uniform(-2, 2), random.uniform(-1, 1)]
    want = math.sin(x[0]) * x[1]
    hidden, out = forward(net, x)
    error = out - want
    loss = 0.5 * error ** 2
    net = learn(net, gradient(net, x, hidden, error), 0.05)
    if step % 2000 == 0:
        print(step, loss)
