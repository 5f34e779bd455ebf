import numpy as np

np.random.seed(37)
x = np.random.rand(24, 3).astype(np.float32)
y = (x[:, :1] * x[:, 1:2] + 0.5 * x[:, 2:]).astype(np.float32)

W1 = np.float32(0.6) * np.random.randn(3, 11).astype(np.float32)
b1 = np.float32(0.1) * np.random.randn(11).astype(np.float32)
W2 = np.float32(0.6) * np.random.randn(11, 1).astype(np.float32)
b2 = np.float32(0.1) * np.random.randn(1).astype(np.float32)


def forward():
    global hidden, out
    hidden = x.dot(W1) + b1
    hidden[hidden < 0] = 0
    out = hidden.dot(W2) + b2
    return np.square(out - y).sum()


def backward():
    global gW1, gb1, gW2, gb2
    gout = 2.0 * (out - y)
    gW2 = hidden.T.dot(gout)
    gb2 = gout.sum(axis=0)
    ghid = gout.dot(W2.T)
    ghid[hidden <= 0] = 0
    gW1 = x.T.dot(ghid)
    gb1 = ghid.sum(axis=0)


def update(rate):
    global W1, b1, W2, b2
    W1 = W1 - rate * gW1
    b1 = b1 - rate * gb1
    W2 = W2 - rate * gW2
    b2 = b2 - rate * gb2


for i in range(5000):
    error = forward()
    backward()
    update(0.002)
    if i % 500 == 0:
        print("step", i, "squared error", error)
