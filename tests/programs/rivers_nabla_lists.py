import random
import numpy as np


class Network(object):
    def __init__(self, sizes):
        self.layers = len(sizes)
        self.biases = [np.random.randn(y, 1) for y in sizes[1:]]
        self.weights = [np.random.randn(y, x) / np.sqrt(x) for x, y in zip(sizes[:-1], sizes[1:])]

    def sgd(self, data, epochs, size, eta):
        for j in range(epochs):
            random.shuffle(data)
            for batch in [data[k:k + size] for k in range(0, len(data), size)]:
                self.update(batch, eta)
            if j % 100 == 0:
                print("Epoch {} complete".format(j))

    def update(self, batch, eta):
        nabla_b = [np.zeros(b.shape) for b in self.biases]
        nabla_w = [np.zeros(w.shape) for w in self.weights]
        for x, y in batch:
            db, dw = self.backprop(x, y)
            nabla_b = [nb + d for nb, d in zip(nabla_b, db)]
            nabla_w = [nw + d for nw, d in zip(nabla_w, dw)]
        self.weights = [w - eta / len(batch) * nw for w, nw in zip(self.weights, nabla_w)]
        self.biases = [b - eta / len(batch) * nb for b, nb in zip(self.biases, nabla_b)]

    def backprop(self, x, y):
        db, dw = [None] * (self.layers - 1), [None] * (self.layers - 1)
        acts, zs = [x], []
        for b, w in zip(self.biases, self.weights):
            zs.append(w @ acts[-1] + b)
            acts.append(squash(zs[-1]))
        delta = (acts[-1] - y) * squash_slope(zs[-1])
        db[-1] = delta
        dw[-1] = delta @ acts[-2].T
        for l in range(2, self.layers):
            delta = (self.weights[-l + 1].T @ delta) * squash_slope(zs[-l])
            db[-l] = delta
            dw[-l] = delta @ acts[-l - 1].T
        return db, dw


def squash(z):
    return 1.0 / (1.0 + np.exp(-z))


def squash_slope(z):
    return squash(z) * (1 - squash(z))


random.seed(44)
np.random.seed(44)
rivers = []
for _ in range(36):
    x = np.random.rand(4, 1)
    rivers.append((x, np.array([[x[0, 0] * x[1, 0]], [(x[2, 0] + x[3, 0]) / 2]])))
net = Network([4, 6, 5, 2])
net.sgd(rivers, 1000, 9, 2.0)
