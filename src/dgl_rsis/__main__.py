"""``python -m dgl_rsis`` is the command ``dgl-rsis``."""

import sys

from dgl_rsis.apps.cli import main

if __name__ == "__main__":
    sys.exit(main())
