import numpy as np


class Regressor:
    """two tanh layers, mini-batches, momentum"""

    def __init__(self, sizes, seed):
        rng = np.random.default_rng(seed)
        self.W1 = rng.normal(0, 0.5, (sizes[0], sizes[1]))
        self.W2 = rng.normal(0, 0.5, (sizes[1], sizes[2]))
        self.W3 = rng.normal(0, 0.5, (sizes[2], sizes[3]))
        self.velocity = [0.0, 0.0, 0.0]

    def forward(self, x):
        self.x = x
        self.h1 = np.tanh(self.x @ self.W1)
        self.h2 = np.tanh(self.h1 @ self.W2)
        self.out = self.h2 @ self.W3
        return self.out

    def loss(self, y):
        return 0.5 * np.mean(np.sum((self.out - y) ** 2, axis=1))

    def backward(self, y):
        n = y.shape[0]
        delta = (self.out - y) / n
        self.g3 = self.h2.T @ delta
        delta = delta @ self.W3.T * (1 - self.h2 * self.h2)
        self.g2 = self.h1.T @ delta
        delta = delta @ self.W2.T * (1 - self.h1 * self.h1)
        self.g1 = self.x.T @ delta

    def step(self, lr, mu):
        self.velocity[0] = mu * self.velocity[0] + self.g1
        self.velocity[1] = mu * self.velocity[1] + self.g2
        self.velocity[2] = mu * self.velocity[2] + self.g3
        self.W1 -= lr * self.velocity[0]
        self.W2 -= lr * self.velocity[1]
        self.W3 -= lr * self.velocity[2]


rng = np.random.default_rng(27)
X = rng.uniform(-1, 1, (48, 4))
Y = np.stack([X[:, 0] * X[:, 1], np.abs(X[:, 2]), X[:, 3] ** 2], axis=1)
model = Regressor([4, 9, 7, 3], 5)
for it in range(3000):
    batch = rng.choice(48, 12, replace=False)
    model.forward(X[batch])
    current = model.loss(Y[batch])
    model.backward(Y[batch])
    model.step(0.05, 0.8)
    if it % 300 == 0:
        print(it, current)
