#!/usr/bin/env bash
# Compares resc with ONNX Runtime on one network: the two programs take turns,
# and the medians of all their runs are compared.
#
#     bench/run.sh [NETWORK [THREADS [ROUNDS]]]
#
# Needs Debian's python3-torch, python3-torchvision and python3-onnx, and Node.js;
# ONNX Runtime 1.30.0 comes from npm into bench/out.
set -euo pipefail
cd "$(dirname "$0")"
network=${1:-resnet50} threads=${2:-1} rounds=${3:-10}
mkdir -p out
[ -d out/node_modules/onnxruntime-node ] || npm install --prefix out --ignore-scripts --silent onnxruntime-node@1.30.0
[ -f out/package.json ] || echo '{}' >out/package.json
[ -f "out/$network.onnx" ] || /usr/bin/python3 export.py "$network" "out/$network.onnx" "out/$network.safetensors"
go build -o out/resc ../cmd/resc
: >out/ours.jsonl
: >out/theirs.jsonl
for _ in $(seq "$rounds"); do
    out/resc bench "std/$network" --weights "out/$network.safetensors" --threads "$threads" --runs 10 --format json >>out/ours.jsonl
    node ort.mjs out "out/$network.onnx" "$threads" 10 >>out/theirs.jsonl
done
/usr/bin/python3 - "$network" "$threads" <<'PY'
import json, statistics, sys
ours, theirs = ([json.loads(l) for l in open(f"out/{n}.jsonl")] for n in ("ours", "theirs"))
m = lambda rows, key: statistics.median(r[key] for r in rows)
ratios = sorted(t["median_ms"] / o["median_ms"] for o, t in zip(ours, theirs))
print("| network | threads | resc ms (min, median) | ONNX Runtime ms (min, median) | ratio of medians (spread) | cold start ms | peak MB |")
print("| --- | --- | --- | --- | --- | --- | --- |")
print(f"| {sys.argv[1]} | {sys.argv[2]} | {min(r['min_ms'] for r in ours):.1f}, {m(ours, 'median_ms'):.1f} "
      f"| {min(r['min_ms'] for r in theirs):.1f}, {m(theirs, 'median_ms'):.1f} "
      f"| {m(theirs, 'median_ms') / m(ours, 'median_ms'):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}) "
      f"| {m(ours, 'cold_start_ms'):.0f}, {m(theirs, 'cold_start_ms'):.0f} "
      f"| {m(ours, 'max_rss_bytes') / 1e6:.0f}, {m(theirs, 'max_rss_bytes') / 1e6:.0f} |")
PY
