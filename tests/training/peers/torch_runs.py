"""PyTorch: autograd, its losses, its optimisers with their own weight decay, its schedules."""

import torch
import torch.nn.functional as F  # noqa: N812
from shared import layers, main

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
ACTIVATIONS = {
    "linear": lambda z: z,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky-relu": F.leaky_relu,
    "elu": F.elu,
    "gelu": F.gelu,
    "softplus": F.softplus,
    "sin": torch.sin,
    "softmax": lambda z: torch.softmax(z, -1),
}
LOSSES = {
    "half-squared": lambda o, _, t: 0.5 * ((o - t) ** 2).sum(-1).mean(),
    "mse": lambda o, _, t: F.mse_loss(o, t),
    "mae": lambda o, _, t: F.l1_loss(o, t),
    "huber": lambda o, _, t: F.huber_loss(o, t),
    "binary-cross-entropy": lambda _, z, t: F.binary_cross_entropy_with_logits(z, t),
    "cross-entropy": lambda _, z, t: F.cross_entropy(z, t),
}


def optimizer(case, parameters, rate):
    """The optimiser of the case with PyTorch's defaults."""
    decay = {"lr": rate, "weight_decay": case["decay"]}
    match case["optimizer"]:
        case "sgd":
            return torch.optim.SGD(parameters, **decay)
        case "momentum":
            return torch.optim.SGD(parameters, momentum=0.9, **decay)
        case "nesterov":
            return torch.optim.SGD(parameters, momentum=0.9, nesterov=True, **decay)
        case "rmsprop":
            return torch.optim.RMSprop(parameters, **decay)
        case "adam":
            return torch.optim.Adam(parameters, **decay)


def schedule(text, optimizer, steps):
    """PyTorch's schedule of that name; None where the rate is constant."""
    schedules = torch.optim.lr_scheduler
    name, _, rest = text.partition(":")
    numbers = [float(number) for number in rest.split(",")] if rest else []
    match name:
        case "step":
            return schedules.StepLR(optimizer, int(numbers[0]), numbers[1])
        case "exponential":
            return schedules.ExponentialLR(optimizer, numbers[1] ** (1 / numbers[0]))
        case "cosine":
            last = numbers[0] if numbers else 0.0
            return schedules.CosineAnnealingLR(optimizer, steps, last * optimizer.param_groups[0]["lr"])
        case "warmup":
            return schedules.LambdaLR(optimizer, lambda t: min((t + 1) / numbers[0], 1))
    return None


def train(case, start, x, y, order, rates):
    """Yield the parameters after each step."""
    parameters = [torch.tensor(value, requires_grad=True) for value in start]
    x, y = torch.tensor(x), torch.tensor(y)
    # Of a schedule PyTorch is told the rate that it starts from, which the first step may have a part of.
    name, _, rest = case["schedule"].partition(":")
    first = rates[0] * float(rest) if name == "warmup" else rates[0]
    descent = optimizer(case, parameters, float(first))
    plan = schedule(case["schedule"], descent, len(order))
    for samples in order:
        rows = torch.as_tensor(samples.reshape(-1).astype("int64"))
        value = x[rows]
        for weights, bias, activation in layers(case, parameters):
            z = value @ weights if bias is None else value @ weights + bias
            value = ACTIVATIONS[activation](z)
        descent.zero_grad()
        LOSSES[case["loss"]](value, z, y[rows]).backward()
        descent.step()
        if plan is not None:
            plan.step()
        yield [parameter.detach().numpy().copy() for parameter in parameters]


if __name__ == "__main__":
    main(train)
