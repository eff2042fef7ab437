"""What was given back goes back to the system."""

import subprocess
import sys

PROGRAM = """
import ctypes, sys
from agents.protocol.memory import stay_small
if sys.argv[1] == "small":
    assert stay_small()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]

def resident_kb():
    return next(int(l.split()[1]) for l in open("/proc/self/status") if l.startswith("VmRSS"))

def borrow(size):
    block = libc.malloc(ctypes.c_size_t(size))
    ctypes.memset(block, 1, size)
    return block

libc.free(borrow(19 << 20))
before = resident_kb()
large, small = borrow(19 << 20), borrow(64)
libc.free(large)
print(resident_kb() - before)
"""


def grown_kb(how: str) -> int:
    said = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True, timeout=30)
    return int(said.stdout)


def test_a_large_block_is_given_back_even_with_a_small_one_behind_it() -> None:
    assert grown_kb("small") < 4_000
    assert grown_kb("as it is") > 15_000


def test_what_loading_left_in_circles_is_given_back() -> None:
    program = """
import gc, sys
from agents.protocol.memory import give_back
gc.disable()
class Node: pass
def resident_kb():
    return next(int(l.split()[1]) for l in open("/proc/self/status") if l.startswith("VmRSS"))
def circle():
    node = Node(); node.me, node.load = node, bytearray(100_000); return node
for _ in range(300): circle()
before = resident_kb()
give_back()
print(before - resident_kb())
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30)
    assert int(said.stdout) > 20_000
