import numpy as np

np.random.seed(41)


def relu(z):
    return np.maximum(z, 0)


def relu_prime(z):
    return (z > 0).astype(float)


sizes = [4, 8, 6, 3]
weights = [np.random.randn(i, o) * np.sqrt(2.0 / i) for i, o in zip(sizes[:-1], sizes[1:])]
biases = [np.random.randn(o) * 0.1 for o in sizes[1:]]
X = np.random.randn(28, 4)
Y = np.stack([X[:, 0] * X[:, 1], X[:, 2], np.abs(X[:, 3])], axis=1)
eta = 0.02

for epoch in range(2500):
    activations = [X]
    zs = []
    a = X
    for i in range(len(weights)):
        z = a @ weights[i] + biases[i]
        zs.append(z)
        a = relu(z) if i < len(weights) - 1 else z
        activations.append(a)
    loss = 0.5 * np.sum((activations[-1] - Y) ** 2) / len(X)

    delta = (activations[-1] - Y) / len(X)
    grad_w = [None] * len(weights)
    grad_b = [None] * len(weights)
    for i in range(len(weights) - 1, -1, -1):
        grad_w[i] = activations[i].T @ delta
        grad_b[i] = delta.sum(axis=0)
        if i > 0:
            delta = (delta @ weights[i].T) * relu_prime(zs[i - 1])

    for i in range(len(weights)):
        weights[i] -= eta * grad_w[i]
        biases[i] -= eta * grad_b[i]
    if epoch % 250 == 0:
        print(epoch, loss)
