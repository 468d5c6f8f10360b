"""stopped-terminal.py PROGRAM ARG...

Replaces itself with PROGRAM. Its standard error is a terminal after Ctrl-S: it is open, and accepts not one byte.
"""

import os
import sys
import termios

terminal, stderr = os.openpty()
termios.tcflow(stderr, termios.TCOOFF)
os.set_inheritable(terminal, True)
os.dup2(stderr, 2)
os.execv(sys.argv[1], sys.argv[1:])
