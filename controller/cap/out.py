"""Our alerts as CAP 1.2."""

from controller.cap.model import Alert


def write_alert(alert: Alert) -> bytes:
    """UTF-8 XML that the schema takes. Raises ValueError with the reasons where the standard would be broken."""
    raise NotImplementedError
