"""Convolutions with TensorFlow's padding, and depthwise convolutions with fast gradients on a CPU.

oneDNN computes most depthwise convolutions fast. Two cases are slow: the gradient of a kernel that is wider than 3, in
particular in bfloat16, and the gradient of the input in bfloat16 at stride 2. `DepthwiseConv` computes the same sums by
fast cases.
"""

from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

FAST_WIDTH = 3
"""The width of the widest kernel whose gradient oneDNN computes fast. The height is not important."""
CACHED = 2_000_000
"""The count of numbers that stay in the processor's cache between two operations."""


class SameConv(nn.Conv2d):
    """A convolution with TensorFlow's SAME padding for even inputs. Stride 2 pads one pixel more right and below."""

    def forward(self, input: Tensor) -> Tensor:
        if self.stride[0] == 2:
            before = (self.kernel_size[0] - 2) // 2
            input = F.pad(input, (before, before + 1, before, before + 1))
        return super().forward(input)


class DepthwiseConv(SameConv):
    """One square kernel per channel, with stride 1 or 2. The output has the size of the input divided by the stride.

    Parameters
    ----------
    channels : the number of channels of the input and of the output
    kernel : the side of the kernel, odd
    """

    def __init__(self, channels: int, kernel: int, stride: int = 1, *, bias: bool = True) -> None:
        padding = kernel // 2 if stride == 1 else 0
        super().__init__(channels, channels, kernel, stride, padding=padding, groups=channels, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else input.dtype
        slow = self.kernel_size[1] > FAST_WIDTH or (self.stride[0] == 2 and dtype == torch.bfloat16)
        # During export, the net is in eval mode, and the ONNX file must contain the plain convolution. GPUs are fast.
        if not (slow and self.training and input.device.type == "cpu"):
            return super().forward(input)
        output: Tensor = _Depthwise.apply(  # type: ignore[no-untyped-call]
            input.to(dtype), self.weight, self.bias, self.stride[0]
        )
        return output


class _Depthwise(torch.autograd.Function):
    """Depthwise convolution of ``x (B, C, H, W)`` with ``weight (C, 1, K, K)`` and ``bias (C,)`` or None.

    It computes in the type of `x`.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, stride: int) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.biased = stride, bias is not None
        before, after = _padding(weight.shape[2], stride)
        cast = None if bias is None else bias.to(x.dtype)
        # The convolution pads all four sides equally. This adds a first row and a first column, which are removed.
        surplus = stride if after > before else 0
        y = F.conv2d(x, weight.to(x.dtype), cast, stride, before + surplus, groups=len(weight))
        return y[:, :, 1:, 1:].contiguous(memory_format=torch.channels_last) if surplus else y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None, None]:
        x, weight = ctx.saved_tensors
        grad = grad.to(x.dtype).contiguous(memory_format=torch.channels_last)
        of_x = of_weight = of_bias = None
        if ctx.needs_input_grad[0]:
            of_x = _gradient_of_input(grad, x, weight, ctx.stride)
        if ctx.needs_input_grad[1]:
            of_weight = _gradient_of_weight(grad, x, weight, ctx.stride)
        if ctx.biased and ctx.needs_input_grad[2]:
            of_bias = grad.sum(dim=(0, 2, 3), dtype=weight.dtype)
        return of_x, of_weight, of_bias, None


def _padding(side: int, stride: int) -> tuple[int, int]:
    """Return the padding left (and above) and right (and below), in pixels, for a picture with even sides."""
    before = side // 2 if stride == 1 else (side - 2) // 2
    return before, side - stride - before


def _gradient_of_input(grad: Tensor, x: Tensor, weight: Tensor, stride: int) -> Tensor:
    _, channels, height, width = x.shape
    before, after = _padding(weight.shape[2], stride)
    if stride == 1:
        return _gradient(grad, x, weight.to(x.dtype), stride, before, of="input")
    found = torch.empty_like(x, memory_format=torch.channels_last)
    weight = weight.to(torch.promote_types(x.dtype, torch.float32))
    # The batch is processed in parts, because float32 copies of the whole batch would not stay in the cache.
    count = max(1, CACHED // x[0].numel())
    shape = (count, channels, height + before + after, width + before + after)
    padded = torch.empty(shape, dtype=weight.dtype, memory_format=torch.channels_last)
    for some, part in zip(torch.split(found, count), torch.split(grad, count), strict=True):
        whole = _gradient(part.to(weight.dtype), padded[: len(some)], weight, stride, 0, of="input")
        some.copy_(whole[:, :, before : before + height, before : before + width])
    return found


def _gradient_of_weight(grad: Tensor, x: Tensor, weight: Tensor, stride: int) -> Tensor:
    """Return the gradient of the weight. Each pass computes a few columns of the kernel."""
    side = weight.shape[2]
    before, after = _padding(side, stride)
    columns = []
    for first in range(0, side, FAST_WIDTH):
        width = min(FAST_WIDTH, side - first)
        # The columns of the picture that these columns of the kernel use.
        padded = F.pad(x, (before - first, after - (side - first - width), before, after))
        shape = x.new_empty(len(weight), 1, side, width)
        columns.append(_gradient(grad, padded, shape, stride, 0, of="weight"))
    return torch.cat(columns, dim=3).to(weight.dtype)


def _gradient(
    grad: Tensor, x: Tensor, weight: Tensor, stride: int, padding: int, *, of: Literal["input", "weight"]
) -> Tensor:
    """Return one gradient of a depthwise convolution. Of the tensor `of`, only the shape is used."""
    channels = x.shape[1]
    mask = [of == "input", of == "weight", False]
    found = torch.ops.aten.convolution_backward(
        grad, x, weight, None, [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], channels, mask
    )
    result: Tensor = found[mask.index(True)]
    return result
