"""CloudWatch metrics of our own services: what is measured becomes data points that CloudWatch's API returns."""

from local.cloud.metrics.publishing import put

__all__ = ["put"]
