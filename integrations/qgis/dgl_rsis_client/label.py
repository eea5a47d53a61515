"""Your polygons in, the same polygons with classes out."""

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterString,
    QgsProcessingParameterVectorDestination,
)

from .algorithm import ServerAlgorithm, as_geojson, names_in
from .client import ServerError

POLYGONS, CLASSES, OUTPUT = "POLYGONS", "CLASSES", "OUTPUT"


class Label(ServerAlgorithm):
    """``dglrsis:label``."""

    KIND = "label"
    TITLE = "Classes for your polygons"
    HELP = (
        "Each polygon (parcels, footprints) gets the class that fits it best, its probability and "
        "the runner-up; its attributes stay."
    )

    def initAlgorithm(self, configuration=None):
        """Called by QGIS."""
        self.add_raster()
        self.addParameter(
            QgsProcessingParameterFeatureSource(
                POLYGONS, "Polygons", [QgsProcessing.TypeVectorPolygon]
            )
        )
        self.addParameter(
            QgsProcessingParameterString(CLASSES, "Classes, separated by commas", multiLine=True)
        )
        self.add_choices(with_extent=False)
        self.addParameter(QgsProcessingParameterVectorDestination(OUTPUT, "Polygons with classes"))

    def request(self, parameters, context, feedback):
        """What is asked, beside the scene."""
        classes = names_in(self.parameterAsString(parameters, CLASSES, context))
        if not classes:
            raise ServerError("no class is named; write some, e.g. orchard, vineyard")
        source = self.parameterAsSource(parameters, POLYGONS, context)
        return {
            "classes": classes,
            "polygons": as_geojson(source, context, feedback),
            "settings": self.preset(parameters, context),
        }

    def outputs(self, server, job, parameters, context, feedback):
        """The polygons; what could not be used of them goes to the log."""
        result = job["result"]
        for skipped in result["skipped"]:
            feedback.pushWarning(f"feature {skipped['feature']}: {skipped['why']}")
        for name, count in result["counts"].items():
            feedback.pushInfo(f"{name}: {count}")
        target = self.parameterAsOutputLayer(parameters, OUTPUT, context)
        name = "labelled: " + ", ".join(job["request"]["classes"])
        return {OUTPUT: self.fetch(server, job, "gpkg", target, name, context, feedback)}
