"""Backbones: image-text models behind one protocol."""
