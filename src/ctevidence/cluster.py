"""Cluster: the Dask cluster that work is sent to, through joblib.

Inside `on_cluster` everything that joblib spreads goes to the workers of a scheduler: replicates,
imputations, simulations. The address stands in an environment variable meanwhile, so that what is
started from there, such as the kernels of notebooks, sends its work there too. Results are those of
one machine: each replicate draws from its own stream wherever it runs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

VARIABLE = "CTEVIDENCE_CLUSTER"
#: seconds within which a scheduler has to answer
PATIENCE = 10


class ClusterError(RuntimeError):
    """The cluster cannot be used; says why and what to do."""


def cluster_address() -> str:
    """The scheduler that work is sent to now; empty when it stays on this machine."""
    return os.environ.get(VARIABLE, "")


@contextmanager
def on_cluster(address: str) -> Iterator[Any]:
    """Send what joblib spreads to the workers of a Dask scheduler.

    Parameters
    ----------
    address : str
        Of the scheduler, such as ``"tcp://10.0.0.5:8786"``.

    Yields
    ------
    distributed.Client

    Raises
    ------
    ModuleNotFoundError
        Where distributed is not installed.
    ClusterError
        When nobody answers at the address, or no worker has joined.
    """
    from joblib import parallel_config  # noqa: PLC0415 (most runs stay on one machine)

    client = _client(address)
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = address
    try:
        with parallel_config(backend="dask", client=client, n_jobs=-1):
            yield client
    finally:
        if before is None:
            os.environ.pop(VARIABLE, None)
        else:
            os.environ[VARIABLE] = before
        client.close()


def require_distributed() -> None:
    """Refuse to go on where distributed is not installed.

    Raises
    ------
    ModuleNotFoundError
    """
    try:
        import distributed  # noqa: F401, PLC0415
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "Work on a cluster needs the package distributed. Install it with "
            "pip install 'ctevidence[cluster]' here and on every machine of the cluster, or leave "
            "the cluster out: results are the same."
        ) from None


def _client(address: str):
    require_distributed()
    from distributed import Client  # noqa: PLC0415 (a second that others need not spend)

    try:
        # not the default of this process: only work that is sent on purpose leaves it
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"No Dask scheduler answers at {address} ({type(error).__name__}). Start one with "
            "`dask scheduler`, and give its address as tcp://HOST:8786."
        ) from None
    if not client.scheduler_info(n_workers=-1)["workers"]:
        client.close()
        raise ClusterError(
            f"The scheduler at {address} has no workers. Start some on each machine with "
            f"`dask worker {address}`."
        )
    return client
