"""Voices: each reads one piece of text aloud into a WAV.

Rules of the folder: a voice meets the interface of `base`; what is not ours runs in a process or behind an address,
with limits on time, memory and output, and never through a shell; its WAV is made mono, 16 bits (`wav`) before anybody
else sees it; its failures are VoiceMissing and VoiceFailed.
"""
