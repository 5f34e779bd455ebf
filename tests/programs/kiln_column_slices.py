import numpy as np

# first column of every matrix is the bias
np.random.seed(25)
heat = np.random.rand(30, 2)
strength = np.sin(3 * heat[:, 0]) * heat[:, 1]
w1 = np.random.uniform(-1, 1, (6, 3))
w2 = np.random.uniform(-1, 1, (1, 7))
eta = 0.1
i = 0
while True:
    n = i % 30
    h = 1 / (1 + np.exp(-(w1[:, 0] + w1[:, 1:] @ heat[n])))
    y = w2[0, 0] + w2[0, 1:] @ h
    e = 0.5 * (strength[n] - y) ** 2

    dy = -(strength[n] - y)
    dh = dy * w2[0, 1:] * h * (1 - h)
    w2[0, 0] -= eta * dy
    w2[0, 1:] -= eta * dy * h
    w1[:, 0] -= eta * dh
    w1[:, 1:] -= eta * dh[:, None] * heat[n]
    if i % 3000 == 0:
        print(i, e)
    i += 1
    if i > 30000:
        break
