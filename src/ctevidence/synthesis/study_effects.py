"""What is pooled: one effect and its variance per study, checked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: weights are inverse variances, and their squares must be numbers as well
SMALLEST = 1e-150


@dataclass(frozen=True, eq=False)
class StudyEffects:
    """One effect and its variance per study, on the analysis scale (log for ratios).

    Parameters
    ----------
    estimate, variance : array_like, shape (k,)
    study : sequence of str, length k, optional
        Names; ``study 1``, ``study 2`` ... when absent.

    Raises
    ------
    ValueError
        Listing every problem: an estimate or variance that is missing, infinite, zero or negative,
        a name that stands twice, lengths that differ, no study at all.

    Examples
    --------
    >>> StudyEffects([0.1, 0.3], [0.02, 0.05], ["a", "b"]).k
    2
    """

    estimate: np.ndarray
    variance: np.ndarray
    study: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        estimate, variance = (np.array(x, float, ndmin=1) for x in (self.estimate, self.variance))
        study = tuple(map(str, self.study)) or tuple(f"study {i + 1}" for i in range(estimate.size))
        estimate.flags.writeable = variance.flags.writeable = False
        for name, value in (("estimate", estimate), ("variance", variance), ("study", study)):
            object.__setattr__(self, name, value)
        problems = list(self._problems())
        if problems:
            raise ValueError("These effects cannot be pooled: " + "; ".join(problems) + ".")

    def _problems(self):
        if not self.estimate.size:
            yield "there is no study; check the selection of outcome, phase and contrast"
        if not self.estimate.shape == self.variance.shape == (len(self.study),):
            yield (
                f"estimate {self.estimate.shape}, variance {self.variance.shape} and "
                f"{len(self.study)} names do not go together; give one of each per study"
            )
            return
        for name, y, v in zip(self.study, self.estimate, self.variance, strict=True):
            if not (np.isfinite(y) and np.isfinite(v)):
                yield f"{name} has estimate {y:g} and variance {v:g}; leave it out and say why"
            elif v <= 0:
                yield (
                    f"{name} has variance {v:g}, and a variance is above zero; check its standard "
                    "error or counts"
                )
            elif v < SMALLEST:
                yield (
                    f"{name} has variance {v:g}, too small for a weight; check its standard error"
                )
        for name in dict.fromkeys(self.study):
            if self.study.count(name) > 1:
                yield (
                    f"{name} stands {self.study.count(name)} times; keep one outcome, time and "
                    "contrast per study"
                )

    @property
    def k(self) -> int:
        """Number of studies."""
        return self.estimate.size
