import pytest
import torch
from pretrain.image import AHEAD, _learning_rate, _prefetch, infrared, recolour


def test_the_rate_warms_up_stays_and_falls_to_zero():
    settings = {"learning_rate": 2.0, "warmup": 4, "steps": 20, "final_steps": 5}
    rates = [_learning_rate(step, settings) for step in range(20)]
    assert rates[:4] == [0.5, 1.0, 1.5, 2.0]
    assert rates[4:16] == [2.0] * 12
    assert rates[16:] == pytest.approx([1.6, 1.2, 0.8, 0.4])


class Numbers:
    """A sampler whose batches are their steps, up to one that cannot be drawn."""

    def __init__(self, broken=None):
        self.broken, self.drawn = broken, []

    def batch(self, step):
        if step == self.broken:
            raise OSError("the data are gone")
        self.drawn.append(step)
        return step


def test_batches_come_in_order_and_are_drawn_ahead():
    sampler = Numbers()
    steps = _prefetch(sampler, 3, 12)
    assert next(steps) == (3, 3)
    assert list(steps) == [(step, step) for step in range(4, 12)]
    assert sampler.drawn == list(range(3, 12))
    assert list(_prefetch(sampler, 12, 12)) == []


@pytest.mark.parametrize("broken", [0, 2, AHEAD + 1])
def test_a_batch_that_cannot_be_drawn_stops_the_training(broken):
    seen = []
    with pytest.raises(OSError, match="the data are gone"):
        seen.extend(step for step, _ in _prefetch(Numbers(broken), 0, 20))
    assert max(seen, default=-1) < broken


def test_recolour_keeps_the_range_and_the_seed():
    x = torch.rand(3, 3, 8, 8) * 2 - 1
    first, again = (recolour(x, torch.Generator().manual_seed(1)) for _ in range(2))
    assert first.abs().max() <= 1
    assert torch.equal(first, again)


def test_vegetation_turns_red_in_false_colour_and_greys_stay():
    colours = torch.tensor([[36, 58, 34], [104, 140, 70], [120, 120, 120], [170, 110, 60]]).float()
    seen = infrared(colours.T[None, :, :, None])[0, :, :, 0].T
    assert seen[:2].argmax(1).tolist() == [0, 0]
    assert seen[2].tolist() == [120] * 3
    assert seen[3].argmax() == 1  # what is red itself does not


def test_a_small_share_of_images_is_false_coloured_and_another_grey():
    count = 4000
    x = torch.tensor([-0.4, 0.4, -0.8]).view(1, 3, 1, 1).expand(count, 3, 2, 2)
    red, green, blue = recolour(x, torch.Generator().manual_seed(0)).mean((2, 3)).unbind(1)
    is_grey = ((red - green).abs() < 1e-6) & ((green - blue).abs() < 1e-6)
    assert float(is_grey.float().mean()) == pytest.approx(0.05, abs=0.02)
    assert float((red > green)[~is_grey].float().mean()) == pytest.approx(0.03, abs=0.015)
