import numpy as np

# one weight matrix for everything: column 0 is the bias, the last row belongs to the output
np.random.seed(404)
theta = np.random.randn(5, 4) * 0.5
hidden, readout = theta[:4], theta[4]
levels = np.random.rand(26, 3)
flow = np.sqrt(levels[:, 0] + 0.2) - 0.5 * levels[:, 1] * levels[:, 2]
alpha = 0.02

for k in range(1000):
    for i in np.random.permutation(26):
        x, q = levels[i], flow[i]
        z = hidden[:, 0] + hidden[:, 1:] @ x
        a = np.tanh(z)
        guess = readout @ a + 0.3
        miss = guess - q
        cost = miss ** 2

        g_out = 2 * miss * a
        g_hid = 2 * miss * readout * (1 - a ** 2)
        readout -= alpha * g_out
        hidden[:, 0] -= alpha * g_hid
        hidden[:, 1:] -= alpha * np.outer(g_hid, x)
    if k % 100 == 0:
        print(k, cost)
