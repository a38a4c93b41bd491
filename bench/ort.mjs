// Times ONNX Runtime on a model and prints one line of JSON:
//
//     node ort.mjs FOLDER_WITH_NODE_MODULES MODEL.onnx THREADS RUNS
import { createRequire } from 'node:module';
import path from 'node:path';

const [folder, model, threads, runs] = process.argv.slice(2);
const ort = createRequire(path.resolve(folder, 'package.json'))('onnxruntime-node');
const begun = performance.now();
const session = await ort.InferenceSession.create(model, {
  intraOpNumThreads: Number(threads), interOpNumThreads: 1,
  executionMode: 'sequential', graphOptimizationLevel: 'all',
});
const data = new Float32Array(3 * 224 * 224).map((_, i) => Math.sin(i) * 2);
const feeds = { [session.inputNames[0]]: new ort.Tensor('float32', data, [1, 3, 224, 224]) };
await session.run(feeds);
const cold = performance.now() - begun;
await session.run(feeds);
const times = [];
for (let i = 0; i < Number(runs); i++) {
  const start = performance.now();
  await session.run(feeds);
  times.push(performance.now() - start);
}
times.sort((a, b) => a - b);
console.log(JSON.stringify({
  min_ms: times[0], median_ms: times[times.length >> 1], p99_ms: times[Math.floor(times.length * 0.99)],
  cold_start_ms: cold, max_rss_bytes: process.resourceUsage().maxRSS * 1024,
}));
