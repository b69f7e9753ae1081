"""What a browser has: its session, its device, its being known. Private to accounts."""
