"""DGL-RSIS: say it, and it is on the map."""

__version__ = "0.1.0"
