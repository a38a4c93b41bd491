// Package checkpoint opens trained weights in the formats that they come in:
// safetensors, PyTorch's two, NumPy's .npz, ONNX. It tells them apart by content,
// and finds in them what a model reads, by rules that it declares (Match).
//
// Files come from anywhere. Nothing in one is run, believed or allocated for
// before it is checked: a reader's time and memory are bounded by the file's size,
// and a tensor takes memory when it is asked for; only arrays in a pickle are in memory
// as long as the file is open.
package checkpoint
