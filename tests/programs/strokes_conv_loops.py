import numpy as np

# 7x6 pictures of strokes, one convolution (3x2, two filters), max pooling, softmax. Everything with loops.
np.random.seed(55)


def picture(kind):
    img = 0.1 * np.random.randn(7, 6)
    if kind == 0:
        img[:, np.random.randint(6)] += 1
    elif kind == 1:
        img[np.random.randint(7), :] += 1
    return img


filters = np.random.randn(2, 3, 2) * 0.5
offset = np.random.randn(2) * 0.1
dense = np.random.randn(3, 2 * 2 * 2) * 0.3
dense_b = np.random.randn(3) * 0.1
rate = 0.05

for n in range(2000):
    kind = np.random.randint(3)
    img = picture(kind)

    conv = np.zeros((2, 5, 5))
    for f in range(2):
        for i in range(5):
            for j in range(5):
                conv[f, i, j] = np.sum(img[i:i + 3, j:j + 2] * filters[f]) + offset[f]
    act = np.maximum(0, conv)
    pooled = np.zeros((2, 2, 2))
    for f in range(2):
        for i in range(2):
            for j in range(2):
                pooled[f, i, j] = np.max(act[f, 2 * i:2 * i + 2, 2 * j:2 * j + 2])
    flat = pooled.reshape(-1)
    scores = dense @ flat + dense_b
    prob = np.exp(scores) / np.sum(np.exp(scores))
    loss = -np.log(prob[kind])

    dscores = prob.copy()
    dscores[kind] -= 1
    d_dense = np.outer(dscores, flat)
    d_pooled = (dense.T @ dscores).reshape(2, 2, 2)
    d_act = np.zeros_like(act)
    for f in range(2):
        for i in range(2):
            for j in range(2):
                window = act[f, 2 * i:2 * i + 2, 2 * j:2 * j + 2]
                d_act[f, 2 * i:2 * i + 2, 2 * j:2 * j + 2] += d_pooled[f, i, j] * (window == window.max())
    d_conv = d_act * (conv > 0)
    d_filters, d_offset = np.zeros_like(filters), np.zeros_like(offset)
    for f in range(2):
        for i in range(5):
            for j in range(5):
                d_filters[f] += d_conv[f, i, j] * img[i:i + 3, j:j + 2]
                d_offset[f] += d_conv[f, i, j]

    dense -= rate * d_dense
    dense_b -= rate * dscores
    filters -= rate * d_filters
    offset -= rate * d_offset
    if n % 200 == 0:
        print(n, loss)
