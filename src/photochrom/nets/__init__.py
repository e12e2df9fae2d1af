"""Networks: tensors in, tensors out. The registry's names are the builder functions' names."""
