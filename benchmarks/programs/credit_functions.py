import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def sigmoid_derivative(z):
    s = sigmoid(z)
    return s * (1 - s)


def forward(X, W1, b1, W2, b2):
    Z1 = np.dot(W1, X) + b1
    A1 = np.tanh(Z1)
    Z2 = np.dot(W2, A1) + b2
    A2 = sigmoid(Z2)
    return Z1, A1, Z2, A2


def compute_cost(A2, Y):
    m = Y.shape[1]
    return -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m


def backward(X, Y, Z1, A1, A2, W2):
    m = Y.shape[1]
    dZ2 = A2 - Y
    dW2 = np.dot(dZ2, A1.T) / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dA1 = np.dot(W2.T, dZ2)
    dZ1 = dA1 * (1 - np.power(A1, 2))
    dW1 = np.dot(dZ1, X.T) / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    return dW1, db1, dW2, db2


def update(W1, b1, W2, b2, dW1, db1, dW2, db2, rate):
    W1 = W1 - rate * dW1
    b1 = b1 - rate * db1
    W2 = W2 - rate * dW2
    b2 = b2 - rate * db2
    return W1, b1, W2, b2


np.random.seed(17)
X = np.random.randn(4, 31)
Y = (X[:1] * X[1:2] + 0.5 * X[2:3] > 0).astype(float)
W1, b1 = np.random.randn(6, 4) * 0.5, np.random.randn(6, 1) * 0.1
W2, b2 = np.random.randn(1, 6) * 0.5, np.random.randn(1, 1) * 0.1

for i in range(5000):
    Z1, A1, Z2, A2 = forward(X, W1, b1, W2, b2)
    cost = compute_cost(A2, Y)
    dW1, db1, dW2, db2 = backward(X, Y, Z1, A1, A2, W2)
    W1, b1, W2, b2 = update(W1, b1, W2, b2, dW1, db1, dW2, db2, 0.3)
    if i % 500 == 0:
        print("cost after", i, ":", cost)
