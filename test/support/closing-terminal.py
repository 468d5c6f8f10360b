"""closing-terminal.py BYTES PROGRAM ARG...

Replaces itself with PROGRAM. Its standard error is a terminal that closes after it has shown that many bytes: every
write fails with EIO from then on.
"""

import os
import sys

left, program = int(sys.argv[1]), sys.argv[2:]
terminal, stderr = os.openpty()
if left > 0 and os.fork() == 0:
    os.close(stderr)
    while left > 0:
        left -= len(os.read(terminal, left))
    os._exit(0)
os.dup2(stderr, 2)
os.execv(program[0], program)
