// Times ONNX Runtime on a model and prints one line of JSON:
//
//     node ort.mjs FOLDER_WITH_NODE_MODULES MODEL.onnx THREADS WARMUP RUNS [NxCxHxW]
//
// cold_start_ms is from before the session's creation to the first output,
// load_ms the creation alone.
import { createRequire } from 'node:module';
import path from 'node:path';

const [folder, model, threads, warmup, runs, shape = '1x3x224x224'] = process.argv.slice(2);
const ort = createRequire(path.resolve(folder, 'package.json'))('onnxruntime-node');

const begun = performance.now();
const session = await ort.InferenceSession.create(model, {
  intraOpNumThreads: Number(threads),
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
});
const loaded = performance.now();
const dims = shape.split('x').map(Number);
const data = new Float32Array(dims.reduce((a, b) => a * b)).map((_, i) => 2 * Math.sin(i));
const feeds = { [session.inputNames[0]]: new ort.Tensor('float32', data, dims) };
await session.run(feeds);
const first = performance.now();

for (let i = 0; i < Number(warmup); i++) await session.run(feeds);
const times = [];
for (let i = 0; i < Number(runs); i++) {
  const start = performance.now();
  await session.run(feeds);
  times.push(performance.now() - start);
}
times.sort((a, b) => a - b);
const middle = times.length >> 1;
console.log(JSON.stringify({
  model: path.basename(model),
  batch: dims[0],
  threads: Number(threads),
  runs: times.length,
  min_ms: times[0],
  median_ms: times.length % 2 ? times[middle] : (times[middle - 1] + times[middle]) / 2,
  p99_ms: times[Math.ceil(times.length * 0.99) - 1],
  load_ms: loaded - begun,
  cold_start_ms: first - begun,
  max_rss_bytes: process.resourceUsage().maxRSS * 1024,
}));
