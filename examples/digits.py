# SPDX-License-Identifier: Apache-2.0
"""Parameters that learn, against the same ones fixed: a small network on scikit-learn's digits.

    pip install scikit-learn
    python examples/digits.py [--seeds 10] [--epochs 40]

Half of the 1,797 images train, half test. Every hidden unit has parameters of its own. Printed are the errors on the
test half, mean and standard error over the seeds, the mean difference within a seed, and where the parameters ended.
"""

import argparse
import statistics

import torch
from sklearn.datasets import load_digits
from smoothact import nn as sa
from torch import Tensor, nn

WIDTH = 64
ACTIVATIONS = {
    "LeakyReLU": {"negative_slope": 0.25},  # PReLU, where it learns
    "Swish": {},
    "Softplus": {"constraint": "softplus"},
    "Squareplus": {"constraint": "softplus"},
    "PELU": {"constraint": "softplus"},
    "CELU": {"constraint": "softplus"},
    "SMU": {},
    "AconC": {},
    "XIELU": {"constraint": "softplus"},
}


def digits() -> tuple[Tensor, Tensor]:
    data = load_digits()
    return torch.tensor(data.data, dtype=torch.float32) / 16, torch.tensor(data.target)


def network(name: str, learn: bool) -> nn.Sequential:
    options = dict(ACTIVATIONS[name])
    constraint = options.pop("constraint", None)
    if learn:
        options |= {"learnable": True, "num_parameters": WIDTH, "constraint": constraint}
    hidden = [m for width in (64, WIDTH) for m in (nn.Linear(width, WIDTH), getattr(sa, name)(**options))]
    return nn.Sequential(*hidden, nn.Linear(WIDTH, 10))


def train(name: str, learn: bool, seed: int, epochs: int) -> tuple[float, nn.Sequential]:
    """Error on the test half, in percent, and the network."""
    x, y = digits()
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(x), generator=generator)
    training, test = order[: len(x) // 2], order[len(x) // 2 :]
    torch.manual_seed(seed)
    net = network(name, learn)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    for _ in range(epochs):
        for batch in training[torch.randperm(len(training), generator=generator)].split(32):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(x[batch]), y[batch]).backward()
            optimizer.step()
    with torch.no_grad():
        return 100 * (net(x[test]).argmax(1) != y[test]).float().mean().item(), net


def travelled(net: nn.Sequential) -> str:
    """Of each parameter, the value it began with and those it has now in the first hidden layer."""
    layer = net[1]
    ends = {name: getattr(layer, name).detach() for name in layer.learnt}
    return ", ".join(f"{n} {layer.learnt[n]:g} to {v.min():.2f} .. {v.max():.2f}" for n, v in ends.items())


def spread(values: list[float]) -> str:
    error = statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else float("nan")
    return f"{statistics.mean(values):5.2f} ± {error:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(ACTIVATIONS)}; all by default")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=40)
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(ACTIVATIONS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(ACTIVATIONS)}")
    print(f"{'':12} {'fixed, %':>13} {'learnt, %':>13} {'difference':>13}  parameters of the first layer, last seed")
    for name in arguments.names or ACTIVATIONS:
        fixed, learnt = ([train(name, learn, s, arguments.epochs) for s in range(arguments.seeds)] for learn in (0, 1))
        errors = [[error for error, _ in runs] for runs in (fixed, learnt)]
        difference = [b - a for a, b in zip(*errors, strict=True)]
        columns = " ".join(f"{spread(column):>13}" for column in (*errors, difference))
        print(f"{name:12} {columns}  {travelled(learnt[-1][1])}", flush=True)


if __name__ == "__main__":
    main()
