"""From logits to colour: against NumPy, and in every net that gives a distribution."""

import copy
import warnings
from collections.abc import Callable

import numpy as np
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from photochrom.color.quantize import ab_bins, annealed_mean

# Under their own names pytest would take the builders for tests.
from photochrom.nets.eccv16 import test_eccv16 as tiny_eccv16
from photochrom.nets.photochrom import test_photochrom as tiny_photochrom
from photochrom.nets.prediction import DistributionNet, Prediction, annealed, decode
from photochrom.nets.siggraph17 import test_siggraph17 as tiny_siggraph17

Build = Callable[[], DistributionNet]
BUILDERS = pytest.mark.parametrize("build", [tiny_eccv16, tiny_photochrom, tiny_siggraph17])


class Given(DistributionNet):
    """A net that says what it was told to."""

    def __init__(self, logits: Tensor, ab: Tensor | None = None, pretrained: bool = False) -> None:
        super().__init__(logits.shape[1], pretrained=pretrained)
        self.register_buffer("bins", torch.from_numpy(ab_bins()[: logits.shape[1]].copy()))
        self.scale = nn.Parameter(torch.ones(()))
        self.said = Prediction(logits, ab)

    def forward(self, lightness: Tensor, hints: Tensor | None = None) -> Prediction:
        return self.said


def noise(*shape: int, seed: int = 0, scale: float = 3.0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)) * scale


def said(net: DistributionNet, temperature: float, prior_strength: float) -> list[NDArray[np.float64]]:
    """The decoded prediction of a `Given` net, in double precision."""
    with torch.no_grad():
        result = net.predict(torch.zeros(1), None, torch.tensor(temperature), torch.tensor(prior_strength))
    return [x.double().numpy() for x in result]


def posterior(logits: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    powers = np.exp((logits - logits.max(axis=1, keepdims=True)) / temperature)
    shares: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return shares


@pytest.mark.parametrize("temperature", [1.0, 0.38, 0.05])
@pytest.mark.parametrize("prior_strength", [0.0, 0.6, 1.0])
def test_against_numpy(temperature: float, prior_strength: float) -> None:
    net = Given(noise(2, 261, 3, 4))
    net.log_weights.copy_(noise(261, seed=1, scale=1.0))
    ab, confidence, logits = said(net, temperature, prior_strength)
    expected = net.said.logits.double().numpy()
    expected = expected - (1 - prior_strength) * net.log_weights.double().numpy()[:, None, None]
    np.testing.assert_allclose(logits, expected, atol=1e-5)
    bins = ab_bins().astype(np.float64)
    np.testing.assert_allclose(ab, annealed_mean(expected, bins, temperature=temperature, axis=1), atol=0.02)
    # Spread by its definition, the root of the mean squared distance from the mean, not by the shortcut.
    shares = posterior(expected, 1.0)
    mean = np.tensordot(shares, bins, axes=(1, 0))
    distances = ((bins[:, None, None, None] - mean) ** 2).sum(axis=-1)
    spread = np.sqrt(np.einsum("bkhw,kbhw->bhw", shares, distances))
    np.testing.assert_allclose(confidence[:, 0], np.exp(-spread / 25), atol=1e-4)


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_gradients_are_those_of_a_softmax(temperature: float) -> None:
    bins = torch.from_numpy(ab_bins().copy()).double()
    ours = noise(2, 261, 3, 4).double().requires_grad_()
    true = ours.detach().clone().requires_grad_()
    ab = annealed(ours, bins, torch.tensor(temperature, dtype=torch.float64))
    expected = torch.einsum("bkhw,kc->bchw", torch.softmax(true / temperature, dim=1), bins)
    torch.testing.assert_close(ab, expected)
    weights = noise(*ab.shape, seed=2).double()
    gradients = torch.autograd.grad(ab, ours, weights) + torch.autograd.grad(expected, true, weights)
    torch.testing.assert_close(*gradients)


def test_low_temperature_gives_the_mode() -> None:
    net = Given(noise(1, 261, 8, 8))
    ab, _, logits = said(net, 1e-3, 1.0)
    mode = net.bins[torch.from_numpy(logits).argmax(dim=1)].permute(0, 3, 1, 2)
    top = np.sort(logits, axis=1)
    clear = (top[:, -1] - top[:, -2]) > 0.02
    assert clear.mean() > 0.9
    np.testing.assert_allclose(ab[0][:, clear[0]], mode.numpy()[0][:, clear[0]], atol=1e-3)


def test_confidence_knows_no_temperature() -> None:
    net = Given(noise(1, 261, 4, 4))
    cold, warm = said(net, 0.1, 1.0), said(net, 1.0, 1.0)
    np.testing.assert_array_equal(cold[1], warm[1])
    assert np.abs(cold[0] - warm[0]).max() > 5


@pytest.mark.parametrize("height", [60.0, 1e4])
def test_a_certain_net_says_so_and_gives_the_bins_color(height: float) -> None:
    logits = torch.full((1, 261, 2, 2), -height)
    logits[:, 37] = height
    ab, confidence, _ = said(Given(logits), 0.38, 1.0)
    expected = ab_bins()[37][None, :, None, None].repeat(2, axis=2).repeat(2, axis=3)
    np.testing.assert_allclose(ab, expected)
    np.testing.assert_allclose(confidence, 1)


def test_an_even_bet_on_two_colors_is_their_middle_and_half_their_distance_of_doubt() -> None:
    bins = torch.tensor([[0.0, 30.0], [40.0, 0.0]])
    ab, confidence = decode(torch.zeros(1, 2, 1, 1), bins, torch.tensor(0.38))
    assert ab.flatten().tolist() == pytest.approx([20, 15])
    assert confidence.item() == pytest.approx(np.exp(-25 / 25))


def test_prior_strength_one_favours_what_the_loss_weighed_more() -> None:
    net = Given(torch.zeros(1, 261, 1, 1))
    # The net is indifferent; the training set's rare colours, weighing e^3, are those with a > 50.
    net.log_weights.copy_(torch.where(net.bins[:, 0] > 50, 3.0, 0.0))
    net.said = Prediction(net.said.logits + net.log_weights[:, None, None])
    plain = ab_bins().mean(axis=0)
    np.testing.assert_allclose(said(net, 1.0, 0.0)[0].ravel(), plain, atol=1e-3)
    assert said(net, 1.0, 1.0)[0][0, 0, 0, 0] > plain[0] + 5


def test_a_regressing_net_keeps_its_colors() -> None:
    ab = noise(1, 2, 16, 16, scale=40.0)
    net, without = Given(noise(1, 261, 4, 4), ab), Given(noise(1, 261, 4, 4))
    got, expected = said(net, 0.38, 0.5), said(without, 0.38, 0.5)
    np.testing.assert_array_equal(got[0], ab.double().numpy())
    np.testing.assert_array_equal(got[1], expected[1])
    np.testing.assert_array_equal(got[2], expected[2])


def test_only_published_files_may_lack_class_weights() -> None:
    logits = torch.zeros(1, 5, 1, 1)
    state = {"scale": torch.tensor(2.0), "bins": torch.zeros(5, 2)}
    with pytest.raises(RuntimeError, match="log_weights"):
        Given(logits).load_state_dict(state)
    # A copy, as averaging makes one: it must fill in its own weights.
    net = Given(logits, pretrained=True)
    other = copy.deepcopy(net)
    net.log_weights.fill_(1)
    other.log_weights.fill_(2)
    other.load_state_dict(state)
    assert not other.log_weights.any()
    assert (net.log_weights == 1).all()
    assert sorted(state) == ["bins", "scale"]
    other.load_state_dict(net.state_dict())
    assert (other.log_weights == 1).all()


def lively(build: Build) -> DistributionNet:
    """A tiny net in eval mode whose logits have spread 3 and whose classes weigh differently."""
    torch.manual_seed(0)
    net = build()
    (head,) = (m for m in net.modules() if isinstance(m, nn.Conv2d) and m.out_channels == len(net.bins))
    with torch.no_grad():
        # Twenty batches bring the running statistics near the features' own.
        for i in range(20):
            logits = net(*pictures(4, 32, 32, seed=i)).logits
        head.weight *= 3 / logits.std(dim=(0, 2, 3)).mean()
    net.log_weights.copy_(torch.randn(len(net.bins)))
    return net.eval()


def pictures(batch: int, height: int, width: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Lightness, and hints at a quarter of all pixels."""
    generator = torch.Generator().manual_seed(seed)
    values = torch.rand(batch, 4, height, width, generator=generator)
    mask = (values[:, 3:] < 0.25).float()
    return values[:, :1] * 100, torch.cat([(values[:, 1:3] * 160 - 80) * mask, mask], dim=1)


@BUILDERS
def test_every_net_decodes_as_annealed_mean(build: Build) -> None:
    net = lively(build)
    lightness, hints = pictures(2, 32, 64)
    with torch.no_grad():
        prediction = net(lightness, hints)
        ab, confidence, logits = net.predict(lightness, hints, torch.tensor(0.38), torch.tensor(1.0))
    assert torch.equal(logits, prediction.logits)
    assert logits.shape == (2, len(net.bins), 8, 16)
    expected = annealed_mean(logits.double().numpy(), net.bins.double().numpy(), temperature=0.38, axis=1)
    got = decode(logits, net.bins, torch.tensor(0.38))[0] if prediction.ab is not None else ab
    np.testing.assert_allclose(got.numpy(), expected, atol=0.02)
    assert np.std(expected) > 1
    assert ab.shape == (2, 2, 32 // net.stride, 64 // net.stride)
    assert confidence.shape == (2, 1, 8, 16)
    assert 0 < confidence.min() < confidence.max() <= 1


@BUILDERS
def test_hints_count_where_the_net_says_that_it_takes_them(build: Build) -> None:
    net = lively(build)
    for name, parameter in net.named_parameters():
        if name.endswith("hint.weight"):
            nn.init.normal_(parameter, std=0.2)
    lightness, hints = pictures(1, 32, 32)
    with torch.no_grad():
        without, empty = net(lightness), net(lightness, torch.zeros_like(hints))
        hinted = net(lightness, hints)
    assert torch.equal(without.logits, empty.logits)
    assert torch.equal(without.logits, hinted.logits) != net.takes_hints


@BUILDERS
def test_groups_hold_every_parameter_once_and_gradients_reach_all(build: Build) -> None:
    torch.manual_seed(2)
    net = build().train()
    groups = [id(p) for group in net.layer_groups() for p in group]
    assert sorted(groups) == sorted(id(p) for p in net.parameters())
    prediction = net(*pictures(4, 64, 64))
    loss = nn.functional.cross_entropy(prediction.logits, torch.randint(len(net.bins), (4, 16, 16)))
    if prediction.ab is not None:
        loss = loss + (prediction.ab - 20).square().mean() / 100
    loss.backward()
    silent = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert silent == []
    assert all(torch.isfinite(p.grad).all() for p in net.parameters() if p.grad is not None)


class Deployed(nn.Module):
    def __init__(self, net: DistributionNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        lightness, *hints, temperature, prior_strength = inputs
        return self.net.predict(lightness, hints[0] if hints else None, temperature, prior_strength)


def inputs(net: DistributionNet, batch: int, rows: int, columns: int) -> tuple[Tensor, ...]:
    maps = pictures(batch, rows * net.multiple, columns * net.multiple)
    return *maps[: 1 + net.takes_hints], torch.tensor(0.4), torch.tensor(0.7)


def exported(net: DistributionNet) -> onnxruntime.InferenceSession:
    """The net's `predict` as ONNX, for any batch and any sides that are multiples of the net's."""
    rows, columns = (torch.export.Dim(name, min=1, max=64) for name in ("rows", "columns"))
    sides = {0: torch.export.Dim("batch", min=1, max=64), 2: net.multiple * rows, 3: net.multiple * columns}
    maps = [sides] * (1 + net.takes_hints)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            Deployed(net), inputs(net, 2, 2, 3), dynamo=True, verbose=False, dynamic_shapes=((*maps, {}, {}),)
        )
    assert program is not None
    return onnxruntime.InferenceSession(program.model_proto.SerializeToString())


@BUILDERS
def test_exported_net_answers_as_torch_does_at_any_size(build: Build) -> None:
    net = lively(build)
    session = exported(net)
    for shape in ((1, 3, 1), (3, 1, 4)):
        given = inputs(net, *shape)
        with torch.no_grad():
            expected = net.predict(given[0], given[1] if net.takes_hints else None, *given[-2:])
        feed = {i.name: x.numpy() for i, x in zip(session.get_inputs(), given, strict=True)}
        for got, wanted in zip(session.run(None, feed), expected, strict=True):
            np.testing.assert_allclose(got, wanted.numpy(), rtol=1e-4, atol=2e-3)
