import numpy as np

rng = np.random.default_rng(90)
X = rng.normal(size=(40, 6))
y = (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(float).reshape(-1, 1)

keep = 0.8
lr = 0.2
W1, b1 = rng.normal(0, 0.5, (6, 13)), rng.normal(0, 0.1, (1, 13))
W2, b2 = rng.normal(0, 0.5, (13, 9)), rng.normal(0, 0.1, (1, 9))
W3, b3 = rng.normal(0, 0.5, (9, 1)), rng.normal(0, 0.1, (1, 1))


def relu(z):
    return np.maximum(z, 0)


def relu_grad(z):
    return (z > 0).astype(float)


for epoch in range(1500):
    z1 = X @ W1 + b1
    a1 = relu(z1)
    mask1 = (rng.random(a1.shape) < keep) / keep
    a1 = a1 * mask1
    z2 = a1 @ W2 + b2
    a2 = relu(z2)
    mask2 = (rng.random(a2.shape) < keep) / keep
    a2 = a2 * mask2
    p = 1 / (1 + np.exp(-(a2 @ W3 + b3)))
    loss = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()

    d3 = (p - y) / len(X)
    d2 = (d3 @ W3.T) * mask2 * relu_grad(z2)
    d1 = (d2 @ W2.T) * mask1 * relu_grad(z1)

    W3 -= lr * (a2.T @ d3)
    b3 -= lr * d3.sum(axis=0, keepdims=True)
    W2 -= lr * (a1.T @ d2)
    b2 -= lr * d2.sum(axis=0, keepdims=True)
    W1 -= lr * (X.T @ d1)
    b1 -= lr * d1.sum(axis=0, keepdims=True)
    if epoch % 150 == 0:
        print(epoch, loss)
