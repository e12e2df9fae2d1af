"""What discriminator and generator play for: GAN objectives, label treatments, penalty and clipping.

A discriminator's logits are (B, ...): one number for a photo, or a map of patches (B, 1, h, w) of which each counts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Kind = Literal["bce", "least_squares", "hinge", "wasserstein"]


class Accuracy(NamedTuple):
    """The shares of real and of fake logits, in [0, 1], which the discriminator puts on their right side."""

    real: Tensor
    fake: Tensor

    @property
    def mean(self) -> Tensor:
        """0.5 where the discriminator guesses, 1 where it has won."""
        return (self.real + self.fake) / 2


class Objective(Protocol):
    """One game. Both losses are scalars to be minimised; the fake photos of a discriminator's step come detached."""

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """What the discriminator minimises, from its logits of real and of fake photos."""

    def generator_loss(self, fake: Tensor) -> Tensor:
        """What the generator minimises, from the discriminator's logits of its photos."""

    def accuracy(self, real: Tensor, fake: Tensor) -> Accuracy:
        """How often the discriminator is right, for the watch over the balance of the two."""


@dataclass(frozen=True)
class Labels:
    """What a discriminator with labels ("bce", "least_squares") is told: 1 for real and 0 for fake, more or less.

    "Flipped labels" means three things in the literature (Chintala et al. 2016, "How to train a GAN?"):

    1. The generator is trained with the label of the real for its fakes, ``min -log D`` in place of
       ``min log(1 - D)`` (tip 2, "real = fake, fake = real"). Every objective here does that.
    2. Now and then the discriminator is told the opposite of the truth (tip 6): `flip_share`.
    3. Real is 0 and fake is 1 throughout: `flipped`. The game is the same, the sign of the logits is not.

    Soft, noisy and flipped-by-chance labels are the discriminator's alone; the generator aims at the plain label of the
    real, for Salimans et al. 2016 (section 3.4, arXiv:1606.03498) smooth only what the discriminator learns.
    Chance strikes photos, not patches: all the patches of a photo get one label.

    Parameters
    ----------
    soft : how far labels are from 1 and 0, e.g. 0.1 for 0.9 and 0.1
    noise : width of the uniform noise beyond that; 0.1 with soft 0 gives [0.9, 1.0] and [0, 0.1]
    one_sided : the fake's label stays 0 (Salimans et al. 2016)
    flip_share : the probability that a photo's label is the opposite one
    flipped : real is 0 and fake is 1, see above
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
        """Whether labels are drawn, so that a random generator is needed."""
        return self.noise > 0 or self.flip_share > 0

    def draw(self, logits: Tensor, *, real: bool, rng: torch.Generator | None) -> Tensor:
        """Labels of the shape, type and device of `logits` (B, ...)."""
        # On the generator's own device, so that a run on a GPU draws what one on a CPU does.
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
    rng : where random labels come from; its state belongs into the checkpoint of a run that shall resume

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
    """A discriminator that tells labels: by cross-entropy, or by least squares."""

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
    """Each side wins nothing by moving a logit beyond 1 or -1."""

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return F.relu(1 - _wide(real)).mean() + F.relu(1 + _wide(fake)).mean()

    def generator_loss(self, fake: Tensor) -> Tensor:
        return -_wide(fake).mean()

    def accuracy(self, real: Tensor, fake: Tensor) -> Accuracy:
        return _accuracy(real, fake, 0.0)


class Wasserstein:
    """The discriminator is a critic: its loss is minus its estimate of the distance between the two distributions."""

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return _wide(fake).mean() - _wide(real).mean()

    def generator_loss(self, fake: Tensor) -> Tensor:
        return -_wide(fake).mean()

    def accuracy(self, real: Tensor, fake: Tensor) -> Accuracy:
        # Only differences of these logits mean anything, so real and fake are parted at the middle of their means.
        return _accuracy(real, fake, float(_wide(real).mean() + _wide(fake).mean()) / 2)


def gradient_penalty(
    critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, rng: torch.Generator
) -> Tensor:
    """Mean of ``(|gradient| - 1)^2`` between real and fake (Gulrajani et al. 2017, arXiv:1704.00028, equation 3).

    The paper weighs it by 10. Its critic has no batch norm, for the penalty is a photo's own.

    Parameters
    ----------
    critic : a net, or for a conditional one ``lambda y: net(torch.cat([x, y], dim=1))``: only what varies between
        real and fake is to be differentiated. A map of patches counts as its mean, as it does in the loss.
    real, fake : (B, ...) of one shape
    rng : draws the points between them, one share per photo

    Returns
    -------
    Scalar whose gradient reaches the critic's parameters, and nothing else.
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
    """Clip every parameter into [-limit, limit], in place, after each of the critic's steps (Arjovsky et al. 2017)."""
    if limit <= 0:
        raise ValueError(f"the limit must be above 0, got {limit}")
    for parameter in critic.parameters():
        parameter.clamp_(-limit, limit)


@torch.no_grad()
def _accuracy(real: Tensor, fake: Tensor, middle: float) -> Accuracy:
    return Accuracy((real > middle).float().mean(), (fake < middle).float().mean())


def _wide(x: Tensor) -> Tensor:
    # Means over a batch of half-precision logits would keep two or three digits.
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
