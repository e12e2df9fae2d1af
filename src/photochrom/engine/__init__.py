"""Running a model on a photograph: numpy and ONNX Runtime, no deep-learning framework."""
