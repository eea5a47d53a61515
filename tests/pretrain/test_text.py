import numpy as np
import pytest
import torch
from pretrain import text


@pytest.mark.parametrize("batch", [8, 16])
def test_batches_hold_texts_of_like_length_three_to_five(batch):
    lengths = torch.arange(100) % 10 + 1
    pools = [torch.arange(40), torch.arange(40, 100)]
    batches = text._chunk(pools, lengths, batch)
    rows = torch.cat(batches)
    assert [len(each) for each in batches] == [batch] * 8
    assert int((rows < 40).sum()) == 3 * batch
    spans = sorted((int(lengths[b].min()), int(lengths[b].max())) for b in batches)
    assert all(spans[k][1] <= spans[k + 1][0] for k in range(7))


def test_a_modified_noun_is_drawn_to_its_noun():
    texts = ["pond", "inland pond", "odd pond"]
    features = np.array([[1, 0], [0, 1], [0, 1]], np.float32)
    drawn = text.noun_first(texts, features)
    np.testing.assert_allclose(drawn[1], [0.5**0.5, 0.5**0.5], rtol=1e-6)
    np.testing.assert_array_equal(drawn[[0, 2]], features[[0, 2]])  # odd is no known modifier
