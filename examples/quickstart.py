# SPDX-License-Identifier: Apache-2.0
"""The same activation as a function, a module, under torch.func and compiled."""

import smoothact
import torch
from smoothact import functional as SF
from torch.func import grad, vmap

x = torch.linspace(-3, 3, 7, dtype=torch.float64)

print("mish   ", SF.mish(x))
print("mish'  ", vmap(grad(SF.mish))(x))
print("mish'' ", vmap(grad(grad(SF.mish)))(x))

net = torch.nn.Sequential(torch.nn.Linear(7, 32), smoothact.nn.Mish(), torch.nn.Linear(32, 1)).double()
print("module ", net(x).item())
print("compile", torch.compile(net, fullgraph=True)(x).item())

descriptor = smoothact.catalogue["mish"]
print("formula", descriptor.definition, "from", descriptor.source)

# Where the textbook form gives up, and what the function is there.
edge = torch.tensor([-float("inf"), -100.0, 100.0, float("inf")])
print("torch  ", torch.nn.functional.mish(edge))
print("ours   ", SF.mish(edge))
