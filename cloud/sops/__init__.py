"""How a class of event is handled in the field, step by step: data that phones keep for later."""
