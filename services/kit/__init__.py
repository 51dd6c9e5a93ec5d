"""What every service shares: settings, logs, traces, tokens, health, metrics and the server loop."""
