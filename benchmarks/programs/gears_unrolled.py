# two inputs, two hidden, two outputs, everything spelled out
import math

w1, w2, w3, w4 = 0.17, -0.24, 0.33, 0.29
w5, w6, w7, w8 = 0.41, -0.45, 0.52, 0.36
b1, b2, b3, b4 = 0.35, -0.12, 0.61, 0.07
rate = 0.4


def act(z):
    return math.tanh(z)


table = [(0.1, 0.7, 0.2, 0.9), (0.8, 0.3, 0.6, 0.1), (-0.4, 0.5, -0.3, 0.4), (0.9, -0.6, 0.8, -0.2)]

for epoch in range(5000):
    total = 0.0
    for x1, x2, t1, t2 in table:
        n1 = w1 * x1 + w2 * x2 + b1
        n2 = w3 * x1 + w4 * x2 + b2
        h1 = act(n1)
        h2 = act(n2)
        o1 = w5 * h1 + w6 * h2 + b3
        o2 = w7 * h1 + w8 * h2 + b4
        loss = 0.5 * (o1 - t1) ** 2 + 0.5 * (o2 - t2) ** 2
        total += loss

        e1 = o1 - t1
        e2 = o2 - t2
        dw5 = e1 * h1
        dw6 = e1 * h2
        dw7 = e2 * h1
        dw8 = e2 * h2
        dh1 = (e1 * w5 + e2 * w7) * (1 - h1 ** 2)
        dh2 = (e1 * w6 + e2 * w8) * (1 - h2 ** 2)
        dw1 = dh1 * x1
        dw2 = dh1 * x2
        dw3 = dh2 * x1
        dw4 = dh2 * x2

        w1 -= rate * dw1
        w2 -= rate * dw2
        w3 -= rate * dw3
        w4 -= rate * dw4
        w5 -= rate * dw5
        w6 -= rate * dw6
        w7 -= rate * dw7
        w8 -= rate * dw8
        b1 -= rate * dh1
        b2 -= rate * dh2
        b3 -= rate * e1
        b4 -= rate * e2
    if epoch % 500 == 0:
        print(epoch, total)
