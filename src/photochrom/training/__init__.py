"""Training: recipes, the loop, export to ONNX. Needs the `train` extra (torch)."""
