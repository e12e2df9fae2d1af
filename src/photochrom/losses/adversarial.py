"""The losses of discriminator and generator: GAN objectives, label treatments, gradient penalty and clipping.

A discriminator's logits are (B, ...): one number per photo, or a map (B, 1, h, w) in which each patch counts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Kind = Literal["bce", "least_squares", "hinge", "wasserstein"]


class Accuracy(NamedTuple):
    """The shares, in [0, 1], of real and of fake logits on the right side of the discriminator's threshold."""

    real: Tensor
    fake: Tensor

    @property
    def mean(self) -> Tensor:
        """The mean of both shares: 0.5 for guessing, 1 for a perfect discriminator."""
        return (self.real + self.fake) / 2


class Objective(Protocol):
    """A GAN objective. Both losses are scalars to be minimised. The discriminator's step gets detached fake photos."""

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the discriminator's loss from its logits of real and of fake photos."""

    def generator_loss(self, fake: Tensor) -> Tensor:
        """Return the generator's loss from the discriminator's logits of its photos."""

    def accuracy(self, real: Tensor, fake: Tensor) -> Accuracy:
        """Return how often the discriminator is right, to monitor the balance of the two."""


@dataclass(frozen=True)
class Labels:
    """The labels of a discriminator that has labels ("bce", "least_squares"): by default 1 for real and 0 for fake.

    "Flipped labels" means three things in the literature (Chintala et al. 2016, "How to train a GAN?"):

    1. The generator is trained with the label of the real for its fakes, ``min -log D`` in place of
       ``min log(1 - D)`` (tip 2, "real = fake, fake = real"). Every objective here does that.
    2. The discriminator sometimes gets the opposite label (tip 6): `flip_share`.
    3. Real is always 0 and fake always 1: `flipped`. The game is the same, but the logits have the opposite sign.

    Only the discriminator gets soft, noisy and randomly flipped labels. The generator's target is the plain label of
    the real, because Salimans et al. 2016 (section 3.4, arXiv:1606.03498) smooth only the discriminator's labels.
    Labels are drawn per photo. All patches of a photo get the same label.

    Parameters
    ----------
    soft : the distance of the labels from 1 and 0; 0.1 gives 0.9 and 0.1
    noise : width of the uniform noise that is added to this distance; 0.1 with soft 0 gives [0.9, 1.0] and [0, 0.1]
    one_sided : whether the fake's label stays 0 (Salimans et al. 2016)
    flip_share : the probability that a photo gets the opposite label
    flipped : whether real is 0 and fake is 1, see above
    """

    soft: float = 0.0
    noise: float = 0.0
    one_sided: bool = False
    flip_share: float = 0.0
    flipped: bool = False

    def __post_init__(self) -> None:
        if self.soft < 0 or self.noise < 0 or self.soft + self.noise >= 0.5:
            raise ValueError(
                f"soft {self.soft} and noise {self.noise} must be at least 0 and together below 0.5"
            )
        if not 0 <= self.flip_share < 1:
            raise ValueError(f"flip_share must be in [0, 1), got {self.flip_share}")

    @property
    def random(self) -> bool:
        """Whether labels are random, so that a generator is needed."""
        return self.noise > 0 or self.flip_share > 0

    def draw(self, logits: Tensor, *, real: bool, rng: torch.Generator | None) -> Tensor:
        """Draw labels of the shape, type and device of `logits` (B, ...)."""
        # On the generator's own device, so that a GPU and a CPU draw the same labels.
        device = rng.device if rng is not None else logits.device
        away = torch.zeros(len(logits), device=device)
        if real or not self.one_sided:
            away += self.soft
            if self.noise:
                away += self.noise * torch.rand(len(logits), generator=rng, device=device)
        labels = 1 - away if real != self.flipped else away
        if self.flip_share:
            struck = torch.rand(len(logits), generator=rng, device=device) < self.flip_share
            labels = torch.where(struck, 1 - labels, labels)
        return labels.to(logits).view(-1, *[1] * (logits.ndim - 1)).expand_as(logits)


def objective(kind: Kind, labels: Labels | None = None, rng: torch.Generator | None = None) -> Objective:
    """Build the objective of a name.

    Parameters
    ----------
    kind
        "bce": Goodfellow et al. 2014 (arXiv:1406.2661), not saturating. The discriminator's loss is halved, as in
        pix2pix.
        "least_squares": Mao et al. 2017 (arXiv:1611.04076, equation 9).
        "hinge": Lim and Ye 2017 (arXiv:1705.02894), Miyato et al. 2018 (arXiv:1802.05957, equation 16).
        "wasserstein": Arjovsky et al. 2017 (arXiv:1701.07875); it needs `gradient_penalty` or `clip_weights` too.
    labels : treatment of the labels, for "bce" and "least_squares"
    rng : the generator of random labels; a run that shall resume must save its state

    Raises
    ------
    ValueError
        If there is no such kind, labels are given to a kind without them, or random labels have no `rng`.
    """
    if kind not in get_args(Kind):
        raise ValueError(f"no objective {kind!r}; there are {', '.join(get_args(Kind))}")
    labels = labels or Labels()
    if kind in ("hinge", "wasserstein"):
        if labels != Labels():
            raise ValueError(f"the {kind} objective has no labels to soften or flip")
        return Hinge() if kind == "hinge" else Wasserstein()
    if labels.random and rng is None:
        raise ValueError("noisy or flipped labels need a torch.Generator to be drawn from")
    return Labelled(kind == "bce", labels, rng)


class Labelled:
    """The objective of a discriminator with labels, by cross-entropy or by least squares."""

    def __init__(self, entropy: bool, labels: Labels, rng: torch.Generator | None) -> None:
        self.entropy = entropy
        self.labels = labels
        self.rng = rng

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        of_real = self._error(real, self.labels.draw(real, real=True, rng=self.rng))
        of_fake = self._error(fake, self.labels.draw(fake, real=False, rng=self.rng))
        return (of_real + of_fake) / 2

    def generator_loss(self, fake: Tensor) -> Tensor:
        wanted = torch.zeros_like(fake) if self.labels.flipped else torch.ones_like(fake)
        error = self._error(fake, wanted)
        return error if self.entropy else error / 2

    def accuracy(self, real: Tensor, fake: Tensor) -> Accuracy:
        middle = 0.0 if self.entropy else 0.5
        if self.labels.flipped:
            return _accuracy(-real, -fake, -middle)
        return _accuracy(real, fake, middle)

    def _error(self, logits: Tensor, labels: Tensor) -> Tensor:
        measure = F.binary_cross_entropy_with_logits if self.entropy else F.mse_loss
        return measure(_wide(logits), _wide(labels))


class Hinge:
    """The hinge objective. The discriminator gains nothing from logits beyond 1 and -1."""

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return F.relu(1 - _wide(real)).mean() + F.relu(1 + _wide(fake)).mean()

    def generator_loss(self, fake: Tensor) -> Tensor:
        return -_wide(fake).mean()

    def accuracy(self, real: Tensor, fake: Tensor) -> Accuracy:
        return _accuracy(real, fake, 0.0)


class Wasserstein:
    """The Wasserstein objective. The critic's loss is minus its estimate of the distance of the two distributions."""

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return _wide(fake).mean() - _wide(real).mean()

    def generator_loss(self, fake: Tensor) -> Tensor:
        return -_wide(fake).mean()

    def accuracy(self, real: Tensor, fake: Tensor) -> Accuracy:
        # Only differences of these logits have a meaning, so the threshold is the middle of their means.
        return _accuracy(real, fake, float(_wide(real).mean() + _wide(fake).mean()) / 2)


def gradient_penalty(
    critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, rng: torch.Generator
) -> Tensor:
    """Mean of ``(|gradient| - 1)^2`` between real and fake (Gulrajani et al. 2017, arXiv:1704.00028, equation 3).

    The paper's weight is 10. Its critic has no batch norm, because the penalty is per photo.

    Parameters
    ----------
    critic : a net, or for a conditional net ``lambda y: net(torch.cat([x, y], dim=1))``, because only the part that
        differs between real and fake is differentiated. A map of patches counts as its mean, as in the loss.
    real, fake : (B, ...) of one shape
    rng : draws the points between them, one share per photo

    Returns
    -------
    Scalar. Its gradient reaches only the critic's parameters.
    """
    if real.shape != fake.shape:
        raise ValueError(f"real {tuple(real.shape)} and fake {tuple(fake.shape)} differ in shape")
    share = torch.rand(len(real), generator=rng, device=rng.device).to(real)
    share = share.view(-1, *[1] * (real.ndim - 1))
    between = torch.lerp(fake.detach(), real.detach(), share).requires_grad_()
    score = _wide(critic(between)).reshape(len(real), -1).mean(dim=1)
    (gradient,) = torch.autograd.grad(score.sum(), between, create_graph=True)
    excess: Tensor = torch.linalg.vector_norm(_wide(gradient).flatten(1), dim=1) - 1
    return excess.square().mean()


@torch.no_grad()
def clip_weights(critic: nn.Module, limit: float = 0.01) -> None:
    """Clip every parameter to [-limit, limit] in place, after each step of the critic (Arjovsky et al. 2017)."""
    if limit <= 0:
        raise ValueError(f"the limit must be above 0, got {limit}")
    for parameter in critic.parameters():
        parameter.clamp_(-limit, limit)


@torch.no_grad()
def _accuracy(real: Tensor, fake: Tensor, middle: float) -> Accuracy:
    return Accuracy((real > middle).float().mean(), (fake < middle).float().mean())


def _wide(x: Tensor) -> Tensor:
    # Means of half-precision logits would have only two or three digits.
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
