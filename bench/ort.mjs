// Times ONNX Runtime on a model and prints one line of JSON:
//
//     node ort.mjs '{"folder": FOLDER_WITH_NODE_MODULES, "model": "M.onnx",
//                    "shape": [1, 3, 224, 224], "threads": 1, "warmup": 3, "runs": 20}'
//
// "input" is a file of the input's float32 values, made up otherwise; "output" gets
// those of the first output. With "runs": 0 the model runs once. cold_start_ms is
// from before the session's creation to the first output, load_ms the creation
// alone.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const o = { threads: 1, warmup: 0, runs: 0, ...JSON.parse(process.argv[2]) };
const ort = createRequire(path.resolve(o.folder, 'package.json'))('onnxruntime-node');
const size = o.shape.reduce((a, b) => a * b);
const bytes = o.input ? readFileSync(o.input) : null;
const data = bytes
  ? new Float32Array(bytes.buffer, bytes.byteOffset, size)
  : new Float32Array(size).map((_, i) => 2 * Math.sin(i));

const begun = performance.now();
const session = await ort.InferenceSession.create(o.model, {
  intraOpNumThreads: o.threads,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
});
const loaded = performance.now();
const feeds = { [session.inputNames[0]]: new ort.Tensor('float32', data, o.shape) };
const result = await session.run(feeds);
const first = performance.now();
if (o.output) writeFileSync(o.output, new Uint8Array(result[session.outputNames[0]].data.buffer));

for (let i = 0; i < o.warmup; i++) await session.run(feeds);
const times = [];
for (let i = 0; i < o.runs; i++) {
  const start = performance.now();
  await session.run(feeds);
  times.push(performance.now() - start);
}
times.sort((a, b) => a - b);
const middle = times.length >> 1;
console.log(JSON.stringify({
  runs: times.length,
  min_ms: times[0],
  median_ms: times.length % 2 ? times[middle] : (times[middle - 1] + times[middle]) / 2,
  p99_ms: times[Math.ceil(times.length * 0.99) - 1],
  load_ms: loaded - begun,
  cold_start_ms: first - begun,
  max_rss_bytes: peakMemory(),
}));

// peakMemory is in bytes. Linux's resourceUsage counts the parent's before this
// program was executed, too; VmHWM does not.
function peakMemory() {
  try {
    return 1024 * /VmHWM:\s*(\d+) kB/.exec(readFileSync('/proc/self/status', 'latin1'))[1];
  } catch {
    return 1024 * process.resourceUsage().maxRSS;
  }
}
