"""What stays in the picture of one camera: health, backgrounds, slots, names."""

import os

# ONNX Runtime from 1.31 on makes a device id in the home directory and reports to its maker, on Linux too. It
# asks this variable while it is imported; `disable_telemetry_events()` comes too late for that.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
