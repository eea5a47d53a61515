import numpy as np
from pretrain.dubai import LEAST_COMPONENT, components


def test_components_are_numbered_across_images_and_specks_left_out():
    labels = np.full((2, 20, 20), -1)
    labels[0, :5] = 3
    labels[0, 8:12, :5] = labels[0, 8:12, 10:15] = 4
    labels[0, 15, 15] = 4  # a speck
    labels[1] = 3
    numbers, owners = components(labels)
    assert owners.tolist() == [3, 4, 4, 3]
    assert LEAST_COMPONENT > 1
    assert numbers[0, 15, 15] == numbers[0, 6, 0] == -1
    assert (numbers[0, 0, 0], numbers[0, 9, 2], numbers[0, 9, 12], numbers[1, 0, 0]) == (0, 1, 2, 3)
