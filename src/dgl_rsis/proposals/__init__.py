"""Proposers: class-agnostic masks of an image behind one protocol."""
