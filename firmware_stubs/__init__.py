"""Simulated devices: many in one process, over real sockets, without sound.

Rules of the room: only `agents.protocol` and `schedules` are used, so that this is a second reader of the wire. What a
simulated device reports is what a perfect one would have done; it never claims to have been heard.
"""
