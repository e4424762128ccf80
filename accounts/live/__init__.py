"""Live updates: the WebSocket, and the events of the topics that apps register."""
