"""Disaster recovery: plans, steps and their journal."""
