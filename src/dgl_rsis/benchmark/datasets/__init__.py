"""Readers of annotated images in the formats of public data sets."""
