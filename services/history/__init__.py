"""A user's own heart rate, HRV and stress events, by minute, hour or day."""
