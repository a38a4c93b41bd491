#!/usr/bin/env python3
"""Writes a network of the standard library as ONNX and its weights as
safetensors, so that two programs can run the same network. The weights follow
from their names.

    export.py NETWORK OUT.onnx OUT.safetensors [name=value ...]

name=value are settings as resc's --set takes them: a shortcut, a depth. ONNX's
input is "image", float32 of any batch.
"""

import os
import sys

import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "internal", "reference"))
from networks import build  # noqa: E402
from weights import fill, write_safetensors  # noqa: E402


def main():
    name, onnx, weights, *settings = sys.argv[1:]
    module = build(name, dict(s.split("=", 1) for s in settings))
    write_safetensors(weights, fill(module))
    side = 32 if name.startswith("cifar") else 224
    torch.onnx.export(
        module, torch.zeros(2, 3, side, side), onnx, opset_version=13,
        input_names=["image"], output_names=["output"], dynamic_axes={"image": {0: "batch"}, "output": {0: "batch"}})


if __name__ == "__main__":
    main()
