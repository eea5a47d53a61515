"""What was computed of the last few images, found again by their pixels."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

from dgl_rsis.types import RGBImage

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """Results of the images that were used last.

    Args:
        limit: how many are kept.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._kept: OrderedDict[bytes, Value] = OrderedDict()
        self._lock = Lock()

    def get(self, image: RGBImage, compute: Callable[[RGBImage], Value]) -> Value:
        """The result of an image, computed if it is not kept."""
        key = hashlib.blake2b(image.tobytes(), digest_size=16)
        key.update(repr(image.shape).encode())
        with self._lock:
            if key.digest() in self._kept:
                self._kept.move_to_end(key.digest())
                return self._kept[key.digest()]
        value = compute(image)
        with self._lock:
            self._kept[key.digest()] = value
            if len(self._kept) > self.limit:
                self._kept.popitem(last=False)
        return value
