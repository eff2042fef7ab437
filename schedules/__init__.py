"""What should play, where and when: pure decisions, the same code on the controller and on the speaker.

Rules of the room: no I/O, no clock, no database; instants are arguments, in microseconds of controller time. It
imports nobody of the house.
"""
