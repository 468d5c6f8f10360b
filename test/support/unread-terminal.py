"""unread-terminal.py

Opens a terminal that passes bytes on as they are, prints its path, and does not read it until a line comes on standard
input. From then on it writes to standard output what the terminal shows. The terminal closes when this process ends.
"""

import os
import sys
import tty

terminal, other_side = os.openpty()
tty.setraw(other_side)
print(os.ttyname(other_side), flush=True)
sys.stdin.readline()
while True:
    os.write(1, os.read(terminal, 65536))
