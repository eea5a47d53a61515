"""What the three algorithms share: the raster, the server, progress, and layers with names."""

import json

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsGeometry,
    QgsJsonUtils,
    QgsProcessingAlgorithm,
    QgsProcessingException,
    QgsProcessingLayerPostProcessorInterface,
    QgsProcessingParameterEnum,
    QgsProcessingParameterExtent,
    QgsProcessingParameterRasterLayer,
)

from .client import Cancelled, ServerError
from .settings import client

RASTER, EXTENT, PRESET = "INPUT", "EXTENT", "PRESET"
PRESETS = ("default", "fast", "paper")
DIGITS = 12  # after the point, of degrees
PLACED = ("area", "candidates", "polygons")  # parts of requests in longitude and latitude
LONLAT = QgsCoordinateReferenceSystem("EPSG:4326")


class Named(QgsProcessingLayerPostProcessorInterface):
    """Gives a layer its name once it is loaded; its style comes with the file."""

    def __init__(self, name):
        super().__init__()
        self._name = name

    def postProcessLayer(self, layer, context, feedback):
        """Called by QGIS."""
        layer.setName(self._name)


class ServerAlgorithm(QgsProcessingAlgorithm):
    """An algorithm whose work a server does."""

    KIND = ""  # the operation of the server, and the identifier
    TITLE = ""
    HELP = ""

    def __init__(self):
        super().__init__()
        self._named = []  # QGIS does not keep them alive

    def name(self):
        """Identifier after ``dglrsis:``."""
        return self.KIND

    def displayName(self):
        """Title in the toolbox."""
        return self.TITLE

    def shortHelpString(self):
        """Help beside the form."""
        return self.HELP

    def createInstance(self):
        """Called by QGIS."""
        return type(self)()

    def add_raster(self):
        """Parameters that all share."""
        self.addParameter(QgsProcessingParameterRasterLayer(RASTER, "Image"))

    def add_choices(self, *, with_extent=True):
        """Further parameters that most share."""
        if with_extent:
            self.addParameter(
                QgsProcessingParameterExtent(EXTENT, "Only inside this extent", optional=True)
            )
        self.addParameter(
            QgsProcessingParameterEnum(
                PRESET, "Preset", options=PRESETS, defaultValue="default", usesStaticStrings=True
            )
        )

    def processAlgorithm(self, parameters, context, feedback):
        """Ask the server; its errors are told in one line."""
        try:
            server = client()
            raster = self.parameterAsRasterLayer(parameters, RASTER, context)
            if raster is None or raster.dataProvider().name() != "gdal":
                raise ServerError("the image must be a raster file, such as a GeoTIFF or a PNG")
            path = raster.source().partition("|")[0]
            feedback.setProgressText(f"Opening {raster.name()} on {server.url}")
            scene, is_upload = server.scene_of(path, feedback.isCanceled)
            try:
                request = {"scene": scene["id"], **self.request(parameters, context, feedback)}
                if not scene["georeferenced"] and any(request.get(name) for name in PLACED):
                    raise ServerError(
                        f"{raster.name()} has no CRS, so that an extent or polygons have no place in "
                        "it; leave them out, or give the image a georeference"
                    )
                job = self._run(server, self.KIND, request, feedback)
                return self.outputs(server, job, parameters, context, feedback)
            finally:
                if is_upload:
                    server.delete(f"/scenes/{scene['id']}")
        except Cancelled:
            feedback.pushInfo("Cancelled, on the server too.")
            return {}
        except (ServerError, OSError) as error:
            raise QgsProcessingException(str(error)) from error

    def request(self, parameters, context, feedback):
        """What is asked, beside the scene."""
        raise NotImplementedError

    def outputs(self, server, job, parameters, context, feedback):
        """Fetch the files of a finished job; the outputs of the algorithm."""
        raise NotImplementedError

    def preset(self, parameters, context):
        """Settings of the request."""
        return {"preset": self.parameterAsEnumString(parameters, PRESET, context)}

    def area(self, parameters, context):
        """The extent as a polygon in longitude and latitude; None without one."""
        if not parameters.get(EXTENT):
            return None
        extent = self.parameterAsExtentGeometry(parameters, EXTENT, context, LONLAT)
        return json.loads(extent.asJson(DIGITS))

    def fetch(self, server, job, suffix, target, name, context, feedback):
        """Save a file of a job; where it becomes a layer, name it."""
        server.save(f"/jobs/{job['id']}/result.{suffix}", target, feedback.isCanceled)
        if context.willLoadLayerOnCompletion(target):
            named = Named(name)
            self._named.append(named)
            context.layerToLoadOnCompletionDetails(target).setPostProcessor(named)
        return target

    @staticmethod
    def _run(server, kind, request, feedback):
        said = ""

        def progress(done, total, message):
            nonlocal said
            feedback.setProgress(100 * done / total if total else 0)
            if message and message != said:
                said = message
                feedback.setProgressText(message)

        return server.run(kind, request, progress, feedback.isCanceled)


def names_in(text):
    """Class names between commas or line ends."""
    names = [name.strip() for name in text.replace("\n", ",").split(",")]
    return [name for name in names if name]


def as_geojson(source, context, feedback):
    """Features of a vector layer with their attributes, but for those without a geometry.

    They keep their coordinates where the CRS has a code, so that what comes back does, too;
    otherwise they are brought to longitude and latitude.

    Args:
        source: ``QgsFeatureSource``.
        context: of the run; it knows which transformations the project prefers.
        feedback: is told which features are left out.

    Returns:
        a GeoJSON FeatureCollection, with the member ``crs`` of GeoJSON before RFC 7946 where it is
        not in longitude and latitude; attributes that JSON lacks (dates) are texts.
    """
    if not source.sourceCrs().isValid():
        raise ServerError("the polygons have no CRS; set one for their layer")
    code = source.sourceCrs().authid()
    is_known = code.startswith("EPSG:")
    target = source.sourceCrs() if is_known else LONLAT
    change = QgsCoordinateTransform(source.sourceCrs(), target, context.transformContext())
    features = []
    for feature in source.getFeatures():
        if feature.geometry().isEmpty():
            feedback.pushWarning(f"feature {feature.id()} has no geometry and is left out")
            continue
        geometry = QgsGeometry(feature.geometry())
        if geometry.transform(change) != QgsGeometry.Success:
            raise ServerError(f"feature {feature.id()} cannot be brought to longitude and latitude")
        features.append(
            {
                "type": "Feature",
                "id": feature.id(),
                "properties": json.loads(QgsJsonUtils.exportAttributes(feature)),
                "geometry": json.loads(geometry.asJson(DIGITS)),
            }
        )
    if not features:
        raise ServerError("no feature of the polygons has a geometry; choose another layer")
    collection = {"type": "FeatureCollection", "features": features}
    if is_known:
        collection["crs"] = {"type": "name", "properties": {"name": code}}
    return collection
