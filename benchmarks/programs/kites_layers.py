import numpy as np

rng = np.random.default_rng(31)


class Linear:
    def __init__(self, fan_in, fan_out):
        self.weight = rng.normal(0, 1 / np.sqrt(fan_in), (fan_in, fan_out))
        self.bias = rng.normal(0, 0.1, fan_out)

    def forward(self, x):
        self.input = x
        return x @ self.weight + self.bias

    def backward(self, grad_output):
        self.grad_weight = self.input.T @ grad_output
        self.grad_bias = np.sum(grad_output, axis=0)
        return grad_output @ self.weight.T

    def step(self, lr):
        self.weight = self.weight - lr * self.grad_weight
        self.bias = self.bias - lr * self.grad_bias


class Tanh:
    def forward(self, x):
        self.output = np.tanh(x)
        return self.output

    def backward(self, grad_output):
        return grad_output * (1 - self.output ** 2)

    def step(self, lr):
        pass


class Sigmoid:
    def forward(self, x):
        self.output = 1 / (1 + np.exp(-x))
        return self.output

    def backward(self, grad_output):
        return grad_output * self.output * (1 - self.output)

    def step(self, lr):
        pass


class MSELoss:
    def forward(self, prediction, target):
        self.difference = prediction - target
        return np.mean(self.difference ** 2)

    def backward(self):
        return 2 * self.difference / self.difference.size


class Sequential:
    def __init__(self, *layers):
        self.layers = layers

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad):
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        return grad

    def step(self, lr):
        for layer in self.layers:
            layer.step(lr)


model = Sequential(Linear(3, 7), Tanh(), Linear(7, 6), Sigmoid(), Linear(6, 2))
criterion = MSELoss()
wind = rng.uniform(-1, 1, (37, 3))
lift = np.stack([wind[:, 0] ** 2 - wind[:, 1], np.sin(2 * wind[:, 2])], axis=1)

for epoch in range(2000):
    prediction = model.forward(wind)
    loss = criterion.forward(prediction, lift)
    model.backward(criterion.backward())
    model.step(0.3)
    if epoch % 200 == 0:
        print(f"epoch {epoch} loss {loss:.5f}")
