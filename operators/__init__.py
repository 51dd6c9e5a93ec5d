"""Kopf operators that turn AuraService and BioStream into running workloads."""
