"""What an execution did: timeline, figures and evidence, out of its plan and journal alone."""

from runbooks.report.figures import Figures, figures
from runbooks.report.html import html
from runbooks.report.markdown import markdown

__all__ = ["Figures", "figures", "html", "markdown"]
