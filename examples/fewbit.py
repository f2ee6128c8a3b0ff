# SPDX-License-Identifier: Apache-2.0
"""Gradients by a few bits beside exact ones: the demo's small GPT, trained once with each from the same start.

    python examples/fewbit.py [--activation gelu_tanh] [--steps 300]

Printed are the loss on text that was held out, the time of a step, the bytes that a step saves for backward, and the
training loss along the way, a mean over 20 steps.
"""

import argparse
import functools
import statistics

import smoothact
from smoothact.cli.demo import table
from smoothact.cli.demo_train import Run, train


def every(run: Run, count: int) -> list[float]:
    """Training losses, the mean of the last 20 steps at each of so many places."""
    ends = [len(run.losses) * (i + 1) // count for i in range(count)]
    return [statistics.fmean(run.losses[max(0, end - 20) : end]) for end in ends]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--activation", default="gelu_tanh")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    function = getattr(smoothact.functional, smoothact.catalogue.resolve(arguments.activation).at_defaults().name)
    runs = [Run("exact", function)]
    runs += [Run(f"fewbit={bits}", functools.partial(function, fewbit=bits)) for bits in (4, 3, 2)]

    class Quiet(list):
        def set_postfix_str(self, text: str) -> None:
            pass

    train(runs, arguments.steps, arguments.seed, arguments.device, lambda steps, unit: Quiet(steps))
    print(table(runs))
    print("\ntraining loss")
    for run in runs:
        print(f"{run.label:10}", *(f"{loss:.4f}" for loss in every(run, 6)))


if __name__ == "__main__":
    main()
