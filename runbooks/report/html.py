"""The report as one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import Environment

from runbooks.model import Entry, Plan
from runbooks.report.figures import figures
from runbooks.report.markdown import summary

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{{ plan.name }} {{ execution }}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #1c2733; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
td, th { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #d8dee4; }
td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.e { white-space: pre-line; overflow-wrap: anywhere; }
tr.pausedByFailedStep td { background: #fdecea; }
</style>
<h1>{{ plan.name }}: {{ plan.giving }} to {{ plan.taking }}</h1>
<table>{% for name, value in summary %}<tr><th>{{ name }}</th><td>{{ value }}</td></tr>{% endfor %}</table>
<h2>Timeline</h2>
<table><tr><th>seconds</th><th>step</th><th>event</th><th>evidence</th></tr>
{% for line in lines %}<tr class="{{ line.what }}"><td class="n">{{ "%.1f"|format(line.seconds) }}</td>
<td>{{ line.title }}</td><td>{{ line.what }}</td><td class="e">{{ line.text }}</td></tr>
{% endfor %}</table>
</html>
"""
_template = Environment(autoescape=True).from_string(_PAGE)


def html(plan: Plan, execution: str, journal: Sequence[Entry]) -> str:
    found = figures(plan, journal)
    return _template.render(plan=plan, execution=execution, summary=summary(plan, execution, found), lines=found.lines)
