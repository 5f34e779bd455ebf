import numpy as np

rng = np.random.RandomState(23)
features = rng.randn(44, 3)
mpg = 2.0 + features @ np.array([[1.0], [-2.0], [0.5]]) + 0.3 * features[:, :1] * features[:, 1:2]

W1 = rng.randn(3, 10) * 0.3
b1 = rng.randn(1, 10) * 0.1
W2 = rng.randn(10, 1) * 0.3
b2 = rng.randn(1, 1) * 0.1
vW1, vb1, vW2, vb2 = 0 * W1, 0 * b1, 0 * W2, 0 * b2
mu = 0.9
lr = 0.01


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def sigmoid_prime(a):
    # a is already sigmoid(z)
    return a * (1.0 - a)


for it in range(6000):
    a1 = sigmoid(features.dot(W1) + b1)
    pred = a1.dot(W2) + b2
    cost = 0.5 * np.mean((pred - mpg) ** 2)

    d2 = (pred - mpg) / len(mpg)
    d1 = d2.dot(W2.T) * sigmoid_prime(a1)
    gW2, gb2 = a1.T.dot(d2), np.sum(d2, axis=0, keepdims=True)
    gW1, gb1 = features.T.dot(d1), np.sum(d1, axis=0, keepdims=True)

    # nesterov momentum, the cs231n way
    prev = vW1, vb1, vW2, vb2
    vW1 = mu * vW1 - lr * gW1
    vb1 = mu * vb1 - lr * gb1
    vW2 = mu * vW2 - lr * gW2
    vb2 = mu * vb2 - lr * gb2
    W1 += -mu * prev[0] + (1 + mu) * vW1
    b1 += -mu * prev[1] + (1 + mu) * vb1
    W2 += -mu * prev[2] + (1 + mu) * vW2
    b2 += -mu * prev[3] + (1 + mu) * vb2
    if it % 600 == 0:
        print(it, cost)
