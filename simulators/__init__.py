"""Stand-ins on real protocols: cameras (ONVIF and RTSP), sensors, scenes with ground truth."""
