"""Answers of moto whose HTTP status is not AWS's."""

from __future__ import annotations

from werkzeug.wrappers import Response

from local.cloud.http.calls import Call


def corrected(response: Response, call: Call) -> Response:
    """An error answer with the status that AWS gives it.

    Secrets Manager says 400 for everything that the caller can mend. Source: its API Reference, "Errors".
    """
    if call.service == "secretsmanager" and response.status_code == 404:
        response.status_code = 400
    return response
