"""A process that has imported everything once, and forks one clean child for each piece of work.

A kernel costs about two seconds of imports; a fork of a process that has made them costs some
milliseconds, and is as fresh: what a child changes (modules, settings, random numbers) dies with
it. The process has one thread and no sockets of its own at any fork, only the line to whoever
started it. When that line ends, for whatever reason, it ends its children and itself: nothing
outlives a run that was killed.

It speaks JSON, one line a message, over the socket whose descriptor is its only argument.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import pickle
import random
import select
import shutil
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

#: what notebooks and pages are made with; the public names of the package come on top
LIBRARIES = (
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "matplotlib.backends.backend_agg",
    "seaborn",
    "ctevidence.reports.run",
    "ctevidence.reports.publish",
)
#: threads that a fork does not harm: Arrow's allocator stops and restarts its own around each fork
HARMLESS = {"jemalloc_bg_thd"}
#: Linux: the signal that a process gets when its parent ends
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Import, say so, then fork on demand until the line ends."""
    line = socket.socket(fileno=int(sys.argv[1]))
    private = Path(sys.argv[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the run decides what Ctrl-C ends
    children: set[int] = set()
    try:
        _import_everything(line)
        _say(line, {"ready": os.getpid(), "threads": _threads()})
        for asked in line.makefile("r", encoding="utf-8"):
            _refuse_to_outlive(line)
            _say(line, _answer(json.loads(asked), line, children))
    except OSError:
        pass  # the other end is gone
    finally:
        for pid in children:
            _signal(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
        shutil.rmtree(private, ignore_errors=True)
        os._exit(0)


def without_uri_grammar() -> None:
    """Keep jsonschema from compiling a grammar of URIs: a second at import, and never used here."""
    _import_without("rfc3987_syntax", "jsonschema")


def _without_debugger() -> None:
    """Keep each kernel from loading a debugger, half of its start, that nobody would attach."""
    _import_without("debugpy", "ipykernel.debugger")


def _import_without(missing: str, name: str) -> None:
    """Import a module as if another one, which it can do without, were not installed."""
    if name in sys.modules:
        return
    sys.modules[missing] = None
    with contextlib.suppress(ImportError):
        importlib.import_module(name)
    del sys.modules[missing]


def _import_everything(line: socket.socket) -> None:
    gc.disable()  # nothing of this is ever garbage, and looking for it takes a tenth of the time
    without_uri_grammar()
    _without_debugger()
    for name in LIBRARIES:
        _refuse_to_outlive(line)  # on a busy machine these imports take long
        importlib.import_module(name)
    package = importlib.import_module("ctevidence")
    for name in package.__all__:
        getattr(package, name)
    # settings of the person who happens to run it are no part of a report
    importlib.import_module("matplotlib").rcdefaults()
    importlib.import_module("matplotlib.font_manager")
    importlib.import_module("ctevidence.language").spoken()  # its words are read once
    gc.collect()
    gc.enable()
    gc.freeze()  # the memory of all this stays shared with the children


def _refuse_to_outlive(line: socket.socket) -> None:
    """End, through the error of a broken line, when whoever asked is gone."""
    look = select.poll()
    look.register(line, select.POLLHUP)
    if any(state & select.POLLHUP for _, state in look.poll(0)):
        raise BrokenPipeError


def _threads() -> list[str]:
    """Names of further threads, which a fork would lose in the middle of what they do."""
    own = str(os.getpid())
    tasks = [task for task in Path("/proc/self/task").iterdir() if task.name != own]
    return sorted({(task / "comm").read_text().strip() for task in tasks} - HARMLESS)


def _say(line: socket.socket, message: dict) -> None:
    line.sendall(json.dumps(message).encode() + b"\n")


def _answer(asked: dict, line: socket.socket, children: set[int]) -> dict:
    if asked["do"] == "kernel":
        return {"pid": _fork(lambda: _be_kernel(asked), asked, line, children)}
    if asked["do"] == "call":
        return {"pid": _fork(lambda: _call(asked), asked, line, children)}
    pid = asked["pid"]
    if asked["do"] == "signal":
        if pid in children:
            _signal(pid, asked["signal"])
        return {}
    if pid not in children:
        return {"ended": True, "status": None}
    done, status = os.waitpid(pid, os.WNOHANG)
    if not done:
        return {"ended": False}
    children.discard(pid)
    _signal(pid, signal.SIGKILL)  # whatever the child started, in its own group
    return {"ended": True, "status": os.waitstatus_to_exitcode(status)}


def _signal(pid: int, number: int) -> None:
    """To a child and all that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _fork(work: Callable[[], None], asked: dict, line: socket.socket, children: set[int]) -> int:
    server = os.getpid()
    pid = os.fork()
    if pid:
        # also here: the group must exist before anybody may signal it
        with contextlib.suppress(OSError):
            os.setpgid(pid, pid)
        children.add(pid)
        return pid
    try:
        _begin_life(asked, line, server)
        work()
        os._exit(0)
    except BaseException:  # nothing may get back into the server's loop
        os._exit(1)


def _begin_life(asked: dict, line: socket.socket, server: int) -> None:
    """What a fresh process has: its group, folder, environment and random numbers."""
    with contextlib.suppress(OSError):
        os.setpgid(0, 0)
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != server:
        os._exit(1)
    line.close()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    random.seed()
    importlib.import_module("numpy.random").seed()


def _be_kernel(asked: dict) -> None:
    from ipykernel import kernelapp  # noqa: PLC0415 (imported before the fork)

    class WithoutPort(kernelapp.IOPubThread):
        """Opens no port on this machine for what subprocesses of the kernel print."""

        def __init__(self, socket, pipe=False, session=False) -> None:
            super().__init__(socket, pipe=False, session=session)

    kernelapp.IOPubThread = WithoutPort
    # looked at every second, where the system does not signal the end of a parent
    arguments = [*asked["arguments"], f"--IPKernelApp.parent_handle={os.getppid()}"]
    app = kernelapp.IPKernelApp.instance()
    app.initialize(arguments)
    app.start()


def _call(asked: dict) -> None:
    """Call a function with what stands in a file; what it returns or raises goes there too."""
    file = Path(asked["result"])
    module, function = asked["function"].split(":")
    try:
        given = pickle.loads(file.read_bytes())
        answer = (getattr(importlib.import_module(module), function)(**given), None)
    except Exception as error:
        answer = (None, error)
    try:
        content = pickle.dumps(answer)
        pickle.loads(content)
    except Exception:
        content = pickle.dumps((None, RuntimeError(f"{type(answer[1]).__name__}: {answer[1]}")))
    file.write_bytes(content)


if __name__ == "__main__":
    main()
