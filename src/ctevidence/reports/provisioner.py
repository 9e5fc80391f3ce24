"""jupyter_client's own way to start a kernel differently: a provisioner, here one that forks.

Kernels are spoken to through sockets in a folder that only this user can enter, with signed
messages; no port is opened.
"""

from __future__ import annotations

import asyncio
import math
import signal
import sys
import time
from collections.abc import Mapping
from importlib.metadata import EntryPoint
from queue import Empty
from typing import Any

from jupyter_client import AsyncKernelClient, AsyncKernelManager, KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner
from traitlets import default

from ctevidence.reports.kernels import Kernels

PLAIN, FORKED = "ctevidence-plain", "ctevidence-forked"
#: how often a kernel that was told to end is looked at, in seconds
LOOK = 0.005
#: how many times, before that is left to the manager
PATIENCE = 100
#: how long the messages that a kernel publishes may take behind its answer, in seconds
BEHIND = 0.2


class PlainProvisioner(LocalProvisioner):
    """Starts a kernel in a folder, without moving this process there.

    Parameters
    ----------
    kernels : Kernels
    folder : str
        Where the kernel works.
    """

    def __init__(self, kernels: Kernels, folder: str, **given: Any) -> None:
        super().__init__(**given)
        self._kernels, self._folder = kernels, folder

    async def launch_kernel(self, cmd: list[str], **given: Any) -> KernelConnectionInfo:
        return await super().launch_kernel(cmd, **(given | {"cwd": self._folder}))


class ForkedProvisioner(PlainProvisioner):
    """Starts a kernel by forking, and knows whether it lives."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._status: int | None = None

    @property
    def has_process(self) -> bool:
        return self.pid is not None

    async def launch_kernel(self, cmd: list[str], **given: Any) -> KernelConnectionInfo:
        asked = {"arguments": cmd, "environment": given["env"], "folder": self._folder}
        self.pid = self._kernels.ask(do="kernel", **asked)["pid"]
        self.pgid, self.cwd, self._status = self.pid, self._folder, None
        return self.connection_info

    async def poll(self) -> int | None:
        if self.pid is None:
            return 0
        if self._status is None:
            state = self._kernels.ask(do="poll", pid=self.pid)
            self._status = (state["status"] or 0) if state["ended"] else None
        return self._status

    async def wait(self) -> int | None:
        while await self.poll() is None:
            await asyncio.sleep(LOOK)
        self.pid = None
        return self._status

    async def send_signal(self, signum: int) -> None:
        if self.pid is not None and self._status is None:
            self._kernels.ask(do="signal", pid=self.pid, signal=int(signum))

    async def kill(self, restart: bool = False) -> None:
        await self.send_signal(signal.SIGKILL)
        # it ends within milliseconds, and the manager would look again after a tenth of a second
        for _ in range(PATIENCE):
            if await self.poll() is not None:
                break
            await asyncio.sleep(LOOK)

    async def terminate(self, restart: bool = False) -> None:
        await self.send_signal(signal.SIGTERM)


class Client(AsyncKernelClient):
    """Takes a kernel for ready when it answers; the one of jupyter_client waits for silence after.

    Whoever runs a notebook knows the messages of a cell by its request, so that none is mistaken.
    """

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        until = time.monotonic() + (math.inf if timeout is None else timeout)
        while not await self._answers():
            if not await self.is_alive():
                raise RuntimeError("The kernel ended before it answered.")
            if time.monotonic() > until:
                raise RuntimeError(f"The kernel did not answer within {timeout:g} seconds.")

    async def _answers(self) -> bool:
        self.kernel_info()
        try:
            reply = await self.get_shell_msg(timeout=1)
            await self.get_iopub_msg(timeout=BEHIND)  # what it publishes arrives here too
        except Empty:
            return False
        return reply["msg_type"] == "kernel_info_reply"


def manager_class(
    kernels: Kernels, folder: str, variables: Mapping[str, str]
) -> type[AsyncKernelManager]:
    """A kernel manager for one notebook.

    Parameters
    ----------
    kernels : Kernels
    folder : str
        Where the kernel works.
    variables : mapping
        Environment variables of the kernel, beside those that every kernel has.
    """
    specification = _specification(kernels, folder, variables)

    class Specifications(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            return specification

    class Manager(AsyncKernelManager):
        @default("kernel_spec_manager")
        def _specifications(self) -> KernelSpecManager:
            return Specifications(parent=self)

        @default("client_factory")
        def _client(self) -> type[AsyncKernelClient]:
            return Client

    return Manager


def _specification(kernels: Kernels, folder: str, variables: Mapping[str, str]) -> KernelSpec:
    known = KernelProvisionerFactory.instance().provisioners
    for name, provisioner in ((PLAIN, PlainProvisioner), (FORKED, ForkedProvisioner)):
        known[name] = EntryPoint(name, f"{__name__}:{provisioner.__name__}", "")
    start = [] if kernels.forked else [sys.executable, "-m", "ipykernel_launcher"]
    chosen = {
        "provisioner_name": FORKED if kernels.forked else PLAIN,
        "config": {"kernels": kernels, "folder": folder},
    }
    return KernelSpec(
        argv=[*start, "-f", "{connection_file}"],
        display_name="Python 3",
        language="python",
        metadata={"kernel_provisioner": chosen},
        # jupyter_client reads a dollar sign as the name of another variable
        env={n: v.replace("$", "$$") for n, v in kernels.environment(**variables).items()},
    )
