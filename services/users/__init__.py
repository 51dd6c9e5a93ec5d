"""People's profiles, preferences, daily check-ins, streaks, points and badges, and the end of their accounts."""
