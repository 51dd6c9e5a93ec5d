"""Configuration of a route's KongPlugins: written by operators/, applied by Kong on EKS and by the local gateway.

Kong counts requests by consumer or by header, not by a token's claim. So a `pre-function` copies the subject of the
token, not yet verified, into USER_HEADER (overwriting what the client sent); `jwt` (priority 1450) refuses invalid
tokens before `rate-limiting` (priority 910) counts by that header.
"""

from __future__ import annotations

GATEWAY_CLASS = "aura"
GATEWAY = "aura"
"""Name of the Gateway, in the platform's namespace, that is the parent of every route."""

PLUGINS_ANNOTATION = "konghq.com/plugins"
"""Annotation of an HTTPRoute: names of KongPlugins of its namespace, separated by commas."""

USER_HEADER = "X-User-Id"

SUBJECT_TO_HEADER = f"""\
local token = (kong.request.get_header("Authorization") or ""):match("^[Bb]earer%s+(%S+)$")
if not token then
  token = (kong.request.get_header("Sec-WebSocket-Protocol") or ""):match("^bearer%s*,%s*(%S+)$")
  if token then kong.service.request.set_header("Authorization", "Bearer " .. token) end
end
kong.service.request.clear_header("{USER_HEADER}")
local payload = token and token:match("^[^.]+%.([^.]+)%.")
if payload then
  payload = payload:gsub("-", "+"):gsub("_", "/") .. ("="):rep(-#payload % 4)
  local subject = (ngx.decode_base64(payload) or ""):match('"sub"%s*:%s*"([^"\\\\]+)"')
  if subject then kong.service.request.set_header("{USER_HEADER}", subject) end
end
"""
"""Lua for the `access` phase of `pre-function`. A token may also come as the WebSocket subprotocols `bearer, <token>`,
as a browser can set no header there."""
