"""Runs a command on a terminal of its own, types something once it shows a text, and prints all that it shows."""

import os
import pty
import sys

awaited, typed, command = sys.argv[1].encode(), sys.argv[2].encode(), sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    os.environ.pop("CI", None)
    os.environ["TERM"] = "xterm"
    os.execvp(command[0], command)
shown = b""
has_typed = False
while True:
    try:
        chunk = os.read(terminal, 4096)
    except OSError:
        break
    if not chunk:
        break
    shown += chunk
    if not has_typed and awaited in shown:
        has_typed = True
        os.write(terminal, typed)
sys.stdout.write(shown.decode(errors="replace"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
