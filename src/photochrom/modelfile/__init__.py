"""The ONNX file's contract: its metadata, the names of its tensors, and the table of models."""
