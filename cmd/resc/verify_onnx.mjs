// Computes the model.onnx of a folder in ONNX Runtime, an image of the folder's input
// at a time, and writes each float32 output to a file of its own. It prints a list of
// {Name, Dims, File}. Without a shape it only loads ONNX Runtime.
import { appendFileSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const { dir, shape, modules } = JSON.parse(process.argv[2]);

function load() {
  for (const folder of modules.filter(Boolean)) {
    try {
      return createRequire(path.resolve(folder, 'package.json'))('onnxruntime-node');
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new Error('it is not installed: npm install --ignore-scripts onnxruntime-node, here or in a folder that RESC_ORT names');
}

async function main() {
  const ort = load();
  if (!shape) return;
  const session = await ort.InferenceSession.create(path.join(dir, 'model.onnx'), { graphOptimizationLevel: 'disabled', logSeverityLevel: 3 });
  const bytes = readFileSync(path.join(dir, 'input'));
  const [images, ...image] = shape;
  const size = image.reduce((a, b) => a * b);
  const outputs = new Map();
  for (let i = 0; i < images; i++) {
    const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset + 4 * i * size, bytes.byteOffset + 4 * (i + 1) * size));
    const results = await session.run({ [session.inputNames[0]]: new ort.Tensor('float32', values, [1, ...image]) });
    for (const name of session.outputNames) {
      const { type, dims, data } = results[name];
      if (type !== 'float32') continue;
      if (!outputs.has(name)) outputs.set(name, { Name: name, Dims: [images, ...dims.slice(1)], File: `output${outputs.size}` });
      appendFileSync(path.join(dir, outputs.get(name).File), new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  }
  console.log(JSON.stringify([...outputs.values()]));
}

main().catch((error) => {
  console.error(String(error.message ?? error));
  process.exit(1);
});
