"""Fresh kernels and calls in fresh processes, forked from one that has imported everything.

`Kernels` starts the fork server (`reports.fork_server`) and speaks with it. Where processes cannot
be forked safely, kernels are started and functions called in the plain way, with the same results.
How jupyter_client is told to fork stands in `reports.provisioner`.
"""

from __future__ import annotations

import itertools
import json
import os
import pickle
import socket
import subprocess
import sys
import threading
import time
from importlib import import_module
from typing import Any

from ctevidence.language import LANGUAGE_VARIABLE, named
from ctevidence.reports.private_folder import PrivateFolder

FORKS = sys.platform == "linux"
#: how often a call that runs elsewhere is looked at, in seconds
LOOK = 0.01
#: the same for every kernel, so that no result depends on who runs it, and how
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}


class KernelError(RuntimeError):
    """The process that forks kernels cannot be started, or has ended."""


class Kernels:
    """Where kernels and helping processes of one run come from; ended with the run.

    Parameters
    ----------
    forked : bool
        From a fork server; else started one by one, and functions called in this process.

    Examples
    --------
    >>> with Kernels() as kernels:
    ...     kernels.call("statistics:mean", data=[1, 2, 3])
    2
    """

    def __init__(self, forked: bool = FORKS) -> None:
        self.forked = forked
        self._talk = threading.Lock()
        self._server: subprocess.Popen | None = None
        self._numbers = itertools.count()
        self._closed = False
        self.private = PrivateFolder()

    def __enter__(self) -> Kernels:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def start(self) -> None:
        """Let the server import while the caller does other things; returns at once."""
        with self._talk:
            if self._closed:
                raise KernelError("The run has been stopped.")
            if self.forked and self._server is None:
                self._start_server()

    def _start_server(self) -> None:
        self._line, theirs = socket.socketpair()
        self._reader = self._line.makefile("r", encoding="utf-8")
        words = [str(theirs.fileno()), str(self.private.path)]
        self._errors = (self.private.path / "server.txt").open("w+", encoding="utf-8")
        self._server = subprocess.Popen(
            # -P: a file in the folder must not stand in for a library
            [sys.executable, "-P", "-m", "ctevidence.reports.fork_server", *words],
            pass_fds=[theirs.fileno()],
            env=os.environ | ENVIRONMENT | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
        )
        theirs.close()
        self._greeted = False

    def ask(self, **message) -> dict:
        """One question to the server, and its answer.

        Raises
        ------
        KernelError
        """
        self.start()
        with self._talk:
            if not self._greeted:
                hello = self._read()
                if hello["threads"]:
                    names = ", ".join(hello["threads"])
                    raise KernelError(f"No fork is safe: an import has started threads ({names}).")
                self._greeted = True
            try:
                self._line.sendall(json.dumps(message).encode() + b"\n")
            except OSError:
                self._read()
            return self._read()

    def _read(self) -> dict:
        try:
            text = self._reader.readline()
        except (OSError, ValueError):  # the line is closed
            text = ""
        if text:
            return json.loads(text)
        if self._closed:
            raise KernelError("The run has been stopped.")
        self._server.wait()
        self._errors.seek(0)
        last = self._errors.read().strip().splitlines()[-1:] or [self._server.returncode]
        raise KernelError(f"The process that forks the kernels has ended: {last[0]}. Run again.")

    def call(self, function: str, **given) -> Any:
        """Call ``module:function`` in a process of its own, and give back what it returns.

        Raises
        ------
        Exception
            What the function raises.
        KernelError
            When the process ends without an answer.
        """
        if not self.forked:
            module, name = function.split(":")
            return getattr(import_module(module), name)(**given)
        result = self.private.path / f"call-{next(self._numbers)}"
        asked = {"function": function, "result": str(result), "folder": os.getcwd()}
        result.write_bytes(pickle.dumps(given))
        pid = self.ask(do="call", environment=self.environment(), **asked)["pid"]
        while not (state := self.ask(do="poll", pid=pid))["ended"]:
            time.sleep(LOOK)
        if state["status"] != 0:
            raise KernelError(f"{function} ended without an answer (status {state['status']}).")
        answer, error = pickle.loads(result.read_bytes())
        result.unlink()
        if error is not None:
            raise error
        return answer

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of every kernel: this process's, without what could change results."""
        # the settings and history of the person who happens to run it are no part of a report
        ipython = {"IPYTHONDIR": str(self.private.path / "ipython")}
        return os.environ | ENVIRONMENT | ipython | {LANGUAGE_VARIABLE: named()} | more

    def close(self) -> None:
        """End the server, its kernels, and remove the private folder."""
        self._closed = True
        if self._server is not None:
            self._line.shutdown(socket.SHUT_RDWR)
            if not self._greeted:
                self._server.kill()  # still importing, with no children and deaf to the line
            try:
                self._server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
            for each in (self._reader, self._line, self._errors):
                each.close()
            self._server = None
        self.private.close()
