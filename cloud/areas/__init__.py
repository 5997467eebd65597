"""The registry: areas, points, devices, classes and nodes, with their health."""
