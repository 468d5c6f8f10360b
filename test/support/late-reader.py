"""late-reader.py PROGRAM ARG...

Runs PROGRAM with a terminal as its standard error. Reads the terminal only once PROGRAM has written a line to its standard
output, and until PROGRAM closes it. Prints that line, and then the text that the terminal has shown.
"""

import os
import subprocess
import sys
import termios

terminal, stderr = os.openpty()
modes = termios.tcgetattr(stderr)
modes[1] &= ~termios.OPOST
termios.tcsetattr(stderr, termios.TCSANOW, modes)
program = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=stderr)
os.close(stderr)
sys.stdout.buffer.write(program.stdout.readline())
while True:
    try:
        text = os.read(terminal, 65536)
    except OSError:
        break
    sys.stdout.buffer.write(text)
