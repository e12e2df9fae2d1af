"""The output of nets that classify colours, and how it is decoded to one colour per pixel (Zhang et al. 2016, 2017)."""

from collections.abc import MutableMapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SPREAD = 25.0
"""The spread of a distribution, in Lab units, at which its confidence is 1/e."""


class Prediction(NamedTuple):
    """A distribution net's output.

    `logits` (B, K, h, w) are those of the rebalanced posterior over the net's bins. `ab` (B, 2, H, W), in Lab units, is
    the output of a net that also regresses. `affinity` (B, P + 1, h, w) is that of a net that learns how hints spread
    (`photochrom.nets.affinity`). Other nets have None.
    """

    logits: Tensor
    ab: Tensor | None = None
    affinity: Tensor | None = None


class DistributionNet(nn.Module):
    """The base of nets whose forward takes ``lightness (B, 1, H, W)`` and hints, and gives a `Prediction`.

    A subclass sets the buffer (or property) `bins`, the (K, 2) centres of its classes in Lab units.

    Parameters
    ----------
    classes : the number of bins
    pretrained : whether files that a paper's authors published can be loaded
        They have no class weights, and zeros replace them. `prior_strength` then has no effect.

    Attributes
    ----------
    takes_hints : whether hints have an effect; other nets ignore them
    affinity : the module that learns how hints spread (`photochrom.nets.affinity.Affinity`), or None
    stride : the stride of the colours of `predict`; logits and confidence are at a quarter of the size
    multiple : the sides of the input must be multiples of it
    log_weights : (K,) logarithm of the training loss's class weights; `prior_strength` can remove them
    """

    takes_hints = False
    affinity: nn.Module | None
    stride = 4
    multiple = 8
    bins: Tensor
    log_weights: Tensor

    def __init__(self, classes: int, *, pretrained: bool = False) -> None:
        super().__init__()
        self.affinity = None
        self.register_buffer("log_weights", torch.zeros(classes))
        if pretrained:
            self.register_load_state_dict_pre_hook(_without_weights)  # type: ignore[no-untyped-call]

    def predict(
        self, lightness: Tensor, hints: Tensor | None, temperature: Tensor, prior_strength: Tensor
    ) -> tuple[Tensor, ...]:
        """Decode to ``ab (B, 2, h, w)``, ``confidence (B, 1, h, w)`` and calibrated ``logits (B, K, h, w)``.

        A net that also regresses returns its regressed colours; the confidence is that of the distribution. A net with
        an affinity returns it as a fourth map.

        Parameters
        ----------
        temperature : scalar > 0
            The temperature of the annealed mean (Zhang et al. 2016). A low one is vivid, 1 is the mean.
        prior_strength : scalar in [0, 1]
            The share of the loss's rebalancing that stays. 1 keeps it, 0 gives the plain posterior.
        """
        prediction: Prediction = self(lightness, hints)
        logits = self.calibrated(prediction.logits, prior_strength)
        ab, confidence = decode(logits, self.bins, temperature)
        ab = ab if prediction.ab is None else prediction.ab
        affinity = () if prediction.affinity is None else (prediction.affinity,)
        return ab, confidence, logits, *affinity

    def calibrated(self, logits: Tensor, prior_strength: Tensor) -> Tensor:
        """Keep only the share `prior_strength`, in [0, 1], of the loss's rebalancing in logits ``(B, K, h, w)``."""
        return logits - (1 - prior_strength) * self.log_weights[:, None, None]

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """Return the parameters in groups from the earliest layers to the head. Here it is one group."""
        return [list(self.parameters())]


def decode(logits: Tensor, bins: Tensor, temperature: Tensor) -> tuple[Tensor, Tensor]:
    """Return the annealed mean ``(B, 2, h, w)`` of ``logits (B, K, h, w)`` over `bins`, and its confidence in (0, 1].

    The confidence does not depend on `temperature`. It is ``exp(-s / 25)``, where ``s`` is the root mean squared
    distance of the distribution's colours from their mean.
    """
    ab = annealed(logits, bins, temperature)
    mean, square = _moments(logits, bins, torch.ones_like(temperature))
    spread = (square - (mean**2).sum(dim=1, keepdim=True)).clamp(min=0).sqrt()
    return ab, torch.exp(-spread / SPREAD)


def annealed(logits: Tensor, bins: Tensor, temperature: Tensor) -> Tensor:
    """Return only the annealed mean, ``(B, 2, h, w)`` in Lab units, of ``logits (B, K, h, w)``."""
    return _moments(logits, bins, temperature)[0]


def _without_weights(net: nn.Module, state: MutableMapping[str, Any], prefix: str, *_: Any) -> None:
    state.setdefault(f"{prefix}log_weights", torch.zeros_like(net.get_buffer("log_weights")))


def _moments(logits: Tensor, bins: Tensor, temperature: Tensor) -> tuple[Tensor, Tensor]:
    """Return the means of ab and of its squared length under the tempered distribution."""
    # The largest logit cancels out of the result. A gradient through it would be zero, and slow to compute.
    share = torch.exp((logits - logits.detach().amax(dim=1, keepdim=True)) / temperature)
    # One 1x1 convolution computes all sums. In ONNX Runtime it is four times faster than softmax and einsum, which
    # move the bins' axis to the end and back.
    rows = [bins.T, torch.ones_like(bins[:, :1].T), (bins**2).sum(dim=1)[None]]
    sums = F.conv2d(share, torch.cat(rows)[:, :, None, None])
    return sums[:, :2] / sums[:, 2:3], sums[:, 3:] / sums[:, 2:3]
