"""The rules from the spec of a BioStream."""

from __future__ import annotations

from contracts.biostream import BioStreamSpec
from contracts.durations import milliseconds
from dataflows.biosync.signal.rules import THRESHOLDS, CleanseRules, HrvRules, Rules, StressRules


def rules_from_spec(spec: BioStreamSpec) -> Rules:
    """The rules that the spec declares; a threshold that is not set is the default of the declared rule."""
    stress = spec.stress
    drop = stress.hrv_drop.value
    return Rules(
        cleanse=CleanseRules(
            min_rr=milliseconds(spec.cleanse.min_rr),
            max_rr=milliseconds(spec.cleanse.max_rr),
            max_step=spec.cleanse.max_step,
        ),
        hrv=HrvRules(window=milliseconds(spec.hrv.window), every=milliseconds(spec.hrv.every)),
        stress=StressRules(
            hrv_drop=drop,
            threshold=THRESHOLDS[drop] if stress.threshold is None else stress.threshold,
            heart_rate_rise=stress.heart_rate_rise or 0.0,
            min_quality=stress.min_quality,
            sustain=milliseconds(stress.sustain),
            refractory=milliseconds(stress.refractory),
        ),
    )
