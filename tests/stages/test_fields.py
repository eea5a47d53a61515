import numpy as np
import pytest
import torch

from dgl_rsis.stages.fields import resample, resample_rows


@pytest.mark.parametrize("shape", [(7, 5), (4, 4), (300, 9), (1, 1)])
@pytest.mark.parametrize("channels", [(), (3,)])
def test_same_convention_as_interpolate(shape, channels):
    rng = np.random.default_rng(0)
    values = rng.random((4, 6, *channels)).astype(np.float32)
    field = torch.from_numpy(values.reshape(4, 6, -1)).permute(2, 0, 1)[None]
    expected = torch.nn.functional.interpolate(
        field, size=shape, mode="bilinear", align_corners=False
    )
    expected = expected[0].permute(1, 2, 0).numpy().reshape(*shape, *channels)
    np.testing.assert_allclose(resample(values, shape), expected, atol=1e-5)


def test_blocks_cover_all_rows_once():
    rows = [r for r, _ in resample_rows(np.zeros((3, 3), np.float32), (300, 4))]
    assert np.concatenate([np.arange(r.start, r.stop) for r in rows]).tolist() == list(range(300))
