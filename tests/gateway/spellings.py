"""Spellings of a token, and of the headers that carry it, with the verdict that gateway and services must share.

Those whose name begins with `!` are refused.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator

from joserfc.jwk import ECKey

from services.kit.settings import DEFAULT_ISSUER
from tests.gateway.token_text import base64url, body, head, in_seconds, sign

RawHeaders = list[tuple[bytes, bytes]]
Make = Callable[[ECKey], str]


def _claims(**given: str) -> Make:
    return lambda key: sign(key, head(key), body(**given))


def _payload(make: Callable[[], str | bytes]) -> Make:
    return lambda key: sign(key, head(key), make())


def _header(**given: str) -> Make:
    return lambda key: sign(key, head(key, **given), body())


def _edited(edit: Callable[[str], str]) -> Make:
    return lambda key: edit(sign(key, head(key), body()))


def _signature(edit: Callable[[bytes], bytes]) -> Make:
    def make(key: ECKey) -> str:
        signed, _, signature = sign(key, head(key), body()).rpartition(".")
        return f"{signed}.{base64url(edit(base64.urlsafe_b64decode(signature + '==')))}"

    return make


def _of_length(length: int) -> Make:
    def make(key: ECKey) -> str:
        for padding in range(4):
            for size in range(length):
                more = f',"pad":"{"x" * size}"'
                header = base64url(head(key, more=f',"pad":"{"x" * padding}"').encode())
                if len(header) + 88 + -(-len(body(more=more)) * 4 // 3) == length:
                    return sign(key, head(key, more=f',"pad":"{"x" * padding}"'), body(more=more))
        raise AssertionError(f"no token has {length} characters")

    return make


def _hs256(key: ECKey) -> str:
    """With the public key, which anybody can get, as the secret."""
    signed = ".".join(base64url(part.encode()) for part in (head(key, alg='"HS256"'), body()))
    return f"{signed}.{base64url(hmac.new(key.as_pem(private=False), signed.encode(), hashlib.sha256).digest())}"


def _with_claims(token: str, claims: str) -> str:
    header, _, signature = token.split(".")
    return f"{header}.{base64url(claims.encode())}.{signature}"


def _unsigned(header: str) -> str:
    return f"{base64url(header.encode())}.{base64url(body().encode())}."


def _non_canonical(token: str) -> str:
    """The unused bits of the last character set."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) | 1]


def _standard_alphabet(key: ECKey) -> str:
    while True:
        token = sign(key, head(key), body())
        if "-" in token.rpartition(".")[2]:
            return token.replace("-", "+").replace("_", "/")


def _deep(levels: int) -> str:
    return "[" * levels + "1" + "]" * levels


def _objects(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


_SUBJECTS = {
    "1 character": '"a"', "255 characters": f'"{"x" * 255}"', "an address": '"o\'brien+1@example.com"',
    "a comma": '"a,b"', "marks": '"auth0|5/f:#[]{}~^`%$&*()=;?<>!"',
    "!empty": '""', "!256 characters": f'"{"x" * 256}"', "!3000 characters": f'"{"x" * 3000}"', "!a space": '"a b"',
    "!a space first": '" ann"', "!a space last": '"ann "', "!escaped letters": r'"\u674e\u96f7"',
    "!an escaped ASCII letter": r'"\u0061nn"', "!an escaped slash": r'"a\/b"', "!an escaped quote": r'"a\"b"',
    "!an escaped backslash": r'"a\\b"', "!an escaped NUL": r'"a\u0000b"', "!an escaped lone surrogate": r'"\ud800"',
    "!raw UTF-8": '"李雷"', "!a raw lone surrogate": '"\ud800"', "!a raw NUL": '"a\0b"', "!DEL": '"a\x7f"',
    "!a raw newline": '"a\nb"', "!a number": "7", "!null": "null", "!true": "true", "!a list": '["ann"]',
    "!an object": '{"a":"ann"}', "!twice": '"ann","sub":"bob"', "!twice the same": '"ann","sub":"ann"',
    "!twice, one escaped": r'"ann","\u0073ub":"bob"', "!again in an object": '"ann","act":{"sub":"bob"}',
    "!twice with spaces": '"ann","sub" : "bob"',
}  # fmt: skip
_EXPIRIES = {
    "12 digits": "999999999999",
    "!13 digits": "9999999999999", "!exponent": "1.9e9", "!capital exponent": "19E8", "!fraction": "4900000000.0",
    "!negative": "-1", "!a string": '"4900000000"', "!true": "true", "!null": "null", "!beyond a double": "1e400",
    "!leading zero": "04900000000", "!plus": "+4900000000", "!a list": "[4900000000]", "!hexadecimal": "0x7fffffff",
    "!twice": '4900000000,"exp":4900000001', "!zero": "0", "!a space within": "49000 00000", "!NaN": "NaN",
    "!Infinity": "Infinity", "!20 digits": "49000000000000000000",
}  # fmt: skip
_AUDIENCES = {
    **{f"{n} of {n}": "[" + '"other",' * (n - 1) + '"aura"]' for n in (1, 2, 3, 4)},
    "the first of 4": '["aura","b","c","d"]', "with spaces": '[ "b" , "aura" ]',
    "!5 of 5": "[" + '"other",' * 4 + '"aura"]', "!the first of 6": '["aura","b","c","d","e","f"]', "!none": "[]",
    "!nested": '[["aura"]]', "!a number beside it": '["aura",1]', "!an object": '{"aura":"aura"}', "!null": "null",
    "!twice": '"aura","aud":"aura"', "!capital": '"Aura"', "!longer": '"aura "', "!another": '"aura-admin"',
    "!others": '["aura-admin","xaura"]', "!trailing comma": '["aura",]',
}  # fmt: skip
_MORE = {
    "nbf 0": ',"nbf":0', "nbf now": f',"nbf":{in_seconds(0)}', "iat to come": f',"iat":{in_seconds(9000)}',
    "roles": ',"roles":["user","coach"]', "no roles": ',"roles":[]', "an unknown number": ',"x":-1.5e3',
    "unknown literals": ',"x":[null,true,false,{}]', "unknown lists, four levels with the claims": f',"x":{_deep(3)}',
    "unknown objects, four levels with the claims": f',"x":{_objects(3)}', "spaces": ' , "x" : [ 1 , 2 ] ',
    "lines": ',\r\n\t"x":1\n', "sub as a value": ',"x":"sub"', "a longer name": ',"subject":"bob"',
    "a list of 1390": f',"x":[{"1," * 1389}1]', "440 members in an object": ',"x":{' + '"a":1,' * 439 + '"a":1}',
    "450 members": ',"x":1' * 450, "900 empty lists": f',"x":[{"[]," * 899}[]]',
    "!nbf to come": f',"nbf":{in_seconds(9000)}', "!nbf fraction": ',"nbf":1.5', "!nbf string": ',"nbf":"0"',
    "!nbf negative": ',"nbf":-1', "!nbf null": ',"nbf":null', "!nbf exponent": ',"nbf":1e3', "!nbf true": ',"nbf":true',
    "!iat fraction": ',"iat":1.5', "!iat string": ',"iat":"1"', "!roles a string": ',"roles":"admin"',
    "!roles a number": ',"roles":[1]', "!roles twice": ',"roles":[],"roles":["admin"]',
    "!lists, five levels": f',"x":{_deep(4)}', "!objects, five levels": f',"x":{_objects(4)}',
    "!a hundred levels": f',"x":{_deep(100)}', "!an escape": r',"x":"\n"', "!UTF-8": ',"name":"Zoë"',
    "!NaN": ',"x":NaN', "!leading zero": ',"x":01', "!plus": ',"x":+1', "!point last": ',"x":1.',
    "!point first": ',"x":.1',
    "!many digits": f',"x":{"9" * 400}', "!trailing comma": ",", "!two commas": ',,"x":1', "!no colon": ',"x" 1',
    "!no quotes": ",x:1", "!single quotes": ",'x':'1'", "!comment": ',/**/"x":1', "!exp in an object": ',"x":{"exp":1}',
    "!iss twice": f',"iss":"{DEFAULT_ISSUER}"', "!control character": ',"x":"\x01"', "!capital literal": ',"x":True',
}  # fmt: skip
_PAYLOADS: dict[str, Callable[[], str | bytes]] = {
    "space around": lambda: f" \r\n\t{body()}\r\n ",
    "!text behind": lambda: body() + "x",
    "!object behind": lambda: body() + body(),
    "!NUL behind": lambda: body() + "\0",
    "!byte order mark": lambda: "\ufeff" + body(),
    "!UTF-16": lambda: body().encode("utf-16"),
    "!Latin-1": lambda: body(sub='"zoë"').encode("latin-1"),
    "!not closed": lambda: body()[:-1],
    "!a list": lambda: f"[{body()}]",
    "!a string": lambda: '"ann"',
    "!null": lambda: "null",
    "!empty object": lambda: "{}",
    "!name of sub escaped": lambda: body().replace('"sub"', r'"\u0073ub"'),
    "!sub only in an object": lambda: body().replace('"sub":"ann"', '"act":{"sub":"ann"}'),
    "!exp only in an object": lambda: body().replace('"exp":', '"x":{"exp":').replace("}", "}}"),
    "!no sub": lambda: body().replace('"sub"', '"subject"'),
    "!no exp": lambda: body().replace('"exp"', '"expires"'),
    "!no iss": lambda: body().replace('"iss"', '"issuer"'),
    "!no aud": lambda: body().replace('"aud"', '"audience"'),
    "!another issuer": lambda: body(iss='"https://auth.example.com"'),
    "!issuer with a slash more": lambda: body(iss=f'"{DEFAULT_ISSUER}/"'),
    "!issuer a list": lambda: body(iss=f'["{DEFAULT_ISSUER}"]'),
    "!expired": lambda: body(exp=in_seconds(-60)),
    "expired within the leeway": lambda: body(exp=in_seconds(-1)),
    "not yet valid within the leeway": lambda: body(more=f',"nbf":{in_seconds(4)}'),
}
_HEADERS: dict[str, Make] = {
    "an unknown member": _header(more=',"x":{"y":[1]}'),
    "typ": _header(more=',"typ":"at+jwt"'),
    "typ a number": _header(more=',"typ":1'),
    "more than 512 characters": _header(more=f',"x":"{"x" * 600}"'),
    "spaces": lambda key: sign(key, f'{{ "alg" : "ES256" , "kid" : "{key.kid}" }}', body()),
    "!alg in lower case": _header(alg='"es256"'),
    "!alg none": lambda key: _unsigned(head(key, alg='"none"')),
    "!alg none, signed": _header(alg='"none"'),
    "!alg None": _header(alg='"None"'),
    "!alg HS256 with the public key": _hs256,
    "!alg RS256 with an EC key": _header(alg='"RS256"'),
    "!alg ES384": _header(alg='"ES384"'),
    "!alg escaped": _header(alg=r'"ES\u0032\u0035\u0036"'),
    "!alg twice": _header(alg='"ES256","alg":"none"'),
    "!alg twice, one escaped": _header(alg=r'"ES256","\u0061lg":"none"'),
    "!alg null": _header(alg="null"),
    "!alg a list": _header(alg='["ES256"]'),
    "!no alg": lambda key: sign(key, f'{{"kid":"{key.kid}"}}', body()),
    "!no kid": lambda key: sign(key, '{"alg":"ES256"}', body()),
    "!kid empty": _header(kid='""'),
    "!kid unknown": _header(kid='"other"'),
    "!kid a number": _header(kid="1"),
    "!kid null": _header(kid="null"),
    "!kid a list": lambda key: sign(key, head(key, kid=f'["{key.kid}"]'), body()),
    "!kid twice": lambda key: sign(key, head(key, kid=f'"{key.kid}","kid":"other"'), body()),
    "!kid only in an object": lambda key: sign(key, f'{{"alg":"ES256","jwk":{{"kid":"{key.kid}"}}}}', body()),
    "!kid with a quote": _header(kid=r'"a\"b"'),
    "!kid with a backslash": _header(kid=r'"a\\b"'),
    "!kid with a space": _header(kid='"a b"'),
    "!kid of 129 characters": _header(kid=f'"{"x" * 129}"'),
    "!kid with a path": _header(kid='"../../dev/null"'),
    "!crit": _header(more=',"crit":["exp"]'),
    "!b64": _header(more=',"b64":false'),
    "!text behind": lambda key: sign(key, head(key) + "x", body()),
    "!a list": lambda key: sign(key, f"[{head(key)}]", body()),
    "!very large": _header(more=f',"x":"{"x" * 9000}"'),
}
_WHOLE: dict[str, Make] = {
    "plain": _edited(lambda token: token),
    "4096 characters": _of_length(4096),
    "!4097 characters": _of_length(4097),
    "!12000 characters": _claims(more=f',"x":"{"x" * 8500}"'),
    "!40000 characters": _claims(more=f',"x":"{"x" * 29000}"'),
    "!padding": _edited(lambda token: token + "=="),
    "!padding in the header": _edited(lambda token: token.replace(".", "=.", 1)),
    "!unused bits": _edited(_non_canonical),
    "!standard alphabet": _standard_alphabet,
    "!trailing dot": _edited(lambda token: token + "."),
    "!leading dot": _edited(lambda token: "." + token),
    "!4 parts": _edited(lambda token: token + ".AAAA"),
    "!5 parts": _edited(lambda token: token + ".AAAA.AAAA"),
    "!2 parts": _edited(lambda token: token.rpartition(".")[0]),
    "!empty header": _edited(lambda token: "." + token.partition(".")[2]),
    "!empty claims": _edited(lambda token: "{0}..{2}".format(*token.split("."))),
    "!empty signature": _edited(lambda token: token.rpartition(".")[0] + "."),
    "!dots": _edited(lambda _: ".."),
    "!5 characters in a part": _edited(lambda token: token + "AAA"),
    "!a newline within": _edited(lambda token: token.replace(".", ".%0a", 1)),
    "!not base64": _edited(lambda _: "a.b.c"),
    "!tampered": _edited(lambda token: _with_claims(token, body(sub='"root"'))),
    "!a byte less in the signature": _signature(lambda signature: signature[:-1]),
    "!a byte more in the signature": _signature(lambda signature: signature + b"\0"),
    "!three bytes more in the signature": _signature(lambda signature: signature + b"abc"),
    "!64 bytes more in the signature": _signature(lambda signature: signature * 2),
    "!zeros as the signature": _signature(lambda signature: b"\0" * len(signature)),
    "!by another key": lambda key: sign(ECKey.generate_key("P-256"), head(key), body()),
}


def tokens() -> Iterator[tuple[str, Make]]:
    """Every spelling by its name."""
    tables: dict[str, dict[str, Make]] = {
        "token": _WHOLE,
        "header": _HEADERS,
        "claims": {name: _payload(make) for name, make in _PAYLOADS.items()},
        "sub": {name: _claims(sub=value) for name, value in _SUBJECTS.items()},
        "exp": {name: _claims(exp=value) for name, value in _EXPIRIES.items()},
        "aud": {name: _claims(aud=value) for name, value in _AUDIENCES.items()},
        "member": {name: _claims(more=value) for name, value in _MORE.items()},
    }
    for table, spellings in tables.items():
        for name, make in spellings.items():
            yield f"{table}: {name}", make


def headers() -> dict[str, Callable[[bytes], RawHeaders]]:
    """Ways to send a token."""
    authorization, offered = b"Authorization", b"Sec-WebSocket-Protocol"

    def one(name: bytes, value: bytes) -> Callable[[bytes], RawHeaders]:
        return lambda token: [(name, value.replace(b"$", token))]

    return {
        "Bearer": one(authorization, b"Bearer $"),
        "bearer": one(authorization, b"bearer $"),
        "BEARER": one(b"authorization", b"BEARER $"),
        "two spaces": one(authorization, b"Bearer  $"),
        "spaces around": one(authorization, b"  Bearer $  "),
        "subprotocol": one(offered, b"bearer, $"),
        "subprotocol without a space": one(offered, b"bearer,$"),
        "subprotocol beside the header": lambda token: [(authorization, b"Bearer " + token), (offered, b"bearer, x")],
        "!nothing": lambda _: [],
        "!empty": one(authorization, b""),
        "!empty, with a subprotocol": lambda token: [(authorization, b""), (offered, b"bearer, " + token)],
        "!scheme only": one(authorization, b"Bearer"),
        "!scheme and a space": one(authorization, b"Bearer "),
        "!token only": one(authorization, b"$"),
        "!tab": one(authorization, b"Bearer\t$"),
        "!no space": one(authorization, b"Bearer$"),
        "!colon": one(authorization, b"Bearer: $"),
        "!quotes": one(authorization, b'Bearer "$"'),
        "!another scheme": one(authorization, b"Token $"),
        "!Basic": one(authorization, b"Basic $"),
        "!Basic beside a subprotocol": lambda token: [(authorization, b"Basic eDp5"), (offered, b"bearer, " + token)],
        "!two tokens": one(authorization, b"Bearer $ $"),
        "!two tokens and a comma": one(authorization, b"Bearer $, Bearer $"),
        "!a comma behind": one(authorization, b"Bearer $,"),
        "!no-break space": one(authorization, b"Bearer \xa0$"),
        "!twice": lambda token: [(authorization, b"Bearer " + token)] * 2,
        "!twice, one of them empty": lambda token: [(authorization, b"Bearer " + token), (authorization, b"")],
        "!subprotocol Bearer": one(offered, b"Bearer, $"),
        "!subprotocols the other way round": one(offered, b"$, bearer"),
        "!subprotocol bearer only": one(offered, b"bearer"),
        "!three subprotocols": one(offered, b"bearer, $, x"),
        "!subprotocol and a comma": one(offered, b"bearer, $,"),
        "!subprotocols without a comma": one(offered, b"bearer $"),
        "!two subprotocol headers": lambda token: [(offered, b"bearer"), (offered, token)],
    }
