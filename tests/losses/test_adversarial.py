"""The games' values by hand, what labels are told, and the penalty of discriminators whose gradient is known."""

import math
from typing import get_args

import pytest
import torch
from torch import Tensor, nn

from photochrom.losses.adversarial import Kind, Labels, clip_weights, gradient_penalty, objective

KINDS: tuple[Kind, ...] = get_args(Kind)
REAL, FAKE = torch.tensor([2.0, 0.5]), torch.tensor([-3.0, 0.5])


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def surprise(logit: float) -> float:
    """The cross-entropy of the label 1."""
    return math.log(1 + math.exp(-logit))


@pytest.mark.parametrize(
    ("kind", "discriminator", "generator"),
    [
        (
            "bce",
            ((surprise(2) + surprise(0.5)) / 2 + (surprise(3) + surprise(-0.5)) / 2) / 2,
            (surprise(-3) + surprise(0.5)) / 2,
        ),
        # (1 + 0.25) / 2 for the real, (9 + 0.25) / 2 for the fake, and half of either; 16 and 0.25 to be real.
        ("least_squares", (0.625 + 4.625) / 2, (16 + 0.25) / 2 / 2),
        ("hinge", (0 + 0.5) / 2 + (0 + 1.5) / 2, 1.25),
        ("wasserstein", -1.25 - 1.25, 1.25),
    ],
)
def test_values_by_hand(kind: Kind, discriminator: float, generator: float) -> None:
    game = objective(kind)
    assert float(game.discriminator_loss(REAL, FAKE)) == pytest.approx(discriminator, rel=1e-6)
    assert float(game.generator_loss(FAKE)) == pytest.approx(generator, rel=1e-6)


def test_a_discriminator_that_guesses_pays_log_2() -> None:
    game = objective("bce")
    assert float(game.discriminator_loss(torch.zeros(3), torch.zeros(3))) == pytest.approx(math.log(2))


@pytest.mark.parametrize("kind", KINDS)
def test_maps_of_patches_count_like_so_many_logits(kind: Kind) -> None:
    game, real, fake = objective(kind), torch.randn(4, 1, 3, 5), torch.randn(4, 1, 3, 5)
    torch.testing.assert_close(
        game.discriminator_loss(real, fake), game.discriminator_loss(real.flatten(), fake.flatten())
    )
    torch.testing.assert_close(game.generator_loss(fake), game.generator_loss(fake.flatten()))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("flipped", [False, True])
def test_the_two_sides_pull_fakes_apart(kind: Kind, flipped: bool) -> None:
    if flipped and kind in ("hinge", "wasserstein"):
        kind = "bce"
    game = objective(kind, Labels(flipped=flipped))
    real, fake = torch.full((4,), 0.2, requires_grad=True), torch.full((4,), 0.3, requires_grad=True)
    by_discriminator = torch.autograd.grad(game.discriminator_loss(real, fake), (real, fake))
    (by_generator,) = torch.autograd.grad(game.generator_loss(fake), fake)
    sign = -1 if flipped else 1
    # A step goes against the gradient: the discriminator lifts the real and lowers the fake, which the generator lifts.
    assert (sign * by_discriminator[0] < 0).all()
    assert (sign * by_discriminator[1] > 0).all()
    assert (sign * by_generator < 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_gradcheck(kind: Kind) -> None:
    game = objective(kind)
    real, fake = (torch.randn(3, 1, 2, 2, dtype=torch.float64, generator=seeded(s)) for s in (1, 2))
    real.requires_grad_()
    fake.requires_grad_()
    assert torch.autograd.gradcheck(game.discriminator_loss, (real, fake))
    assert torch.autograd.gradcheck(game.generator_loss, (fake,))


def test_the_generator_learns_from_a_discriminator_that_is_sure() -> None:
    fake = torch.tensor([-20.0], requires_grad=True)
    objective("bce").generator_loss(fake).backward()
    # The minimax form log(1 - D) has a slope of 2e-9 here.
    assert fake.grad is not None
    assert float(fake.grad) == pytest.approx(-1)


@pytest.mark.parametrize("kind", KINDS)
def test_half_precision_is_widened(kind: Kind) -> None:
    game = objective(kind)
    real, fake = torch.full((1000,), 1.5).bfloat16(), torch.full((1000,), -0.25).bfloat16()
    for loss, expected in (
        (game.discriminator_loss(real, fake), game.discriminator_loss(real.double(), fake.double())),
        (game.generator_loss(fake), game.generator_loss(fake.double())),
    ):
        assert loss.dtype == torch.float32
        assert float(loss) == pytest.approx(float(expected), rel=1e-5)


def test_flipped_is_the_same_game_with_the_logits_mirrored() -> None:
    real, fake = torch.randn(8, generator=seeded(1)), torch.randn(8, generator=seeded(2))
    swapped = Labels(soft=0.1, one_sided=True, flipped=True)
    plain = Labels(soft=0.1, one_sided=True)
    for kind, mirror in (("bce", lambda x: -x), ("least_squares", lambda x: 1 - x)):
        ours, theirs = objective(kind, swapped), objective(kind, plain)  # type: ignore[arg-type]
        torch.testing.assert_close(
            ours.discriminator_loss(real, fake), theirs.discriminator_loss(mirror(real), mirror(fake))
        )
        torch.testing.assert_close(ours.generator_loss(fake), theirs.generator_loss(mirror(fake)))
        assert ours.accuracy(real, fake) == theirs.accuracy(mirror(real), mirror(fake))


@pytest.mark.parametrize(
    ("labels", "of_real", "of_fake"),
    [
        (Labels(), (1, 1), (0, 0)),
        (Labels(soft=0.1), (0.9, 0.9), (0.1, 0.1)),
        (Labels(soft=0.1, one_sided=True), (0.9, 0.9), (0, 0)),
        (Labels(noise=0.1), (0.9, 1), (0, 0.1)),
        (Labels(soft=0.05, noise=0.1), (0.85, 0.95), (0.05, 0.15)),
        (Labels(noise=0.1, flipped=True), (0, 0.1), (0.9, 1)),
    ],
)
def test_what_the_discriminator_is_told(
    labels: Labels, of_real: tuple[float, float], of_fake: tuple[float, float]
) -> None:
    logits, rng = torch.zeros(2000), seeded()
    for real, (lowest, highest) in ((True, of_real), (False, of_fake)):
        told = labels.draw(logits, real=real, rng=rng)
        # The extremes of 2,000 uniform draws are within 1 % of the ends, and the mean is in the middle.
        assert float(told.min()) == pytest.approx(lowest, abs=1e-3)
        assert float(told.max()) == pytest.approx(highest, abs=1e-3)
        assert float(told.mean()) == pytest.approx((lowest + highest) / 2, abs=5e-3)
        assert told.min() >= lowest - 1e-6
        assert told.max() <= highest + 1e-6


def test_a_share_of_labels_is_flipped() -> None:
    told = Labels(flip_share=0.2).draw(torch.zeros(5000), real=True, rng=seeded())
    assert set(told.tolist()) == {0.0, 1.0}
    # 1,000 are expected, with a deviation of 28.
    assert 880 < int((told == 0).sum()) < 1120


def test_chance_strikes_photos_and_not_patches() -> None:
    told = Labels(noise=0.1, flip_share=0.5).draw(torch.zeros(16, 1, 3, 4), real=False, rng=seeded())
    assert told.shape == (16, 1, 3, 4)
    assert (told == told[:, :, :1, :1]).all()
    assert len(told[:, 0, 0, 0].unique()) == 16


def test_a_soft_label_is_reached_at_its_own_logit() -> None:
    real = torch.tensor([math.log(0.9 / 0.1)], requires_grad=True)
    objective("bce", Labels(soft=0.1)).discriminator_loss(real, torch.zeros(1)).backward()
    assert real.grad is not None
    assert float(real.grad) == pytest.approx(0, abs=1e-7)


def test_labels_are_the_discriminators_alone() -> None:
    treated = objective("least_squares", Labels(soft=0.1, noise=0.1, flip_share=0.3), seeded())
    assert torch.equal(treated.generator_loss(FAKE), objective("least_squares").generator_loss(FAKE))


def test_a_restored_generator_draws_the_same_labels() -> None:
    rng = seeded(3)
    game = objective("bce", Labels(noise=0.1, flip_share=0.3), rng)
    logits = torch.randn(64, 1, 2, 2, generator=seeded(4))
    game.discriminator_loss(logits, logits)
    state = rng.get_state()
    first = game.discriminator_loss(logits, logits)
    assert not torch.equal(game.discriminator_loss(logits, logits), first)
    rng.set_state(state)
    assert torch.equal(game.discriminator_loss(logits, logits), first)


@pytest.mark.parametrize(
    ("kind", "labels", "message"),
    [
        ("dragan", None, "no objective 'dragan'; there are bce, least_squares, hinge, wasserstein"),
        ("hinge", Labels(soft=0.1), "hinge objective has no labels"),
        ("wasserstein", Labels(flipped=True), "wasserstein objective has no labels"),
        ("bce", Labels(noise=0.1), "need a torch.Generator"),
        ("least_squares", Labels(flip_share=0.1), "need a torch.Generator"),
    ],
)
def test_what_does_not_fit_is_named(kind: Kind, labels: Labels | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        objective(kind, labels)


@pytest.mark.parametrize(
    "fields", [{"soft": -0.1}, {"noise": 0.5}, {"soft": 0.3, "noise": 0.3}, {"flip_share": 1.0}]
)
def test_labels_out_of_range_raise(fields: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        Labels(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "real", "fake"),
    [("bce", 0.5, 0.75), ("hinge", 0.5, 0.75), ("least_squares", 0.25, 1.0), ("wasserstein", 0.25, 1.0)],
)
def test_accuracy_by_hand(kind: Kind, real: float, fake: float) -> None:
    # The bar is 0, or half-way between the labels, or half-way between the means 0.9 and -0.3.
    right = objective(kind).accuracy(
        torch.tensor([4.1, 0.1, -0.2, -0.4]), torch.tensor([0.2, -0.1, -0.5, -0.8])
    )
    assert [float(x) for x in right] == [real, fake]
    assert float(right.mean) == (real + fake) / 2


def test_penalty_of_a_linear_discriminator() -> None:
    weight = torch.tensor([3.0, 4.0], requires_grad=True)
    real, fake = torch.randn(6, 2, generator=seeded(1)), torch.randn(6, 2, generator=seeded(2))
    penalty = gradient_penalty(lambda x: x @ weight, real, fake, seeded())
    # The gradient is the weight, wherever it is taken: (5 - 1)^2, and its slope 2 (5 - 1) along (3, 4) / 5.
    assert float(penalty.detach()) == pytest.approx(16)
    penalty.backward()
    torch.testing.assert_close(weight.grad, torch.tensor([4.8, 6.4]))


def test_penalty_is_taken_between_real_and_fake() -> None:
    # The gradient of |x|^2 / 2 is x itself: with real at 1 and fake at 3 its length is 3 - 2 share.
    penalty = gradient_penalty(
        lambda x: x.square().sum(dim=1) / 2, torch.ones(50, 1), torch.full((50, 1), 3.0), seeded(7)
    )
    shares = torch.rand(50, generator=seeded(7))
    assert float(penalty.detach()) == pytest.approx(float((3 - 2 * shares - 1).square().mean()), rel=1e-5)


def test_penalty_takes_a_map_of_patches_for_its_mean() -> None:
    discriminator = nn.Conv2d(2, 1, 1)
    nn.init.constant_(discriminator.weight, 3.0)
    photos = torch.randn(2, 2, 4, 4)
    penalty = gradient_penalty(discriminator, photos, photos + 1, seeded())
    # Every one of 32 inputs has the slope 3 / 16.
    assert float(penalty.detach()) == pytest.approx((3 / 16 * 32**0.5 - 1) ** 2, rel=1e-5)


def test_penalty_reaches_the_discriminator_alone() -> None:
    discriminator = nn.Sequential(nn.Flatten(), nn.Linear(8, 4), nn.Tanh(), nn.Linear(4, 1))
    fake = torch.randn(3, 2, 2, 2, requires_grad=True)
    gradient_penalty(discriminator, torch.randn(3, 2, 2, 2), fake, seeded()).backward()
    assert fake.grad is None
    weight = discriminator[1].weight
    assert isinstance(weight, nn.Parameter)
    assert weight.grad is not None
    assert weight.grad.abs().sum() > 0


def test_gradcheck_of_the_penalty() -> None:
    real, fake = (torch.randn(2, 3, dtype=torch.float64, generator=seeded(s)) for s in (1, 2))

    def penalty(first: Tensor, second: Tensor) -> Tensor:
        return gradient_penalty(lambda x: torch.tanh(x @ first) @ second, real, fake, seeded())

    weights = [torch.randn(3, 4, dtype=torch.float64), torch.randn(4, 1, dtype=torch.float64)]
    assert torch.autograd.gradcheck(penalty, [w.requires_grad_() for w in weights])


def test_penalty_of_different_shapes_raises() -> None:
    with pytest.raises(ValueError, match="differ in shape"):
        gradient_penalty(torch.sum, torch.zeros(2, 3), torch.zeros(1, 3), seeded())


def test_clipped_weights_stay_within_the_limit_and_small_ones_as_they_are() -> None:
    discriminator = nn.Linear(2, 1)
    discriminator.weight.data, discriminator.bias.data = torch.tensor([[0.5, -0.004]]), torch.tensor([-2.0])
    clip_weights(discriminator, 0.01)
    torch.testing.assert_close(discriminator.weight.data, torch.tensor([[0.01, -0.004]]))
    assert float(discriminator.bias.detach()) == pytest.approx(-0.01)
    assert discriminator.weight.requires_grad
    with pytest.raises(ValueError, match="above 0"):
        clip_weights(discriminator, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_generator_finds_the_real_mean(kind: Kind) -> None:
    torch.manual_seed(5)
    rng, game = seeded(6), objective(kind)
    where, discriminator = (
        nn.Parameter(torch.zeros(1)),
        nn.Sequential(nn.Linear(1, 16), nn.ReLU(), nn.Linear(16, 1)),
    )
    by_generator = torch.optim.Adam([where], lr=0.05, betas=(0.0, 0.9))
    by_discriminator = torch.optim.Adam(discriminator.parameters(), lr=0.02, betas=(0.0, 0.9))
    path = []
    for step in range(600):
        real, fake = (torch.randn(32, 1, generator=rng) * 0.5 for _ in range(2))
        real, fake = real + 2, fake + where
        loss = game.discriminator_loss(discriminator(real), discriminator(fake.detach()))
        by_discriminator.zero_grad()
        loss.backward()
        by_discriminator.step()
        if kind == "wasserstein":
            # Not by the penalty: on a line it bars the way from slope 1 to slope -1, for it wants none between.
            clip_weights(discriminator, 0.1)
        # Five steps of the discriminator for one of the generator, as Arjovsky et al. 2017 train.
        if step % 5 == 4:
            by_generator.zero_grad()
            game.generator_loss(discriminator(fake)).backward()
            by_generator.step()
            path.append(float(where.detach()))
    # The game circles its end: what counts is where.
    assert sum(path[-60:]) / 60 == pytest.approx(2, abs=0.2)
