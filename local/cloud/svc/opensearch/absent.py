"""Reads of kinds of resources that cannot be made here: there are none, and the answer says so."""

from __future__ import annotations

from collections.abc import Callable

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError
from local.cloud.svc.opensearch.finding import domain_of
from local.cloud.svc.opensearch.model import OpenSearchState

Operation = Callable[[Service[OpenSearchState], OpenSearchState, Inputs], Output]


def _none(key: str, name: str = "") -> Operation:
    """An empty list under `key`; an error when the parameter `name` asks for one resource."""

    def read(service: Service[OpenSearchState], state: OpenSearchState, inputs: Inputs) -> Output:
        if name and inputs.get(name):
            raise AwsError("ResourceNotFoundException", f"{inputs[name]} does not exist.")
        return {key: []}

    return read


def _none_of_domain(key: str) -> Operation:
    """An empty list under `key`; an error when there is no such domain."""

    def read(service: Service[OpenSearchState], state: OpenSearchState, inputs: Inputs) -> Output:
        domain_of(state, inputs["DomainName"])
        return {key: []}

    return read


class AbsentOperations(Service[OpenSearchState]):
    describe_inbound_connections = _none("Connections")
    describe_outbound_connections = _none("Connections")
    describe_packages = _none("PackageDetailsList")
    describe_reserved_instances = _none("ReservedInstances", "ReservedInstanceId")
    list_applications = _none("ApplicationSummaries")
    list_direct_query_data_sources = _none("DirectQueryDataSources")
    list_domains_for_package = _none("DomainPackageDetailsList", "PackageID")
    list_vpc_endpoints = _none("VpcEndpointSummaryList")
    describe_domain_auto_tunes = _none_of_domain("AutoTunes")
    get_upgrade_history = _none_of_domain("UpgradeHistories")
    list_data_sources = _none_of_domain("DataSources")
    list_domain_maintenances = _none_of_domain("DomainMaintenances")
    list_packages_for_domain = _none_of_domain("DomainPackageDetailsList")
    list_scheduled_actions = _none_of_domain("ScheduledActions")
    list_vpc_endpoint_access = _none_of_domain("AuthorizedPrincipalList")
    list_vpc_endpoints_for_domain = _none_of_domain("VpcEndpointSummaryList")

    def describe_vpc_endpoints(self, state: OpenSearchState, inputs: Inputs) -> Output:
        errors = [
            {"VpcEndpointId": id, "ErrorCode": "ENDPOINT_NOT_FOUND", "ErrorMessage": f"{id} does not exist."}
            for id in inputs["VpcEndpointIds"]
        ]
        return {"VpcEndpoints": [], "VpcEndpointErrors": errors}
