"""jupyter_client's own way to start a kernel differently: a provisioner, here one that forks.

Kernels are spoken to through sockets in a folder that only this user can enter, with signed
messages; no port is opened.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Mapping
from importlib.metadata import EntryPoint
from typing import Any

from jupyter_client import AsyncKernelManager, KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner
from traitlets import default

from ctevidence.reports.kernels import Kernels

PLAIN, FORKED = "ctevidence-plain", "ctevidence-forked"
LOOK = 0.02


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

    async def terminate(self, restart: bool = False) -> None:
        await self.send_signal(signal.SIGTERM)


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
