"""The default model: shapes, hints, and the way from logits to colour."""

from functools import cache

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from photochrom.color.quantize import ab_bins
from photochrom.nets.photochrom import Photochrom, Scale, hint_pyramid, photochrom

# Under its own name pytest would take the builder for a test.
from photochrom.nets.photochrom import test_photochrom as tiny

BINS = len(ab_bins())


def lightness(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) * 100


def some_hints(*shape: int, seed: int = 1) -> Tensor:
    """A quarter of all pixels hinted with anything."""
    generator = torch.Generator().manual_seed(seed)
    batch, height, width = shape
    mask = (torch.rand(batch, 1, height, width, generator=generator) < 0.25).float()
    return torch.cat(
        [(torch.rand(batch, 2, height, width, generator=generator) * 160 - 80) * mask, mask], dim=1
    )


@cache
def trained_looking(seed: int = 0) -> Photochrom:
    """A tiny net in eval mode whose hints count, whose logits have spread 3 and whose classes weigh differently."""
    torch.manual_seed(seed)
    net = tiny()
    for module in net.encoder.modules():
        # Through torch's own small weights 17 blocks let nothing of the picture pass.
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    for scale in net.scales:
        assert isinstance(scale, Scale)
        nn.init.normal_(scale.hint.weight, std=0.2)
    with torch.no_grad():
        # Twenty batches bring the running statistics near the features' own.
        for i in range(20):
            logits = net(lightness(4, 1, 64, 64, seed=i), some_hints(4, 64, 64, seed=i))
        net.head.weight *= 3 / logits.std(dim=(0, 2, 3)).mean()
    net.log_weights.copy_(torch.randn(BINS))
    return net.eval()


def test_parameter_counts() -> None:
    assert sum(p.numel() for p in photochrom().parameters()) == 2_901_541
    assert sum(p.numel() for p in tiny().parameters()) == 1_859_141


@pytest.mark.parametrize(("batch", "height", "width"), [(1, 32, 32), (2, 64, 96), (3, 96, 32)])
def test_logits_are_at_a_quarter_of_the_size(batch: int, height: int, width: int) -> None:
    net = tiny().eval()
    with torch.no_grad():
        assert net(lightness(batch, 1, height, width)).shape == (batch, BINS, height // 4, width // 4)


def test_the_default_model_runs() -> None:
    with torch.no_grad():
        logits = photochrom().eval()(lightness(1, 1, 64, 32))
    assert logits.shape == (1, BINS, 16, 8)
    assert torch.isfinite(logits).all()


def test_no_hints_are_zero_hints_exactly() -> None:
    net, grey = trained_looking(), lightness(2, 1, 64, 32)
    with torch.no_grad():
        assert torch.equal(net(grey), net(grey, torch.zeros(2, 3, 64, 32)))
        assert not torch.equal(net(grey), net(grey, some_hints(2, 64, 32)))


def test_a_new_net_does_not_listen_to_hints() -> None:
    net, grey = tiny().eval(), lightness(1, 1, 32, 32)
    branches = [scale.hint for scale in net.scales if isinstance(scale, Scale)]
    assert len(branches) == 4
    for branch in branches:
        assert branch.bias is None
        assert not branch.weight.any()
    with torch.no_grad():
        assert torch.equal(net(grey), net(grey, some_hints(1, 32, 32)))


def test_decoding_the_encoders_features_is_the_whole_net() -> None:
    net, grey, hints = trained_looking(), lightness(2, 1, 64, 96), some_hints(2, 64, 96)
    with torch.no_grad():
        features = net.encoder(grey / 50 - 1)
        assert torch.equal(net.decode(features, hints), net(grey, hints))


def test_pictures_of_a_batch_do_not_see_each_other() -> None:
    net, grey, hints = trained_looking(), lightness(3, 1, 32, 64), some_hints(3, 32, 64)
    with torch.no_grad():
        together = net(grey, hints)
        alone = torch.cat([net(grey[i : i + 1], hints[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-4)
    assert (together[0] - together[1]).abs().max() > 0.01


def test_gradients_reach_every_trainable_parameter() -> None:
    torch.manual_seed(2)
    net = tiny().train()
    logits = net(lightness(4, 1, 64, 64), some_hints(4, 64, 64))
    nn.functional.cross_entropy(logits, torch.randint(BINS, (4, 16, 16))).backward()
    silent = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert silent == []
    assert all(torch.isfinite(p.grad).all() for p in net.parameters() if p.grad is not None)


def pyramid_of(
    marks: dict[tuple[int, int], tuple[float, float]], height: int = 32, width: int = 64
) -> list[Tensor]:
    hints = torch.zeros(1, 3, height, width)
    for (row, column), ab in marks.items():
        hints[0, :, row, column] = torch.tensor([*ab, 1.0])
    return [level[0] for level in hint_pyramid(hints)]


def test_pyramid_of_one_hint() -> None:
    levels = pyramid_of({(5, 38): (55.0, -110.0)})
    assert [tuple(level.shape) for level in levels] == [(3, 8, 16), (3, 4, 8), (3, 2, 4), (3, 1, 2)]
    cells = [(1, 9), (0, 4), (0, 2), (0, 1)]
    for level, (row, column) in zip(levels, cells, strict=True):
        # One pixel of a 32x32 cell is a share of 1/1024, which the 1e-6 in the divisor shifts by 0.1%.
        torch.testing.assert_close(level[:, row, column], torch.tensor([0.5, -1.0, 1.0]), rtol=2e-3, atol=0)
        rest = level.clone()
        rest[:, row, column] = 0
        assert not rest.any()


def test_pyramid_averages_hints_not_cells() -> None:
    # Three pixels of (110, 0) and one of (0, 110) share a cell from stride 8 on, but not at stride 4.
    levels = pyramid_of({(0, 0): (110, 0), (0, 1): (110, 0), (3, 3): (110, 0), (7, 7): (0, 110)})
    torch.testing.assert_close(levels[0][:, 0, 0], torch.tensor([1.0, 0.0, 1.0]), rtol=1e-4, atol=0)
    torch.testing.assert_close(levels[0][:, 1, 1], torch.tensor([0.0, 1.0, 1.0]), rtol=1e-4, atol=0)
    for level in levels[1:]:
        torch.testing.assert_close(level[:, 0, 0], torch.tensor([0.75, 0.25, 1.0]), rtol=2e-3, atol=0)


def test_pyramid_of_a_fully_hinted_picture_is_its_mean_colour() -> None:
    hints = some_hints(2, 64, 32)
    hints[:, 2] = 1
    for stride, level in zip((4, 8, 16, 32), hint_pyramid(hints), strict=True):
        blocks = hints[:, :2].reshape(2, 2, 64 // stride, stride, 32 // stride, stride)
        torch.testing.assert_close(level[:, :2], blocks.mean(dim=(3, 5)) / 110, rtol=1e-4, atol=1e-5)
        assert (level[:, 2] == 1).all()


def test_pyramid_ignores_colour_outside_the_mask() -> None:
    hints = some_hints(1, 32, 32)
    dirty = hints.clone()
    dirty[:, :2] += 50 * (1 - hints[:, 2:])
    for clean, other in zip(hint_pyramid(hints), hint_pyramid(dirty), strict=True):
        assert torch.equal(clean, other)


def predict(
    net: Photochrom, *, temperature: float, vividness: float, seed: int = 0
) -> tuple[tuple[Tensor, Tensor, Tensor], Tensor]:
    """The net's prediction and its bare logits for the same photos."""
    grey, hints = lightness(2, 1, 32, 64, seed=seed), some_hints(2, 32, 64)
    with torch.no_grad():
        return net.predict(grey, hints, torch.tensor(temperature), torch.tensor(vividness)), net(grey, hints)


@pytest.mark.parametrize("temperature", [1.0, 0.38, 0.05])
@pytest.mark.parametrize("vividness", [0.0, 0.6, 1.0])
def test_prediction_against_numpy(temperature: float, vividness: float) -> None:
    net = trained_looking()
    (ab, confidence, logits), bare = predict(net, temperature=temperature, vividness=vividness)
    bins = ab_bins().astype(np.float64)
    expected = bare.double().numpy() - (1 - vividness) * net.log_weights.double().numpy()[:, None, None]
    np.testing.assert_allclose(logits.numpy(), expected, atol=1e-4)

    def expectation(values: np.ndarray, temperature: float) -> np.ndarray:
        powers = np.exp((expected - expected.max(axis=1, keepdims=True)) / temperature)
        return np.tensordot(powers / powers.sum(axis=1, keepdims=True), values, axes=(1, 0))

    np.testing.assert_allclose(ab.numpy(), np.moveaxis(expectation(bins, temperature), -1, 1), atol=0.02)
    # Spread by its definition, the root of the mean squared distance from the mean, not by the shortcut.
    mean = expectation(bins, 1.0)
    distances = ((bins[:, None, None, None] - mean) ** 2).sum(axis=-1)
    posterior = np.exp(expected - expected.max(axis=1, keepdims=True))
    posterior /= posterior.sum(axis=1, keepdims=True)
    spread = np.sqrt(np.einsum("bkhw,kbhw->bhw", posterior, distances))
    np.testing.assert_allclose(confidence.numpy()[:, 0], np.exp(-spread / 25), atol=1e-4)


def test_low_temperature_gives_the_mode() -> None:
    net = trained_looking()
    (ab, _, logits), _ = predict(net, temperature=1e-4, vividness=1.0)
    top = logits.topk(2, dim=1).values
    clear = (top[:, 0] - top[:, 1]) > 0.01
    assert clear.float().mean() > 0.9
    mode = net.bins[logits.argmax(dim=1)].permute(0, 3, 1, 2)
    torch.testing.assert_close(ab.permute(0, 2, 3, 1)[clear], mode.permute(0, 2, 3, 1)[clear])
    assert len(torch.unique(logits.argmax(dim=1))) > 1


def test_vividness_keeps_or_undoes_the_rebalancing() -> None:
    net = trained_looking()
    (_, _, kept), bare = predict(net, temperature=0.5, vividness=1.0)
    (_, _, undone), _ = predict(net, temperature=0.5, vividness=0.0)
    assert torch.equal(kept, bare)
    torch.testing.assert_close(
        kept - undone, net.log_weights[:, None, None].expand_as(kept), atol=1e-4, rtol=0
    )


def test_vividness_one_favours_what_the_loss_weighed_more() -> None:
    net = tiny().eval()
    assert net.head.bias is not None
    # The net is indifferent; the training set's rare colours, weighing e^3, are those with a > 50.
    nn.init.zeros_(net.head.weight)
    nn.init.zeros_(net.head.bias)
    net.log_weights.copy_(torch.where(net.bins[:, 0] > 50, 3.0, 0.0))
    (vivid, _, _), _ = predict(net, temperature=1.0, vividness=1.0)
    (plain, _, _), _ = predict(net, temperature=1.0, vividness=0.0)
    assert (vivid[:, 0] > plain[:, 0] + 5).all()


@pytest.mark.parametrize("seed", range(3))
def test_confidence_is_above_0_and_at_most_1(seed: int) -> None:
    (_, confidence, _), _ = predict(trained_looking(seed), temperature=0.38, vividness=0.3, seed=seed)
    assert confidence.shape == (2, 1, 8, 16)
    assert (confidence > 0).all()
    assert (confidence <= 1).all()
    assert confidence.std() > 1e-4


def test_a_certain_net_says_so_and_gives_the_bins_colour() -> None:
    net = tiny().eval()
    nn.init.zeros_(net.head.weight)
    assert net.head.bias is not None
    net.head.bias.data.fill_(-500.0)[37] = 500.0
    (ab, confidence, _), _ = predict(net, temperature=1.0, vividness=1.0)
    torch.testing.assert_close(ab, net.bins[37][None, :, None, None].expand_as(ab))
    torch.testing.assert_close(confidence, torch.ones_like(confidence))
