import numpy as np
from pretrain.dubai import LEAST_COMPONENT, component_weights


def test_small_components_weigh_more_and_specks_no_more_than_that():
    labels = np.full((40, 40), 3, np.int16)
    labels[:20] = -1
    labels[30:, :20] = 4  # 200 pixels
    labels[5, 5] = 4  # a speck of the same label elsewhere
    weights = component_weights(labels)
    assert weights[6, 6] == 0
    np.testing.assert_allclose(weights[35, 5], 200**-0.5)
    np.testing.assert_allclose(weights[25, 5], 600**-0.5)
    np.testing.assert_allclose(weights[5, 5], LEAST_COMPONENT**-0.5)
