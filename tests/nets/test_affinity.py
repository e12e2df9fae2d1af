"""What belongs together: an untrained net knows nothing of it, and the colours do not depend on it."""

import torch

from photochrom.nets.affinity import COORDINATES, Affinity
from photochrom.nets.photochrom import Photochrom

# Under its own name pytest would take the builder for a test.
from photochrom.nets.photochrom import test_photochrom as tiny


def test_twelve_coordinates_and_an_amplitude() -> None:
    torch.manual_seed(0)
    net = Affinity(16).eval()
    with torch.no_grad():
        affinity = net(torch.randn(2, 16, 7, 9))
        assert affinity.shape == (2, COORDINATES + 1, 7, 9)
        # At first nothing is known: all are alike, and as much in doubt.
        assert affinity[:, :-1].abs().max() < 0.2
        torch.testing.assert_close(affinity[:, -1], torch.ones(2, 7, 9))
        net.out.bias[-1] = -3.0
        assert net(torch.randn(2, 16, 7, 9))[:, -1].min() > 0


def test_a_net_with_affinity_gives_the_same_colors() -> None:
    torch.manual_seed(0)
    without, with_it = tiny().eval(), tiny(affinity=True).eval()
    missing, unexpected = with_it.load_state_dict(without.state_dict(), strict=False)
    assert not unexpected
    assert {key.split(".")[0] for key in missing} == {"affinity"}
    lightness, hints = torch.rand(1, 1, 64, 32) * 100, torch.ones(1, 3, 64, 32)
    scalars = torch.tensor(0.5), torch.tensor(0.3)
    with torch.no_grad():
        plain = without.predict(lightness, None, *scalars)
        ab, confidence, logits, affinity = with_it.predict(lightness, hints, *scalars)
    for expected, got in zip(plain, (ab, confidence, logits), strict=True):
        # Hints are not its input any more.
        assert torch.equal(expected, got)
    assert affinity.shape == (1, COORDINATES + 1, 16, 8)
    assert (without.takes_hints, with_it.takes_hints) == (True, False)


def test_classification_leaves_it_alone() -> None:
    net = tiny(affinity=True)
    assert isinstance(net, Photochrom)
    assert isinstance(net.affinity, Affinity)
    grouped = {id(p) for group in net.layer_groups() for p in group}
    assert grouped == {id(p) for p in net.parameters()} - {id(p) for p in net.affinity.parameters()}
