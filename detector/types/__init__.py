"""The values that travel between the rooms: frozen, JSON-serialisable, standard library and numpy only.

Coordinates everywhere are pixels of the upright picture: origin at the top left corner, x to the right, y
down; a quad is four (x, y) points, clockwise from the top left corner *of the text*, so that a line that
stands on its head starts at the bottom right. Colours are RGB, 8 bits a channel.

Evidence is counted in bits: log2 of a likelihood ratio against the other sources.
"""

from detector.types.basics import (
    LABELS,
    SOURCES,
    Json,
    Label,
    Pixels,
    Point,
    Quad,
    Source,
    box_quad,
    dumps,
    make_quad,
    quad_bounds,
)  # fmt: skip
from detector.types.said import (
    PATH_KINDS,
    REPORT_SCHEMA,
    SIGNATURE_KINDS,
    ZONES,
    Contribution,
    Evidence,
    Failure,
    Report,
    Signature,
    Verdict,
)  # fmt: skip
from detector.types.seen import OBSERVATIONS_SCHEMA, Frame, Observations, TextLine, Vote

__all__ = [
    "LABELS", "OBSERVATIONS_SCHEMA", "PATH_KINDS", "REPORT_SCHEMA", "SIGNATURE_KINDS", "SOURCES", "ZONES",
    "Contribution", "Evidence", "Failure", "Frame", "Json", "Label", "Observations", "Pixels", "Point", "Quad",
    "Report", "Signature", "Source", "TextLine", "Verdict", "Vote", "box_quad", "dumps", "make_quad", "quad_bounds",
]  # fmt: skip
