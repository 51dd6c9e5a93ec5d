"""The role of the time-series store in its region, and the password that both regions' stores have."""
