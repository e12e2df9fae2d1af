"""One descent: every group at its own rate, frozen ones not at all, and nothing where the loss is not finite."""

from typing import Any

import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from photochrom.training.learner import Learner
from photochrom.training.settings import Optimizer


class Chain(nn.Module):
    """Three layers of one weight each, a group each."""

    def __init__(self, groups: int = 3) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(1, 1, bias=False) for _ in range(3))
        self.groups = groups
        for i, layer in enumerate(self.layers):
            nn.init.constant_(layer.weight, i + 1.0)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x

    def layer_groups(self) -> list[list[nn.Parameter]]:
        weights = list(self.parameters())
        return [weights[:1], weights[1:2], weights[2:]] if self.groups == 3 else [weights]


def learner(module: nn.Module | None = None, rate: float = 0.1, **settings: Any) -> Learner:
    fabric = Fabric(accelerator="cpu", devices=1)
    return Learner("generator", module or Chain(), Optimizer(rate=rate, **settings), fabric)


def weights(module: nn.Module) -> list[float]:
    return [p.item() for p in module.parameters()]


def descend(one: Learner, x: float = 1.0) -> None:
    one.set_rates(0.5)
    one.descend(one.net(torch.full((1, 1), x)).sum())


def test_groups_learn_at_their_own_rates() -> None:
    # Plain gradient descent on w0 w1 w2 at (1, 2, 3): the gradient is (6, 3, 2).
    one = learner(kind="sgd", betas=(0, 0), group_factors=[0.1, 0.5, 1.0], rate=0.1)
    descend(one)
    assert weights(one.module) == pytest.approx([1 - 0.01 * 6, 2 - 0.05 * 3, 3 - 0.1 * 2])


def test_what_no_group_holds_does_not_learn() -> None:
    chain = Chain()
    chain.layer_groups = lambda: [[chain.layers[0].weight]]  # type: ignore[method-assign, list-item]
    one = learner(chain, kind="sgd", betas=(0, 0))
    descend(one)
    assert weights(one.module) == pytest.approx([1 - 0.1 * 6, 2, 3])
    assert [p.requires_grad for p in chain.parameters()] == [True, False, False]


def test_the_last_factor_serves_the_groups_after_it() -> None:
    one = learner(kind="sgd", betas=(0, 0), group_factors=[0.5, 2.0])
    descend(one)
    assert weights(one.module) == pytest.approx([1 - 0.05 * 6, 2 - 0.2 * 3, 3 - 0.2 * 2])


def test_a_net_of_one_group_takes_the_first_factor() -> None:
    one = learner(Chain(groups=1), kind="sgd", betas=(0, 0), group_factors=[0.5, 2.0])
    descend(one)
    assert weights(one.module) == pytest.approx([1 - 0.05 * 6, 2 - 0.05 * 3, 3 - 0.05 * 2])


def test_a_factor_of_0_freezes_until_another_learner_takes_over() -> None:
    module = Chain()
    frozen = learner(module, group_factors=[0, 1], weight_decay=0.5)
    for _ in range(3):
        descend(frozen)
    assert module.layers[0].weight.item() == 1.0
    assert module.layers[0].weight.grad is None
    assert weights(module)[1:] != [2.0, 3.0]
    descend(learner(module))
    assert module.layers[0].weight.item() != 1.0


def test_rates_follow_the_schedule() -> None:
    one = learner(schedule="cosine", group_factors=[0.1, 1])
    one.set_rates(0.5)
    assert [group["lr"] for group in one.optimizer.param_groups] == pytest.approx([0.005, 0.05, 0.05])


@pytest.mark.parametrize(("limit", "scale"), [(3.5, 0.5), (70.0, 1.0), (None, 1.0)])
def test_clipping_scales_the_whole_gradient(limit: float | None, scale: float) -> None:
    # Its length is the root of 36 + 9 + 4 = 7.
    one = learner(kind="sgd", betas=(0, 0), clip=limit)
    descend(one)
    steps = [0.1 * scale * g for g in (6, 3, 2)]
    assert weights(one.module) == pytest.approx([1 - steps[0], 2 - steps[1], 3 - steps[2]], rel=1e-5)


@pytest.mark.parametrize("kind", ["adam", "adamw", "sgd", "rmsprop"])
def test_every_optimizer_is_torchs(kind: str) -> None:
    ours, theirs = Chain(), Chain()
    one = learner(ours, kind=kind, betas=(0.6, 0.95), weight_decay=0.1, rate=0.02)
    reference: torch.optim.Optimizer = {
        "adam": lambda p: torch.optim.Adam(p, 0.02, (0.6, 0.95), weight_decay=0.1),
        "adamw": lambda p: torch.optim.AdamW(p, 0.02, (0.6, 0.95), weight_decay=0.1),
        "sgd": lambda p: torch.optim.SGD(p, 0.02, momentum=0.6, weight_decay=0.1),
        "rmsprop": lambda p: torch.optim.RMSprop(p, 0.02, weight_decay=0.1),
    }[kind](theirs.parameters())
    for x in (1.0, -0.5, 2.0):
        descend(one, x)
        reference.zero_grad()
        theirs(torch.full((1, 1), x)).sum().backward()
        reference.step()
    assert weights(ours) == pytest.approx(weights(theirs), rel=1e-6)


def test_gradients_do_not_pile_up() -> None:
    one = learner(kind="sgd", betas=(0, 0), rate=1e-9)
    for _ in range(3):
        descend(one)
    assert [p.grad.item() for p in one.module.parameters()] == pytest.approx([6, 3, 2])


@pytest.mark.parametrize("clip", [None, 1.0])
@pytest.mark.parametrize("how", ["nan", "inf", "gradient"])
def test_what_is_not_finite_changes_nothing(how: str, clip: float | None) -> None:
    one = learner(clip=clip)
    descend(one)
    before, state = weights(one.module), [v.clone() for v in one.optimizer.state_dict()["state"][0].values()]
    output = one.net(torch.ones(1, 1)).sum()
    loss = {
        "nan": output * float("nan"),
        "inf": output * float("inf"),
        # The root has no slope at 0: the loss itself is as it was.
        "gradient": output + (output * 0).sqrt(),
    }[how]
    with pytest.raises(
        FloatingPointError, match=r"the generator's loss is .*, its gradient's norm (nan|inf)"
    ):
        one.descend(loss)
    assert weights(one.module) == before
    after = one.optimizer.state_dict()["state"][0].values()
    assert all(torch.equal(a, b) for a, b in zip(after, state, strict=True))
    descend(one)
    assert all(torch.isfinite(p).all() for p in one.module.parameters())
