import numpy as np


class NeuralNetwork:
    def __init__(self, inputs, hidden, outputs, learning_rate):
        self.lr = learning_rate
        self.wih = np.random.normal(0.0, inputs ** -0.5, (hidden, inputs))
        self.who = np.random.normal(0.0, hidden ** -0.5, (outputs, hidden))
        self.bih = np.random.normal(0.0, 0.1, (hidden, 1))
        self.bho = np.random.normal(0.0, 0.1, (outputs, 1))

    def activation(self, x):
        return 1.0 / (1.0 + np.exp(-x))

    def query(self, inputs):
        self.inputs = inputs
        self.hidden_inputs = np.dot(self.wih, self.inputs) + self.bih
        self.hidden_outputs = self.activation(self.hidden_inputs)
        self.final_inputs = np.dot(self.who, self.hidden_outputs) + self.bho
        self.final_outputs = self.activation(self.final_inputs)
        return self.final_outputs

    def train(self, inputs_list, targets_list):
        inputs = np.array(inputs_list, ndmin=2).T
        targets = np.array(targets_list, ndmin=2).T
        self.query(inputs)
        self.loss = 0.5 * np.sum((targets - self.final_outputs) ** 2)

        output_errors = targets - self.final_outputs
        output_delta = output_errors * self.final_outputs * (1.0 - self.final_outputs)
        hidden_errors = np.dot(self.who.T, output_delta)
        hidden_delta = hidden_errors * self.hidden_outputs * (1.0 - self.hidden_outputs)

        self.who += self.lr * np.dot(output_delta, self.hidden_outputs.T)
        self.bho += self.lr * output_delta
        self.wih += self.lr * np.dot(hidden_delta, self.inputs.T)
        self.bih += self.lr * hidden_delta
        return self.loss


np.random.seed(23)
angles = np.random.uniform(-1.5, 1.5, (41, 3))
forces = 0.5 + 0.4 * np.sin(angles[:, :2] + angles[:, 1:])
n = NeuralNetwork(3, 6, 2, 0.4)

for k in range(8000):
    pick = np.random.randint(41)
    n.train(angles[pick], forces[pick])
    if k % 800 == 0:
        print(k, n.loss)
