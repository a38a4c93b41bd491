#!/usr/bin/env python3
"""Exports a torchvision network to ONNX, with deterministic weights, and writes
the same weights as safetensors.

    export.py NAME OUT.onnx OUT.safetensors
"""

import json
import os
import struct
import sys

import torch
import torchvision

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "internal", "reference"))
from generate import values  # noqa: E402


def main():
    name, onnx, weights = sys.argv[1:]
    module = getattr(torchvision.models, name)().eval()
    state = {k: values(k, tuple(v.shape)) for k, v in module.state_dict().items() if not k.endswith("num_batches_tracked")}
    module.load_state_dict({k: torch.from_numpy(v) for k, v in state.items()}, strict=False)
    torch.onnx.export(module, torch.zeros(1, 3, 224, 224), onnx, opset_version=13, input_names=["image"], output_names=["output"],
                      dynamic_axes={"image": {0: "batch"}, "output": {0: "batch"}})
    header, at = {}, 0
    for k, v in state.items():
        header[k] = {"dtype": "F32", "shape": list(v.shape), "data_offsets": [at, at + v.nbytes]}
        at += v.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(weights, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for v in state.values():
            f.write(v.tobytes())


if __name__ == "__main__":
    main()
