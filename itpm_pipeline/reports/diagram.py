"""Pictures that are no charts: drawn by who knows their subject, from the same parts."""

from dataclasses import dataclass
from xml.etree import ElementTree as ET

from itpm_pipeline.reports.svg import FAINT, FONT, INK, NOT_XML, PAPER


@dataclass(frozen=True, slots=True)
class Diagram:
    """A finished picture: its title and the SVG."""

    title: str
    svg: str


class Canvas:
    """A picture being drawn. All texts are escaped: names come from trackers."""

    def __init__(self, title: str, subtitle: str, width: float, height: float) -> None:
        self.title, self.width, self.height = title, width, height
        self.root = ET.Element("svg", {
            "xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {width:.0f} {height:.0f}", "width": f"{width:.0f}",
            "height": f"{height:.0f}", "role": "img", "font-family": FONT, "font-size": "12",
        })  # fmt: skip
        ET.SubElement(self.root, "title").text = title
        ET.SubElement(self.root, "rect", {"width": f"{width:.0f}", "height": f"{height:.0f}", "fill": PAPER})
        self.text(16, 24, title, size=15, weight="600")
        if subtitle:
            self.text(16, 42, subtitle, fill=FAINT)

    def text(
        self, x: float, y: float, words: str, *, fill: str = INK, size: float = 12, weight: str = "400",
        anchor: str = "start", turned: float = 0,
    ) -> None:  # fmt: skip
        """Words with their baseline at ``y``."""
        told = {"x": f"{x:.1f}", "y": f"{y:.1f}", "fill": fill, "font-size": f"{size:g}", "font-weight": weight,
                "text-anchor": anchor}  # fmt: skip
        if turned:
            told["transform"] = f"rotate({turned:g} {x:.1f} {y:.1f})"
        ET.SubElement(self.root, "text", told).text = words

    def box(
        self, x: float, y: float, width: float, height: float, *, fill: str, stroke: str = "none", thick: float = 1,
        round_by: float = 4, hint: str = "",
    ) -> None:  # fmt: skip
        """A rectangle; ``hint`` is shown when a reader points at it."""
        drawn = ET.SubElement(self.root, "rect", {
            "x": f"{x:.1f}", "y": f"{y:.1f}", "width": f"{width:.1f}", "height": f"{height:.1f}", "rx": f"{round_by:g}",
            "fill": fill, "stroke": stroke, "stroke-width": f"{thick:g}",
        })  # fmt: skip
        if hint:
            ET.SubElement(drawn, "title").text = hint

    def arrow(
        self, path: str, *, stroke: str, thick: float = 1.2, dash: str = "", opacity: float = 1, hint: str = ""
    ) -> None:
        """A path with a head at its end."""
        told = {"d": path, "fill": "none", "stroke": stroke, "stroke-width": f"{thick:.1f}",
                "stroke-opacity": f"{opacity:g}", "marker-end": f"url(#head-{stroke.strip('#')})"}  # fmt: skip
        if dash:
            told["stroke-dasharray"] = dash
        drawn = ET.SubElement(self.root, "path", told)
        if hint:
            ET.SubElement(drawn, "title").text = hint

    def heads(self, colours: tuple[str, ...]) -> None:
        """Declare the heads of arrows in these colours."""
        defs = ET.SubElement(self.root, "defs")
        for colour in colours:
            head = ET.SubElement(defs, "marker", {
                "id": f"head-{colour.strip('#')}", "viewBox": "0 0 8 8", "refX": "7", "refY": "4", "markerWidth": "8",
                "markerHeight": "8", "markerUnits": "userSpaceOnUse", "orient": "auto",
            })  # fmt: skip
            ET.SubElement(head, "path", {"d": "M0 0L8 4L0 8z", "fill": colour})

    def done(self) -> Diagram:
        """The picture as text."""
        return Diagram(self.title, NOT_XML.sub("", ET.tostring(self.root, encoding="unicode")))


def cut(words: str, longest: int) -> str:
    """No longer than so many letters; the end is what tells keys and projects apart."""
    return words if len(words) <= longest else f"…{words[-(longest - 1) :]}"
