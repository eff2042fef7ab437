"""The wire between a controller and its speakers. The device side owns the language.

Rules of the room: every message is one class; every quantity carries its unit in its name; instants are microseconds
of controller time since the Unix epoch unless the name says ``local``; sound is counted in frames at 48 kHz. What comes
from outside may hold unknown fields and unknown types, which are ignored and counted; our own values may not.
`docs/protocol.md` describes the same wire for those who build a device without this code.
"""
