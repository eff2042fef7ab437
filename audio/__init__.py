"""What it sounds like: recordings and texts become levelled, gapless clips.

Rules of the room: plans are pure (`plan`), one module starts processes (`runner`), a file is whole or absent,
nothing from outside is opened inside this process, and every refusal is an `AudioError` with a stable code.
"""
