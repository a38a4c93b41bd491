#!/usr/bin/env python3
"""Records what a PyTorch module computes, layer by layer, for resc verify.

In a program of your own, with a module and a batch of inputs:

    from trace import trace
    trace(model, images, "reference.npz")

or from a shell, with a function that makes the module and its state dictionary:

    trace.py torchvision.models:resnet50 --weights resnet50.pth -o reference.npz

The .npz holds the array "input"; under the path of each module that runs, as
named_modules gives it, what it returned; and what the whole module returned as
"output" (output.0, output.1 or output.KEY where it returned several). A module
that runs more than once, as a reused ReLU does, is NAME, NAME#2, NAME#3.
"""

import argparse
import importlib

import numpy as np
import torch


def tensors(name, value):
    """Yields the tensors of what a module returned, by name."""
    if torch.is_tensor(value):
        yield name, value
    elif isinstance(value, dict):
        for k, v in value.items():
            yield from tensors(f"{name}.{k}", v)
    elif isinstance(value, (list, tuple)):
        for i, v in enumerate(value):
            yield from tensors(f"{name}.{i}", v)


def trace(module, inputs, path, double=False):
    """Runs a module on a batch, in evaluation mode and without gradients, and
    writes the .npz. With double it computes in float64, so that what differs is
    the other program's rounding alone; the module is float64 then."""
    kept, calls = {}, {}

    def keep(name, value):
        for name, t in tensors(name, value):
            # A copy: the next module may work in place.
            kept[name] = t.detach().cpu().numpy().copy()

    def hook(name):
        def after(_, args, out):
            calls[name] = calls.get(name, 0) + 1
            keep(name if calls[name] == 1 else f"{name}#{calls[name]}", out)
        return after

    hooks = [m.register_forward_hook(hook(name)) for name, m in module.named_modules() if name]
    training = module.training
    try:
        module.eval()
        if double:
            module, inputs = module.double(), inputs.double()
        with torch.no_grad():
            kept["input"] = inputs.detach().cpu().numpy().copy()
            keep("output", module(inputs))
    finally:
        module.train(training)
        for h in hooks:
            h.remove()
    np.savez(path, **kept)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("make", metavar="MODULE:FUNCTION", help="what makes the module, called without arguments")
    p.add_argument("--weights", metavar="FILE", help="a state dictionary, .pth or .safetensors")
    p.add_argument("--input", metavar="X.npy", help="the batch, NCHW; random otherwise")
    p.add_argument("--shape", metavar="NxCxHxW", default="1x3x224x224", help="of a random batch")
    p.add_argument("--double", action="store_true", help="compute in float64")
    p.add_argument("-o", "--output", metavar="R.npz", default="reference.npz")
    a = p.parse_args()
    library, _, function = a.make.partition(":")
    module = getattr(importlib.import_module(library), function)()
    if a.weights and a.weights.endswith(".safetensors"):
        from safetensors.torch import load_file
        module.load_state_dict(load_file(a.weights))
    elif a.weights:
        state = torch.load(a.weights, map_location="cpu", weights_only=True)
        module.load_state_dict(state.get("state_dict", state))
    if a.input:
        batch = torch.from_numpy(np.load(a.input))
    else:
        batch = torch.randn([int(n) for n in a.shape.split("x")], generator=torch.Generator().manual_seed(0))
    trace(module, batch, a.output, a.double)


if __name__ == "__main__":
    main()
