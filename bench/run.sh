#!/usr/bin/env bash
# Compares resc with ONNX Runtime on one network and prints a Markdown table:
#
#     bench/run.sh [NETWORK [THREADS [ROUNDS [RUNS]]]]
#
# Needs Debian's python3-torch, python3-torchvision and python3-onnx, and Node.js.
# What it makes (ONNX Runtime from npm, the networks, resc, results.jsonl) goes to
# $RESC_BENCH_DIR, by default a folder of the user's cache.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
network=${1:-resnet50} threads=${2:-1} rounds=${3:-10} runs=${4:-20}
folder=${RESC_BENCH_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/resc-bench}
mkdir -p "$folder"
[ -f "$folder/package.json" ] || echo '{}' >"$folder/package.json"
[ -d "$folder/node_modules/onnxruntime-node" ] ||
    npm install --prefix "$folder" --ignore-scripts --silent onnxruntime-node@1.30.0
[ -f "$folder/$network.onnx" ] ||
    /usr/bin/python3 "$here/export.py" "$network" "$folder/$network.onnx" "$folder/$network.safetensors" >&2
(cd "$here/.." && CGO_ENABLED=0 go build -o "$folder/resc" ./cmd/resc)
/usr/bin/python3 "$here/compare.py" "$network" "$folder" \
    --threads "$threads" --rounds "$rounds" --runs "$runs" --json "$folder/results.jsonl"
