"""The stages of the method, one file each: pure functions between frozen dataclasses."""
