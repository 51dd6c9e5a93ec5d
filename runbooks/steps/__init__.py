"""The steps of plans, one verb-named file each: observe, act, verify. All may be repeated at any time."""
