"""A program on a terminal, for the tests of tests/run: what it writes is read as text, without where it stands."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

PATIENCE_S = 60


class Screen:
    """loflow on a terminal, of which the text is read."""

    def __init__(self, words):
        self.terminal, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 200, 0, 0))
        self.process = subprocess.Popen(words, stdin=other, stdout=other, stderr=subprocess.PIPE,
                                        env={**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8"})
        os.close(other)
        self.text = ""

    def see(self, what):
        return self.see_any([what])

    def see_any(self, words):
        """Until one of them was written since the latest key; False: it never was."""
        deadline = time.monotonic() + PATIENCE_S
        while not any(word in self.text for word in words) and time.monotonic() < deadline:
            if select.select([self.terminal], [], [], 0.2)[0]:
                self.text += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[()][0-9A-Z]", "",
                                    os.read(self.terminal, 65536).decode(errors="replace"))
        return any(word in self.text for word in words)

    def press(self, keys):
        self.text = ""
        os.write(self.terminal, keys.encode())

    def close(self):
        """Quits; what is written meanwhile is read, or the program could not end."""
        self.press("\x1bq")
        deadline = time.monotonic() + PATIENCE_S
        while self.process.poll() is None and time.monotonic() < deadline:
            if select.select([self.terminal], [], [], 0.1)[0]:
                try:
                    os.read(self.terminal, 65536)
                except OSError:
                    break  # it has closed its end
        status = self.process.wait(PATIENCE_S)
        self.process.stderr.close()
        os.close(self.terminal)
        return status
