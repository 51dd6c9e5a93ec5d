"""Keys that are disabled or will be deleted, what a key is for, and who may change its policy.

Source: AWS KMS Developer Guide, "Key states of AWS KMS keys", "Key spec reference" and "Default key policy"; AWS KMS
API Reference, CreateKey, PutKeyPolicy and ScheduleKeyDeletion.
"""

from __future__ import annotations

from local.cloud.strict.kms.rules import RULES

__all__ = ["RULES"]
