import numpy as np

# three logic gates at once, with np.matrix so that * is the matrix product
X = np.matrix([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1], [0.5, 0.2, 1]])
T = np.matrix([[0, 0], [0, 1], [0, 1], [1, 1], [0.3, 0.6]])

np.random.seed(19)
syn0 = np.matrix(2 * np.random.random((3, 4)) - 1)
syn1 = np.matrix(2 * np.random.random((4, 2)) - 1)


def nonlin(x, deriv=False):
    if deriv:
        return np.multiply(x, 1 - x)
    return 1 / (1 + np.exp(-x))


for j in range(60000):
    l1 = nonlin(X * syn0)
    l2 = nonlin(l1 * syn1)

    l2_error = T - l2
    if j % 10000 == 0:
        print("Error: " + str(np.mean(np.abs(l2_error))))

    l2_delta = np.multiply(l2_error, nonlin(l2, deriv=True))
    l1_error = l2_delta * syn1.T
    l1_delta = np.multiply(l1_error, nonlin(l1, deriv=True))

    syn1 += l1.T * l2_delta
    syn0 += X.T * l1_delta

print(l2)
