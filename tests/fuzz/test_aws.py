"""Random calls of every admitted service, and a `kill -9` of the endpoint at a random moment: it starts again, what it
acknowledged is there, what it answered it answers again, and no process is left."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections import Counter
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, ParamValidationError

from local.cloud import endpoint
from local.cloud.context import CloudContext
from local.cloud.moto_backends.admitted import ADMITTED
from local.cloud.svc import services
from local.engines.runtime.process import EngineFailed
from tests.fixtures.cloud import Cloud, code_of
from tests.fuzz.aws_inputs import Inputs, Known
from tests.fuzz.campaign import WHOLE, Campaign
from tests.fuzz.ledger import Ledger

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(36000)]

READS = ("List", "Describe", "Get", "Head", "BatchGet", "Lookup", "Search")
ENGINES = {
    *("CreateDBInstance", "CreateReplicationGroup", "CreateCluster", "CreateClusterV2", "CreateNodegroup"),
    "CreateDomain",
}
"""Not called with random inputs: an engine that starts takes long. The ledger makes a cache."""
BLOCKING = {"ReceiveMessage", "PollForActivityTask", "PollForDecisionTask"}
SERVICES_OF_A_ROUND, CALLS, COMPARED = 4, 40, 25
START_SECONDS = 120.0


class Round:
    """One case."""

    def __init__(self, campaign: Campaign, case: int, chance: random.Random, cloud: Cloud, names: list[str]) -> None:
        self.campaign, self.case, self.chance, self.cloud = campaign, case, chance, cloud
        self.known = Known()
        self.outcomes: Counter[str] = Counter()
        region, other = chance.sample(["us-west-2", "us-east-1"], 2)
        self.ledger = Ledger(cloud, case, other)
        self.clients = {n: cloud.client(n, region=region) for n in chance.sample(names, SERVICES_OF_A_ROUND)}
        self.reads: list[tuple[str, str, dict[str, Any]]] = []

    def run(self) -> None:
        for _ in range(CALLS):
            self._random_call()
        before = self._stable_answers()
        if not self._killed_while(self.ledger):
            return
        for wrong in self.ledger.missing():
            self.campaign.found(self.case, f"acknowledged but gone: {wrong.split(' ')[0]}", wrong)
        for (service, operation, inputs), answer in zip(self.reads, before, strict=True):
            again = self._call(service, operation, inputs)
            if answer is not None and again != answer:
                what = f"{service} {operation} answers otherwise after a kill"
                self.campaign.found(self.case, what, f"{inputs}\nbefore {answer[:600]}\nafter  {again and again[:600]}")
        self.ledger.clear()

    def _random_call(self) -> None:
        service = self.chance.choice(list(self.clients))
        model = self.clients[service].meta.service_model
        names = [n for n in model.operation_names if n not in ENGINES | BLOCKING]
        wanted = self.chance.choice([("Create", "Put", "Register", "Allocate", "Add", "Request"), READS, ("",)])
        operation = self.chance.choice([n for n in names if n.startswith(wanted)] or names)
        inputs = Inputs(self.chance, service, self.known).of(model.operation_model(operation).input_shape)
        self._call(service, operation, inputs)
        if operation.startswith(READS):
            self.reads.append((service, operation, inputs))

    def _call(self, service: str, operation: str, inputs: dict[str, Any]) -> str | None:
        """The answer as text, the code of an error, or None where the client itself refuses the inputs."""
        client = self.clients[service]
        try:
            answer = getattr(client, xform_name(operation))(**inputs)
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            code = code_of(error)
            if (status == 500 or not code or code.isdigit()) and not operation.startswith("Head"):  # without a body
                self.campaign.found(self.case, f"{service} {operation}: {status} {code}", f"{inputs} {error}")
            self.outcomes[code] += 1
            return code
        except HTTPClientError as error:
            self.campaign.found(self.case, f"{service} {operation}: no answer", f"{inputs} {error}")
            return None
        except (ParamValidationError, BotoCoreError, ValueError, TypeError, AttributeError):  # of headers beyond ASCII
            self.outcomes["not sent"] += 1
            return None
        self.outcomes["carried out"] += 1
        answer.pop("ResponseMetadata", None)
        if "Body" in answer and hasattr(answer["Body"], "read"):
            answer["Body"] = answer["Body"].read()
        self.known.learn(answer, service)
        return json.dumps(answer, default=str, sort_keys=True)

    def _stable_answers(self) -> list[str | None]:
        """Of each read, when it answers the same twice: the others tell the time or make something up."""
        for service, client in self.clients.items():
            for operation in client.meta.service_model.operation_names:
                shape = client.meta.service_model.operation_model(operation).input_shape
                if operation.startswith(("List", "Describe")) and (shape is None or not shape.required_members):
                    self.reads.append((service, operation, {}))
        if len(self.reads) > COMPARED:
            self.reads = self.chance.sample(self.reads, COMPARED)
        first = [self._call(*read) for read in self.reads]
        time.sleep(1.1)  # a time in an answer is of another second then
        second = [self._call(*read) for read in self.reads]
        return [one if one == other else None for one, other in zip(first, second, strict=True)]

    def _killed_while(self, ledger: Ledger) -> bool:
        """Kills the endpoint while two threads write, and starts it; whether it started."""
        process = endpoint.process(self.cloud.site)
        pid = process.pid()
        assert pid
        writers = [threading.Thread(target=ledger.write_until_it_fails, args=(n,)) for n in range(2)]
        for writer in writers:
            writer.start()
        time.sleep(self.chance.uniform(0.0, 1.0))  # the random moment
        os.kill(pid, signal.SIGKILL)
        for writer in writers:
            writer.join()
        while process.pid() is not None:
            time.sleep(0.01)
        try:
            endpoint.start(self.cloud.site, START_SECONDS)
        except EngineFailed as error:
            self.campaign.found(self.case, "the endpoint does not start", error)
            return False
        if trouble := endpoint.trouble(self.cloud.site):
            self.campaign.found(self.case, "the newest state could not be read", trouble)
        return True


def test_calls_and_kills(cloud: Cloud) -> None:
    campaign = Campaign.of_environment("aws")
    known = {name.replace("-", ""): name for name in botocore.session.get_session().get_available_services()}
    ours = (service.name for service in services(CloudContext(cloud.site)))
    names = sorted([*ours, *(known[package] for package in ADMITTED)])
    outcomes: Counter[str] = Counter()
    for case, chance in campaign.cases():
        one = Round(campaign, case, chance, cloud, names)
        one.run()
        outcomes += one.outcomes
        if "the endpoint does not start" in campaign.findings:
            break
    endpoint.stop(cloud.site, engines=True)
    for line in cloud.processes():
        campaign.found(WHOLE, "a process is left", line)
    print(f"\ncalls by outcome: {outcomes.most_common(30)}")
    campaign.report()
