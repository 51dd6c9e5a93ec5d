"""Environment variables of a container. No I/O: the caller provides the objects that they refer to."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from local.node.api import Object
from local.node.quantity import quantity

_REFERENCE = re.compile(r"\$(\$|\(([A-Za-z_.][A-Za-z0-9_.-]*)\))")


class MissingReference(LookupError):
    """A ConfigMap, a Secret or a key of one does not exist, and the reference is not optional."""


class NoText(ValueError):
    """A variable or an argument that no process can be given; the text names it."""


@dataclass(frozen=True)
class Reference:
    """`kind` is configmaps or secrets."""

    kind: str
    name: str


@dataclass
class Sources:
    """Sources of variables: data of ConfigMaps and Secrets (None: the object does not exist), and Services."""

    data: Mapping[Reference, Mapping[str, bytes] | None] = field(default_factory=dict)
    services: Iterable[Object] = ()


def references(container: Object) -> set[Reference]:
    """The objects whose data `environment_variables` needs."""
    found: set[Reference] = set()
    for source in container.get("envFrom", []):
        found |= {Reference(kind, source[key]["name"]) for key, kind in _FROM if key in source}
    for variable in container.get("env", []):
        origin = variable.get("valueFrom", {})
        found |= {Reference(kind, origin[key]["name"]) for key, kind in _KEY if key in origin}
    return found


_FROM = (("configMapRef", "configmaps"), ("secretRef", "secrets"))
_KEY = (("configMapKeyRef", "configmaps"), ("secretKeyRef", "secrets"))


def environment_variables(
    pod: Object, container: Object, addresses: Mapping[str, str], sources: Sources, node: Mapping[str, str]
) -> dict[str, str]:
    """All variables of the container; later ones override: Services, variables of the node, envFrom, env.

    `addresses` has status.podIP and status.hostIP. Raises MissingReference or NoText.
    """
    links = pod["spec"].get("enableServiceLinks", True)
    result = service_variables(sources.services, pod["metadata"]["namespace"], links) | dict(node)
    for source in container.get("envFrom", []):
        for key, kind in _FROM:
            if key in source:
                data = _data(sources, Reference(kind, source[key]["name"]), source[key].get("optional", False))
                prefix = source.get("prefix", "")
                result |= {prefix + name: _text(prefix + name, value) for name, value in data.items()}
    for variable in container.get("env", []):
        value = _value(pod, container, variable, addresses, sources, result)
        if value is not None:
            result[variable["name"]] = value
    for name, value in result.items():
        check_text(f"variable {name}", value)
    return result


def check_text(what: str, text: str) -> None:
    """Raises NoText if `text`, told as `what`, can be neither a variable nor an argument of a process."""
    if "\0" in text:
        raise NoText(f"{what} contains the character NUL, which no process can be given")


def expand(text: str, values: Mapping[str, str]) -> str:
    """Replaces `$(NAME)` by its value and `$$` by `$`; a name without a value is left unchanged."""
    return _REFERENCE.sub(lambda match: "$" if match[1] == "$" else values.get(match[2], match[0]), text)


def service_variables(services: Iterable[Object], namespace: str, links: bool) -> dict[str, str]:
    """`<SVC>_SERVICE_HOST` etc. for the API server and, with `links`, the namespace's Services."""
    result: dict[str, str] = {}
    for service in services:
        meta, spec = service["metadata"], service["spec"]
        is_api = (meta["namespace"], meta["name"]) == ("default", "kubernetes")
        address, ports = spec.get("clusterIP"), spec.get("ports", [])
        if address in (None, "", "None") or not ports or not (is_api or (links and meta["namespace"] == namespace)):
            continue
        name = meta["name"].upper().replace("-", "_")
        result |= {f"{name}_SERVICE_HOST": address, f"{name}_SERVICE_PORT": str(ports[0]["port"])}
        result[f"{name}_PORT"] = f"tcp://{address}:{ports[0]['port']}"
        for port in ports:
            if port.get("name"):
                result[f"{name}_SERVICE_PORT_{port['name'].upper().replace('-', '_')}"] = str(port["port"])
            stem = f"{name}_PORT_{port['port']}_{port.get('protocol', 'TCP')}"
            result |= {f"{stem}_ADDR": address, f"{stem}_PORT": str(port["port"])}
    return result


def field_value(pod: Object, path: str, addresses: Mapping[str, str]) -> str:
    """A field of the downward API; raises MissingReference for an unknown one."""
    if path in addresses:
        return addresses[path]
    if path in ("status.podIPs", "status.hostIPs"):
        return addresses[path[:-1]]
    keyed = re.fullmatch(r"metadata\.(labels|annotations)(?:\['(.+)'\])?", path)
    if keyed:
        values: dict[str, str] = pod["metadata"].get(keyed[1], {})
        return values.get(keyed[2], "") if keyed[2] else "".join(f'{k}="{v}"\n' for k, v in sorted(values.items()))
    simple = {
        "metadata.name": ("metadata", "name"),
        "metadata.namespace": ("metadata", "namespace"),
        "metadata.uid": ("metadata", "uid"),
        "spec.nodeName": ("spec", "nodeName"),
        "spec.serviceAccountName": ("spec", "serviceAccountName"),
    }
    if path not in simple:
        raise MissingReference(f"the downward API has no field {path}")
    part, name = simple[path]
    return pod[part].get(name, "")


def decode_data(kind: str, item: Object) -> dict[str, bytes]:
    """Decoded data of a ConfigMap or a Secret."""
    if kind == "secrets":
        return {key: base64.b64decode(value) for key, value in (item.get("data") or {}).items()}
    binary = {key: base64.b64decode(value) for key, value in (item.get("binaryData") or {}).items()}
    return {key: value.encode() for key, value in (item.get("data") or {}).items()} | binary


def _value(
    pod: Object,
    container: Object,
    variable: Object,
    addresses: Mapping[str, str],
    sources: Sources,
    known: Mapping[str, str],
) -> str | None:
    origin = variable.get("valueFrom")
    if origin is None:
        return expand(variable.get("value", ""), known)
    if "fieldRef" in origin:
        return field_value(pod, origin["fieldRef"]["fieldPath"], addresses)
    if "resourceFieldRef" in origin:
        return resource_value(container, origin["resourceFieldRef"])
    for key, kind in _KEY:
        if key in origin:
            selector = origin[key]
            data = _data(sources, Reference(kind, selector["name"]), selector.get("optional", False))
            if selector["key"] in data:
                return _text(variable["name"], data[selector["key"]])
            if selector.get("optional"):
                return None
            raise MissingReference(f"couldn't find key {selector['key']} in {kind[:-1]} {selector['name']}")
    raise MissingReference(f"variable {variable['name']} comes from {', '.join(origin)}, which is not supported")


def resource_value(container: Object, selector: Object) -> str:
    """A request or limit in units of the divisor, rounded up; "0" when the container sets none."""
    kind, _, name = selector["resource"].partition(".")
    amount = container.get("resources", {}).get(kind, {}).get(name, "0")
    divisor = quantity(selector.get("divisor") or "1") or 1
    return str(-int(-quantity(amount) // divisor))


def _text(variable: str, value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise NoText(f"variable {variable} is not text in UTF-8") from None


def _data(sources: Sources, reference: Reference, optional: bool) -> Mapping[str, bytes]:
    data = sources.data.get(reference)
    if data is None and not optional:
        raise MissingReference(f'{reference.kind[:-1]} "{reference.name}" not found')
    return data or {}
