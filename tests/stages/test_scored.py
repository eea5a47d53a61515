from dataclasses import replace

import numpy as np
import pytest

from dgl_rsis.stages.scored import Field, Scored


def scored(indices=(4, 7, 9), probability=(0.9, 0.5, 0.6)):
    return Scored.bare(np.array(indices), np.array(probability))


def test_factors_stay_apart_and_multiply_in_the_total():
    place = Field(np.array([0.5, 1.0, 0.0]), np.array([True, True, False]))
    red = Field(np.array([0.4, 0.8, 1.0]), np.array([True, True, True]))
    result = scored().fulfilling(place).fulfilling(red, is_attribute=True)
    assert result.values.tolist() == [0.5, 1.0, 0.0]
    assert result.attributes.tolist() == [0.4, 0.8, 1.0]
    np.testing.assert_allclose(result.total, [0.9 * 0.5 * 0.4, 0.5 * 0.8, 0])
    assert result.live.tolist() == [4, 7]
    assert result.best == 7


def test_a_rank_replaces_places_but_no_attribute():
    red = Field(np.array([0.4, 0.8, 1.0]), np.array([True, True, True]))
    result = scored().fulfilling(red, is_attribute=True).ranked(np.array([0.1, 1.0, 0.2]))
    assert result.values.tolist() == [0.1, 1.0, 0.2]
    assert result.attributes.tolist() == [0.4, 0.8, 1.0]


def test_at_other_indices_what_is_missing_is_nothing():
    result = scored().at(np.array([9, 1, 4]))
    assert result.total == pytest.approx([0.6, 0, 0.9])
    assert result.holds.tolist() == [True, False, True]


def test_a_union_takes_the_better_factors():
    result = scored().united(scored((7, 8), (0.8, 0.1)))
    assert result.indices.tolist() == [4, 7, 8, 9]
    assert result.total == pytest.approx([0.9, 0.8, 0.1, 0.6])


def test_adjectives_are_compared_inside_a_constraint_that_nothing_with_them_fulfils():
    red = Field(np.array([1.0, 0.1, 0.4]), np.array([True, False, False]))
    right = Field(np.array([0.0, 0.7, 0.8]), np.array([False, True, True]))
    only = scored().fulfilling(red, is_attribute=True)
    result = only.among(right, 0.3, 0.5)
    assert result is not None
    assert result.live.tolist() == [9]
    assert result.values.tolist() == [0.0, 0.7, 0.8]
    assert only.among(right, 0.5, 0.5) is None
    assert only.widened(0.3).live.tolist() == [4, 9]
    assert only.widened(0.5).live.tolist() == [4]


def test_what_was_counted_is_never_widened():
    red = Field(np.array([1.0, 0.9, 0.4]), np.array([True, True, False]))
    one = replace(scored().fulfilling(red, is_attribute=True), holds=np.array([True, False, False]))
    everywhere = Field(np.ones(3), np.array([False, True, True]))
    assert one.widened(0.3).live.tolist() == [4]
    assert one.among(everywhere, 0.3, 0.5) is None
