"""The registry of the ways of training."""

from photochrom.training.steps import reports


def test_reports_are_in_the_logs_order() -> None:
    mean = [f"mean_{name}" for name in ("pixel", "gradient", "colorfulness", "perceptual")]
    assert reports()[:9] == ["loss", "cross_entropy", "huber", *mean, "pixel", "gan"]
    assert len(set(reports())) == len(reports())
