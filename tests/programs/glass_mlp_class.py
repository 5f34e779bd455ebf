import numpy as np


class Net:
    def __init__(self, dims):
        rng = np.random.default_rng(4)
        self.n = len(dims) - 1
        self.weights = [rng.normal(0, 0.6, (dims[i], dims[i + 1])) for i in range(self.n)]
        self.biases = [rng.normal(0, 0.1, (1, dims[i + 1])) for i in range(self.n)]

    def act(self, z):
        return np.tanh(z)

    def act_prime(self, z):
        return 1 - np.tanh(z) ** 2

    def forward(self, X):
        self.zs = []
        self.acts = [X]
        for i in range(self.n):
            z = self.acts[i] @ self.weights[i] + self.biases[i]
            self.zs.append(z)
            self.acts.append(z if i == self.n - 1 else self.act(z))
        return self.acts[-1]

    def backward(self, Y, lr):
        m = Y.shape[0]
        delta = (self.acts[-1] - Y) / m
        for i in range(self.n - 1, -1, -1):
            gw = self.acts[i].T @ delta
            gb = delta.sum(axis=0, keepdims=True)
            if i > 0:
                delta = (delta @ self.weights[i].T) * self.act_prime(self.zs[i - 1])
            self.weights[i] -= lr * gw
            self.biases[i] -= lr * gb


rng = np.random.default_rng(0)
X = rng.normal(size=(41, 4))
Y = np.c_[np.sin(X[:, 0]) * X[:, 1], X[:, 2] * X[:, 3]]

net = Net([4, 7, 5, 2])
for step in range(3000):
    out = net.forward(X)
    loss = 0.5 * np.sum((out - Y) ** 2) / len(X)
    net.backward(Y, 0.05)
    if step % 300 == 0:
        print(step, loss)
