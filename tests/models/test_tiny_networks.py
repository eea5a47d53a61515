import torch

from dgl_rsis.models.tiny_networks import (
    ImageTower,
    TinyConfig,
    fold_batch_norm,
    keep_channels_last,
)

SMALL = TinyConfig(
    dim=8, stem=4, channels=(4, 8, 8, 8), blocks=(1, 1, 1, 1), pyramid=8, pool_heads=2
)


def test_folded_normalisation_changes_nothing() -> None:
    torch.manual_seed(0)
    tower = ImageTower(SMALL)
    x = torch.randn(4, 3, 32, 32)
    tower(x)  # running means and deviations of its own
    tower.eval()
    with torch.no_grad():
        before = tower(x)
        fold_batch_norm(tower)
        keep_channels_last(tower)
        after = tower(x)
    assert not any(isinstance(each, torch.nn.BatchNorm2d) for each in tower.modules())
    for expected, found in zip(before, after, strict=True):
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
