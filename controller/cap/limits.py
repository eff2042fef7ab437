"""How much of an alert is read, and how old it may be."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one file. What passes them is refused with the reason, before it costs anything."""

    file_bytes: int = 10_000_000
    """The whole file, with what it carries in ``derefUri``."""
    depth: int = 32
    """Elements inside elements."""
    elements: int = 200_000
    attributes: int = 64
    """Attributes and namespaces of one element."""
    attribute_bytes: int = 8_192
    """One attribute, or the name of anything."""
    text_chars: int = 200_000
    """One text, other than a resource's content or a polygon."""
    alerts: int = 500
    """Alerts in one feed or wrapper."""
    alert_elements: int = 50_000
    """Elements of one alert."""
    children: int = 10_000
    """Elements right inside one element of an alert."""
    infos: int = 200
    areas: int = 2_000
    """Areas in one info."""
    points: int = 100_000
    """Points of all polygons of one alert."""
    references: int = 2_000
    signatures: int = 4
    unexpiring_s: int = 86_400
    """An alert that does not say when it expires is over so long after it was sent."""
    ahead_s: int = 600
    """An alert sent further in the future than this is looked at by a person."""
