"""One runner: the same results however the work is spread."""

import importlib.util

import numpy as np
import pytest

from ctevidence.contrasts.counted_levels import counted_levels
from ctevidence.replicates import ReplicateError, draw_counts, run_replicates, stream_of


def mean_of_ten(rng):
    return float(rng.normal(size=10).mean())


def fails_at_large(rng):
    value = rng.random()
    if value > 0.9:
        raise ZeroDivisionError(f"{value:.3f} is too much")
    return value


@pytest.mark.parametrize("options", [{"jobs": 2}, {"jobs": 2, "backend": "threading"}])
def test_parallel_results_are_those_of_one_after_the_other(options):
    serial = run_replicates(mean_of_ten, 37, seed=5)
    assert run_replicates(mean_of_ten, 37, seed=5, **options) == serial


def test_results_are_those_of_numpys_own_spawning():
    streams = np.random.SeedSequence(5).spawn(3)
    assert run_replicates(mean_of_ten, 3, seed=5) == [
        mean_of_ten(np.random.default_rng(stream)) for stream in streams
    ]


def test_a_cluster_gives_the_same():
    if importlib.util.find_spec("distributed") is None:
        pytest.skip("distributed is not installed: the Dask backend was not tried")
    from distributed import Client  # noqa: PLC0415

    with Client(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None):
        found = run_replicates(mean_of_ten, 37, seed=5, jobs=2, backend="dask")
    assert found == run_replicates(mean_of_ten, 37, seed=5)


def test_without_dask_the_message_says_what_to_do():
    if importlib.util.find_spec("distributed") is not None:
        pytest.skip("distributed is installed")
    with pytest.raises(ModuleNotFoundError, match="ctevidence.cluster"):
        run_replicates(mean_of_ten, 2, seed=1, backend="dask")


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_failure_says_which_replicate_and_runs_again_alone(jobs):
    with pytest.raises(ReplicateError, match="of seed 3 failed: ZeroDivisionError") as error:
        run_replicates(fails_at_large, 60, seed=3, jobs=jobs)
    number = int(str(error.value).split()[1])
    with pytest.raises(ZeroDivisionError):
        fails_at_large(stream_of(3, number))


def test_no_replicates_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        run_replicates(mean_of_ten, 0, seed=1)


def test_counts_are_drawn_from_their_binomial():
    # mean n p and variance n p (1 - p) of 40 and 15 among 100 and 60; 50,000 draws
    levels = draw_counts(counted_levels((40, 15), (100, 60)), replicates=50_000, seed=8)
    counts = levels.draws * [100, 60]
    assert np.allclose(counts, counts.round())
    assert counts.mean(axis=0) == pytest.approx([40, 15], rel=0.01)
    assert counts.var(axis=0) == pytest.approx([24, 11.25], rel=0.03)


def test_nobody_and_everybody_stay_so_and_an_empty_arm_stays_unknown():
    draws = draw_counts(counted_levels((0, 20, 0), (20, 20, 0)), replicates=10, seed=1).draws
    assert np.all(draws[:, 0] == 0)
    assert np.all(draws[:, 1] == 1)
    assert np.all(np.isnan(draws[:, 2]))


def test_levels_without_counts_are_refused(levels_of_means):
    with pytest.raises(ValueError, match="Only counted risks"):
        draw_counts(levels_of_means, replicates=10, seed=1)


@pytest.fixture
def levels_of_means():
    from ctevidence.contrasts import assumed_levels  # noqa: PLC0415

    return assumed_levels((12, 14, 15, 18), 40, measure="mean", sd=7, better="lower")
