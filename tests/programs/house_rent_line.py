import numpy as np
import matplotlib.pyplot as plt

# rent of a flat from its size, rooms and floor
np.random.seed(3)
N = 37
size = np.random.uniform(0.2, 1.4, N)
rooms = np.random.randint(1, 6, N) / 3.0
floor = np.random.randint(0, 9, N) / 4.0
X = np.stack([size, rooms, floor], axis=1)
rent = 0.9 * size + 0.35 * rooms - 0.1 * floor + 0.4 + 0.05 * np.random.randn(N)

w = np.random.randn(3) * 0.1
b = 0.05
alpha = 0.05
history = []

for epoch in range(5000):
    guess = X @ w + b
    diff = guess - rent
    mse = np.mean(diff ** 2)
    history.append(mse)

    dw = 2 / N * (X.T @ diff)
    db = 2 / N * np.sum(diff)
    w -= alpha * dw
    b -= alpha * db

    if epoch % 500 == 0:
        print("epoch", epoch, "mse", mse)

plt.plot(history)
plt.xlabel("epoch")
plt.show()
print(w, b)
