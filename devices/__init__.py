"""What stands at a point and how to speak with it: site file, messages, ONVIF, streams, sensors."""
