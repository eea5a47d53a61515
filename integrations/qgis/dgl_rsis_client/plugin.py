"""The plugin: it registers the provider, in QGIS Desktop and in ``qgis_process``."""

from qgis.core import QgsApplication

from .provider import DglRsisProvider


class DglRsisPlugin:
    """What QGIS loads and unloads."""

    def __init__(self, iface):
        self._iface = iface
        self._provider = None

    def initProcessing(self):
        """Register the algorithms; called alone in ``qgis_process``."""
        self._provider = DglRsisProvider()
        QgsApplication.processingRegistry().addProvider(self._provider)

    def initGui(self):
        """Called in QGIS Desktop."""
        self.initProcessing()

    def unload(self):
        """Take the algorithms away."""
        if self._provider is not None:
            QgsApplication.processingRegistry().removeProvider(self._provider)
            self._provider = None
