import math
import random

random.seed(37)


def matvec(matrix, vector):
    return [sum(m * v for m, v in zip(row, vector)) for row in matrix]


def sigmoid(z):
    return 1.0 / (1.0 + math.exp(-z))


samples = []
for _ in range(15):
    x = [random.uniform(-1, 1) for _ in range(3)]
    samples.append((x, [0.5 + 0.4 * x[0] * x[1], 0.5 - 0.3 * x[2]]))

W = [[random.gauss(0, 0.6) for _ in range(3)] for _ in range(4)]
b = [random.gauss(0, 0.1) for _ in range(4)]
V = [[random.gauss(0, 0.6) for _ in range(4)] for _ in range(2)]
c = [random.gauss(0, 0.1) for _ in range(2)]
rate = 0.8

for epoch in range(3000):
    mean_loss = 0.0
    for x, t in samples:
        z = [s + bias for s, bias in zip(matvec(W, x), b)]
        h = [sigmoid(value) for value in z]
        y = [s + bias for s, bias in zip(matvec(V, h), c)]
        loss = sum(0.5 * (p - q) ** 2 for p, q in zip(y, t))
        mean_loss += loss / len(samples)

        dy = [p - q for p, q in zip(y, t)]
        dh = [0.0] * len(h)
        for k in range(len(dy)):
            for j in range(len(h)):
                dh[j] += dy[k] * V[k][j]
        dz = [dh[j] * h[j] * (1 - h[j]) for j in range(len(h))]

        for k in range(len(dy)):
            for j in range(len(h)):
                V[k][j] -= rate * dy[k] * h[j]
            c[k] -= rate * dy[k]
        for j in range(len(h)):
            for i in range(len(x)):
                W[j][i] -= rate * dz[j] * x[i]
            b[j] -= rate * dz[j]
    if epoch % 300 == 0:
        print(epoch, mean_loss)
