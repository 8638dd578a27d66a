"""Runs a command on a terminal of its own, answers its first question, and prints what the terminal shows."""

import os
import pty
import sys

answer, command = sys.argv[1], sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.environ.pop("CI", None)
    os.execvp(command[0], command)
shown = b""
asked = False
while True:
    try:
        chunk = os.read(terminal, 4096)
    except OSError:
        break
    if not chunk:
        break
    shown += chunk
    if not asked and b"[y/N]" in shown:
        asked = True
        os.write(terminal, answer.encode() + b"\n")
sys.stdout.write(shown.decode(errors="replace"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
