"""The provider: three algorithms, and the address of the server as its settings."""

from processing.core.ProcessingConfig import ProcessingConfig, Setting
from qgis.core import QgsProcessingProvider

from .label import Label
from .refer import Refer
from .segment import Segment
from .settings import DEFAULT_URL, GROUP, TOKEN, URL


class DglRsisProvider(QgsProcessingProvider):
    """``dglrsis`` in the toolbox."""

    def load(self):
        """Add the settings and the algorithms."""
        ProcessingConfig.settingIcons[GROUP] = self.icon()
        ProcessingConfig.addSetting(Setting(GROUP, URL, "Address of the server", DEFAULT_URL))
        ProcessingConfig.addSetting(
            Setting(GROUP, TOKEN, "Token of the server (empty on this computer)", "")
        )
        ProcessingConfig.readSettings()
        self.refreshAlgorithms()
        return True

    def unload(self):
        """Take the settings away."""
        for name in (URL, TOKEN):
            ProcessingConfig.removeSetting(name)

    def loadAlgorithms(self):
        """Called by QGIS."""
        for algorithm in (Segment(), Refer(), Label()):
            self.addAlgorithm(algorithm)

    def id(self):
        """Short name in identifiers, ``dglrsis:segment``."""
        return "dglrsis"

    def name(self):
        """Title in the toolbox."""
        return "DGL-RSIS"

    def supportedOutputVectorLayerExtensions(self):
        """Files that the server makes; a GeoPackage brings its style along."""
        return ["gpkg"]

    def supportedOutputRasterLayerExtensions(self):
        """Files that the server makes."""
        return ["tif"]
