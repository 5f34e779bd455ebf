import numpy as np

# how long does the boiler run? from outside temperature, wind and hour
np.random.seed(7)
N = 29
X = np.random.rand(N, 3) * 2 - 1
hours = (0.6 - 0.8 * X[:, :1] + 0.3 * np.sin(3 * X[:, 1:2]) * X[:, 2:3])

W1 = np.random.randn(3, 7) * 0.5
b1 = np.random.randn(7) * 0.1
W2 = np.random.randn(7, 5) * 0.5
b2 = np.random.randn(5) * 0.1
W3 = np.random.randn(5, 1) * 0.5
b3 = np.zeros(1)
lr = 0.05

for epoch in range(3000):
    z1 = X @ W1 + b1
    a1 = np.tanh(z1)
    z2 = a1 @ W2 + b2
    a2 = 1 / (1 + np.exp(-z2))
    out = a2 @ W3 + b3
    loss = np.sum((out - hours) ** 2) / (2 * N)

    d3 = (out - hours) / N
    dW3 = a2.T @ d3
    db3 = d3.sum(axis=0)
    d2 = d3 @ W3.T * a2 * (1 - a2)
    dW2 = a1.T @ d2
    db2 = d2.sum(axis=0)
    d1 = d2 @ W2.T * (1 - a1 ** 2)
    dW1 = X.T @ d1
    db1 = d1.sum(axis=0)

    W3 -= lr * dW3
    b3 -= lr * db3
    W2 -= lr * dW2
    b2 -= lr * db2
    W1 -= lr * dW1
    b1 -= lr * db1
    if epoch % 300 == 0:
        print(epoch, loss)
