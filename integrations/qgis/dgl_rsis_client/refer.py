"""A sentence in, the object that it refers to out."""

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputBoolean,
    QgsProcessingOutputString,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterString,
    QgsProcessingParameterVectorDestination,
)

from .algorithm import ServerAlgorithm, as_geojson
from .client import ServerError

SENTENCE, CANDIDATES, OUTPUT = "SENTENCE", "CANDIDATES", "OUTPUT"
MATCHED, UNDERSTOOD = "MATCHED", "UNDERSTOOD"


class Refer(ServerAlgorithm):
    """``dglrsis:refer``."""

    KIND = "refer"
    TITLE = "Object that a sentence refers to"
    HELP = (
        "One sentence, one object (or several: <i>all ships</i>), with the reason in the log: "
        "<i>the largest building north of the river</i>. Polygons of your own can be the "
        "candidates; without them the server looks for candidates in the image."
    )

    def initAlgorithm(self, configuration=None):
        """Called by QGIS."""
        self.add_raster()
        self.addParameter(QgsProcessingParameterString(SENTENCE, "Sentence"))
        self.addParameter(
            QgsProcessingParameterFeatureSource(
                CANDIDATES,
                "Candidates",
                [QgsProcessing.TypeVectorPolygon],
                optional=True,
            )
        )
        self.add_choices()
        self.addParameter(QgsProcessingParameterVectorDestination(OUTPUT, "Answer"))
        self.addOutput(QgsProcessingOutputBoolean(MATCHED, "Whether anything matched"))
        self.addOutput(QgsProcessingOutputString(UNDERSTOOD, "What was understood"))

    def request(self, parameters, context, feedback):
        """What is asked, beside the scene."""
        sentence = self.parameterAsString(parameters, SENTENCE, context).strip()
        if not sentence:
            raise ServerError("the sentence is empty; write one, e.g. the largest building")
        own = self.parameterAsSource(parameters, CANDIDATES, context)
        return {
            "text": sentence,
            "area": self.area(parameters, context),
            "candidates": None if own is None else as_geojson(own, context, feedback),
            "heatmap": False,
            "settings": self.preset(parameters, context),
        }

    def outputs(self, server, job, parameters, context, feedback):
        """The answer and its runners-up; the reason goes to the log."""
        result = job["result"]
        feedback.pushInfo(result["explanation"])
        if not result["matched"]:
            feedback.reportError("Nothing matched; the log says what came nearest and why not.")
        target = self.parameterAsOutputLayer(parameters, OUTPUT, context)
        name = job["request"]["text"]
        return {
            OUTPUT: self.fetch(server, job, "gpkg", target, name, context, feedback),
            MATCHED: result["matched"],
            UNDERSTOOD: result["understood"],
        }
