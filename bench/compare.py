#!/usr/bin/env python3
"""Times resc and ONNX Runtime in turns on one network, and prints a row of a
Markdown table. run.sh prepares what it needs.

A round is one process of each, one after the other, so that whatever else the
machine does meets both. The ratio is ONNX Runtime's median over resc's, above 1
where resc is faster: the median of the rounds' ratios, and the lowest and highest.
"""

import argparse
import json
import os
import statistics
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
HEADER = """\
| network | threads | resc ms: min, median, p99 | ONNX Runtime ms: min, median, p99 | ratio of medians (lowest to highest) | of minima | cold start ms | peak MB |
| --- | --- | --- | --- | --- | --- | --- | --- |"""


def run(command):
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def summary(rows):
    """The best minimum, and the medians of the rest, over all rounds."""
    middle = {k: statistics.median(r[k] for r in rows) for k in ("median_ms", "p99_ms", "cold_start_ms", "max_rss_bytes")}
    return {"min_ms": min(r["min_ms"] for r in rows), **middle}


def line(r):
    ours, theirs, ratio = r["resc"], r["onnxruntime"], r["ratio"]
    times = " | ".join("{min_ms:.2f}, {median_ms:.2f}, {p99_ms:.2f}".format(**x) for x in (ours, theirs))
    return (f"| {r['network']} | {r['threads']} | {times} "
            f"| {ratio['median']:.2f} ({ratio['lowest']:.2f} to {ratio['highest']:.2f}) | {ratio['of_minima']:.2f} "
            f"| {ours['cold_start_ms']:.0f}, {theirs['cold_start_ms']:.0f} "
            f"| {ours['max_rss_bytes'] / 1e6:.0f}, {theirs['max_rss_bytes'] / 1e6:.0f} |")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("network", help="a name of the standard library")
    p.add_argument("folder", help="holds resc, node_modules, NETWORK.onnx and NETWORK.safetensors")
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--rounds", type=int, default=10)
    p.add_argument("--runs", type=int, default=20, help="inferences a round")
    p.add_argument("--json", help="append a line with all rounds to this file")
    p.add_argument("--no-header", action="store_true")
    a = p.parse_args()

    stem = os.path.join(a.folder, a.network)
    shape = "1x3x32x32" if a.network.startswith("cifar") else "1x3x224x224"
    threads, runs = str(a.threads), str(a.runs)
    commands = {
        "resc": [os.path.join(a.folder, "resc"), "bench", "std/" + a.network, "--weights", stem + ".safetensors",
                 "--threads", threads, "--runs", runs, "--format", "json"],
        "onnxruntime": ["node", os.path.join(HERE, "ort.mjs"), a.folder, stem + ".onnx", threads, "3", runs, shape],
    }
    rounds = [{name: run(command) for name, command in commands.items()} for _ in range(a.rounds)]
    ratios = [r["onnxruntime"]["median_ms"] / r["resc"]["median_ms"] for r in rounds]
    result = {"network": a.network, "threads": a.threads, **{name: summary([r[name] for r in rounds]) for name in commands}}
    result["ratio"] = {
        "median": statistics.median(ratios), "lowest": min(ratios), "highest": max(ratios),
        "of_minima": result["onnxruntime"]["min_ms"] / result["resc"]["min_ms"],
    }
    if not a.no_header:
        print(HEADER)
    print(line(result))
    if a.json:
        with open(a.json, "a") as f:
            f.write(json.dumps({**result, "rounds": rounds}) + "\n")


if __name__ == "__main__":
    main()
