"""DGL-RSIS in QGIS: a Processing provider that asks a DGL-RSIS server."""


def classFactory(iface):
    """The plugin; ``iface`` is that of QGIS Desktop, None in ``qgis_process``."""
    from .plugin import DglRsisPlugin

    return DglRsisPlugin(iface)
