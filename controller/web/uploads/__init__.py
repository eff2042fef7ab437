"""Recordings on their way from a person or a program to the disk, and the ones that have arrived.

Rules of the room: what arrives is never held in memory as a whole; what has arrived counts, also when the connection
breaks or the controller is restarted; an upload belongs to whoever began it, and nobody else learns that it is there;
one that the disk has no room for is removed, so that it disturbs nothing else.
"""

from controller.web.uploads.files import safe_name, store_failure
from controller.web.uploads.form import Received, read_field, receive
from controller.web.uploads.store import Limits, Owner, Upload, Uploads

__all__ = [
    "Limits",
    "Owner",
    "Received",
    "Upload",
    "Uploads",
    "read_field",
    "receive",
    "safe_name",
    "store_failure",
]
