"""Links with devices: who is connected, who is new, and everything between a socket and the services.

Rules of the room: nothing a device sends can do more than end its own link. Every link's tasks live in one TaskGroup
inside that link's request; what one device does slowly or wrongly stops no other. Before a device has proven who it
is, it may cost ten seconds and a place in a limited queue, and no more. zeroconf is imported in `discovery` alone.
"""
