"""Disaster recovery: plans, steps and their journal.

model, decide, guards     pure: what a plan is, what comes next, what must never happen
ports                     what steps need of regions and the witness
journal, adapters/        I/O
steps/                    one verb-named file each: observe, act, verify
plans/                    which steps, in which order
runner                    carries a plan out
report/                   what was done, with figures, in Markdown and HTML
"""
