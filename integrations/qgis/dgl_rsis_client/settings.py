"""Where the server is: the settings of Processing, or the environment for ``qgis_process``."""

import os

from processing.core.ProcessingConfig import ProcessingConfig

from .client import Client

GROUP = "DGL-RSIS"
URL, TOKEN = "DGLRSIS_URL", "DGLRSIS_TOKEN"
DEFAULT_URL = "http://127.0.0.1:8000"


def client():
    """The server that is set; ``DGL_RSIS_URL`` and ``DGL_RSIS_TOKEN`` go before the settings."""
    url = os.environ.get("DGL_RSIS_URL") or ProcessingConfig.getSetting(URL) or DEFAULT_URL
    token = os.environ.get("DGL_RSIS_TOKEN") or ProcessingConfig.getSetting(TOKEN) or ""
    return Client(url, token)
