"""The registry of places and public assets (部件): written once, published to whoever subscribes."""
