"""Open311 GeoReport v2: an adapter over reports, for city portals and reporting apps that speak it."""
