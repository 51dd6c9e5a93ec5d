"""The App Store: its signed notifications (App Store Server Notifications V2)."""
