"""Class names in, a land-cover map out."""

from qgis.core import (
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterString,
    QgsProcessingParameterVectorDestination,
)

from .algorithm import ServerAlgorithm, names_in
from .client import ServerError

CLASSES, MIN_AREA, POLYGONS, MAP = "CLASSES", "MIN_AREA", "POLYGONS", "MAP"


class Segment(ServerAlgorithm):
    """``dglrsis:segment``."""

    KIND = "segment"
    TITLE = "Land cover from class names"
    HELP = (
        "Every pixel gets one of the classes that you name, in plain words: "
        "<i>building, paved road, water, tree</i>. Nothing is trained for it."
    )

    def initAlgorithm(self, configuration=None):
        """Called by QGIS."""
        self.add_raster()
        self.addParameter(
            QgsProcessingParameterString(CLASSES, "Classes, separated by commas", multiLine=True)
        )
        self.addParameter(
            QgsProcessingParameterNumber(
                MIN_AREA,
                "Smallest region (square metres, or pixels without a CRS)",
                QgsProcessingParameterNumber.Double,
                0.0,
                minValue=0.0,
            )
        )
        self.add_choices()
        self.addParameter(QgsProcessingParameterVectorDestination(POLYGONS, "Polygons"))
        self.addParameter(
            QgsProcessingParameterRasterDestination(
                MAP, "Class map", optional=True, createByDefault=False
            )
        )

    def request(self, parameters, context, feedback):
        """What is asked, beside the scene."""
        classes = names_in(self.parameterAsString(parameters, CLASSES, context))
        if not classes:
            raise ServerError("no class is named; write some, e.g. building, road, water")
        least = self.parameterAsDouble(parameters, MIN_AREA, context)
        return {
            "classes": classes,
            "area": self.area(parameters, context),
            "settings": {**self.preset(parameters, context), "min_area": least},
        }

    def outputs(self, server, job, parameters, context, feedback):
        """Polygons, and the map where it is wanted; areas go to the log."""
        for entry in job["result"]["legend"]:
            area = entry["area_m2"]
            amount = f"{entry['pixels']} pixels" if area is None else f"{area:,.0f} m²"
            feedback.pushInfo(f"{entry['class']}: {amount} ({entry['share']:.1%})")
        name = ", ".join(job["request"]["classes"])
        found = {}
        polygons = self.parameterAsOutputLayer(parameters, POLYGONS, context)
        found[POLYGONS] = self.fetch(server, job, "gpkg", polygons, name, context, feedback)
        if parameters.get(MAP):
            target = self.parameterAsOutputLayer(parameters, MAP, context)
            found[MAP] = self.fetch(server, job, "tif", target, name, context, feedback)
        return found
