#!/usr/bin/env -S python3 -I -S
"""A python for PULUMI_PYTHON_CMD: has a process forked that runs these arguments, and stands for it until it ends.

It imports modules in C alone: importing is the cost that it saves. The fork has this process's standard files, folder
and environment, gets its signals, and is killed when this process is.
"""

import _signal
import _socket
import posix
import sys

connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
connection.connect(posix.environ[b"ACR_TASKS_FORKS"])
arguments = [part.encode() for part in sys.argv[1:]]
environment = [name + b"=" + value for name, value in posix.environ.items()]
request = b"\0".join([posix.getcwd().encode(), b"%d" % len(arguments), *arguments, *environment])
files = b"".join(number.to_bytes(4, sys.byteorder) for number in (0, 1, 2))
connection.sendmsg([b"%8d" % len(request)], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, files)])
connection.sendall(request)
for number in (_signal.SIGINT, _signal.SIGTERM):
    _signal.signal(number, lambda number, _: connection.send(bytes([number])))
status = connection.recv(1)
posix._exit(status[0] if status else 1)
