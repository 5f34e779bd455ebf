# a 2-2-1 network with every weight written out, no numpy
from math import exp

w11, w12, w21, w22 = 0.15, -0.35, 0.55, 0.25
v1, v2 = 0.4, -0.6
bh1, bh2, bo = 0.1, -0.2, 0.3
eta = 0.5

samples = [(0.1, 0.9, 0.8), (0.7, 0.2, 0.3), (0.4, 0.4, 0.6), (0.9, 0.8, 0.1), (0.3, 0.5, 0.7)]


def s(x):
    return 1 / (1 + exp(-x))


for epoch in range(10000):
    for x1, x2, t in samples:
        h1 = s(w11 * x1 + w12 * x2 + bh1)
        h2 = s(w21 * x1 + w22 * x2 + bh2)
        y = s(v1 * h1 + v2 * h2 + bo)

        E = (t - y) ** 2 / 2

        dy = (t - y) * y * (1 - y)
        dh1 = dy * v1 * h1 * (1 - h1)
        dh2 = dy * v2 * h2 * (1 - h2)

        v1 = v1 + eta * dy * h1
        v2 = v2 + eta * dy * h2
        bo = bo + eta * dy
        w11 = w11 + eta * dh1 * x1
        w12 = w12 + eta * dh1 * x2
        w21 = w21 + eta * dh2 * x1
        w22 = w22 + eta * dh2 * x2
        bh1 = bh1 + eta * dh1
        bh2 = bh2 + eta * dh2
    if epoch % 1000 == 0:
        print(epoch, E)
