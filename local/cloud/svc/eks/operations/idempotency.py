"""A request that is repeated with its clientRequestToken is answered as the first time, and changes nothing."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable

from local.cloud.service.base import Inputs, Output
from local.cloud.service.errors import AwsError
from local.cloud.svc.eks.model import EksState

TOKEN = "clientRequestToken"
_KEPT = 200
"""Answers that are remembered in a region; SDKs repeat a request within minutes."""


def once(operation: str, method: Callable[[EksState, Inputs], Output]) -> Callable[[EksState, Inputs], Output]:
    """`method`, but for a token that is known: the answer to it, or an error if the parameters are others."""

    def answer(state: EksState, inputs: Inputs) -> Output:
        token = inputs.get(TOKEN)
        if not token:
            return method(state, inputs)
        key = f"{operation} {token}"
        asked = hashlib.sha256(json.dumps(inputs, sort_keys=True, default=str).encode()).hexdigest()
        if key in state.answers:
            before, output = state.answers[key]
            if before != asked:
                message = f"The {TOKEN} {token} was used for {operation} with other parameters."
                raise AwsError("InvalidRequestException", message)
            return copy.deepcopy(output)
        output = method(state, inputs)
        state.answers[key] = asked, copy.deepcopy(output)
        while len(state.answers) > _KEPT:
            state.answers.pop(next(iter(state.answers)))
        return output

    return answer
