// Package safetensors reads and writes checkpoints in the safetensors format.
//
// A file is an 8-byte little-endian length, a JSON header of that length, and
// the tensors' bytes one after the other:
//
//	{"fc.bias":{"dtype":"F32","shape":[10],"data_offsets":[0,40]}, …}
//
// Files come from anywhere, so nothing in them is believed: the header is
// checked whole, every length against the bytes there are, before any tensor
// can be asked for. See https://github.com/huggingface/safetensors for the
// format.
package safetensors
