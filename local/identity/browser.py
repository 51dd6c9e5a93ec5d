"""A person's browser, for a sign-in without one: follows the redirects, and fills in the provider's form."""

from __future__ import annotations

import html
import re
import ssl
from collections.abc import Callable
from urllib.parse import urljoin

import httpx

Send = Callable[[httpx.Request], httpx.Response]
MAX_STEPS = 12
_INPUT = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)"')
_ACTION = re.compile(r'<form [^>]*action="([^"]*)"')


class SignInStopped(RuntimeError):
    """The browser shows something that is no step of a sign-in; the message has it."""


def sign_in(start: str, app: str, person: dict[str, str], tls: ssl.SSLContext, send: Send | None = None) -> str:
    """The URL of the app (which begins with `app`) to which a sign-in that begins at `start` leads.

    `person` is what they write into the provider's form. `send` sends requests instead of the browser's own client.
    """
    with httpx.Client(verify=tls, trust_env=False, timeout=20) as client:
        request = client.build_request("GET", start)
        for _ in range(MAX_STEPS):
            answer = (send or client.send)(request)
            client.cookies.extract_cookies(answer)
            if answer.is_redirect:
                url = urljoin(str(request.url), answer.headers["location"])
                if url.startswith(app):
                    return url
                request = client.build_request("GET", url)
            elif answer.is_success and "/interaction/" in request.url.path:
                request = client.build_request("POST", request.url, data=person)
            elif answer.is_success and (action := _ACTION.search(answer.text)):  # form_post: the page sends itself
                members = {name: html.unescape(value) for name, value in _INPUT.findall(answer.text)}
                request = client.build_request("POST", html.unescape(action[1]), data=members)
            else:
                where = request.url.copy_with(query=None)
                raise SignInStopped(f"{where} answered {answer.status_code}: {answer.text[:300]}")
    raise SignInStopped(f"no end after {MAX_STEPS} steps")
