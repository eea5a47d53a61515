import pytest
import torch
from pretrain.image import _learning_rate, recolour


def test_the_rate_warms_up_stays_and_falls_to_zero():
    settings = {"learning_rate": 2.0, "warmup": 4, "steps": 20, "final_steps": 5}
    rates = [_learning_rate(step, settings) for step in range(20)]
    assert rates[:4] == [0.5, 1.0, 1.5, 2.0]
    assert rates[4:16] == [2.0] * 12
    assert rates[16:] == pytest.approx([1.6, 1.2, 0.8, 0.4])


def test_recolour_keeps_the_range_and_the_seed():
    x = torch.rand(3, 3, 8, 8) * 2 - 1
    first, again = (recolour(x, torch.Generator().manual_seed(1)) for _ in range(2))
    assert first.abs().max() <= 1
    assert torch.equal(first, again)
