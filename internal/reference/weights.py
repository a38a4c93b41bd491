"""Weights and inputs that follow from tensors' names alone, as package fixture
makes them, and a writer of safetensors."""

import json
import struct

import numpy as np
import torch

MASK = (1 << 64) - 1


def values(name, shape):
    """The float32 tensor of a name: SplitMix64 over the name's FNV-1a digest."""
    h = 0xCBF29CE484222325
    for b in name.encode():
        h = ((h ^ b) * 0x100000001B3) & MASK
    n = int(np.prod(shape))
    with np.errstate(over="ignore"):
        z = np.uint64(h) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    u = (z >> np.uint64(40)).astype(np.float32) / np.float32(2**24)
    last = name.rsplit(".", 1)[-1]
    two = np.float32(2)
    if name == "input":
        v = 4 * u - two
    elif last == "running_mean":
        v = np.float32(0.1) * (two * u - 1)
    elif last == "running_var":
        v = np.float32(0.5) + u
    elif last == "weight" and len(shape) == 4:
        v = np.float32(np.sqrt(6 / (shape[1] * shape[2] * shape[3]))) * (two * u - 1)
    elif last == "weight" and len(shape) == 2:
        v = np.float32(np.sqrt(3 / shape[1])) * (two * u - 1)
    elif last == "weight":
        v = np.float32(0.5) + np.float32(0.5) * u
    else:
        v = np.float32(0.1) * (two * u - 1)
    return v.astype(np.float32).reshape(shape)


def state_dict(module):
    """The float32 tensors that inference with a module reads, by name."""
    return {
        k: values(k, tuple(v.shape))
        for k, v in module.state_dict().items()
        if not k.endswith("num_batches_tracked")
    }


def fill(module):
    """Gives a module its weights. Returns them by name."""
    state = state_dict(module)
    loaded = module.load_state_dict({k: torch.from_numpy(v) for k, v in state.items()}, strict=False)
    assert all(k.endswith("num_batches_tracked") for k in loaded.missing_keys), loaded
    module.eval()
    return state


def write_safetensors(path, tensors):
    """Writes float32 tensors by name."""
    header, at = {}, 0
    for name, v in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(v.shape), "data_offsets": [at, at + v.nbytes]}
        at += v.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for v in tensors.values():
            f.write(np.ascontiguousarray(v, dtype="<f4").tobytes())
