#!/usr/bin/env python3
"""Makes the files in testdata/files, as PyTorch and NumPy write them, and
testdata/expected.json: what PyTorch and NumPy read back from each.

    apt-get install python3-torch
    /usr/bin/python3 make.py
"""

import argparse
import collections
import json
import os
import pickle
import zipfile

import numpy as np
import torch
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))
FILES = os.path.join(HERE, "files")
expected = {}


class Tiny(nn.Module):
    """The smallest network that has each kind of weight."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.fc = nn.Linear(4, 3)

    def forward(self, x):
        return self.fc(self.bn1(self.conv1(x)).mean((2, 3)))


def flat(value, name=""):
    """The tensors and arrays of nested dictionaries and lists."""
    if isinstance(value, (torch.Tensor, np.ndarray)):
        yield name, value
    elif isinstance(value, (dict, list, tuple)):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for k, v in items:
            yield from flat(v, f"{name}.{k}" if name else str(k))


def expect(file, value):
    rows = {}
    for name, t in flat(value):
        if isinstance(t, np.ndarray):
            t = torch.from_numpy(t.copy())
        t = t.detach()
        rows[name] = {"dtype": str(t.dtype).removeprefix("torch."), "shape": list(t.shape),
                      "values": [float(x) for x in t.double().flatten()]}
    expected[file] = rows


def save(file, value, **options):
    path = os.path.join(FILES, file)
    torch.save(value, path, **options)
    expect(file, torch.load(path))


def made(t):
    return collections.OrderedDict((k, v.to(t) if v.is_floating_point() else v) for k, v in state.items())


def refused():
    """Files that torch.load or Python would read, and resc must not."""
    model = Tiny()
    torch.save(model, os.path.join(FILES, "module.pth"))
    # The older format keeps the classes' source text, which is not for here.
    torch.serialization.get_source_lines_and_file = lambda c: (["class " + c.__name__], 1, "model.py")
    torch.save({"model": model}, os.path.join(FILES, "module-legacy.pth"), _use_new_zipfile_serialization=False)
    torch.jit.save(torch.jit.script(model), os.path.join(FILES, "script.pt"))

    class Hostile:
        def __reduce__(self):
            return os.system, ("touch /tmp/resc-was-here",)

    torch.save({"conv1.weight": Hostile()}, os.path.join(FILES, "hostile.pth"))
    torch.save({"conv1.weight": Hostile()}, os.path.join(FILES, "hostile-legacy.pth"), _use_new_zipfile_serialization=False)
    # The same archive with its members compressed.
    with zipfile.ZipFile(os.path.join(FILES, "zip.pth")) as z, \
            zipfile.ZipFile(os.path.join(FILES, "deflated.pth"), "w", zipfile.ZIP_DEFLATED) as to:
        for n in z.namelist():
            to.writestr(zipfile.ZipInfo(n), z.read(n), zipfile.ZIP_DEFLATED)
    # An archive that says it is of a big-endian machine.
    with zipfile.ZipFile(os.path.join(FILES, "zip.pth")) as z, zipfile.ZipFile(os.path.join(FILES, "bigendian.pth"), "w") as to:
        for n in z.namelist():
            to.writestr(n, z.read(n))
        to.writestr("zip/byteorder", "big")


torch.manual_seed(0)
os.makedirs(FILES, exist_ok=True)
state = Tiny().state_dict()
for k, v in state.items():
    if v.is_floating_point():
        v.copy_(torch.rand_like(v) + 0.25)
legacy = {"_use_new_zipfile_serialization": False}

save("zip.pth", state)
save("legacy.pth", state, **legacy)
save("half.pth", made(torch.float16))
save("half-legacy.pth", made(torch.float16), **legacy)
save("bfloat16.pth", made(torch.bfloat16))
save("double-legacy.pth", made(torch.float64), **legacy)
save("protocol4.pth", state, pickle_protocol=4)

model = nn.DataParallel(Tiny())
model.load_state_dict({"module." + k: v for k, v in state.items()})
optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
model(torch.ones(2, 3, 8, 8)).sum().backward()
optimizer.step()
nested = {"epoch": 3, "arch": "tiny", "state_dict": model.state_dict(), "best_prec1": 91.78,
          "optimizer": optimizer.state_dict(), "args": argparse.Namespace(lr=0.1), "best": np.float64(0.5),
          "model_ema": {k: v + 1 for k, v in model.state_dict().items()}}
save("nested.pth", nested)
save("nested-legacy.pth", nested, **legacy)
# As examples/imagenet of PyTorch saves it: the best accuracy is a tensor.
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 30)
save("imagenet.pth", {"epoch": 1, "arch": "tiny", "state_dict": model.state_dict(), "best_acc1": torch.tensor(76.13),
                      "optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()})

base = torch.arange(24, dtype=torch.float32)
views = {"base": base, "transposed": base.view(4, 6).t(), "tail": base[7:], "steps": base.view(4, 6)[1:, ::2],
         "permuted": base.view(2, 3, 4).permute(2, 0, 1), "expanded": base[:3].expand(2, 3), "scalar": torch.tensor(5.0),
         "empty": torch.zeros(0, 3), "part": base.view(4, 6)[2], "again": base, "parameter": nn.Parameter(base[:2].clone()),
         "channels_last": base.view(1, 2, 3, 4).contiguous(memory_format=torch.channels_last)}
save("views.pth", views)
save("views-legacy.pth", views, **legacy)
integers = {str(t).removeprefix("torch."): torch.arange(-3, 5).to(t)
            for t in (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool)}
save("integers.pth", integers)

arrays = {k.replace(".", "/"): v.numpy() for k, v in state.items()}
arrays.update(columns=np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)), half=np.arange(4, dtype=np.float16))
np.savez(os.path.join(FILES, "arrays.npz"), **arrays)
np.savez_compressed(os.path.join(FILES, "compressed.npz"), **arrays)
expect("arrays.npz", arrays)
expect("compressed.npz", arrays)
plain = {k: v.numpy() for k, v in state.items()}
np.savez_compressed(os.path.join(FILES, "part.npz"), **{"my.net." + k: v for k, v in plain.items()}, other=np.zeros(3))
np.savez_compressed(os.path.join(FILES, "two.npz"), **{p + k: v for k, v in plain.items() for p in ("student.", "teacher.")})
np.savez_compressed(os.path.join(FILES, "nan.npz"), **{k: np.where(v > 1, np.nan, v) if k == "fc.weight" else v for k, v in plain.items()})
for protocol in (2, 4):
    file = f"arrays{protocol}.pkl"
    with open(os.path.join(FILES, file), "wb") as f:
        pickle.dump({"model": arrays, "__author__": "resc"}, f, protocol)
    expect(file, {"model": arrays})

refused()
with open(os.path.join(HERE, "expected.json"), "w") as f:
    json.dump(expected, f, separators=(",", ":"), sort_keys=True)
    f.write("\n")
