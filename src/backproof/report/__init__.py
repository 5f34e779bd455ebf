"""Reports: one pure function a format, over the same findings."""

from backproof.report.as_concise import render_concise
from backproof.report.as_github import render_github
from backproof.report.as_json import render_json
from backproof.report.as_sarif import render_sarif
from backproof.report.as_text import render_text

__all__ = ["render_concise", "render_github", "render_json", "render_sarif", "render_text"]
