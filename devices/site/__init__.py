"""The site file: nodes, points, cameras, sensors, zones with rules; read, checked, versioned."""
