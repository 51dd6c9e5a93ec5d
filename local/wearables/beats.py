"""Synthetic series of heart beats."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Beat = tuple[int, float]
"""Unix ms of the beat and ms since the beat before it."""


@dataclass(frozen=True)
class Phase:
    """A stretch of time in one state: mean heart rate in beats a minute, SD of the intervals in ms, LF/HF power."""

    seconds: float
    heart_rate: float
    sd: float
    lf_hf: float


def rest(seconds: float, heart_rate: float = 64) -> Phase:
    return Phase(seconds, heart_rate, 48, 0.6)


def stress(seconds: float, heart_rate: float = 64) -> Phase:
    """Heart rate up by 26 beats a minute and a third of the variability, power shifted to low frequencies."""
    return Phase(seconds, heart_rate + 26, 16, 4.0)


RAMP_SECONDS = 15.0
"""How long the heart takes from one phase's rate to the next."""
_STEP = 0.25
"""Seconds between samples of the tachogram."""


def synthesise(phases: list[Phase], seed: int) -> list[Beat]:
    """Beats of the phases in turn, from 0 ms on; the same seed gives the same beats.

    Intervals are sampled from a tachogram with the power spectrum of McSharry, Clifford, Tarassenko and Smith (IEEE
    Trans Biomed Eng 2003; 50:289): a Gaussian around 0.1 Hz (Mayer waves) and one around 0.25 Hz (respiration), random
    phases, scaled to each phase's mean and SD.
    """
    noise = np.random.default_rng(seed)
    total = sum(phase.seconds for phase in phases)
    samples = math.ceil(total / _STEP) + 1
    mean = np.empty(samples)
    series = np.empty(samples)
    start = 0
    for phase in phases:
        stop = min(samples, start + math.ceil(phase.seconds / _STEP) + 1)
        mean[start:stop] = 60_000 / phase.heart_rate
        series[start:stop] = phase.sd * _tachogram(stop - start, phase.lf_hf, noise)
        start = stop - 1
    width = max(1, round(RAMP_SECONDS / _STEP))
    padded = np.concatenate([np.full(width, mean[0]), mean])
    ramped = np.convolve(padded, np.full(width, 1 / width), mode="valid")[1:]
    intervals = np.clip(ramped + series, 320, 1900)

    beats: list[Beat] = []
    at = 0.0
    while at / 1000 < total:
        interval = round(float(intervals[int(at / 1000 / _STEP)]), 1)
        at += interval
        beats.append((round(at), interval))
    return beats


def _tachogram(samples: int, lf_hf: float, noise: np.random.Generator) -> NDArray[np.float64]:
    """A series of mean 0 and SD 1."""
    size = max(64, samples)
    frequency = np.asarray(np.fft.rfftfreq(size, _STEP), np.float64)
    power = lf_hf / (1 + lf_hf) * _bell(frequency, 0.1) + 1 / (1 + lf_hf) * _bell(frequency, 0.25)
    spectrum = np.sqrt(power) * np.exp(2j * np.pi * noise.random(frequency.size))
    series = np.fft.irfft(spectrum, size)[:samples]
    return (series - series.mean()) / series.std()


def _bell(frequency: NDArray[np.float64], middle: float, width: float = 0.01) -> NDArray[np.float64]:
    return np.exp(-((frequency - middle) ** 2) / (2 * width**2))


def day_in_minutes(seed: int, minutes: float = 20) -> list[Phase]:
    """Rest, a stress episode somewhere in the second half of it, rest again; differs between seeds."""
    random_ = random.Random(seed)
    baseline = random_.uniform(56, 74)
    quiet = minutes * 60 * random_.uniform(0.45, 0.6)
    upset = min(240.0, minutes * 60 * 0.25)
    return [rest(quiet, baseline), stress(upset, baseline), rest(minutes * 60 - quiet - upset, baseline)]
